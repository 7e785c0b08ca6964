"""A warm process that bears one child a letter: `python -m demo.warm FD FOLDER`, by `demo.nest`.

It has everything imported and the rules compiled, one thread, and no letter ever. Over the socket
FD it is sent the child's end of a pair of sockets and answers with the child's process id. A child
reads what visitors send, so it is limited and lives for one letter: whatever a file does to it,
the next visitor gets a fresh one. FOLDER holds the children's files; the warm process outlives a
page that is killed, and removes it.
"""

import gc
import os
import resource
import shutil
import signal
import socket
import sys
from multiprocessing.connection import Connection

# spaCy imports it where it is installed, which takes seconds and memory, and threads: not here.
sys.modules["torch"] = None  # type: ignore[assignment]

from demo.child import serve, warm_up  # noqa: E402

MEMORY = 3 << 29  # bytes beyond what the warm process has
FILES = 64 << 20  # bytes of a file that a child may write
SECONDS = 300


def main(control: socket.socket) -> None:
    """Bears children until the other end closes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    warm_up()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the page's; its end is ours
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, ends, _, _ = socket.recv_fds(control, 1, 1)
        if not ends:
            return
        child = os.fork()
        if child == 0:
            control.close()
            _live(ends[0])
        os.close(ends[0])
        control.sendall(child.to_bytes(8, "big"))


def _live(end: int) -> None:
    """A child's whole life. What goes wrong in it is told as an end without an answer."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what is said there may quote a letter
        _limit()
        with Connection(end) as line:
            serve(line)
    finally:
        os._exit(0)


def _limit() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.alarm(SECONDS)  # ends the process wherever it is, also inside a library
    with open("/proc/self/statm") as file:
        there = int(file.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, there + MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard < 0 else min(most, hard),) * 2)


if __name__ == "__main__":
    try:
        main(socket.socket(fileno=int(sys.argv[1])))
    finally:
        shutil.rmtree(sys.argv[2], ignore_errors=True)
