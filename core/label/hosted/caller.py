"""One call after the other to the service: with patience, within the limits, on the books.

A fault that passes is met with further attempts, one that lasts becomes one line for all. One "slow
down" slows all calls down. Every attempt is a row of the ledger, and its money is set aside before
it leaves.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.errors import LLMError
from core.label.hosted.budget import Budget, bound
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.limits import Limits, Pace, Rounds, Spread
from core.label.hosted.models import Model
from core.label.hosted.reply import Reply
from core.label.hosted.request import Request, Usage
from core.label.hosted.wire import Passing, Rejected, TooLong, Wire

_LONGEST_WAIT = 300.0
_READY = 4
_SLOWEST_BACKOFF = 30.0
_FIRST = 0.1  # the share of the pause that is waited after a first fault
_CHARACTERS_A_TOKEN = 4
_AGAIN = "run again: what was answered is not paid for twice"
_WAY_OUT = {
    401: "the key was refused (401); set TOGETHER_API_KEY to a valid key",
    402: "the account has no money left (402); top it up, then {again}",
    403: "the key may not use this model (403); check the project of TOGETHER_API_KEY",
    404: "no model '{model}' at this address (404); choose another with --model",
}
_MALFORMED = (400, 422)
_OF_THE_QUESTION = (*_MALFORMED, 403)  # Together says 403 to a question that is too long
# What a service may not know, left out in this order until it takes a request.
_LEFT_OUT = ((), ("logprobs",), ("response_format",), ("logprobs", "response_format"))
_NOTES = {
    "logprobs": "the service tells no log probabilities: no confidence comes from them",
    "response_format": "the service holds no model to a JSON schema: more answers may be unusable",
}

Parts = Callable[[Reply], Mapping[str, Reply]]


class Refused(Exception):
    """The service will not answer this very question (too long, or not to its taste)."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The how-manieth of a request that asks so many questions; `rung` of what is left out."""

    request: Request
    number: int
    questions: int
    rung: int


_NOTHING = Reply("", "")


@dataclass(frozen=True, slots=True)
class _Answered:
    """How an attempt ended: after how long, at what price, and how many tokens were expected."""

    seconds: float
    usd: float | None
    reply: Reply = _NOTHING
    expected: float = 0.0


class Caller:
    """Calls a service until it answers, or has had as many attempts as allowed.

    `answering`: it is known to answer such requests, so that a refusal is about the question.
    """

    def __init__(
        self,
        wire: Wire,
        ledger: Ledger | None,
        attempts: int,
        pause: float,
        concurrency: int,
        limits: Limits,
        budget: Budget | None,
        price: Model | None,
    ) -> None:
        self.usage = Usage()
        self.broken: LLMError | None = None
        self.answering = False
        self.sending: set[asyncio.Task[Any]] = set()
        self._wire = wire
        self._ledger = ledger
        self._attempts = attempts
        self._pause = pause
        # The wire has so many connections; the next requests stand ready, built and on the books.
        self._places = asyncio.Semaphore(concurrency + max(1, concurrency // _READY))
        self._pace = Pace(limits)
        self._spread = Spread(concurrency)
        self._rounds = Rounds()
        self._budget = budget
        self._price = price
        self._rung = 0
        self._not_before = 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What the service turned out not to know, and is asked without."""
        return tuple(_NOTES[name] for name in _LEFT_OUT[self._rung]) if self.answering else ()

    async def call(self, request: Request, questions: int, parts: Parts) -> Mapping[str, Reply]:
        """What `parts` makes of the reply, kept by its keys. Raises Refused or LLMError."""
        number = failed = answered = 0
        while True:
            rung = self._rung
            number += 1
            try:
                return await self._attempt(_Attempt(request, number, questions, rung), parts)
            except Passing as fault:
                # Where others were answered meanwhile the service is well, or busy at most.
                alive = failed > 0 and self.usage.calls > answered
                answered = answered if failed else self.usage.calls
                failed += not (alive and fault.busy)
                if failed == self._attempts:
                    raise self._given_up(f"{fault.what} {failed} times", alive) from None
                await self._wait(failed, fault)
            except TooLong:
                raise Refused("an answer longer than any model gives") from None
            except Rejected as no:
                if not self._asks_for_less(no.status, rung, request):
                    raise self._refusal(no.status, request) from None

    async def _attempt(self, attempt: _Attempt, parts: Parts) -> Mapping[str, Reply]:
        await self._all_wait()
        task = asyncio.current_task()
        assert task is not None
        try:
            answered = await self._sent(attempt, task)
            # Until here others wait for the place; from here on for nothing but this answer.
            await self._rounds.turn()
            replies = parts(answered.reply)
            self._record(attempt, "ok", answered, replies)
        finally:
            self.sending.discard(task)
        self._count(attempt, answered)
        return replies

    async def _sent(self, attempt: _Attempt, task: asyncio.Task[Any]) -> _Answered:
        request = attempt.request
        async with self._places:
            if self.broken:  # nobody waits for a turn that will not be used
                raise self.broken
            expected = self._expected(request)
            await self._pace.turn(expected)
            await self._spread.turn()
            most = bound(request.messages, request.max_tokens, self._price) if self._price else 0.0
            await self._set_aside(most)
            self.usage.retries += attempt.number > 1
            began = time.monotonic()
            begin = partial(self.sending.add, task)
            try:
                reply, seconds = await self._wire.send(self._worded(attempt), begin)
            except BaseException as fault:
                if task not in self.sending:
                    self._settle(most, 0.0)
                    raise
                self._write_off(attempt, fault, most, time.monotonic() - began)
                raise
            self._spread.took(seconds)
        usd = self._usd(reply)
        self._settle(most, most if usd is None else usd)
        return _Answered(seconds, usd, reply, expected)

    def _write_off(
        self, attempt: _Attempt, fault: BaseException, most: float, seconds: float
    ) -> None:
        """Books an attempt without an answer; it may have cost all that it could."""
        outcome, paid = "broken off", True
        if isinstance(fault, Passing):
            outcome, paid = fault.what, fault.paid
        elif isinstance(fault, Rejected):
            outcome, paid = f"refused ({fault.status})", False
        elif isinstance(fault, TooLong):
            outcome = "too long"
        self._settle(most, most if paid else 0.0)
        self._record(attempt, outcome, _Answered(seconds, None if paid else 0.0))

    async def _all_wait(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left + random.uniform(0, self._pause))

    async def _set_aside(self, most: float) -> None:
        if self.broken:
            raise self.broken
        if self._budget:
            await self._budget.reserve(most)
        if self.broken:
            self._settle(most, 0.0)
            raise self.broken

    def _settle(self, most: float, spent: float) -> None:
        if self._budget:
            self._budget.settle(most, spent)

    def _usd(self, reply: Reply) -> float | None:
        if self._price is None or reply.tokens_in is None or reply.tokens_out is None:
            return None
        return self._price.usd(reply.tokens_in, reply.tokens_out)

    def _expected(self, request: Request) -> float:
        """The tokens a request will take, by what the answers so far took."""
        usage = self.usage
        answer = usage.tokens_out / usage.calls if usage.calls else request.max_tokens
        return request.characters / _CHARACTERS_A_TOKEN + answer

    def _worded(self, attempt: _Attempt) -> dict[str, Any]:
        """The request as this service understands it."""
        body = attempt.request.body()
        for name in _LEFT_OUT[attempt.rung]:
            body.pop(name, None)
        # Together wants the number of alternatives; everybody else has a switch.
        if "logprobs" in body and not self._wire.together:
            body["logprobs"] = True
        return body

    def _record(
        self,
        attempt: _Attempt,
        outcome: str,
        answered: _Answered,
        replies: Mapping[str, Reply] | None = None,
    ) -> None:
        if not self._ledger:
            return
        request = attempt.request
        call = Call(
            request.key,
            request.model,
            request.prompt,
            outcome,
            answered.seconds,
            attempt=attempt.number,
            questions=attempt.questions,
            usd=answered.usd,
            characters=request.characters,
            tokens_in=answered.reply.tokens_in,
            tokens_out=answered.reply.tokens_out,
        )
        self._ledger.record(call, replies or {})

    def _count(self, attempt: _Attempt, answered: _Answered) -> None:
        reply = answered.reply
        self.answering = True
        # An answer to a fuller request: what was left out since is known after all.
        self._rung = min(self._rung, attempt.rung)
        self.usage.calls += 1
        self.usage.tokens_in += reply.tokens_in or 0
        self.usage.tokens_out += reply.tokens_out or 0
        self.usage.usd += answered.usd or 0.0
        if reply.tokens_in is not None and reply.tokens_out is not None:
            self._pace.correct(answered.expected, reply.tokens_in + reply.tokens_out)

    def _asks_for_less(self, status: int, rung: int, request: Request) -> bool:
        """Whether to ask again without what the service may not know."""
        if status not in _MALFORMED:
            return False
        if rung == self._rung and not self.usage.calls:
            known = request.body()
            less = (n for n in range(rung + 1, len(_LEFT_OUT)) if known.keys() >= {*_LEFT_OUT[n]})
            self._rung = next(less, rung)
        return rung != self._rung

    def _refusal(self, status: int, request: Request) -> Exception:
        if status == 413 or (status in _OF_THE_QUESTION and self.answering):
            return Refused(f"refused by the service ({status})")
        if status in _WAY_OUT:
            return self._stop(_WAY_OUT[status].format(model=request.model, again=_AGAIN))
        return self._stop(
            f"refused the request ({status}); check the address, and that the model"
            f" '{request.model}' can answer in a JSON schema"
        )

    def _given_up(self, what: str, alive: bool) -> Exception:
        return Refused(what) if alive else self._stop(f"{what}; {_AGAIN} later")

    def _stop(self, what: str) -> LLMError:
        """One fault that concerns all: what still waits is not asked."""
        self.broken = self.broken or LLMError(f"{self._wire.address}: {what}")
        return self.broken

    async def _wait(self, failed: int, fault: Passing) -> None:
        if fault.wait is None:
            backoff = min(self._pause * 2 ** (failed - 1), _SLOWEST_BACKOFF)
            # Most faults are of one connection or one moment, and gone at once.
            backoff *= _FIRST if failed == 1 and not fault.busy else 1
            await asyncio.sleep(backoff * random.uniform(0.75, 1))
        elif fault.wait > _LONGEST_WAIT:
            raise self._stop(f"asks to wait {fault.wait:.0f} seconds; then {_AGAIN}")
        else:
            self._not_before = max(self._not_before, time.monotonic() + fault.wait)
