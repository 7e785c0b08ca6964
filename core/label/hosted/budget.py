"""Money that may be spent, and the promise that no more is, however many questions are in flight.

A question is sent only once the most it can cost is set aside. The most: every two bytes of the
messages a token, and all the room for the answer used, at list price.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping

from core.errors import MoneySpent
from core.label.hosted.models import Model

_UNITS = 1e12  # whole numbers: sums of floats would pass a limit that they just reach
_BYTES_A_TOKEN = 2
_TOKENS_A_MESSAGE = 16  # what a chat template puts around one, and to spare


class Budget:
    """So many US dollars for one run. Belongs to one event loop at a time."""

    def __init__(self, usd: float) -> None:
        self.usd = usd
        self._limit = _units(usd)
        self._spent = 0
        self._reserved = 0
        self._over = False
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def spent(self) -> float:
        """US dollars spent so far."""
        return self._spent / _UNITS

    @property
    def room(self) -> float:
        """US dollars neither spent nor set aside."""
        return (self._limit - self._spent - self._reserved) / _UNITS

    async def reserve(self, bound: float) -> None:
        """Sets the most a question can cost aside, waiting for others to cost less than they might.

        Raises MoneySpent, from then on for every question, where it cannot fit even with nothing
        in flight. Each reserve is followed by one settle.
        """
        self._stop_if_over()
        units = _units(bound)
        if not self._waiting and self._fits(units):
            self._reserved += units
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((units, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.settle(bound, 0.0)
            raise

    def settle(self, bound: float, spent: float) -> None:
        """Ends a reservation with what the question did cost.

        Where nobody knows (the connection broke before the end of the answer) that is `bound`.
        """
        self._reserved -= _units(bound)
        self._spent += _units(spent)
        self._serve()

    def _serve(self) -> None:
        """Lets questions go in the order they came; a big one is not overtaken by small ones."""
        while self._waiting:
            units, turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
            elif self._fits(units) and not self._over:
                self._waiting.popleft()
                self._reserved += units
                turn.set_result(None)
            elif self._over or not self._reserved:
                self._over = True
                self._waiting.popleft()
                turn.set_exception(self._spent_all())
            else:
                return

    def _fits(self, units: int) -> bool:
        return self._spent + self._reserved + units <= self._limit

    def _stop_if_over(self) -> None:
        if self._over:
            raise self._spent_all()

    def _spent_all(self) -> MoneySpent:
        return MoneySpent(
            f"stopped before passing {self.usd:.2f} US dollars ({self.spent:.4f} spent); what was"
            " answered is kept: run again with a higher --max-usd to go on"
        )


def bound(messages: Iterable[Mapping[str, str]], max_tokens: int, price: Model) -> float:
    """The most US dollars that a question can cost at list price."""
    tokens = sum(
        _TOKENS_A_MESSAGE + -(-len(message["content"].encode()) // _BYTES_A_TOKEN)
        for message in messages
    )
    return price.usd(tokens, max_tokens)


def _units(usd: float) -> int:
    return round(usd * _UNITS)
