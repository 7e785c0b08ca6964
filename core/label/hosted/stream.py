"""Many questions in flight, answers in the order of the questions."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[T], Coroutine[Any, Any, R]]
_AHEAD = 4  # a slow answer at the head must not starve the others


def ordered(
    items: Iterable[T], work: Work[T, R], width: int, close: Callable[[], Coroutine[Any, Any, None]]
) -> Generator[R, None, None]:
    """Results of `work` as they are ready, in the order of `items`, at most `width` at a time.

    The event loop has a thread of its own: it goes on while the caller writes a result, and a
    caller may have a loop itself. Items are taken only as they are needed. `close` runs in the loop
    at the end, also when the caller stops early.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="lettera-service", daemon=True)
    thread.start()
    gate = asyncio.Semaphore(width)

    async def gated(item: T) -> R:
        async with gate:
            return await work(item)

    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(asyncio.run_coroutine_threadsafe(gated(item), loop))
            while waiting and (waiting[0].done() or len(waiting) >= _AHEAD * width):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        asyncio.run_coroutine_threadsafe(_ended(close), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(close: Callable[[], Coroutine[Any, Any, None]]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await close()
