"""Jobs of the batch API in the ledger: which questions each holds, and how far it got.

A question is in one open job at most. The name of a job's file is written down before the upload,
the file's id before the job is made and the job's id before anything else: whoever comes after a
killed process finds the work where it stood.
"""

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.models import Model
from core.label.hosted.reply import Reply


@dataclass(frozen=True, slots=True)
class Job:
    """`file` and `job` are the service's names for the upload and for the work, once known."""

    id: int
    name: str
    address: str
    model: str
    owner: int
    file: str | None
    job: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question: an answer, or the kind of fault."""

    request: str
    outcome: str
    reply: Reply | None = None


class Jobs:
    """The jobs of one ledger at one address."""

    def __init__(self, ledger: Ledger, address: str) -> None:
        self._ledger = ledger
        self._address = address

    def open(self) -> list[Job]:
        """Jobs whose answers are not all in the ledger, the oldest first."""
        return [
            Job(*row)
            for row in self._ledger.rows(
                "SELECT id, name, address, model, owner, file, job, at FROM jobs"
                " WHERE status = 'open' AND address = ? ORDER BY id",
                (self._address,),
            )
        ]

    def known(self) -> set[str]:
        """The service's names of all jobs there ever were."""
        return {job for (job,) in self._ledger.rows("SELECT job FROM jobs WHERE job NOT NULL")}

    def new(self, model: str) -> Job:
        """An empty job of this process."""
        job = Job(
            0, f"lettera-{secrets.token_hex(8)}.jsonl", self._address, model,
            self._ledger.owner(), None, None, time.time(),
        )  # fmt: skip
        with self._ledger.transaction() as db:
            row = db.execute(
                "INSERT INTO jobs (name, address, model, owner, at) VALUES (?, ?, ?, ?, ?)",
                (job.name, job.address, job.model, job.owner, job.at),
            ).lastrowid
        assert row is not None
        return replace(job, id=row)

    def add(self, job: Job, request: str, prompt: str) -> bool:
        """Takes a question into a job, unless it is answered, being asked, or in an open job."""
        with self._ledger.transaction() as db:
            added = db.execute(
                "INSERT OR IGNORE INTO parcels (request, job, prompt) SELECT ?1, ?2, ?3"
                " WHERE NOT EXISTS (SELECT 1 FROM answers WHERE request = ?1)"
                " AND NOT EXISTS (SELECT 1 FROM claims WHERE request = ?1)",
                (request, job.id, prompt),
            )
        return added.rowcount == 1

    def holder(self, request: str) -> int | None:
        """The open job that a question is in."""
        query = "SELECT job FROM parcels WHERE request = ?"
        return next((int(job) for (job,) in self._ledger.rows(query, (request,))), None)

    def size(self, job: Job) -> int:
        """How many of its questions have no outcome yet."""
        query = "SELECT count(*) FROM parcels WHERE job = ?"
        return int(next(self._ledger.rows(query, (job.id,)))[0])

    def take(self, job: Job) -> Job | None:
        """The job as this process's own, where it is already, or where its owner is gone."""
        me = self._ledger.owner()
        if job.owner == me:
            return job
        if self._ledger.alive(job.owner):
            return None
        with self._ledger.transaction() as db:
            taken = db.execute(
                "UPDATE jobs SET owner = ? WHERE id = ? AND owner = ?", (me, job.id, job.owner)
            )
        return replace(job, owner=me) if taken.rowcount else None

    def uploaded(self, job: Job, file: str) -> Job:
        """Its questions are with the service under this name."""
        with self._ledger.transaction() as db:
            db.execute("UPDATE jobs SET file = ? WHERE id = ?", (file, job.id))
        return replace(job, file=file)

    def made(self, job: Job, name: str) -> None:
        """The service works on it under this name."""
        with self._ledger.transaction() as db:
            db.execute("UPDATE jobs SET job = ? WHERE id = ?", (name, job.id))

    def record(self, job: Job, outcomes: Iterable[Outcome], price: Model | None) -> list[Call]:
        """Writes down what became of questions of this job, each once; strangers are left out."""
        calls = []
        seconds = time.time() - job.at
        with self._ledger.transaction() as db:
            for outcome in outcomes:
                row = db.execute(
                    "DELETE FROM parcels WHERE request = ? AND job = ? RETURNING prompt",
                    (outcome.request, job.id),
                ).fetchone()
                if row is None:
                    continue
                call = _call(job, outcome, row[0], seconds, price)
                replies = {outcome.request: outcome.reply} if outcome.reply else {}
                self._ledger.write(db, call, replies)
                calls.append(call)
        return calls

    def keep(self) -> None:
        """Brings all that was recorded past a power cut."""
        list(self._ledger.rows("PRAGMA wal_checkpoint(PASSIVE)"))

    def end(self, job: Job, status: str) -> int:
        """Closes a job; the number of its questions that were left without an outcome."""
        with self._ledger.transaction() as db:
            left = db.execute("DELETE FROM parcels WHERE job = ?", (job.id,)).rowcount
            db.execute("UPDATE jobs SET status = ? WHERE id = ?", (status, job.id))
        return left

    def drop(self, job: Job) -> None:
        """Takes back a job that was never made; its questions are free again."""
        with self._ledger.transaction() as db:
            db.execute("DELETE FROM parcels WHERE job = ?", (job.id,))
            db.execute("DELETE FROM jobs WHERE id = ?", (job.id,))


def _call(job: Job, outcome: Outcome, prompt: str, seconds: float, price: Model | None) -> Call:
    tokens_in = outcome.reply.tokens_in if outcome.reply else None
    tokens_out = outcome.reply.tokens_out if outcome.reply else None
    usd = None
    if price and tokens_in is not None and tokens_out is not None:
        usd = price.usd(tokens_in, tokens_out, batch=True)
    return Call(
        request=outcome.request,
        model=job.model,
        prompt=prompt,
        outcome=outcome.outcome,
        seconds=seconds,
        usd=usd,
        batch=True,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
    )
