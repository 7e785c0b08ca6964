"""What was asked of a paid service and what it answered, by content: nothing is paid for twice.

One SQLite file (WAL, mode 0600), safe to share between processes. An answer is on disk before
anybody sees it, so a run that is killed and started again asks only for what is not there.
Answers speak of shielded text, but they are still patients' letters.

How to ask: `find` the answer; where there is none, `claim` the question; where the claim is refused
somebody else is asking (or has just been answered): wait a little and `find` again. Who has the
claim asks, `record`s every attempt, and `release`s the claim at the end, whatever happened.
"""

import json
import os
import platform
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

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
_PAID = """
SELECT calls.id, questions, tokens_in, tokens_out, seconds, usd
FROM answers JOIN calls ON calls.id = answers.call WHERE answers.request = ?
"""
_PATIENCE = 30.0
# Longer than any question may take with all its attempts and waits; a claim older than that has
# been forgotten, even where its owner lives or lives on a machine we cannot look into.
_LEASE = 3600.0
# The start time is reckoned from the clock, and the clock of a machine may be put right.
_CLOCK = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as the service gave it. Tokens are None where it did not count them.

    `logprobs`: the text of each token and its log probability, where they were asked for.
    """

    text: str
    finish: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    logprobs: tuple[tuple[str, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt: of which request, and how it ended ("ok", or the kind of fault).

    `usd` at list price, None where that is unknown. `characters` of the messages sent: what a later
    estimate learns the tokens a character from. Tokens left out here are summed from the replies.
    """

    request: str
    model: str
    prompt: str
    outcome: str
    seconds: float
    attempt: int = 1
    questions: int = 1
    usd: float | None = None
    batch: bool = False
    characters: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """The account of one model. `usd` sums the calls with a known price."""

    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    usd: float


@dataclass(frozen=True, slots=True)
class Paid:
    """What some answers took when they were asked for; of a shared call each its part.

    `seconds` of the calls, added up. `usd` is None where the price of one was unknown.
    """

    calls: int
    tokens_in: int
    tokens_out: int
    seconds: float
    usd: float | None


class Ledger:
    """Opens or makes the ledger at a path, or brings an earlier one up to date, in place.

    Raises BadInput where that is not possible.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        private_folder(path.parent)
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._held: set[str] = set()
        with self._told():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)  # SQLite gives its -wal and -shm files the mode of this one
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
        """Gives back every claim and ends."""
        if self._owner is not None:
            with self._told(), self._transaction():
                self._forget(self._owner)
            self._owner = None
        self._db.close()

    def find(self, request: str) -> Reply | None:
        """The answer already there for a request's hash."""
        with self._told():
            row = self._db.execute(
                "SELECT text, finish, logprobs FROM answers WHERE request = ?", (request,)
            ).fetchone()
        return None if row is None else Reply(row[0], row[1], logprobs=unpacked(row[2], row[0]))

    def claim(self, request: str) -> bool:
        """Whether the caller, and nobody else, is to ask this question now.

        False where the answer is there, or where somebody who is still alive has claimed it, be it
        another task of this process.
        """
        owner = self.owner()
        with self._told():
            with self._lock:
                taken = self._claimed(request, owner)
            if not taken:
                with self._transaction():
                    taken = self._lapsed(request) and self._claimed(request, owner)
        if taken:
            self._held.add(request)
        return taken

    def release(self, request: str) -> None:
        """Gives a claim back; nothing happens where there is none."""
        if request not in self._held:
            return
        with self._told(), self._transaction():
            self._db.execute(
                "DELETE FROM claims WHERE request = ? AND owner = ?", (request, self._owner)
            )
            self._held.discard(request)

    def record(self, call: Call, replies: Mapping[str, Reply] | None = None) -> None:
        """Writes down one attempt and the answers it brought, by their requests' hashes.

        On return all is kept, and the claims of what was answered are given back. An answer that is
        there already stays.
        """
        with self._told(), self._transaction():
            self.write(call, replies or {})

    def totals(self) -> list[Total]:
        """Calls, tokens and money by model."""
        rows = self.rows(
            "SELECT model, count(*), coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0),"
            " coalesce(sum(usd), 0.0) FROM calls GROUP BY model ORDER BY model"
        )
        return [Total(*row) for row in rows]

    def paid(self, requests: Iterable[str]) -> Paid:
        """What the answers to these requests took, whichever run asked for them."""
        calls: set[int] = set()
        tokens_in = tokens_out = seconds = 0.0
        usd: float | None = 0.0
        for request in requests:
            for call, parts, told_in, told_out, took, money in self.rows(_PAID, (request,)):
                calls.add(call)
                tokens_in += (told_in or 0) / parts
                tokens_out += (told_out or 0) / parts
                seconds += took / parts
                usd = None if usd is None or money is None else usd + money / parts
        return Paid(len(calls), round(tokens_in), round(tokens_out), seconds, usd)

    def secret(self) -> bytes:
        """Random bytes of this workspace, the same every time: what surrogates are drawn from."""
        with self.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO secret (id, value) VALUES (1, ?)", (secrets.token_bytes(32),)
            )
            row = db.execute("SELECT value FROM secret WHERE id = 1").fetchone()
        return bytes(row[0])

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, one by one."""
        with self._told():
            yield from self._db.execute(query, values)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block is kept, or nothing of it; other processes wait."""
        with self._told(), self._transaction():
            yield self._db

    def owner(self) -> int:
        """The number by which other processes know this one, and can see whether it lives."""
        if self._owner is None:
            self.forget_dead()
            with self.transaction() as db:
                self._owner = db.execute(
                    "INSERT INTO owners (host, pid, started) VALUES (?, ?, ?)",
                    (platform.node(), os.getpid(), psutil.Process().create_time()),
                ).lastrowid
        assert self._owner is not None
        return self._owner

    def alive(self, owner: int) -> bool:
        """Whether a process still runs, as far as this machine can tell."""
        row = self._db.execute(
            "SELECT host, pid, started FROM owners WHERE id = ?", (owner,)
        ).fetchone()
        return row is not None and _runs(*row)

    def forget_dead(self) -> None:
        """Takes back the claims of all processes that ended without giving them back."""
        with self.transaction() as db:
            for (owner,) in db.execute("SELECT id FROM owners").fetchall():
                if owner != self._owner and not self.alive(owner):
                    self._forget(owner)

    def _lapsed(self, request: str) -> bool:
        """Whether there was a claim that holds no more; it is gone then."""
        row = self._db.execute(
            "SELECT owner, at FROM claims WHERE request = ?", (request,)
        ).fetchone()
        if row is None:
            return False
        owner, at = row
        if time.time() - at > _LEASE:
            self._db.execute("DELETE FROM claims WHERE request = ?", (request,))
            return True
        if owner == self._owner or self.alive(owner):
            return False
        self._forget(owner)
        return True

    def _claimed(self, request: str, owner: int) -> bool:
        added = self._db.execute(
            "INSERT OR IGNORE INTO claims (request, owner, at) SELECT ?1, ?2, ?3"
            " WHERE NOT EXISTS (SELECT 1 FROM answers WHERE request = ?1)",
            (request, owner, time.time()),
        )
        return added.rowcount == 1

    def _forget(self, owner: int) -> None:
        self._db.execute("DELETE FROM claims WHERE owner = ?", (owner,))
        self._db.execute("DELETE FROM owners WHERE id = ?", (owner,))

    def write(self, call: Call, replies: Mapping[str, Reply]) -> None:
        """`record`, as a part of a `transaction`."""
        now = time.time()
        row = self._db.execute(
            "INSERT INTO calls (request, model, prompt, outcome, tokens_in, tokens_out, seconds,"
            " at, attempt, questions, characters, usd, batch)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                call.request,
                call.model,
                call.prompt,
                call.outcome,
                _counted(call.tokens_in, (reply.tokens_in for reply in replies.values())),
                _counted(call.tokens_out, (reply.tokens_out for reply in replies.values())),
                call.seconds,
                now,
                call.attempt,
                call.questions,
                call.characters,
                call.usd,
                call.batch,
            ),
        ).lastrowid
        for request, reply in replies.items():
            self._db.execute(
                "INSERT OR IGNORE INTO answers (request, text, finish, at, logprobs, call)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (request, _plain(reply.text), reply.finish, now, _packed(reply), row),
            )
            if request in self._held:
                self._db.execute(
                    "DELETE FROM claims WHERE request = ? AND owner = ?", (request, self._owner)
                )
                self._held.discard(request)

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
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise BadInput(
                    f"{self.path}: written by a later lettera; update lettera, or move it away"
                )
            if version < _VERSION:
                for statement in (_TABLES + _SINCE).split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {_VERSION}")

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


def _counted(told: int | None, parts: Iterable[int | None]) -> int | None:
    if told is not None:
        return told
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _packed(reply: Reply) -> str | None:
    """Log probabilities in thousandths; where the tokens are the text, their lengths will do."""
    if reply.logprobs is None:
        return None
    values = [round(-1000 * value) for _, value in reply.logprobs]
    tokens = [token for token, _ in reply.logprobs]
    told = [len(token) for token in tokens] if "".join(tokens) == reply.text else tokens
    return _plain(json.dumps([told, values], ensure_ascii=False, separators=(",", ":")))


def _plain(text: str) -> str:
    """Without half a surrogate pair, which a model's JSON may hold and no file can."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unpacked(packed: str | None, text: str) -> tuple[tuple[str, float], ...] | None:
    """The tokens of an answer's text with their log probabilities, as the ledger holds them."""
    if packed is None:
        return None
    told, values = json.loads(packed)
    ends = accumulate(told) if told and isinstance(told[0], int) else None
    if ends is not None:
        told = [text[end - length : end] for end, length in zip(ends, told, strict=True)]
    return tuple((token, -value / 1000) for token, value in zip(told, values, strict=True))
