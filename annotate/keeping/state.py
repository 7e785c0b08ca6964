"""What of a workspace is worth keeping: all but models, backups and what every start makes anew."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from core.errors import BadInput
from core.learn.record import FILE as MODEL

BACKUPS = "backups"
_PASSING = {"lock", "running.json", "server.log", "restoring"}
_PASSING_FOLDERS = {"export", "test_data", "__pycache__"}
_COMPANIONS = ("-wal", "-shm", "-journal")
_LEFTOVER = re.compile(r"\..+\.[a-z0-9_]{8}")  # of core.files.replacing, after a kill


def kept_files(workspace: Path) -> Iterator[Path]:
    """The files that make up the work in hand, in a fixed order; links are not followed."""
    for path in sorted(workspace.iterdir()):
        if path.is_symlink() or path.name == BACKUPS:
            continue
        if path.is_dir():
            if path.name not in _PASSING_FOLDERS and not is_model(path):
                yield from kept_files(path)
        elif path.is_file() and not _passing(path.name):
            yield path


def companions(database: Path) -> Iterator[Path]:
    """The files that SQLite keeps beside a database."""
    for ending in _COMPANIONS:
        beside = database.with_name(database.name + ending)
        if beside.exists():
            yield beside


def is_companion(path: Path) -> bool:
    """Whether a file stands beside a database: it comes and goes with who uses that."""
    return path.name.endswith(_COMPANIONS)


def leftover(path: Path) -> bool:
    """Whether a file is what a killed run had begun to write."""
    return _LEFTOVER.fullmatch(path.name) is not None


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


PATIENCE = 60.0  # seconds to wait for whoever writes to a database


def opened(database: Path) -> "closing[sqlite3.Connection]":
    """A connection to a database that exists, patient with whoever writes to it."""
    return closing(
        sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", timeout=PATIENCE, uri=True)
    )


def snapshot(database: Path, to: Path) -> None:
    """A copy of an SQLite database as of one moment, also while others write to it."""
    to.touch(mode=0o600)
    try:
        with opened(database) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
            fault = target.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise BadInput(f"{database}: cannot be copied ({error})") from error
    if fault != "ok":
        raise BadInput(f"{database}: the database is damaged; bring back a backup of it")


def is_model(folder: Path) -> bool:
    """Whether a folder holds a trained network, or the checkpoints of one."""
    return (folder / MODEL).exists() or folder.name.endswith(".training")


def _passing(name: str) -> bool:
    return name in _PASSING or name.endswith(_COMPANIONS) or _LEFTOVER.fullmatch(name) is not None
