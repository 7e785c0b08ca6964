"""How fast a service may be asked: requests and tokens a minute, and not all in one moment."""

import asyncio
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

_FIRST_GUESS = 0.1
_SHARE = 0.75
_TICK = 0.001  # what an event loop can tell apart


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests and tokens a minute; None where there is no limit."""

    rpm: float | None = None
    tpm: float | None = None


class Pace:
    """Lets requests go one after the other, as fast as the limits allow. For one event loop.

    Nobody knows beforehand how long an answer will be: what an expectation was wrong by is made
    good by the requests that follow.
    """

    def __init__(self, limits: Limits) -> None:
        self._requests = _bucket(limits.rpm)
        self._tokens = _bucket(limits.tpm)
        self._owed = 0.0
        # AsyncLimiter serves the smallest first: a long letter would wait for ever.
        self._line = asyncio.Lock()

    async def turn(self, tokens: float) -> None:
        """Waits until a request that will take so many tokens may go."""
        if self._requests is None and self._tokens is None:
            return
        async with self._line:
            if self._requests:
                await self._requests.acquire()
            if self._tokens:
                await self._take(self._tokens, tokens)

    def correct(self, expected: float, taken: float) -> None:
        """Tells how many tokens a request took after all."""
        if self._tokens:  # what was not used is soon no longer to be had
            self._owed = max(self._owed + taken - expected, -self._tokens.max_rate)

    async def _take(self, bucket: AsyncLimiter, tokens: float) -> None:
        due = tokens + self._owed
        self._owed = min(0.0, due)
        while due > 0:  # more than the bucket holds is taken in several draughts
            await bucket.acquire(min(due, bucket.max_rate))
            due -= bucket.max_rate


class Spread:
    """Keeps requests apart in time, for one event loop with so many places.

    Requests sent in one moment are answered in one moment, and stay a crowd for ever: each time all
    places stand empty while one core works through the answers. The gap is three quarters of what
    keeps all places busy, so it slows nothing down.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._seconds = _FIRST_GUESS
        self._next = 0.0

    async def turn(self) -> None:
        """Waits until the next request may go."""
        now = asyncio.get_running_loop().time()
        self._next = max(now, self._next + _SHARE * self._seconds / self._places)
        if self._next - now >= _TICK:
            await asyncio.sleep(self._next - now)

    def took(self, seconds: float) -> None:
        """Tells how long an answer took; the last ones of all places are remembered."""
        self._seconds += (seconds - self._seconds) / self._places


class Rounds:
    """Lets one after the other go on, one in a round of the event loop, in the order they came.

    For work that nobody on the line waits for: between two pieces of it the next requests leave and
    the answers that came are taken, however many there are.
    """

    def __init__(self) -> None:
        self._line = asyncio.Lock()

    async def turn(self) -> None:
        """Waits for a round of its own."""
        async with self._line:
            await asyncio.sleep(0)


def _bucket(per_minute: float | None) -> AsyncLimiter | None:
    """Room for a second's worth: a minute's would let twice the limit through in the first one."""
    if per_minute is None:
        return None
    room = max(1.0, per_minute / 60)
    return AsyncLimiter(room, 60 * room / per_minute)
