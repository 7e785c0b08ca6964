"""A bad line to a server: answers are lost, come late, break off, or never reach it."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal["lost", "cut", "late", "unsent", "gateway", "failed", "plain"] | None
Faults = Callable[[str, str], Fault]  # of a request: method and path
LATE = 3.0


class _Line(BaseHTTPRequestHandler):
    """`lost`: the server takes it, its answer goes nowhere. `cut`: half the answer comes. `late`:
    it comes after LATE seconds. `unsent`: the server never hears of it. `gateway`: the server takes
    it, a proxy says 504. `failed`: the server never hears of it and HTTP 500 comes back.
    `plain`: the server takes tasks without their predictions, as Label Studio itself does where it
    finds its SQLite locked by somebody's answer and tries again."""

    behind: str
    fault_of: Faults

    def log_message(self, *_: Any) -> None: ...

    def handle_any(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = type(self).fault_of(self.command, self.path.split("?")[0])
        if fault == "unsent":
            return
        if fault == "failed":
            self._answer(500, "application/json", b"{}")
            return
        if fault == "plain":
            body = json.dumps([{"data": task["data"]} for task in json.loads(body)]).encode()
        status, kind, content = self._ask(body)
        if fault == "late":
            time.sleep(LATE)
        if fault == "gateway":
            self._answer(504, "text/html", b"")
        elif fault != "lost":
            self._answer(status, kind, content, cut=fault == "cut")

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def _ask(self, body: bytes) -> tuple[int, str, bytes]:
        server = http.client.HTTPConnection(self.behind.removeprefix("http://"), timeout=120)
        try:
            headers = {**self.headers, "Content-Length": str(len(body))}
            server.request(self.command, self.path, body, headers)
            answer = server.getresponse()
            return answer.status, answer.headers["Content-Type"] or "text/plain", answer.read()
        finally:
            server.close()

    def _answer(self, status: int, kind: str, content: bytes, cut: bool = False) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
        except OSError:  # who asked has gone
            pass


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def bad_line(behind: str, faults: Faults) -> Iterator[str]:
    """The address of a line to a server, which treats each request as `faults` says."""
    made = type("Line", (_Line,), {"behind": behind, "fault_of": staticmethod(faults)})
    with serving(made) as url:
        yield url
