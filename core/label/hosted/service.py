"""Questions to the hosted language model, each asked and paid once.

Equal questions are asked once. A question is claimed in the ledger before it is asked, so that of
two processes in one workspace the second waits for the answer that the first pays for.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from core.errors import LLMError
from core.label.hosted.books import Books
from core.label.hosted.budget import Budget
from core.label.hosted.caller import Caller, Refused
from core.label.hosted.ledger import Ledger
from core.label.hosted.limits import Limits
from core.label.hosted.models import Model
from core.label.hosted.reply import Reply
from core.label.hosted.request import Request, Usage
from core.label.hosted.wire import Wire, normalised_address

__all__ = ["ADDRESS", "Refused", "Request", "Service", "Usage", "normalised_address"]

ADDRESS = "https://api.together.ai"
_GRACE = 5.0  # an answer on its way at the end is paid for: worth a moment
_POLL, _SLOWEST_POLL = 0.05, 1.0

Split = Callable[[str], list[str | None]]
T = TypeVar("T")


class Service:
    """A chat service at an address (the root; a trailing /v1 is taken off), in one event loop.

    `timeout` seconds for an answer; `attempts` for a question, `pause` seconds between them, twice
    as long each time (after the first a tenth); `concurrency` requests in flight. A `budget` needs
    a `price`.
    """

    def __init__(
        self,
        address: str,
        api_key: str,
        ledger: Ledger | None,
        *,
        timeout: float = 120.0,
        attempts: int = 6,
        pause: float = 0.5,
        concurrency: int = 64,
        limits: Limits | None = None,
        budget: Budget | None = None,
        price: Model | None = None,
    ) -> None:
        if budget and not price:
            raise ValueError("money cannot be counted without a price")
        self.address = normalised_address(address)
        self._wire = Wire(self.address, api_key, timeout, concurrency)
        self._ledger = ledger
        books = Books(ledger, budget, price)
        self._caller = Caller(self._wire, books, attempts, pause, concurrency, limits or Limits())
        self._asking: dict[str, asyncio.Future[Reply] | asyncio.Future[Reply | None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def usage(self) -> Usage:
        """What was asked and paid for so far; the same object all the time."""
        return self._caller.usage

    @property
    def notes(self) -> tuple[str, ...]:
        """What the service turned out not to know, and is asked without."""
        return self._caller.notes

    async def close(self) -> None:
        """Ends the connections; answers on their way have a moment to arrive and be kept."""
        self._caller.broken = self._caller.broken or LLMError(f"{self.address}: closed")
        for task in self._tasks - self._caller.sending:
            task.cancel()
        if self._caller.sending:
            await asyncio.wait(self._caller.sending, timeout=_GRACE)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._wire.close()

    def known(self, key: str) -> Reply | None:
        """The answer in the ledger, where it is there."""
        reply = self._ledger.find(key) if self._ledger else None
        if reply:
            self.usage.reused += 1
            self._caller.answering = True
        return reply

    async def ask(self, request: Request) -> Reply:
        """The answer, from the ledger where it is there. Raises Refused or LLMError.

        An empty answer is an answer too: the same question would only bring it once more.
        """
        key = request.key
        while not (reply := self.known(key)):
            asked = self._asking.get(key)
            if asked is None:
                task = self._task(self._alone(request, key))
                self._asking[key] = task
                task.add_done_callback(lambda _: self._asking.pop(key))
                return await asyncio.shield(task)
            if reply := await asyncio.shield(asked):
                self.usage.reused += 1
                return reply
        return reply

    async def ask_all(
        self, request: Request, keys: Sequence[str], split: Split
    ) -> list[Reply | None]:
        """One call for several questions, each kept under its own key; None for one passed over.

        Where somebody else is asking or has asked one of them, nothing is asked: what is known
        comes back, and None for the rest, to be asked one by one. Raises as `ask` does.
        """
        if busy := [asked for key in keys if (asked := self._asking.get(key))]:
            await asyncio.wait(busy)
            return [self.known(key) for key in keys]
        loop = asyncio.get_running_loop()
        waiting: dict[str, asyncio.Future[Reply | None]] = {k: loop.create_future() for k in keys}
        self._asking.update(waiting)
        task = self._task(self._together(request, keys, split))
        task.add_done_callback(partial(self._share, waiting))
        replies = await asyncio.shield(task)
        return [replies.get(key) for key in keys]

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Work that outlives the one who waits for it: what is being paid for is kept."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_failed)  # looked at, even where nobody waits any more
        return task

    def _share(
        self,
        waiting: Mapping[str, asyncio.Future[Reply | None]],
        task: asyncio.Task[Mapping[str, Reply]],
    ) -> None:
        replies = {} if _failed(task) else task.result()
        for key, asked in waiting.items():
            del self._asking[key]
            asked.set_result(replies.get(key))

    async def _alone(self, request: Request, key: str) -> Reply:
        while not await self._claimed(key):
            if reply := self.known(key):
                return reply
        try:
            return (await self._caller.call(request, 1, lambda reply: {key: reply}))[key]
        finally:
            self._release([key])

    async def _together(
        self, request: Request, keys: Sequence[str], split: Split
    ) -> Mapping[str, Reply]:
        if not self._all_claimed(keys):
            for key in keys:
                if await self._claimed(key):
                    self._release([key])
            return {key: reply for key in keys if (reply := self.known(key))}
        try:
            return await self._caller.call(request, len(keys), partial(_parts, keys, split))
        finally:
            self._release(keys)

    async def _claimed(self, key: str) -> bool:
        """Whether the question is ours to ask; False once somebody else's answer is there."""
        poll = _POLL
        while self._ledger and not self._ledger.claim(key):
            if self._caller.broken:
                raise self._caller.broken
            if self._ledger.find(key):
                return False
            await asyncio.sleep(poll)
            poll = min(2 * poll, _SLOWEST_POLL)
        return True

    def _all_claimed(self, keys: Sequence[str]) -> bool:
        """Whether all the questions are ours; otherwise none of them is."""
        for number, key in enumerate(keys):
            if self._ledger and not self._ledger.claim(key):
                self._release(keys[:number])
                return False
        return True

    def _release(self, keys: Sequence[str]) -> None:
        for key in keys:
            if self._ledger:
                self._ledger.release(key)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None


def _parts(keys: Sequence[str], split: Split, reply: Reply) -> dict[str, Reply]:
    """The replies to the single questions in the reply to all."""
    texts = list(zip(keys, split(reply.text), strict=False))
    told = [(key, text) for key, text in texts if text is not None]
    if reply.finish == "length":
        del told[-1:]  # cut off, though it may look whole
    return {key: Reply(text, "stop") for key, text in told}
