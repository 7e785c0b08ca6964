"""What stands between the network and Gradio: bodies have a bound, uploads and proxies are shut.

Gradio would put an upload into a file, fetch addresses for a visitor, and record runs. Nothing
here needs that: a letter comes as a request's body and goes to a child process.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Base64 makes a file a third longer.
MAX_BODY = 30 << 20
PATIENCE = 256 << 20  # bytes of a body too large that are let in, and dropped
_OPEN = (
    "info",
    "openapi.json",
    "call",
    "run",
    "api",
    "queue",
    "cancel",
    "heartbeat",
    "mcp",
    "startup-events",
)
_OPEN_PAGES = ("/config", "/favicon.ico", "/robots.txt", "/screen", "/read", "/work", "/example")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: "
    "blob:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """ASGI middleware."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _is_open(scope["path"]):
            await _refuse(send, 404, b"not here")
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            await _drain(receive)
            await _refuse(send, 413, b"too large")
            return
        await self._app(scope, _bounded(receive), _with_headers(send))


def _is_open(path: str) -> bool:
    if path.startswith("/gradio_api/"):
        return path.split("/")[2] in _OPEN
    return path == "/" or path.startswith(_OPEN_PAGES)


def _bounded(receive: Receive) -> Receive:
    """A body that says no length, or a false one, ends where its bound is."""
    got = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        return message if got <= MAX_BODY else {"type": "http.disconnect"}

    return bounded


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sending


async def _drain(receive: Receive) -> None:
    """Takes what is on its way and drops it: a browser hears no answer before it has sent all."""
    got, more = 0, True
    while more and got < PATIENCE:
        message = await receive()
        got += len(message.get("body", b""))
        more = message.get("more_body", False)


async def _refuse(send: Send, status: int, why: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": why})
