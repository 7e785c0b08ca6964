"""Many questions in flight, answers in the order of the questions."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[T], Coroutine[Any, Any, R]]
Close = Callable[[], Coroutine[Any, Any, None]]
_QUEUED = 2  # items taken for each one being worked on: nobody waits for the caller
_SWITCH = 0.0003  # seconds: the loop gets the processor back from whoever reads an answer
_AHEAD = 32  # items a slow answer may hold up, for each one being worked on, before all wait for it


def ordered(
    items: Iterable[T], work: Work[T, R], width: int, close: Close
) -> Generator[R, None, None]:
    """Results of `work` as they are ready, in the order of `items`, at most `width` at a time.

    The event loop has a thread of its own: it goes on while the caller writes a result, and a
    caller may have a loop itself. Items are taken only as they are needed. `close` runs in the loop
    at the end, also when the caller stops early.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="lettera-service", daemon=True)
    thread.start()
    inbox: asyncio.Queue[tuple[int, T]] = asyncio.Queue()
    done: SimpleQueue[tuple[int, R | Exception]] = SimpleQueue()

    async def worker() -> None:
        while True:
            number, item = await inbox.get()
            try:
                done.put((number, await work(item)))
            except Exception as error:
                done.put((number, error))

    def send(number: int, item: T) -> None:
        loop.call_soon_threadsafe(inbox.put_nowait, (number, item))

    async def start() -> list[asyncio.Task[None]]:
        return [asyncio.create_task(worker()) for _ in range(width)]

    crew = asyncio.run_coroutine_threadsafe(start(), loop).result()
    # To go through all that was ever imported for garbage takes 0.1 s, again and again, in which
    # nothing is sent.
    gc.freeze()
    switch = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        yield from _in_order(items, send, done, width)
    finally:
        sys.setswitchinterval(switch)
        gc.unfreeze()
        asyncio.run_coroutine_threadsafe(_ended(crew, close), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _in_order(
    items: Iterable[T],
    send: Callable[[int, T], None],
    done: "SimpleQueue[tuple[int, R | Exception]]",
    width: int,
) -> Generator[R, None, None]:
    source = enumerate(items)
    ready: dict[int, R | Exception] = {}
    sent = finished = given = 0
    while True:
        taken = None
        if sent - finished < _QUEUED * width and sent - given < _AHEAD * width:
            taken = next(source, None)
        if taken:
            send(*taken)
            sent += 1
        elif given == sent:
            return
        # Without a new item there is nothing to do but to wait for a result.
        for number, result in _arrived(done, wait=taken is None):
            ready[number] = result
            finished += 1
        while given in ready:
            result = ready.pop(given)
            given += 1
            if isinstance(result, Exception):
                raise result
            yield result


def _arrived(
    done: "SimpleQueue[tuple[int, R | Exception]]", wait: bool
) -> Iterator[tuple[int, R | Exception]]:
    if wait:
        yield done.get()
    while not done.empty():
        yield done.get()


async def _ended(crew: list[asyncio.Task[None]], close: Close) -> None:
    for task in crew:
        task.cancel()
    await asyncio.gather(*crew, return_exceptions=True)
    await close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
