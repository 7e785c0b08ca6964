"""A backend on a port of this machine, while a block runs."""

import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from annotate.backend.app import make_app
from annotate.backend.backend import Backend, Plan, folder_of
from annotate.backend.door import Account
from core.errors import ServerError

HOST = "127.0.0.1"
PORT = 9090
FAREWELL = 3  # seconds for requests that are being answered when it is stopped


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running backend is, who may enter, and where the password stands."""

    url: str
    account: Account
    password_file: Path
    backend: Backend


@contextmanager
def serving(plan: Plan, port: int = PORT, host: str = HOST) -> Iterator[Address]:
    """Answers Label Studio while the block runs. Port 0 takes a free one.

    Raises ServerError where the port is taken, or the workspace has a backend running.
    """
    with _alone(folder_of(plan.workspace)), _listening(host, port) as listener:
        backend = Backend(plan)
        server = uvicorn.Server(
            uvicorn.Config(
                make_app(backend),
                log_config=None,
                log_level="critical",  # its tracebacks could quote a letter
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=FAREWELL,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        backend.start()
        try:
            url = _url(host, listener.getsockname()[1])
            yield Address(url, backend.account, backend.password_file, backend)
        finally:
            server.should_exit = True
            backend.stop()
            thread.join(FAREWELL + 2)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The port, held before anything else is done: who calls early waits instead of failing."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "not a port"
        raise ServerError(
            f"port {port} of {host} cannot be used ({reason}); choose another with --port"
        ) from error
    with listener:
        yield listener


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backend a workspace: two would train into one folder."""
    with os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServerError(
                f"{folder.parent}: its labelling backend runs already; end that one first, or "
                "choose another workspace with --workspace"
            ) from error
        yield


def _url(host: str, port: int) -> str:
    """The address to call it at; one that listens everywhere is called on this machine."""
    name = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
