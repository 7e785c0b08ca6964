"""What was asked of a paid service and what it answered, by content: nothing is paid for twice.

One SQLite file (WAL, mode 0600), safe to share between processes. An answer is on disk before
anybody sees it, so a run that is killed and started again asks only for what is not there.
Answers speak of shielded text, but they are still patients' letters.

How to ask: `find` the answer; where there is none, `claim` the question; where the claim is refused
somebody else is asking (or has just been answered): wait a little and `find` again. Who has the
claim asks, `record`s every attempt, and `release`s the claim at the end, whatever happened.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Any, Self

from core.label.hosted.database import Database
from core.label.hosted.owners import Owners, forget
from core.label.hosted.reply import Reply, packed, plain, unpacked

_PAID = """
SELECT calls.id, questions, tokens_in, tokens_out, seconds, usd
FROM answers JOIN calls ON calls.id = answers.call WHERE answers.request = ?
"""
# Longer than any question may take with all its attempts and waits; a claim older than that has
# been forgotten, even where its owner lives or lives on a machine we cannot look into.
_LEASE = 3600.0


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
    """The ledger at a path; raises BadInput where there can be none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = Database(path)
        self._owners = Owners(self._database)
        self._held: set[str] = set()

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
        self._owners.leave()
        self._database.close()

    def find(self, request: str) -> Reply | None:
        """The answer already there for a request's hash."""
        row = self._database.row(
            "SELECT text, finish, logprobs FROM answers WHERE request = ?", (request,)
        )
        return None if row is None else Reply(row[0], row[1], logprobs=unpacked(row[2], row[0]))

    def claim(self, request: str) -> bool:
        """Whether the caller, and nobody else, is to ask this question now.

        False where the answer is there, or where somebody who is still alive has claimed it, be it
        another task of this process.
        """
        owner = self.owner()
        with self.transaction() as db:
            taken = _claimed(db, request, owner) or (
                self._lapsed(db, request) and _claimed(db, request, owner)
            )
        if taken:
            self._held.add(request)
        return taken

    def release(self, request: str) -> None:
        """Gives a claim back; nothing happens where there is none."""
        if request in self._held:
            with self.transaction() as db:
                self._give_back(db, request)

    def record(self, call: Call, replies: Mapping[str, Reply] | None = None) -> None:
        """Writes down one attempt and the answers it brought, by their requests' hashes.

        On return all is kept, and the claims of what was answered are given back. An answer that is
        there already stays.
        """
        with self.transaction() as db:
            self.write(db, call, replies or {})

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
        return self._database.rows(query, values)

    def transaction(self) -> AbstractContextManager[Connection]:
        """All of the block is kept, or nothing of it; other processes wait."""
        return self._database.transaction()

    def owner(self) -> int:
        """The number by which other processes know this one, and can see whether it lives."""
        return self._owners.enrol()

    def alive(self, owner: int) -> bool:
        """Whether a process still runs, as far as this machine can tell."""
        return self._owners.alive(owner)

    def forget_dead(self) -> None:
        """Takes back the claims of all processes that ended without giving them back."""
        self._owners.forget_dead()

    def _lapsed(self, db: Connection, request: str) -> bool:
        """Whether there was a claim that holds no more; it is gone then."""
        row = db.execute("SELECT owner, at FROM claims WHERE request = ?", (request,)).fetchone()
        if row is None:
            return False
        owner, at = row
        if time.time() - at > _LEASE:
            db.execute("DELETE FROM claims WHERE request = ?", (request,))
            return True
        if owner == self._owners.me or self.alive(owner):
            return False
        forget(db, owner)
        return True

    def _give_back(self, db: Connection, request: str) -> None:
        owner = self._owners.me
        db.execute("DELETE FROM claims WHERE request = ? AND owner = ?", (request, owner))
        self._held.discard(request)

    def write(self, db: Connection, call: Call, replies: Mapping[str, Reply]) -> None:
        """`record`, as a part of a `transaction`."""
        now = time.time()
        row = db.execute(
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
            db.execute(
                "INSERT OR IGNORE INTO answers (request, text, finish, at, logprobs, call)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (request, plain(reply.text), reply.finish, now, packed(reply), row),
            )
            if request in self._held:
                self._give_back(db, request)


def _claimed(db: Connection, request: str, owner: int) -> bool:
    added = db.execute(
        "INSERT OR IGNORE INTO claims (request, owner, at) SELECT ?1, ?2, ?3"
        " WHERE NOT EXISTS (SELECT 1 FROM answers WHERE request = ?1)",
        (request, owner, time.time()),
    )
    return added.rowcount == 1


def _counted(told: int | None, parts: Iterable[int | None]) -> int | None:
    if told is not None:
        return told
    known = [part for part in parts if part is not None]
    return sum(known) if known else None
