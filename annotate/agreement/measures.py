"""The measures of agreement, each with an interval from drawing the letters again and again.

Every measure is a function of counts that add up over letters, so that a drawing is one sum: rows
are letters (or drawings), columns the counts that the measure names. A measure that the counts
leave undefined (nobody marked anything, nothing varies) is not a number, and its interval None.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.learn.scoring.intervals import Interval

Counts = NDArray[np.float64]
Measure = Callable[[Counts], Counts]
_DRAWS = 1000
_SHARE = 0.95


def interval(letters: Counts, measure: Measure) -> Interval | None:
    """A measure over all letters, and the bounds that hold 95 of 100 drawings of the letters."""
    if not len(letters):
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values = measure(_weights(len(letters)) @ letters)
    drawn = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]):
        return None
    low, high = (
        np.quantile(drawn, [(1 - _SHARE) / 2, (1 + _SHARE) / 2]) if len(drawn) else values[:2]
    )
    return Interval(float(values[0]), float(low), float(high))


@cache
def _weights(letters: int) -> Counts:
    """How often each letter counts: once for the value itself, then as drawn with replacement."""
    random = np.random.default_rng(0)
    drawn = random.multinomial(letters, np.full(letters, 1 / letters), size=_DRAWS)
    return np.vstack([np.ones(letters), drawn])


def share(counts: Counts) -> Counts:
    """Columns: all, those that are alike."""
    return counts[:, 1] / counts[:, 0]


def exact_f1(counts: Counts) -> Counts:
    """Columns: spans of the one, of the other, those with the same start, end and label."""
    return 2 * counts[:, 2] / (counts[:, 0] + counts[:, 1])


def overlap_f1(counts: Counts) -> Counts:
    """Columns: spans of the one, of the other, of the one that share a character with a span of
    that label of the other, and the same the other way round.
    """
    recall, precision = counts[:, 2] / counts[:, 0], counts[:, 3] / counts[:, 1]
    f1: Counts = 2 * precision * recall / (precision + recall)
    apart: Counts = 0 / (counts[:, 0] + counts[:, 1])
    return np.where(counts[:, 2] + counts[:, 3] == 0, apart, f1)


def kappa(counts: Counts) -> Counts:
    """Cohen's (1960). Columns: words, those coded alike, then the words that the one gave each
    code, then those that the other gave each code.
    """
    words, alike = counts[:, 0], counts[:, 1]
    one, other = np.split(counts[:, 2:], 2, axis=1)
    chance = (one * other).sum(axis=1) / words**2
    return np.where(chance < 1, (alike / words - chance) / (1 - chance), np.nan)


def alpha(counts: Counts) -> Counts:
    """Krippendorff's for nominal codes and missing coders (2011, "Computing Krippendorff's
    alpha-reliability"). Columns: codings of units that two or more people coded, the disagreement
    in them (`unlike`), then the codings with each code.
    """
    codings, observed, by_code = counts[:, 0], counts[:, 1], counts[:, 2:]
    expected: Counts = codings**2 - (by_code**2).sum(axis=1)
    found: Counts = 1 - (codings - 1) * observed / expected
    return found


def unlike(by_code: Counts) -> Counts:
    """Of units (rows) with the number of people that gave each code (columns): the ordered pairs of
    unlike codings within each unit, over the people less one; 0 where one person coded it.
    """
    people = by_code.sum(axis=1)
    pairs: Counts = (people**2 - (by_code**2).sum(axis=1)) / np.maximum(people - 1, 1)
    return pairs
