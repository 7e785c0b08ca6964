"""What was asked of a paid service and what it answered, by content: nothing is paid for twice.

One SQLite file (WAL, mode 0600), safe to share between processes. An answer is on disk before
anybody sees it, so a run that is killed and started again asks only for what is not there.
Answers speak of shielded text, but they are still patients' letters.
"""

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import BadInput
from core.files import private_folder

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
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as the service gave it. Tokens are None where it did not count them."""

    text: str
    finish: str
    tokens_in: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt: of which request, and how it ended ("ok", or the kind of fault)."""

    request: str
    model: str
    prompt: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Total:
    """The account of one model."""

    model: str
    calls: int
    tokens_in: int
    tokens_out: int


class Ledger:
    """Opens or makes the ledger at a path. Raises BadInput where that is not possible."""

    def __init__(self, path: Path) -> None:
        self.path = path
        private_folder(path.parent)
        self._lock = threading.Lock()
        with self._told():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._set_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def find(self, request: str) -> Reply | None:
        """The answer already there for a request's hash."""
        with self._told():
            row = self._db.execute(
                "SELECT text, finish FROM answers WHERE request = ?", (request,)
            ).fetchone()
        return None if row is None else Reply(*row)

    def record(self, call: Call, reply: Reply | None) -> None:
        """Writes down one attempt and, where there is one, its answer; on return both are kept."""
        now = time.time()
        tokens = (reply.tokens_in, reply.tokens_out) if reply else (None, None)
        with self._told(), self._transaction():
            self._db.execute(
                "INSERT INTO calls (request, model, prompt, outcome, tokens_in, tokens_out,"
                " seconds, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (call.request, call.model, call.prompt, call.outcome, *tokens, call.seconds, now),
            )
            if reply:
                self._db.execute(
                    "INSERT OR IGNORE INTO answers (request, text, finish, at) VALUES (?, ?, ?, ?)",
                    (call.request, reply.text, reply.finish, now),
                )

    def totals(self) -> list[Total]:
        """Calls and tokens by model."""
        with self._told():
            rows = self._db.execute(
                "SELECT model, count(*), coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0)"
                " FROM calls GROUP BY model ORDER BY model"
            ).fetchall()
        return [Total(*row) for row in rows]

    def secret(self) -> bytes:
        """Random bytes of this workspace, the same every time: what surrogates are drawn from."""
        with self._told(), self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO secret (id, value) VALUES (1, ?)", (secrets.token_bytes(32),)
            )
            row = self._db.execute("SELECT value FROM secret WHERE id = 1").fetchone()
        return bytes(row[0])

    def _set_up(self) -> None:
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
        with self._transaction():
            for statement in _TABLES.split(";"):
                self._db.execute(statement)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

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
