"""One row a hot path: ours, what one would otherwise run, and how many times; `make bench`."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HEAD = ("what", "here", "otherwise", "times", "asked")
_WIDTHS = (44, 16, 28, 7, 0)


def tell(what: str, ours: str, other: str = "", times: float = 0.0, asked: str = "") -> None:
    """Prints a row as soon as it is known; no `times` where nothing else was run."""
    row(what, ours, other, f"{times:.{0 if times >= 10 else 2}f}" if times else "", asked)


def row(*cells: str) -> None:
    line = " | ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
    print(line.rstrip(), flush=True)  # noqa: T201


@dataclass(frozen=True, slots=True)
class Timed:
    """Processor or clock seconds of each turn."""

    turns: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.turns)

    def under(self, other: "Timed") -> float:
        """How many times quicker than another, turn by turn: what else the machine does weighs on
        both."""
        return statistics.median(b / a for a, b in zip(self.turns, other.turns, strict=True))


def turns(
    ways: dict[str, Callable[[], Any]],
    rounds: int = 3,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, Timed]:
    """Each way in its turn, so often; the first turn, which warms up, does not count. Processor
    seconds unless told otherwise, which a busy machine changes less than those of the clock."""
    found: dict[str, Timed] = {name: Timed([]) for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            begun = clock()
            way()
            found[name].turns.append(clock() - begun)
    return found
