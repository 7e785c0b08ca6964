"""The warm process and the children it bears, seen from the page's own process.

What is told and heard is JSON; nothing that a child says is ever unpickled. A child's files lie in
a folder that is gone when its block ends; should the page be killed, the warm process removes it.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Self

from core.records import Json

LONGEST = 64 << 20  # bytes of one message


class Child:
    """The parent's end of a child."""

    def __init__(self, line: Connection, pid: int, folder: Path) -> None:
        self._line, self._lock = line, Lock()
        self.folder = folder
        try:
            self._process: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        with self._lock:
            if self._process is not None:
                os.close(self._process)
            self._process = None
        self._line.close()
        shutil.rmtree(self.folder, ignore_errors=True)

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


class Nest:
    """The warm process, started when first needed and again should it ever die."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._home = ""

    def open(self) -> None:
        with self._lock:
            self._opened()

    def child(self) -> Child:
        """A child just born; waits for the warm process where it is not warm yet."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            control = self._opened()
            try:
                socket.send_fds(control, [b"c"], [theirs.fileno()])
                pid = int.from_bytes(control.recv(8), "big")
                folder = Path(tempfile.mkdtemp(dir=self._home))
            except OSError:
                pid = 0
        if not pid:
            ours.close()
            self.close()
            raise OSError("the warm process has gone")
        return Child(Connection(ours.detach()), pid, folder)

    def close(self) -> None:
        with self._lock:
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                self._process.wait()
            shutil.rmtree(self._home, ignore_errors=True)
            self._control = self._process = None

    def _opened(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            self._home = tempfile.mkdtemp(prefix=f"lettera-{os.getpid()}-", dir=_memory())
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "demo.warm", str(theirs.fileno()), self._home],
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


def _memory() -> str | None:
    """Where files lie in memory, if there is such a place; else the temporary folder."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
