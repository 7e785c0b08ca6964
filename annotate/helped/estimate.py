"""Values of letters with an interval: letters are drawn again and again, as phrases of one letter
are alike (the bootstrap of `core.learn.scoring.intervals`, for other figures than F1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

DRAWS = 1000
_BOUNDS = (0.025, 0.975)
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the bounds that hold 95 of 100 drawings of the letters."""

    value: float
    low: float
    high: float


def estimate(
    letters: Mapping[str, Row], figure: Callable[[Sequence[Row]], float | None], seed: int = 0
) -> Estimate | None:
    """`figure` of what each letter gives; None where it cannot be told of these letters."""
    rows = list(letters.values())
    value = figure(rows) if rows else None
    if value is None:
        return None
    picks = np.random.default_rng(seed).integers(len(rows), size=(DRAWS, len(rows)))
    drawn = [figure([rows[n] for n in pick]) for pick in picks.tolist()]
    low, high = np.quantile([one for one in drawn if one is not None], _BOUNDS)
    return Estimate(value, float(low), float(high))
