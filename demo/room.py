"""The waiting room: visitors in turn, each job in a child process of its own that can be stopped.

A job is gone, with its child and the child's files, when its block ends, however it ends.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from threading import Lock

from core.label import Labeller
from core.records import Annotation, Json, Phrase
from demo.nest import Child, Nest

RULES = "rules"  # the way that needs no model
AT_ONCE = max(1, min(4, os.cpu_count() or 1))
WAITING = 64
BATCH = 32  # phrases between two looks at whether the visitor still waits
Tell = Callable[[Json | None], None]


class Room:
    """Jobs for the children of one warm process, with the models that children may ask."""

    def __init__(
        self,
        models: Mapping[str, Labeller] | None = None,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> None:
        self._models = dict(models or {})
        self._turns = {name: Lock() for name in self._models}
        self._at_once, self._waiting = at_once, waiting
        self._line: deque[asyncio.Event] = deque()  # those at work first
        self._nest = Nest()

    def warm(self) -> None:
        """Starts the warm process; the first visitor waits for what is left of its warming up."""
        self._nest.open()

    def close(self) -> None:
        self._nest.close()

    async def ask(self, job: Json, upload: bytes | None = None) -> AsyncGenerator[Json, None]:
        """What is said about a job, as it comes; `kind` says what it is, the last is no promise.

        Leaving early (`aclose`, or a visitor who is gone) stops the child.
        """
        turn = asyncio.Event()
        if len(self._line) >= self._at_once + self._waiting:
            yield {"kind": "fault", "fault": "busy"}
            return
        self._line.append(turn)
        work: _Work | None = None
        try:
            place = 0
            while not self._at_turn(turn):
                if place != (place := self._line.index(turn) - self._at_once + 1):
                    yield {"kind": "waiting", "place": place}
                with suppress(TimeoutError):
                    await asyncio.wait_for(turn.wait(), 1)
                turn.clear()
            work = _Work(self._nest, self._models, self._turns)
            async with aclosing(work.said(job, upload)) as said:
                async for message in said:
                    yield message
        finally:
            if work is not None:
                work.stop()
            self._line.remove(turn)
            for other in list(self._line)[: self._at_once]:
                other.set()

    def _at_turn(self, turn: asyncio.Event) -> bool:
        return self._line.index(turn) < self._at_once


class _Work:
    """One job in its child. A thread listens to the child, so that a page stays answering."""

    def __init__(
        self, nest: Nest, models: Mapping[str, Labeller], turns: Mapping[str, Lock]
    ) -> None:
        self._nest, self._models, self._turns = nest, models, turns
        self._child: Child | None = None
        self._stopped = False

    def stop(self) -> None:
        """Ends the child wherever it is; the thread that listens to it sees the end and leaves."""
        self._stopped = True
        if self._child is not None:
            self._child.kill()

    async def said(self, job: Json, upload: bytes | None) -> AsyncGenerator[Json, None]:
        loop, box = asyncio.get_running_loop(), asyncio.Queue[Json | None]()

        def tell(message: Json | None) -> None:
            with suppress(RuntimeError):  # the loop is gone: nobody listens any more
                loop.call_soon_threadsafe(box.put_nowait, message)

        running = loop.run_in_executor(None, self._run, job, upload, tell)
        done = False
        while (message := await box.get()) is not None:
            done = done or message["kind"] in ("done", "fault")
            yield message
        await running
        if not done:  # killed by a limit, or by a fault of a library
            yield {"kind": "fault", "fault": "crashed"}

    def _run(self, job: Json, upload: bytes | None, tell: Tell) -> None:
        try:
            with self._nest.child() as self._child:
                if self._stopped:
                    return
                self._child.say({**job, "folder": str(self._child.folder)}, upload)
                while (message := self._child.hear()) is not None:
                    if message["kind"] == "label":
                        self._label(message)
                    else:
                        tell(message)
        except (OSError, ValueError):
            pass  # the child or the warm process has gone; said without "done", so told as a crash
        finally:
            tell(None)

    def _label(self, asked: Json) -> None:
        """Answers a child with what a model says; a few phrases at a time, for visitors leave."""
        assert self._child is not None
        name: str = asked["model"]
        found: list[Annotation] = []
        phrases = [Phrase(**raw) for raw in asked["phrases"]]
        with self._turns[name]:
            for start in range(0, len(phrases), BATCH):
                if self._stopped:
                    return
                found += self._models[name].label(phrases[start : start + BATCH])
        self._child.say({"annotations": [one.to_json() for one in found]})
