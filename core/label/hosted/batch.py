"""Many questions at once, by Together's batch API: cheaper, slower, and paid once like all others.

Asked is only what the ledger lacks. Every step is in the ledger before the next one is taken
(`jobs`), so the run after a kill goes on with the same job. What the service could not answer is
left for ordinary asking.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING

from core.errors import LLMError
from core.label.hosted.budget import Budget
from core.label.hosted.desk import Desk
from core.label.hosted.jobs import Job, Jobs
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.models import Model
from core.label.hosted.packing import Packing
from core.label.hosted.parcel import Parcel, outcome_of, private
from core.label.hosted.request import Request
from core.label.hosted.wire import Passing, Rejected, normalised_address

if TYPE_CHECKING:
    from together.types import BatchJob

_GIVEN_UP = ("FAILED", "CANCELLED")
_ENDS = ("COMPLETED", "EXPIRED", *_GIVEN_UP)
_ACCOUNT = (401, 402, 403)
_SILENCE = 3600.0
_AT_ONCE = 500  # outcomes in one transaction

Watch = Callable[[int, int], None]


@dataclass(slots=True)
class Batched:
    """What became of the questions: `left` are for ordinary asking. `usd` at the batch price."""

    reused: int = 0
    answered: int = 0
    left: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0


async def run_batch(
    requests: Iterable[Request],
    address: str,
    api_key: str,
    ledger: Ledger,
    *,
    price: Model | None = None,
    budget: Budget | None = None,
    timeout: float = 120.0,
    attempts: int = 6,
    pause: float = 0.5,
    poll: float = 30.0,
    watch: Watch = lambda done, total: None,
) -> Batched:
    """Asks everything that the ledger lacks and waits until all that can be answered is in it.

    Requests are taken one by one: memory stays flat. Jobs that an earlier run left are finished
    first. What does not fit the budget is left. `poll`: seconds between two looks at a job;
    `watch` gets the questions done and all of them after each. Raises LLMError where the service
    refuses, fails lastingly, or gives a whole job up; what was answered is kept.
    """
    desk = Desk(normalised_address(address), api_key, timeout, attempts, pause)
    batch = _Batch(desk, ledger, price, budget)
    try:
        return await batch.run(requests, poll, watch)
    except Rejected as rejected:
        raise LLMError(_refusal(desk.address, rejected.status)) from None
    finally:
        await desk.close()


def _refusal(address: str, status: int) -> str:
    if status in _ACCOUNT:
        return (
            f"{address}: the batch API refuses the key or the account ({status}); check"
            " TOGETHER_API_KEY and the money left, then run again: the batch goes on"
        )
    return (
        f"{address}: the batch API refuses the job ({status}); choose another model with --model,"
        " or ask without --batch-api"
    )


class _Batch:
    """The jobs of one run, from the questions to the answers in the ledger."""

    def __init__(
        self, desk: Desk, ledger: Ledger, price: Model | None, budget: Budget | None
    ) -> None:
        self._desk = desk
        self._ledger = ledger
        self._jobs = Jobs(ledger, desk.address)
        self._packing = Packing(ledger, self._jobs, price, budget)
        self._budget = budget
        self._reserved: dict[int, float] = {}
        self._awaited: set[int] = set()
        self._given_up: list[str] = []
        self._result = Batched()
        self._heard = time.monotonic()

    async def run(self, requests: Iterable[Request], poll: float, watch: Watch) -> Batched:
        self._ledger.forget_dead()
        for job in self._jobs.open():
            if mine := self._jobs.take(job):
                await self._go_on(mine)
        packing = self._packing
        for parcel in packing.parcels(requests):
            await self._hand_in(parcel)
        self._awaited |= packing.elsewhere
        self._result.reused += packing.reused
        self._result.left += packing.left
        await self._follow(poll, watch)
        if self._given_up:
            raise LLMError(
                f"{self._desk.address}: the service gave up the batch job {self._given_up[0]};"
                " choose another model with --model, or ask without --batch-api"
            )
        return self._result

    async def _hand_in(self, parcel: Parcel) -> None:
        if self._budget:
            await self._budget.reserve(parcel.most)
            self._reserved[parcel.job.id] = parcel.most
        try:
            file = await self._desk.upload(parcel.path)
        finally:
            parcel.path.unlink(missing_ok=True)
        await self._make(self._jobs.uploaded(parcel.job, file))

    async def _go_on(self, job: Job) -> None:
        """Takes up a job where an earlier process left it."""
        if job.file is None:  # nothing is paid yet, and its file may be half there
            await self._desk.forget_named(job.name)
            self._packing.drop(job)
        elif job.job is None:
            await self._make(job)
        else:
            self._awaited.add(job.id)

    async def _make(self, job: Job) -> None:
        assert job.file is not None
        try:
            self._jobs.made(job, await self._desk.make(job.file, self._jobs.known()))
        except Rejected as rejected:
            if rejected.status not in _ACCOUNT:
                self._packing.drop(job)
            raise
        self._awaited.add(job.id)

    async def _follow(self, poll: float, watch: Watch) -> None:
        total = sum(self._jobs.size(job) for job in self._open())
        while self._awaited:
            to_do = 0.0
            for job in self._open():
                to_do += self._jobs.size(job) * await self._part_left(job)
            self._awaited &= {job.id for job in self._jobs.open()}
            watch(total - ceil(to_do), total)
            if self._awaited:
                await asyncio.sleep(poll)

    def _open(self) -> list[Job]:
        return [job for job in self._jobs.open() if job.id in self._awaited]

    async def _part_left(self, job: Job) -> float:
        """Looks after a job; the part of it that is still to be done."""
        if (mine := self._jobs.take(job)) is None:
            return 1.0  # another process sees to it, and its answers come into this ledger
        if mine.job is None:
            await self._go_on(mine)
            return 1.0
        try:
            state = await self._desk.look(mine.job)
        except Passing as fault:  # a job takes hours: one fault more or less is no reason to stop
            if time.monotonic() - self._heard > _SILENCE:
                raise self._desk.lasting(fault, "for an hour") from None
            return 1.0
        self._heard = time.monotonic()
        if state.status in _ENDS:
            await self._collect(mine, state)
            return 0.0
        return 1.0 - min(max(state.progress or 0.0, 0.0), 100.0) / 100.0

    async def _collect(self, job: Job, state: "BatchJob") -> None:
        files = [file for file in (state.output_file_id, state.error_file_id) if file]
        calls = []
        for file in files:
            with private(self._packing.folder / f"{job.name}.answers") as kept:
                await self._desk.download(file, kept)
                kept.seek(0)
                calls += self._recorded(job, kept)
        self._jobs.keep()
        for name in filter(None, (*files, job.file)):
            await self._desk.forget(name)
        status = state.status or ""
        self._count(calls, self._jobs.end(job, status))
        self._settle(job, calls)
        if status in _GIVEN_UP:
            self._given_up.append(f"{job.job} ({status.lower()})")

    def _recorded(self, job: Job, lines: Iterable[bytes]) -> list[Call]:
        outcomes = filter(None, map(outcome_of, lines))
        calls = []
        while some := list(islice(outcomes, _AT_ONCE)):
            calls += self._jobs.record(job, some, self._packing.price(job.model))
        return calls

    def _count(self, calls: list[Call], silent: int) -> None:
        answered = [call for call in calls if call.outcome == "ok"]
        self._result.answered += len(answered)
        self._result.left += len(calls) - len(answered) + silent
        self._result.tokens_in += sum(call.tokens_in or 0 for call in answered)
        self._result.tokens_out += sum(call.tokens_out or 0 for call in answered)
        self._result.usd += sum(call.usd or 0.0 for call in answered)

    def _settle(self, job: Job, calls: list[Call]) -> None:
        most = self._reserved.pop(job.id, None)
        if self._budget and most is not None:
            known = all(call.usd is not None for call in calls if call.outcome == "ok")
            self._budget.settle(most, sum(call.usd or 0.0 for call in calls) if known else most)
