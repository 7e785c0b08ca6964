"""One call after the other to the service: with patience, within the limits, on the books.

A fault that passes is met with further attempts, one that lasts becomes one line for all. One "slow
down" slows all calls down.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from core.errors import LLMError
from core.label.hosted.books import Answered, Attempt, Books
from core.label.hosted.limits import Limits, Pace, Rounds, Spread
from core.label.hosted.reply import Reply
from core.label.hosted.request import Request, Usage
from core.label.hosted.wire import Passing, Rejected, TooLong, Wire
from core.label.hosted.wording import MALFORMED, Wording

_LONGEST_WAIT = 300.0
_READY = 4
_SLOWEST_BACKOFF = 30.0
_FIRST = 0.1  # the share of the pause that is waited after a first fault
_AGAIN = "run again: what was answered is not paid for twice"
_WAY_OUT = {
    401: "the key was refused (401); set TOGETHER_API_KEY to a valid key",
    402: "the account has no money left (402); top it up, then {again}",
    403: "the key may not use this model (403); check the project of TOGETHER_API_KEY",
    404: "no model '{model}' at this address (404); choose another with --model",
}
_OF_THE_QUESTION = (*MALFORMED, 403)  # Together says 403 to a question that is too long

Parts = Callable[[Reply], Mapping[str, Reply]]


class Refused(Exception):
    """The service will not answer this very question (too long, or not to its taste)."""


class Caller:
    """Calls a service until it answers, or has had as many attempts as allowed.

    `answering`: it is known to answer such requests, so that a refusal is about the question.
    """

    def __init__(
        self,
        wire: Wire,
        books: Books,
        attempts: int,
        pause: float,
        concurrency: int,
        limits: Limits,
    ) -> None:
        self.broken: LLMError | None = None
        self.answering = False
        self.sending: set[asyncio.Task[Any]] = set()
        self._wire = wire
        self._books = books
        self._attempts = attempts
        self._pause = pause
        # The wire has so many connections; the next requests stand ready, built and on the books.
        self._places = asyncio.Semaphore(concurrency + max(1, concurrency // _READY))
        self._pace = Pace(limits)
        self._spread = Spread(concurrency)
        self._rounds = Rounds()
        self._wording = Wording(wire.together)
        self._not_before = 0.0

    @property
    def usage(self) -> Usage:
        """What was asked and paid for so far; the same object all the time."""
        return self._books.usage

    @property
    def notes(self) -> tuple[str, ...]:
        """What the service turned out not to know, and is asked without."""
        return self._wording.notes if self.answering else ()

    async def call(self, request: Request, questions: int, parts: Parts) -> Mapping[str, Reply]:
        """What `parts` makes of the reply, kept by its keys. Raises Refused or LLMError."""
        number = failed = answered = 0
        while True:
            number += 1
            attempt = Attempt(request, number, questions, self._wording.rung)
            try:
                return await self._attempt(attempt, parts)
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
                known = self.usage.calls > 0
                malformed = no.status in MALFORMED
                if not (malformed and self._wording.refused(request, attempt.rung, known)):
                    raise self._refusal(no.status, request) from None

    async def _attempt(self, attempt: Attempt, parts: Parts) -> Mapping[str, Reply]:
        await self._all_wait()
        task = asyncio.current_task()
        assert task is not None
        try:
            answered = await self._sent(attempt, task)
            # Until here others wait for the place; from here on for nothing but this answer.
            await self._rounds.turn()
            replies = parts(answered.reply)
            self._books.book(attempt, answered, replies)
        finally:
            self.sending.discard(task)
        self.answering = True
        self._wording.understood(attempt.rung)
        reply = answered.reply
        if reply.tokens_in is not None and reply.tokens_out is not None:
            self._pace.correct(answered.expected, reply.tokens_in + reply.tokens_out)
        return replies

    async def _sent(self, attempt: Attempt, task: asyncio.Task[Any]) -> Answered:
        request = attempt.request
        async with self._places:
            self._stop_if_broken()  # nobody waits for a turn that will not be used
            expected = self._books.expected(request)
            await self._pace.turn(expected)
            await self._spread.turn()
            self._stop_if_broken()
            most = await self._books.set_aside(request)
            if self.broken:
                self._books.settle(most, 0.0)
                raise self.broken
            self.usage.retries += attempt.number > 1
            began = time.monotonic()
            begin = partial(self.sending.add, task)
            try:
                body = self._wording.of(request, attempt.rung)
                reply, seconds = await self._wire.send(body, begin)
            except BaseException as fault:
                if task not in self.sending:
                    self._books.settle(most, 0.0)
                    raise
                self._books.write_off(attempt, fault, most, time.monotonic() - began)
                raise
            self._spread.took(seconds)
        return Answered(seconds, self._books.paid(most, reply), reply, expected)

    def _stop_if_broken(self) -> None:
        if self.broken:
            raise self.broken

    async def _all_wait(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left + random.uniform(0, self._pause))

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
