"""Runs a program that must not outlive whoever asked for it: `python leash.py PROGRAM [ARG...]`.

The standard input is a pipe nobody writes to. Its other end closes when the asker ends, however it
ends (Ctrl-C, an exception, kill -9), and then the program and all that it started are ended too.
Only the standard library: it is run as a file, beside a program that may be of another environment.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

Program = subprocess.Popen[bytes]
GRACE = 10.0  # seconds between asking a program to end and ending it


def main(command: list[str]) -> None:
    """Leads a process group of its own with the program in it; returns never, the group ends."""
    if os.getpid() != os.getpgrp():
        os.setsid()
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: _in_background(_end, program))
    _in_background(_follow, program)
    program.wait()
    os.killpg(0, signal.SIGKILL)


def _follow(program: Program) -> None:
    sys.stdin.buffer.read()
    _end(program)


def _end(program: Program) -> None:
    program.terminate()
    try:
        program.wait(GRACE)
    except subprocess.TimeoutExpired:
        program.kill()


def _in_background(job: Callable[[Program], None], program: Program) -> None:
    threading.Thread(target=job, args=(program,), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1:])
