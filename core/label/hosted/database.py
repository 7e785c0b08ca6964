"""The ledger's SQLite file: its tables, safe to share between processes, its faults in one line."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.files import private_folder

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    request TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, request TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL,
    outcome TEXT NOT NULL, tokens_in INTEGER, tokens_out INTEGER, seconds REAL NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS secret (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL);
"""
# What came after the tables above. Every column has a default: an earlier lettera can still write.
_SINCE = """
ALTER TABLE answers ADD COLUMN logprobs TEXT;
ALTER TABLE answers ADD COLUMN call INTEGER;
ALTER TABLE calls ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE calls ADD COLUMN questions INTEGER NOT NULL DEFAULT 1;
ALTER TABLE calls ADD COLUMN characters INTEGER;
ALTER TABLE calls ADD COLUMN usd REAL;
ALTER TABLE calls ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
UPDATE answers SET call = paid.id FROM (
    SELECT request, max(id) AS id FROM calls WHERE outcome = 'ok' GROUP BY request
) AS paid WHERE paid.request = answers.request;
CREATE TABLE owners (
    id INTEGER PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, started REAL NOT NULL
);
CREATE TABLE claims (
    request TEXT PRIMARY KEY, owner INTEGER NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL, model TEXT NOT NULL,
    owner INTEGER NOT NULL, file TEXT, job TEXT UNIQUE, status TEXT NOT NULL DEFAULT 'open',
    at REAL NOT NULL
);
CREATE TABLE parcels (
    request TEXT PRIMARY KEY, job INTEGER NOT NULL, prompt TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX parcels_by_job ON parcels (job);
"""
_PATIENCE = 30.0


class Database:
    """Opens or makes the file (WAL, mode 0600), or brings an earlier one up to date, in place.

    Raises BadInput where that is not possible.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        private_folder(path.parent)
        with self._told():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)  # SQLite gives its -wal and -shm files the mode of this one
            self._db = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._share()
        self._bring_up_to_date()

    def close(self) -> None:
        self._db.close()

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, one by one."""
        with self._told():
            yield from self._db.execute(query, values)

    def row(self, query: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The first row of a query."""
        with self._told():
            found: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block is kept, or nothing of it; other threads and processes wait."""
        with self._told(), self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _share(self) -> None:
        # Two processes that open a new file at once: the change to WAL does not wait by itself.
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.02)
        # NORMAL outlives the death of the process; only a power cut may cost the last answers.
        self._db.execute("PRAGMA synchronous = NORMAL")

    def _bring_up_to_date(self) -> None:
        with self.transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise BadInput(
                    f"{self.path}: written by a later lettera; update lettera, or move it away"
                )
            if version < _VERSION:
                for statement in (_TABLES + _SINCE).split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
                raise
            raise BadInput(
                f"{self.path}: the ledger cannot be used ({error});"
                " free the disk or move the file away"
            ) from error
        except OSError as error:
            raise BadInput(
                f"{self.path}: the ledger cannot be made ({error.strerror});"
                " choose another folder with --workspace"
            ) from error
