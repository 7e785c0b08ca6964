"""The same work on many things, in processes beside each other: results in order, memory flat.

The work is inherited by the processes as it is (they are forked), so what it holds is made once and
never sent. It must not have started threads or opened connections that it needs. What goes in and
out is pickled. A process that dies (killed for its memory, say) costs the one item it died of.
"""

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_all_start_methods, get_context
from threading import Thread
from typing import Any, Generic, TypeVar

from core.errors import LetteraError

Item = TypeVar("Item")
Result = TypeVar("Result")

_FEW = 8  # items that are done before further processes would have started
_WAITING = 4  # items a process that are under way or wait to be taken


class Died(LetteraError):
    """The process that worked on an item ended before its work."""


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(
    work: Callable[[Item], Result], items: Iterable[Item], processes: int | None = None
) -> Generator[tuple[Item, Result | LetteraError], None, None]:
    """Each item with what `work` makes of it, or with the LetteraError it raised, in order.

    `processes`: as many as there are cores where none are named; 1 works here, as do few items.
    Any other exception is raised here.
    """
    stream = iter(items)
    many = cores() if processes is None else max(1, processes)
    if "fork" not in get_all_start_methods():
        many = 1
    few = list(islice(stream, _FEW + 1)) if many > 1 else []
    if len(few) <= _FEW:
        for item in _chained(few, stream):
            yield item, _here(work, item)
        return
    crew = _Crew(work, many)
    try:
        yield from crew.over(_chained(few, stream))
    finally:
        crew.dismiss()


def _chained(few: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    """All items; the list lets go of each as it is taken."""
    few.reverse()
    while few:
        yield few.pop()
    yield from rest


def _here(work: Callable[[Item], Result], item: Item) -> Result | LetteraError:
    try:
        return work(item)
    except LetteraError as error:
        return error


class _Crew(Generic[Item, Result]):
    def __init__(self, work: Callable[[Item], Result], processes: int) -> None:
        self._work, self._processes = work, processes
        self._pool = self._hired(processes)

    def over(self, items: Iterator[Item]) -> Iterator[tuple[Item, Result | LetteraError]]:
        under_way: deque[tuple[Item, Future[Any]]] = deque()
        while True:
            for item in islice(items, self._processes * _WAITING - len(under_way)):
                under_way.append((item, self._given(item)))
            if not under_way:
                return
            item, future = under_way.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                self.dismiss()
                result = self._alone(item)
                self._pool = self._hired(self._processes)
                under_way = deque((one, self._again(one, f)) for one, f in under_way)
            yield item, result

    def dismiss(self) -> None:
        """Ends the processes: what nobody will look at any more is not worked off first."""
        running = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in running:
            process.terminate()
        for process in running:
            process.join()

    def _hired(self, many: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(many, get_context("fork"), _begin, (self._work,))

    def _given(self, item: Item) -> Future[Any]:
        try:
            return self._pool.submit(_on, item)
        except BrokenProcessPool as broken:
            future: Future[Any] = Future()
            future.set_exception(broken)
            return future

    def _again(self, item: Item, future: Future[Any]) -> Future[Any]:
        """What was done before the death is kept, the rest is given out again."""
        done = future.done() and not future.cancelled() and future.exception() is None
        return future if done else self._given(item)

    def _alone(self, item: Item) -> Result | LetteraError:
        """An item that may have killed its process, in one where it can kill no other work."""
        self._pool = self._hired(1)
        try:
            result: Result | LetteraError = self._given(item).result()
        except BrokenProcessPool:
            return Died("the process that read it died (too little memory?); the others are done")
        finally:
            self.dismiss()
        return result


_work: Callable[[Any], Any] | None = None


def _begin(work: Callable[[Any], Any]) -> None:
    """In a new process. Ctrl-C reaches the whole group; the parent decides what ends."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """A process whose parent was killed would wait for work for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _on(item: Any) -> Any:
    assert _work is not None
    return _here(_work, item)
