"""A chat service on 127.0.0.1 that speaks Together's wire protocol, with faults to order.

It keeps every request it was sent, so that a test can look for what should never have arrived.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something other than an answer. `cut`: the connection is closed after so many bytes."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    cut: int | None = None
    delay: float = 0.0


@dataclass(frozen=True)
class Said:
    """A completion with this text."""

    text: str | None
    finish: str = "stop"
    delay: float = 0.0


Script = Callable[[Json], Said | Fault]


def shown_words(body: Json) -> list[str]:
    """The words a request asks about: the list in its last message that shows one."""
    shown = [m["content"] for m in body["messages"] if "Parole (" in m["content"]]
    return json.loads(shown[-1].partition("): ")[2])


def labelled(*targets: str, label: str = "TARGET") -> Script:
    """A model that marks these words and nothing else."""

    def answer(body: Json) -> Said:
        pairs = [
            {"parola": word, "label": f"B-{label}" if word in targets else "O"}
            for word in shown_words(body)
        ]
        return Said(json.dumps({"parole": pairs}, ensure_ascii=False))

    return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is part of the play; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LoopbackTogether:
    """The server. `faults` are used up first, one a request; then `script` answers."""

    def __init__(self, script: Script, faults: Iterable[Said | Fault] = ()) -> None:
        self.script = script
        self.faults = list(faults)
        self.requests: list[Json] = []
        self.keys: list[str] = []
        self.answered: Counter[str] = Counter()
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["LoopbackTogether"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def sent(self) -> str:
        """Everything the phrases' messages held, in one text (prompts' own examples left out)."""
        return "\n".join(m["content"] for r in self.requests for m in r["messages"][1:])

    def _next(self, body: Json, key: str) -> Said | Fault:
        with self.lock:
            self.requests.append(body)
            self.keys.append(key)
            if self.faults:
                return self.faults.pop(0)
        return self.script(body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                with outer.lock:
                    outer.at_once += 1
                    outer.most_at_once = max(outer.most_at_once, outer.at_once)
                try:
                    self._answer(raw)
                finally:
                    with outer.lock:
                        outer.at_once -= 1

            def _answer(self, raw: bytes) -> None:
                if self.path != "/v1/chat/completions":
                    self._send(Fault(404, b'{"error": {"message": "no such path"}}'))
                    return
                body = json.loads(raw)
                said = outer._next(body, self.headers.get("authorization", ""))
                time.sleep(said.delay)
                if isinstance(said, Fault):
                    self._send(said)
                    return
                self._send(Fault(body=json.dumps(completion(body, said)).encode()))
                outer.answered[sha256(raw).hexdigest()] += 1

            def _send(self, fault: Fault) -> None:
                self.send_response(fault.status)
                self.send_header("Content-Type", fault.kind)
                self.send_header("Content-Length", str(len(fault.body)))
                for name, value in fault.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(fault.body[: fault.cut])
                self.wfile.flush()
                if fault.cut is not None:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def completion(body: Json, said: Said) -> Json:
    """A completion as the service words it."""
    return {
        "id": "loopback",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "prompt": [],
        "choices": [
            {
                "index": 0,
                "finish_reason": said.finish,
                "message": {"role": "assistant", "content": said.text, "tool_calls": []},
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
