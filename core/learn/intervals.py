"""F1 with an interval: letters are drawn again and again, since phrases of one letter are alike.

Strict counts a span that has gold's start, end and label. Partial follows SemEval-2013 (task 9):
the label does not matter, equal bounds count one and any overlap one half; every gold span is
matched once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.learn.tags import longest
from core.records import Annotation, Span

GOLD, SAID, STRICT, EXACT, TOUCHED = range(5)
Counts = NDArray[np.int64]
_DRAWS = 1000
_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A value between 0 and 1, and the bounds that hold 95 of 100 drawings of the letters."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well answers agree with gold; `right` spans are strictly right."""

    strict: Interval
    partial: Interval
    right: int
    letters: int


def agreement(
    gold: Sequence[Annotation], answers: Iterable[Annotation], seed: int = 0
) -> Agreement:
    """Answers against gold, phrase by phrase; of overlapping spans the longest counts.

    A gold phrase without an answer counts as answered with no span.
    """
    counts = counts_by_letter(gold, answers)
    drawn = np.random.default_rng(seed).integers(len(counts), size=(_DRAWS, len(counts)))
    totals = counts[drawn].sum(axis=1)
    whole = counts.sum(axis=0, keepdims=True)
    return Agreement(
        _interval(_strict(whole), _strict(totals)),
        _interval(_partial(whole), _partial(totals)),
        int(whole[0, STRICT]),
        len(counts),
    )


def counts_by_letter(gold: Sequence[Annotation], answers: Iterable[Annotation]) -> Counts:
    """One row a letter: gold spans, answered ones, strictly right, right bounds, overlapping."""
    said = {answer.phrase.id: answer.spans for answer in answers}
    rows: dict[str, Counts] = {}
    for annotation in gold:
        row = rows.setdefault(annotation.phrase.letter, np.zeros(5, dtype=np.int64))
        row += _counts(longest(annotation.spans), longest(said.get(annotation.phrase.id, ())))
    return np.array(list(rows.values())).reshape(-1, 5)


def _counts(true: Sequence[Span], guess: Sequence[Span]) -> Counts:
    bounds = {(span.start, span.end): span.label for span in true}
    exact = [span for span in guess if (span.start, span.end) in bounds]
    strict = sum(bounds[span.start, span.end] == span.label for span in exact)
    taken = {(span.start, span.end) for span in exact}
    touched = 0
    for span in guess:
        if (span.start, span.end) in bounds:
            continue
        near = (b for b in bounds if b not in taken and b[0] < span.end and span.start < b[1])
        if (free := next(near, None)) is not None:
            taken.add(free)
            touched += 1
    return np.array([len(true), len(guess), strict, len(exact), touched], dtype=np.int64)


def _strict(totals: Counts) -> NDArray[np.float64]:
    return _f1(totals[:, STRICT].astype(np.float64), totals)


def _partial(totals: Counts) -> NDArray[np.float64]:
    return _f1(totals[:, EXACT] + totals[:, TOUCHED] / 2, totals)


def _f1(right: NDArray[np.float64], totals: Counts) -> NDArray[np.float64]:
    """F1 is twice the right ones over all gold and all answered ones; 0 where there are none."""
    both = totals[:, GOLD] + totals[:, SAID]
    f1: NDArray[np.float64] = 2 * right / np.maximum(both, 1)
    return f1


def _interval(value: NDArray[np.float64], drawn: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(drawn, [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    return Interval(float(value[0]), float(low), float(high))
