"""What listens for the Hub on loopback: its state, its faults, how a call is read and answered."""

import json
import re
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.loopback.hub_repos import Repo

TOKEN = "hf_loopback"


@dataclass
class Fault:
    """The next `times` calls whose "METHOD path" holds `part` are answered with `status`; 0 cuts
    the line: before the answer, or of a download after `after` bytes."""

    part: str
    status: int
    times: int = 1
    error: str = "no"
    after: int | None = None


@dataclass
class Hub:
    """The state of one Hub, and what was asked of it: `calls` are "METHOD path", `fetched` the
    files of which the content went out."""

    url: str = ""
    cdn: str = ""
    pro: bool = True
    role: str = "write"
    orgs: tuple[str, ...] = ("ward",)
    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    part_size: int = 1 << 30
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    def repo(self, name: str, kind: str = "model") -> Repo:
        return self.repos[kind, name]

    def add(self, repo: Repo) -> Repo:
        self.repos[repo.kind, repo.name] = repo
        return repo

    def fault(self, called: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.part in called:
                fault.times -= 1
                return fault
        return None


class Refused(Exception):
    """An answer that is not 200: its status, its code in the Hub's words, its sentence."""

    def __init__(self, status: int, code: str = "", error: str = "no") -> None:
        self.status, self.code, self.error = status, code, error


class Asked(BaseHTTPRequestHandler):
    """One connection. A route: methods, the path, what answers."""

    protocol_version = "HTTP/1.1"
    hub: Hub
    routes: Sequence[tuple[str, str, Callable[..., None]]]
    body: bytes

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _answer(self) -> None:
        self.body = self._read()
        called = f"{self.command} {self.path}"
        self.hub.calls.append(called)
        try:
            fault = self.hub.fault(called)
            if fault is not None and fault.status == 0 and fault.after is None:
                self._cut()
                return
            if fault is not None and fault.status:
                raise Refused(fault.status, error=fault.error)
            self._cut_after = fault.after if fault is not None else None
            for method, pattern, route in self.routes:
                found = re.fullmatch(pattern, urlsplit(self.path).path)
                if found and self.command in method.split("|"):
                    named = found.groupdict().items()
                    told = {name: unquote(value) for name, value in named if value is not None}
                    route(self, **told)
                    return
            raise Refused(404)
        except Refused as refused:
            headers = {"X-Error-Code": refused.code} if refused.code else {}
            headers |= {"X-Error-Message": refused.error} if refused.status == 401 else {}
            self.reply({"error": refused.error}, headers, refused.status)
        except OSError:
            self.close_connection = True
        except Exception as error:
            # A fault of this Hub's own must not look like one that goes over.
            self.reply({"error": f"{type(error).__name__}: {error}"}, status=501)

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def reply(self, told: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> None:
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        kind = "application/octet-stream" if isinstance(told, bytes) else "application/json"
        known = {"Content-Type": kind, "Content-Length": str(len(content))} | dict(headers or {})
        for name, value in known.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if getattr(self, "_cut_after", None) is not None:
            self.wfile.write(content[: self._cut_after])
            self.wfile.flush()
            self._cut()
            return
        self.wfile.write(content)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raises Refused unless a token is told that may write."""
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refused(401, error="Invalid credentials in Authorization header")
        if self.hub.role == "read":
            raise Refused(403, error="this token may only read")

    def repo_of(self, kind: str, repo: str) -> Repo:
        """Raises Refused where it is not there, or is another's."""
        found = self.hub.repos.get((kind, repo))
        token = self.headers.get("Authorization")
        if found is None or (found.private and token != f"Bearer {TOKEN}"):
            raise Refused(404 if token else 401, "RepoNotFound", "Repository not found")
        return found
