"""Together's batch API on 127.0.0.1: files, jobs, answers, with faults to order.

Speaks the paths that the client of 3.1 takes: the upload is announced, sent to a signed address and
confirmed; a job is made on the file, looked at, and its two files of answers are fetched.
"""

import json
import re
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.loopback.together import Fault, Said, Script, completion

Json = dict[str, Any]
ROUTES = (
    ("announce", "POST", r"/v1/files"),
    ("put", "PUT", r"/signed/([\w-]+)"),
    ("confirm", "POST", r"/v1/files/([\w-]+)/preprocess"),
    ("files", "GET", r"/v1/files"),
    ("content", "GET", r"/v1/files/([\w-]+)/content"),
    ("delete", "DELETE", r"/v1/files/([\w-]+)"),
    ("make", "POST", r"/v1/batches"),
    ("jobs", "GET", r"/v1/batches"),
    ("look", "GET", r"/v1/batches/([\w-]+)"),
)
NOT_THERE = Fault(404, b'{"error": {"message": "not there"}}')


@dataclass
class Held:
    """Stops one route: `reached` is set after its work is done, its answer waits for `go`."""

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


class LoopbackBatches:
    """The service. A job is over at the look after `looks`, with the status `ends`.

    `faults[route]` are used up one a request: instead of the work, or after it where they stand in
    `late`. `refused` are the numbers of lines that go into the error file; `mangle` may change the
    lines of the answers.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.looks = 1
        self.ends = "COMPLETED"
        self.refused: set[int] = set()
        self.mangle: Callable[[list[bytes]], bytes] = b"".join
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.late: dict[str, list[Fault]] = defaultdict(list)
        self.held: dict[str, Held] = {}
        self.seen: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.tokens_in = self.tokens_out = 0
        self.uploads: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.jobs: dict[str, Json] = {}
        self.lock = threading.RLock()
        self._looked: Counter[str] = Counter()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["LoopbackBatches"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            for held in self.held.values():
                held.go.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(self, method: str, path: str, raw: bytes) -> Fault:
        """What is sent back for a request."""
        for route, wanted, pattern in ROUTES:
            if method == wanted and (found := re.fullmatch(pattern, path)):
                with self.lock:
                    self.seen[route] += 1
                    if self.faults[route]:
                        return self.faults[route].pop(0)
                    said: Fault = getattr(self, f"_{route}")(raw, *found.groups())
                    if self.late[route]:
                        said = self.late[route].pop(0)
                if held := self.held.pop(route, None):
                    held.reached.set()
                    held.go.wait(60)
                return said
        return NOT_THERE

    def _announce(self, raw: bytes) -> Fault:
        file = f"file-{self.seen['announce']}"
        self.names[file] = _form(raw, "file_name")
        assert _form(raw, "purpose") == "batch-api"
        where = f"{self.address}/signed/{file}"
        return Fault(302, headers={"Location": where, "X-Together-File-Id": file})

    def _put(self, raw: bytes, file: str) -> Fault:
        self.files[file] = raw
        self.uploads.append(raw)
        return Fault()

    def _confirm(self, raw: bytes, file: str) -> Fault:
        return _said(self._file(file))

    def _files(self, raw: bytes) -> Fault:
        return _said({"data": [self._file(file) for file in self.files]})

    def _content(self, raw: bytes, file: str) -> Fault:
        return Fault(body=self.files[file]) if file in self.files else NOT_THERE

    def _delete(self, raw: bytes, file: str) -> Fault:
        return _said({"id": file, "deleted": self.files.pop(file, None) is not None})

    def _make(self, raw: bytes) -> Fault:
        asked = json.loads(raw)
        if asked["input_file_id"] not in self.files:
            return NOT_THERE
        job = {
            "id": f"job-{len(self.jobs) + 1}",
            "endpoint": asked["endpoint"],
            "input_file_id": asked["input_file_id"],
            "status": "VALIDATING",
            "progress": 0.0,
        }
        self.jobs[job["id"]] = job
        return Fault(201, json.dumps({"job": job}).encode())

    def _jobs(self, raw: bytes) -> Fault:
        return Fault(body=json.dumps(list(self.jobs.values())).encode())

    def _look(self, raw: bytes, name: str) -> Fault:
        if name not in self.jobs:
            return NOT_THERE
        job = self.jobs[name]
        self._looked[name] += 1
        if job["status"] in ("VALIDATING", "IN_PROGRESS"):
            if self._looked[name] > self.looks:
                self._end(job)
            else:
                job |= {"status": "IN_PROGRESS", "progress": 100 * self._looked[name] / 9}
        return _said(job)

    def _end(self, job: Json) -> None:
        job |= {"status": self.ends, "progress": 100.0}
        if self.ends in ("FAILED", "CANCELLED"):
            job["error"] = "the letter says: Mario Rossi"
            return
        answers, errors = [], []
        for number, line in enumerate(self.files[job["input_file_id"]].splitlines()):
            asked = json.loads(line)
            key = asked["custom_id"]
            if number in self.refused:
                errors.append(json.dumps({"custom_id": key, "error": {"message": "no"}}))
                continue
            said = self.script(asked["body"])
            assert isinstance(said, Said)
            body = completion(asked["body"], said)
            self.paid[key] += 1
            self.tokens_in += body["usage"]["prompt_tokens"]
            self.tokens_out += body["usage"]["completion_tokens"]
            answers.append(line_of(key, body))
        self.files[f"{job['id']}-out"] = self.mangle(answers)
        job["output_file_id"] = f"{job['id']}-out"
        if errors:
            self.files[f"{job['id']}-err"] = "\n".join(errors).encode()
            job["error_file_id"] = f"{job['id']}-err"

    def _file(self, file: str) -> Json:
        return {
            "id": file,
            "bytes": len(self.files.get(file, b"")),
            "created_at": 1,
            "filename": self.names.get(file, "answers.jsonl"),
            "FileType": "jsonl",
            "object": "file",
            "purpose": "batch-api",
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _do(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                fault = outer.answer(self.command, self.path, raw)
                self.send_response(fault.status)
                self.send_header("Content-Type", fault.kind)
                self.send_header("Content-Length", str(len(fault.body)))
                for name, value in fault.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(fault.body[: fault.cut])
                if fault.cut is not None:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = _do

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is part of the play; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def line_of(key: str, body: Json, status: int = 200) -> bytes:
    """One line of a file of answers."""
    said = {"custom_id": key, "response": {"status_code": status, "body": body}}
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _said(body: Json) -> Fault:
    return Fault(body=json.dumps(body).encode())


def _form(raw: bytes, name: str) -> str:
    """A value of a form, whether it came in parts or as one line."""
    text = raw.decode()
    if found := re.search(rf'name="{name}"\r?\n\r?\n(.*?)\r?\n', text):
        return found[1]
    if text.startswith("{"):
        return str(json.loads(text)[name])
    raise AssertionError(f"no {name}")
