"""The processes that have claimed something in a ledger, and whether they still live."""

import os
import platform
from sqlite3 import Connection

import psutil

from core.label.hosted.database import Database

# The start time is reckoned from the clock, and the clock of a machine may be put right.
_CLOCK = 60.0


class Owners:
    """The processes of one ledger. `me`: the number by which others know this one, once it has
    claimed something."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.me: int | None = None

    def enrol(self) -> int:
        """The number of this process."""
        if self.me is None:
            self.forget_dead()
            with self._database.transaction() as db:
                self.me = db.execute(
                    "INSERT INTO owners (host, pid, started) VALUES (?, ?, ?)",
                    (platform.node(), os.getpid(), psutil.Process().create_time()),
                ).lastrowid
        assert self.me is not None
        return self.me

    def leave(self) -> None:
        """Gives back every claim of this process."""
        if self.me is not None:
            with self._database.transaction() as db:
                forget(db, self.me)
            self.me = None

    def alive(self, owner: int) -> bool:
        """Whether a process still runs, as far as this machine can tell."""
        row = self._database.row("SELECT host, pid, started FROM owners WHERE id = ?", (owner,))
        return row is not None and _runs(*row)

    def forget_dead(self) -> None:
        """Takes back the claims of all processes that ended without giving them back."""
        with self._database.transaction() as db:
            for (owner,) in db.execute("SELECT id FROM owners").fetchall():
                if owner != self.me and not self.alive(owner):
                    forget(db, owner)


def forget(db: Connection, owner: int) -> None:
    """Takes back the claims of a process; within a transaction."""
    db.execute("DELETE FROM claims WHERE owner = ?", (owner,))
    db.execute("DELETE FROM owners WHERE id = ?", (owner,))


def _runs(host: str, pid: int, started: float) -> bool:
    if host != platform.node():
        return True
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # ended, and its parent has not looked
            return False
        return abs(process.create_time() - started) < _CLOCK
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
