"""How a training in a process of its own tells the backend how far it is."""

import os
from pathlib import Path

VARIABLE = "LETTERA_PROGRESS"  # names the file to tell it in; set by who starts the training


def report(done: int, total: int) -> None:
    """Tells of `done` steps of `total`; says nothing where nobody asked."""
    file = os.environ.get(VARIABLE)
    if file:
        Path(file).write_text(f"{done} {total}\n", encoding="ascii")


def percent(file: Path) -> int | None:
    """How far the training that tells in this file is; None before it has told anything."""
    try:
        line = file.read_text(encoding="ascii")
        done, total = map(int, line.split())
        return max(0, min(100, 100 * done // total)) if line.endswith("\n") else None
    except (OSError, ValueError, ZeroDivisionError):
        return None  # nothing yet, or a number half written: the next look will tell
