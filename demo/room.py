"""The waiting room: visitors in turn, each job in a child process of its own that can be stopped.

What is asked and answered is JSON; nothing that a child says is ever unpickled. A job and its files
are gone when its block ends, however it ends.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from core.label import Labeller
from core.records import Annotation, Json, Phrase

RULES = "rules"  # the way that needs no model
AT_ONCE = max(1, min(4, os.cpu_count() or 1))
WAITING = 64
LONGEST = 64 << 20  # bytes of one message
BATCH = 32  # phrases between two looks at whether the visitor still waits
Tell = Callable[[Json | None], None]
_PRIVATE = ("/dev/shm", None)  # memory where there is some, else the temporary folder


class Room:
    """Jobs for the children of one warm process, with the models that children may ask."""

    def __init__(
        self,
        models: Mapping[str, Labeller] | None = None,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> None:
        self._models = dict(models or {})
        self._turns = {name: Lock() for name in self._models}
        self._at_once, self._waiting = at_once, waiting
        self._line: deque[asyncio.Event] = deque()  # those at work first
        self._nest = _Nest()

    def warm(self) -> None:
        """Starts the warm process; the first visitor waits for what is left of its warming up."""
        self._nest.open()

    def close(self) -> None:
        self._nest.close()

    async def ask(self, job: Json, upload: bytes | None = None) -> AsyncGenerator[Json, None]:
        """What is said about a job, as it comes; `kind` says what it is, the last is no promise.

        Leaving early (`aclose`, or a visitor who is gone) stops the child.
        """
        turn = asyncio.Event()
        if len(self._line) >= self._at_once + self._waiting:
            yield {"kind": "fault", "fault": "busy"}
            return
        self._line.append(turn)
        work: _Work | None = None
        try:
            place = 0
            while not self._at_turn(turn):
                if place != (place := self._line.index(turn) - self._at_once + 1):
                    yield {"kind": "waiting", "place": place}
                with suppress(TimeoutError):
                    await asyncio.wait_for(turn.wait(), 1)
                turn.clear()
            work = _Work(self._nest, self._models, self._turns)
            async with aclosing(work.said(job, upload)) as said:
                async for message in said:
                    yield message
        finally:
            if work is not None:
                work.stop()
            self._line.remove(turn)
            for other in list(self._line)[: self._at_once]:
                other.set()

    def _at_turn(self, turn: asyncio.Event) -> bool:
        return self._line.index(turn) < self._at_once


class _Work:
    """One job in its child. A thread listens to the child, so that a page stays answering."""

    def __init__(
        self, nest: "_Nest", models: Mapping[str, Labeller], turns: Mapping[str, Lock]
    ) -> None:
        self._nest, self._models, self._turns = nest, models, turns
        self._child: _Child | None = None
        self._stopped = False

    def stop(self) -> None:
        """Ends the child wherever it is; the thread that listens to it sees the end and leaves."""
        self._stopped = True
        if self._child is not None:
            self._child.kill()

    async def said(self, job: Json, upload: bytes | None) -> AsyncGenerator[Json, None]:
        loop, box = asyncio.get_running_loop(), asyncio.Queue[Json | None]()

        def tell(message: Json | None) -> None:
            with suppress(RuntimeError):  # the loop is gone: nobody listens any more
                loop.call_soon_threadsafe(box.put_nowait, message)

        running = loop.run_in_executor(None, self._run, job, upload, tell)
        done = False
        while (message := await box.get()) is not None:
            done = done or message["kind"] in ("done", "fault")
            yield message
        await running
        if not done:  # killed by a limit, or by a fault of a library
            yield {"kind": "fault", "fault": "crashed"}

    def _run(self, job: Json, upload: bytes | None, tell: Tell) -> None:
        folder = Path(tempfile.mkdtemp(prefix="lettera-", dir=_folder()))
        try:
            with self._nest.child() as self._child:
                if self._stopped:
                    return
                self._child.say({**job, "folder": str(folder)}, upload)
                while (message := self._child.hear()) is not None:
                    if message["kind"] == "label":
                        self._label(message)
                    else:
                        tell(message)
        except (OSError, ValueError):
            pass  # the child or the warm process has gone; said without "done", so told as a crash
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            tell(None)

    def _label(self, asked: Json) -> None:
        """Answers a child with what a model says; a few phrases at a time, for visitors leave."""
        assert self._child is not None
        name: str = asked["model"]
        found: list[Annotation] = []
        phrases = [Phrase(**raw) for raw in asked["phrases"]]
        with self._turns[name]:
            for start in range(0, len(phrases), BATCH):
                if self._stopped:
                    return
                found += self._models[name].label(phrases[start : start + BATCH])
        self._child.say({"annotations": [one.to_json() for one in found]})


class _Child:
    """The parent's end of a child."""

    def __init__(self, line: Connection, pid: int) -> None:
        self._line, self._lock = line, Lock()
        try:
            self._process: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._process = None

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        with self._lock:
            if self._process is not None:
                os.close(self._process)
            self._process = None
        self._line.close()

    def say(self, message: Json, upload: bytes | None = None) -> None:
        self._line.send_bytes(json.dumps(message | {"upload": upload is not None}).encode())
        if upload is not None:
            self._line.send_bytes(upload)

    def hear(self) -> Json | None:
        try:
            message = json.loads(self._line.recv_bytes(LONGEST))
        except EOFError:
            return None
        return message if isinstance(message, dict) and "kind" in message else None

    def kill(self) -> None:
        """Ends it now; harmless when it has ended, or when its number is somebody else's by now."""
        with self._lock, suppress(OSError):
            if self._process is not None:
                signal.pidfd_send_signal(self._process, signal.SIGKILL)


class _Nest:
    """The warm process, started when first needed and again should it ever die."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def open(self) -> None:
        with self._lock:
            self._opened()

    def child(self) -> _Child:
        """A child just born; waits for the warm process where it is not warm yet."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            control = self._opened()
            try:
                socket.send_fds(control, [b"c"], [theirs.fileno()])
                pid = int.from_bytes(control.recv(8), "big")
            except OSError:
                pid = 0
        if not pid:
            ours.close()
            self.close()
            raise OSError("the warm process has gone")
        return _Child(Connection(ours.detach()), pid)

    def close(self) -> None:
        with self._lock:
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                self._process.wait()
            self._control = self._process = None

    def _opened(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "demo.warm", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
        return self._control


def _environment() -> dict[str, str]:
    """One thread only, for a process with threads cannot be forked; and no keys."""
    here = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    one = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_THREAD_LIMIT")}
    kept = {k: v for k, v in os.environ.items() if not k.endswith(("_TOKEN", "_KEY"))}
    return kept | one | {"PYTHONPATH": path}


def _folder() -> str | None:
    return next(
        folder for folder in _PRIVATE if folder is None or os.access(folder, os.W_OK | os.X_OK)
    )
