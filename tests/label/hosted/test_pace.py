"""The pace of asking: no minute sees more than the limits of the account."""

import asyncio
import selectors
import time
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.label.hosted.limits import Limits, Pace
from tests.label.hosted.service import ask, echo, question
from tests.loopback.together import Serve


class Clock(selectors.SelectSelector):
    """Time that passes when everybody waits, and then at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += max(timeout or 0.0, 1e-6)
        return super().select(0)


def at_once(work: Callable[[Clock], Awaitable[Any]]) -> Any:
    clock = Clock()
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(work(clock))
    finally:
        loop.close()


@settings(deadline=None, max_examples=25)
@given(
    rpm=st.sampled_from([0.5, 7, 60, 600, None]),
    tpm=st.sampled_from([1000, 60_000, None]),
    sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=60),
    guess=st.sampled_from([0.5, 1, 2]),
)
def test_no_minute_sees_more_than_its_limits(
    rpm: float | None, tpm: float | None, sizes: list[int], guess: float
) -> None:
    async def work(clock: Clock) -> list[tuple[float, int]]:
        pace, gone = Pace(Limits(rpm, tpm)), []

        async def go(size: int) -> None:
            await pace.turn(guess * size)
            gone.append((clock.now, size))
            pace.correct(guess * size, size)

        await asyncio.gather(*map(go, sizes))
        return gone

    gone = at_once(work)
    assert [size for _, size in gone] == sizes, "first come, first served"
    for start, _ in gone:
        minute = [size for at, size in gone if start <= at < start + 60]
        assert rpm is None or len(minute) <= rpm + max(1, rpm / 60) + 1
        assert tpm is None or sum(minute) <= tpm + tpm / 20 + 2 * max(minute)
    if tpm and not rpm:
        assert gone[-1][0] <= 60 * max(guess, 1) * sum(sizes) / tpm + 1, "no slower than it must"


def test_without_limits_nobody_waits() -> None:
    async def work(clock: Clock) -> float:
        pace = Pace(Limits())
        await asyncio.gather(*(pace.turn(1e9) for _ in range(1000)))
        return clock.now

    assert at_once(work) < 0.01


def test_the_limits_of_the_account_are_kept(serve: Serve) -> None:
    server = serve(echo)
    began = time.monotonic()
    ask(server, *(question(f"riga {n}") for n in range(30)), limits=Limits(rpm=1200))
    assert time.monotonic() - began >= 0.4
    assert len(server.requests) == 30
