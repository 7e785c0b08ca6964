"""Which Label Studio a workspace has running, as its starter wrote it down."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil

from annotate.server import leash
from core.errors import ServerError
from core.files import private_folder, write_json


@dataclass(frozen=True, slots=True)
class Running:
    """The server a workspace has running: where programs and where people find it."""

    url: str
    address: str
    host: str


def folder_of(workspace: Path) -> Path:
    """Where a workspace keeps its Label Studio, made where it is missing."""
    return private_folder(private_folder(workspace) / "labelstudio")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One start at a time in a workspace: a second one waits, then finds the server running."""
    try:
        lock = os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "wb")
    except OSError as error:
        raise ServerError(
            f"{folder} cannot be written ({error.strerror}); choose another with --workspace"
        ) from error
    with lock as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def running_in(folder: Path) -> Running | None:
    """The server that this workspace has running, or None."""
    try:
        noted = json.loads((folder / "running.json").read_bytes())
        process, starter = _process(noted["process"]), _process(noted["starter"])
        running = Running(**noted["server"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if process is None:
        return None
    if starter is None:  # killed a moment ago; the leash is about to end the server
        psutil.wait_procs([process], timeout=leash.GRACE + 5)
        return None
    if not healthy(running.url):
        raise ServerError(
            f"the Label Studio of this workspace (process {process.pid}) does not answer; "
            f"end it with 'kill {process.pid}' and start again"
        )
    return running


def note_running(folder: Path, pid: int, server: Running) -> None:
    noted = {"process": _stamp(pid), "starter": _stamp(os.getpid()), "server": asdict(server)}
    write_json(folder / "running.json", noted)


def _stamp(pid: int) -> list[float]:
    """A process for the record: its number alone would be somebody else's after a while."""
    return [pid, psutil.Process(pid).create_time()]


def _process(stamp: list[float]) -> psutil.Process | None:
    pid, created = stamp
    try:
        process = psutil.Process(int(pid))
        # A clock that is set moves the time a bit; a number is not used again so soon.
        same = abs(process.create_time() - created) < 60
        same = same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def healthy(url: str) -> bool:
    try:
        # No certificate is asked for here, and reading those that httpx knows takes longer than all
        # the rest.
        answer = httpx.get(f"{url}/health", timeout=5, trust_env=False, verify=False)
        return answer.status_code == 200 and answer.json().get("status") == "UP"
    except (httpx.HTTPError, ValueError, AttributeError):
        return False
