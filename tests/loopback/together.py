"""A chat service on 127.0.0.1 that speaks Together's wire protocol, with faults to order.

It keeps every request it was sent, so that a test can look for what should never have arrived.
Tokens are counted as four characters each, so that money can be reckoned.
"""

import json
import re
import socket
import struct
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
from zlib import crc32

import pytest

Json = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something other than an answer.

    `cut`: the connection is closed after so many bytes; `reset`: it is broken without a word.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    cut: int | None = None
    reset: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class Said:
    """A completion with this text; `more` goes into its message as it is."""

    text: str | None
    finish: str = "stop"
    delay: float = 0.0
    more: Json = field(default_factory=dict)


_SHOWN = re.compile(r"(?:[Pp]arole|[Ww]ords) \(\d+\): (\[.*\])")

Script = Callable[[Json], Said | Fault]


def shown_words(body: Json) -> list[str]:
    """The words that a request in the format `iob` asks about, in its last message with some."""
    shown = [_SHOWN.findall(message["content"]) for message in body["messages"]]
    return json.loads([some for some in shown if some][-1][-1])


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
                if fault.reset:
                    self._reset()
                    return
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

            def _reset(self) -> None:
                """Closing with time 0 to linger sends a reset rather than an end."""
                at_once = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


Serve = Callable[..., LoopbackTogether]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers, and stops them when the test ends."""
    opened = []

    def start(*args: Any) -> LoopbackTogether:
        running = LoopbackTogether(*args).running()
        opened.append(running)
        return running.__enter__()

    yield start
    for running in opened:
        running.__exit__(None, None, None)


def completion(body: Json, said: Said) -> Json:
    """A completion as the service words it."""
    text = said.text or ""
    asked = sum(tokens(message["content"]) for message in body["messages"])
    message = {"role": "assistant", "content": said.text, "tool_calls": []} | said.more
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
                "message": message,
                "logprobs": logprobs(text, body["logprobs"]) if body.get("logprobs") else None,
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": tokens(text),
            "total_tokens": asked + tokens(text),
        },
    }


def tokens(text: str) -> int:
    """How many tokens a text is taken for."""
    return -(-len(text) // 4)


def logprobs(text: str, asked: bool | int) -> Json:
    """How sure the model is of each token, always the same for the same one.

    A number was asked for as Together documents it, a switch as OpenAI does: each gets its shape.
    """
    pieces = [text[start : start + 4] for start in range(0, len(text), 4)]
    sure = [-(crc32(piece.encode()) % 1000) / 2000 for piece in pieces]
    if asked is True:
        pairs = zip(pieces, sure, strict=True)
        return {"content": [{"token": piece, "logprob": value} for piece, value in pairs]}
    return {"tokens": pieces, "token_logprobs": sure, "token_ids": [*range(len(pieces))]}
