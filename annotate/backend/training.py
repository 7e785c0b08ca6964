"""One training at a time, as a program of its own that ends with the backend.

What it is doing stands in `training.json`, so that a backend that was killed in the middle takes
the training up again (which itself goes on from its last epoch). Its output is kept in
`training.log`, for its owner alone: an error in it could quote a letter.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil

from annotate.backend.progress import VARIABLE, percent
from annotate.server import leash
from core.errors import LetteraError, ServerError
from core.files import private_folder, write_json

State = Literal["idle", "training", "failed"]
LOOK = 0.2  # seconds between two looks at a running training
# Keeps the exit code of a program whose leash ends with it.
CODE = '"$@"; echo $? > "$0"'


class Busy(ServerError):
    """A training runs already; a second one would learn from the same corrections."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the training does. `since`: when this state began, ISO 8601 in UTC."""

    state: State = "idle"
    since: str | None = None
    reason: str | None = None  # why it failed, in a sentence without a letter's word
    resumed: bool = False  # taken up again after a kill
    process: tuple[int, float] | None = None  # number and birth: numbers are used again


class Training:
    """Starts, watches and stops the training of a backend.

    `before` is called first (to fetch the corrections), `after` when it ended well (to take the new
    model), both in the training's own thread.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        before: Callable[[], object],
        after: Callable[[], object],
        tell: Callable[[str], object],
    ) -> None:
        self._command = command
        self._before, self._after, self._tell = before, after, tell
        self._folder = private_folder(folder)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.status = self._noted()

    @property
    def percent(self) -> int | None:
        """How far the running training is; None where none runs or it has not told yet."""
        return percent(self._folder / "progress") if self.status.state == "training" else None

    def start(self, resumed: bool = False) -> None:
        """Begins a training in the background. Raises Busy while one runs."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise Busy("a training runs already; wait until it has ended, then start again")
            if self._stopping.is_set():
                raise Busy("the backend is stopping; start it again, then the training")
            for name in ("progress", "code"):
                (self._folder / name).unlink(missing_ok=True)
            self._note(Status("training", _now(), resumed=resumed))
            self._thread = threading.Thread(target=self._run, name="training", daemon=True)
            self._thread.start()

    def resume(self) -> None:
        """Takes up the training that a killed backend left; once, as it may be what kills."""
        left = self.status
        if left.state != "training":
            return
        _wait_for_end(left.process)
        if left.resumed:
            self._note(_failed("it was cut short twice; start it again when you know why"))
        else:
            self._tell("the training that was cut short goes on")
            self.start(resumed=True)

    def stop(self) -> None:
        """Ends a running training. It is not taken up again by itself."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join(leash.GRACE + 10)

    def _run(self) -> None:
        try:
            self._tell("training: fetching what people corrected")
            self._before()
            reason = self._train()
            if reason is None:
                self._after()
        except LetteraError as error:
            reason = str(error)
        except Exception as error:
            reason = f"the backend failed ({type(error).__name__}); start it again"
        self._note(Status("idle", _now()) if reason is None else _failed(reason))
        self._tell("training: done" if reason is None else f"training failed: {reason}")

    def _train(self) -> str | None:
        """Runs the program to its end; why it failed, or None."""
        log = self._folder / "training.log"
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            process = subprocess.Popen(
                ["nice", sys.executable, leash.__file__]  # people who label come first
                + ["sh", "-c", CODE, str(self._folder / "code"), *self._command],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | {VARIABLE: str(self._folder / "progress")},
                umask=0o077,
                start_new_session=True,
            )
        born = psutil.Process(process.pid).create_time()
        self._note(replace(self.status, process=(process.pid, born)))
        self._watch(process)
        if self._stopping.is_set():
            return "it was stopped with the backend"
        code = self._code()
        if code == 0:
            return None
        told = "it was killed" if code is None or code > 128 else f"it ended with code {code}"
        return f"{_complaint(log) or told}; see {log}"

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        """Waits for the end of the program, telling how far it is; ends it when asked to stop."""
        told = 0
        while process.poll() is None:
            if self._stopping.wait(LOOK) and process.stdin is not None:
                process.stdin.close()  # the leash ends it
                with suppress(subprocess.TimeoutExpired):
                    process.wait(leash.GRACE + 5)
                break
            share = self.percent or 0
            if share // 25 > told // 25:
                told = share
                self._tell(f"training: {share} %")
        with suppress(ProcessLookupError):  # what a killed leash leaves behind
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def _code(self) -> int | None:
        try:
            return int((self._folder / "code").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def _note(self, status: Status) -> None:
        self.status = status
        write_json(self._folder / "training.json", asdict(status))

    def _noted(self) -> Status:
        try:
            raw = json.loads((self._folder / "training.json").read_bytes())
            process = raw["process"] and (int(raw["process"][0]), float(raw["process"][1]))
            return Status(**raw | {"process": process})
        except (OSError, ValueError, TypeError, KeyError):
            return Status()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _failed(reason: str) -> Status:
    return Status("failed", _now(), reason)


def _complaint(log: Path) -> str | None:
    """The last line in which the program itself said what was wrong, or the class of its error."""
    text = log.read_text(encoding="utf-8", errors="replace")
    said = re.findall(r"^lettera: (.+)$", text, re.MULTILINE)
    if said:
        return str(said[-1])
    classes = re.findall(r"^([\w.]+(?:Error|Exception|Exit))\b", text, re.MULTILINE)
    return str(classes[-1]) if classes else None


def _wait_for_end(stamp: tuple[int, float] | None) -> None:
    """Until the program of a killed backend is gone; its leash is about to end it."""
    if stamp is None:
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(stamp[0])
        if abs(process.create_time() - stamp[1]) < 60:
            psutil.wait_procs([process], timeout=leash.GRACE + 5)
