"""The real Label Studio, started as a program for one workspace and ended with whoever started it.

It listens on this machine only unless told otherwise, sends nothing to its makers, and keeps all it
has (database, credentials, log) in `<workspace>/labelstudio`, readable by its owner alone. Only the
database may be elsewhere, in PostgreSQL.
"""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx

from annotate.server import leash
from annotate.server.credentials import credentials
from annotate.server.postgres import Postgres
from annotate.server.running import Running, alone, folder_of, healthy, note_running, running_in
from annotate.server.settings import Settings, files_folder
from core.errors import MissingExtra, ServerError
from core.files import private_folder

START_TIMEOUT = 180.0  # a start was seen to take 3 to 13 s
FIRST_TIMEOUT = 600.0  # the first, which makes the database: 25 s alone, 100 s on a busy machine
PROGRAM = "LETTERA_LABEL_STUDIO"
SQLITE = "label_studio.sqlite3"
LOG = "server.log"
RESTORING = "restoring"  # stands in the folder while a backup is being put back


class LabelStudioServer:
    """A running Label Studio: where it is and who may enter. As a context manager it is stopped."""

    def __init__(self, folder: Path, url: str, address: str) -> None:
        self.url = url  # for programs of this machine
        self.address = address  # for people
        self.password_file = folder / "credentials.toml"
        self._account = credentials(self.password_file)
        self._folder = folder
        # None where it was running already and is somebody else's to stop.
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        workspace: Path,
        port: int = 8080,
        timeout: float | None = None,
        *,
        host: str | None = None,
        address: str | None = None,
        database: str | None = None,
    ) -> Self:
        """Starts the server of a workspace, or finds the one that runs already.

        `timeout`: seconds to wait for it; by itself it is more patient with the first start.
        `host`: the address of this machine to listen at, loopback by itself. `address`: what people
        type where a proxy stands before it. `database`: a postgresql:// URL, or sqlite; what was
        chosen before holds, as for `address`.

        Raises MissingExtra without Label Studio, ServerError when it does not come up.
        """
        folder = folder_of(workspace)
        with alone(folder):
            running = running_in(folder)
            if running:
                if host not in (None, running.host) or _other(address, running.address):
                    raise ServerError(
                        f"the Label Studio of this workspace runs already, at {running.address}; "
                        "end the lettera that runs it, then start it anew"
                    )
                return cls(folder, running.url, running.address)
            program = program_of()
            settings = Settings.chosen(folder, host, address, database)
            _check_port(settings.host, port)
            _expect_whole(folder)
            url = settings.url(port)
            server = cls(folder, url, settings.address or url)
            try:
                server._start(program, settings, port, timeout)
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

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, program: Path, settings: Settings, port: int, timeout: float | None) -> None:
        made = _ready_for(self._folder, settings.database)
        patience = timeout or (START_TIMEOUT if made.exists() else FIRST_TIMEOUT)
        private_folder(files_folder(self._folder))
        log = self._folder / LOG
        log.unlink(missing_ok=True)
        # Appended to: what empties it while the server runs leaves no hole.
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, leash.__file__, str(program), "start", "--no-browser"]
                + ["--internal-host", settings.host, "--port", str(port), "--log-level", "WARNING"],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=settings.environment(self._folder, self._account, port),
                umask=0o077,
                start_new_session=True,
            )
        note_running(
            self._folder, self._process.pid, Running(self.url, self.address, settings.host)
        )
        _wait_for_health(self._process, self.url, patience, log)
        _check_token(self.url, self.token, self.password_file)
        made.touch(mode=0o600)


def _other(asked: str | None, there: str) -> bool:
    return asked is not None and asked.rstrip("/") != there


def program_of() -> Path:
    """Label Studio's program. Raises MissingExtra where there is none."""
    beside = Path(sys.executable).with_name("label-studio")
    program = Path(os.environ.get(PROGRAM) or beside)
    if not program.is_file():
        raise MissingExtra(
            f"{program}: no Label Studio there; pip install 'lettera-ner[server]' (or make "
            f"install), or name the program in {PROGRAM}"
        )
    return program


def _check_port(host: str, port: int) -> None:
    """Label Studio itself would move to the next free port without a word."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ServerError(
                f"port {port} of {host} cannot be used ({_reason(error)}); "
                "end the program that holds it, or choose another port"
            ) from error


def _reason(error: OSError | OverflowError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "not a port"


def _expect_whole(folder: Path) -> None:
    """Raises ServerError where a part of the folder is missing."""
    database = folder / SQLITE
    if database.exists() and not (folder / "credentials.toml").exists():
        raise ServerError(
            f"{database} is there without its credentials.toml; "
            "put that file back, or move the folder away to begin with an empty server"
        )
    if (folder / RESTORING).exists():
        raise ServerError(
            f"{folder}: bringing back a backup was cut short; run the same 'lettera restore' again"
        )


def _ready_for(folder: Path, database: Postgres | None) -> Path:
    """The mark of a database that was ready once.

    One whose making was cut short is removed: no one can have worked in it yet.
    """
    made = folder / ("made" if database is None else f"made-{database.mark}")
    if made.exists():
        return made
    if database is None:
        for part in folder.glob(f"{SQLITE}*"):
            part.unlink()
        return made
    begun = folder / f"begun-{database.mark}"
    if database.is_empty():
        begun.touch(mode=0o600)
    elif begun.exists():
        database.clear()
    return made


def _wait_for_health(
    process: "subprocess.Popen[bytes]", url: str, timeout: float, log: Path
) -> None:
    end = time.monotonic() + timeout
    while not healthy(url):
        if process.poll() is not None:
            raise ServerError(f"Label Studio ended while starting ({_last_error(log)}); see {log}")
        if time.monotonic() > end:
            raise ServerError(
                f"Label Studio was not up after {timeout:.0f} s and was stopped; "
                f"start again, or see {log}"
            )
        time.sleep(0.2)


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
