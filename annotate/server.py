"""The real Label Studio, started as a program for one workspace and ended with whoever started it.

It listens on this machine only, sends nothing to its makers, and keeps all it has (SQLite database,
credentials, log) in `<workspace>/labelstudio`, readable by its owner alone.
"""

import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

from annotate import leash
from annotate.credentials import Credentials, credentials
from core.errors import MissingExtra, ServerError
from core.files import private_folder, replacing

HOST = "127.0.0.1"
START_TIMEOUT = 180.0  # a start was seen to take 3 to 13 s
FIRST_TIMEOUT = 600.0  # the first, which makes the database: 25 s alone, 100 s on a busy machine
PROGRAM = "LETTERA_LABEL_STUDIO"
# What a program needs of its surroundings; anything else could hold a setting or a key.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
SETTINGS = {
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",  # read when the database is made
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_DJANGO_DB": "sqlite",
    "COLLECT_ANALYTICS": "false",
    "collect_analytics": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "CONVERTER_DOWNLOAD_RESOURCES": "false",
    "PYTHONWARNINGS": "ignore",
}


class LabelStudioServer:
    """A running Label Studio: where it is and who may enter. As a context manager it is stopped."""

    def __init__(self, folder: Path, port: int, process: "subprocess.Popen[bytes] | None") -> None:
        self.url = f"http://{HOST}:{port}"
        self.password_file = folder / "credentials.toml"
        self._account = credentials(self.password_file)
        self._folder = folder
        self._process = process  # None where it was running already and is somebody else's to stop

    @classmethod
    def start(cls, workspace: Path, port: int = 8080, timeout: float | None = None) -> Self:
        """Starts the server of a workspace, or finds the one that runs already.

        `timeout`: seconds to wait for it; by itself it is more patient with the first start.

        Raises MissingExtra without Label Studio, ServerError when it does not come up.
        """
        folder = private_folder(private_folder(workspace) / "labelstudio")
        with _alone(folder):
            running = _running(folder)
            if running:
                return cls(folder, running, None)
            program = _program()
            _check_port(port)
            _mend(folder)
            server = cls(folder, port, None)
            try:
                server._start(program, port, timeout)
            except BaseException:
                server.stop()
                raise
        return server

    @property
    def username(self) -> str:
        return self._account.username

    @property
    def password(self) -> str:
        return self._account.password

    @property
    def token(self) -> str:
        return self._account.token

    def stop(self) -> None:
        """Ends the server with all its processes. One that was running already is left alone."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(leash.GRACE + 5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
        (self._folder / "running.json").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, program: Path, port: int, timeout: float | None) -> None:
        made = self._folder / "made"
        patience = timeout or (START_TIMEOUT if made.exists() else FIRST_TIMEOUT)
        log = self._folder / "server.log"
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, leash.__file__, str(program), "start", "--no-browser"]
                + ["--internal-host", HOST, "--port", str(port), "--log-level", "WARNING"],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=_environment(self._folder, self._account, port),
                umask=0o077,
                start_new_session=True,
            )
        _note_running(self._folder, self._process.pid, port)
        _wait_for_health(self._process, port, patience, log)
        _check_token(self.url, self.token, self.password_file)
        made.touch(mode=0o600)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
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


def _running(folder: Path) -> int | None:
    """The port of the server that this workspace has running, or None."""
    try:
        noted = json.loads((folder / "running.json").read_bytes())
        process, port = _process(noted["process"]), int(noted["port"])
        starter = _process(noted["starter"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if process is None:
        return None
    if starter is None:  # killed a moment ago; the leash is about to end the server
        psutil.wait_procs([process], timeout=leash.GRACE + 5)
        return None
    if not _healthy(port):
        raise ServerError(
            f"the Label Studio of this workspace (process {process.pid}) does not answer; "
            f"end it with 'kill {process.pid}' and start again"
        )
    return port


def _note_running(folder: Path, pid: int, port: int) -> None:
    noted = {"process": _stamp(pid), "starter": _stamp(os.getpid()), "port": port}
    with replacing(folder / "running.json") as file:
        file.write(json.dumps(noted).encode())


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


def _program() -> Path:
    beside = Path(sys.executable).with_name("label-studio")
    program = Path(os.environ.get(PROGRAM) or beside)
    if not program.is_file():
        raise MissingExtra(
            f"{program}: no Label Studio there; pip install 'lettera-ner[server]' (or make "
            f"install), or name the program in {PROGRAM}"
        )
    return program


def _check_port(port: int) -> None:
    """Label Studio itself would move to the next free port without a word."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise ServerError(
                f"port {port} of this machine cannot be used ({_reason(error)}); "
                "end the program that holds it, or choose another port"
            ) from error


def _reason(error: OSError | OverflowError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "not a port"


def _mend(folder: Path) -> None:
    """Removes a database whose making was cut short: no one can have worked in it yet."""
    database = folder / "label_studio.sqlite3"
    if database.exists() and not (folder / "credentials.toml").exists():
        raise ServerError(
            f"{database} is there without its credentials.toml; "
            "put that file back, or move the folder away to begin with an empty server"
        )
    if not (folder / "made").exists():
        for part in folder.glob("label_studio.sqlite3*"):
            part.unlink()


def _environment(folder: Path, account: Credentials, port: int) -> dict[str, str]:
    """All settings of the server. The password travels here: arguments are seen by every user."""
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **SETTINGS,
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder.resolve()),
        "LABEL_STUDIO_HOST": f"http://{HOST}:{port}",
        "LABEL_STUDIO_USERNAME": account.username,
        "LABEL_STUDIO_PASSWORD": account.password,
        "LABEL_STUDIO_USER_TOKEN": account.token,
    }


def _wait_for_health(
    process: "subprocess.Popen[bytes]", port: int, timeout: float, log: Path
) -> None:
    end = time.monotonic() + timeout
    while not _healthy(port):
        if process.poll() is not None:
            raise ServerError(f"Label Studio ended while starting ({_last_error(log)}); see {log}")
        if time.monotonic() > end:
            raise ServerError(
                f"Label Studio was not up after {timeout:.0f} s and was stopped; "
                f"start again, or see {log}"
            )
        time.sleep(0.2)


def _healthy(port: int) -> bool:
    try:
        answer = httpx.get(f"http://{HOST}:{port}/health", timeout=5, trust_env=False)
        return answer.status_code == 200 and answer.json().get("status") == "UP"
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _last_error(log: Path) -> str:
    """The class of the last error in the log; its message could hold a letter's words."""
    text = log.read_text(encoding="utf-8", errors="replace")
    classes: list[Any] = re.findall(r"^([\w.]+(?:Error|Exception|Exit))\b", text, re.MULTILINE)
    return classes[-1] if classes else "no error in its log"


def _check_token(url: str, token: str, file: Path) -> None:
    try:
        answer = httpx.get(
            f"{url}/api/current-user/whoami",
            headers={"Authorization": f"Token {token}"},
            timeout=60,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise ServerError(f"{url}: Label Studio came up but does not answer; try again") from error
    if answer.status_code != 200:
        raise ServerError(
            f"{file}: Label Studio does not know this account; its database was made with another "
            "one: put that file back, or move the folder away to begin with an empty server"
        )
