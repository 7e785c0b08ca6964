"""The stream of questions: answers in order, nobody held up, everything closed at the end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from core.errors import LLMError
from core.label.hosted.stream import ordered
from tests.places import ROOT


async def nothing() -> None:
    pass


def test_results_come_in_order_whatever_they_take() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.02 * (number % 3))
        return number

    assert list(ordered(range(100), work, 8, nothing)) == list(range(100))


def test_a_slow_answer_holds_nobody_up() -> None:
    """The first is answered when a hundred others have been."""
    finished = []

    async def work(number: int) -> int:
        while number == 0 and len(finished) < 100:
            await asyncio.sleep(0.001)
        finished.append(number)
        return number

    assert list(ordered(range(300), work, 8, nothing)) == list(range(300))


def test_items_are_taken_as_they_are_needed() -> None:
    taken, closed = [], []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    async def work(number: int) -> int:
        return number

    async def close() -> None:
        closed.append(True)

    with closing(ordered(endless(), work, 4, close)) as stream:
        assert [next(stream) for _ in range(10)] == list(range(10))
        time.sleep(0.05)
        assert len(taken) <= 10 + 4 * 32
    assert closed == [True]


def test_what_was_answered_before_a_fault_is_given_first() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.05 if number < 3 else 0)
        if number == 3:
            raise LLMError("over")
        return number

    given = []
    with pytest.raises(LLMError, match="over"):
        given.extend(ordered(range(100), work, 8, nothing))
    stream = ordered(range(100), work, 8, nothing)
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    stream.close()


def test_an_item_that_cannot_be_had_ends_the_stream() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    async def work(number: int) -> int:
        await asyncio.sleep(60)
        return number

    with pytest.raises(ValueError, match="no more"):
        list(ordered(broken(), work, 4, nothing))


INTERRUPTED = """
import asyncio, sys
from core.label.hosted.stream import ordered

async def work(number):
    print(number, flush=True)
    await asyncio.sleep(60)

async def close():
    print("closed", flush=True)

try:
    list(ordered(range(1000), work, 2, close))
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


def test_ctrl_c_ends_the_stream() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdout and ran.stdout.readline() == b"0\n"
        os.kill(ran.pid, signal.SIGINT)
        out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (1, b"interrupted\n")
    assert out.endswith(b"closed\n")
