"""F1 with an interval: letters are drawn again and again, since phrases of one letter are alike.

Strict counts a span that has gold's start, end and label. Partial follows SemEval-2013 (task 9):
the label does not matter, equal bounds count one and any overlap one half; every gold span is
matched once.

Two models are compared on the same letters: the interval of the difference comes from drawing
letters (Efron and Tibshirani 1993), p from exchanging the two models' answers letter by letter
(approximate randomisation, Noreen 1989), which with few letters stays as unsure as it ought to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.learn.tags import longest
from core.records import Annotation, Span

GOLD, SAID, STRICT, EXACT, TOUCHED = range(5)
Counts = NDArray[np.int64]
Shares = NDArray[np.float64]
_DRAWS = 1000
_EXCHANGES = 9999
_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A value between 0 and 1, and the bounds that hold 95 of 100 drawings of the letters."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Paired:
    """By how much the strict F1 of one model is above another's, in which bounds (95 of 100
    drawings of the letters), and how often chance alone would make them differ as much: `p`,
    two-sided."""

    difference: float
    low: float
    high: float
    p: float


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
    totals = drawn(counts, seed)
    whole = counts.sum(axis=0, keepdims=True)
    return Agreement(
        _interval(_strict(whole), _strict(totals)),
        _interval(_partial(whole), _partial(totals)),
        int(whole[0, STRICT]),
        len(counts),
    )


def compared(
    gold: Sequence[Annotation],
    a: Iterable[Annotation],
    b: Iterable[Annotation],
    *,
    nested: bool = False,
    seed: int = 0,
) -> Paired:
    """Strict F1 of `a` less that of `b`, both answers to the same gold phrases."""
    labels = ("",)
    one, other = (strict_counts(gold, answers, labels, nested=nested)[:, 0] for answers in (a, b))
    if not len(one):
        return Paired(0.0, 0.0, 0.0, 1.0)
    apart = strict_f1(drawn(one, seed)) - strict_f1(drawn(other, seed))
    low, high = np.quantile(apart, [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    difference = float(strict_f1(one.sum(axis=0)) - strict_f1(other.sum(axis=0)))
    kept = np.random.default_rng(seed).random((_EXCHANGES, len(one))) < 0.5
    swing = (kept @ (one - other)).astype(np.float64)
    by_chance = strict_f1(other.sum(axis=0) + swing) - strict_f1(one.sum(axis=0) - swing)
    # The sums of a drawing are whole numbers, their quotients are not: equal is up to rounding.
    as_far = int((np.abs(by_chance) >= abs(difference) - 1e-12).sum())
    return Paired(difference, float(low), float(high), (1 + as_far) / (1 + _EXCHANGES))


def strict_counts(
    gold: Sequence[Annotation],
    answers: Iterable[Annotation],
    labels: Sequence[str],
    *,
    nested: bool = False,
) -> Counts:
    """Gold spans, answered ones and strictly right ones: (letters, labels, 3), letters as gold has
    them. The label "" stands for all labels together."""
    said = {answer.phrase.id: answer.spans for answer in answers}
    place = {label: n for n, label in enumerate(labels)}
    rows: dict[str, Counts] = {}
    for annotation in gold:
        row = rows.setdefault(annotation.phrase.letter, np.zeros((len(labels), 3), dtype=np.int64))
        guessed = said.get(annotation.phrase.id, ())
        true, guess = (
            {(s.start, s.end, s.label) for s in (spans if nested else longest(spans))}
            for spans in (annotation.spans, guessed)
        )
        for column, places in enumerate((true, guess, true & guess)):
            for *_, label in places:
                for name in ("", label):
                    if name in place:
                        row[place[name], column] += 1
    return np.array(list(rows.values())).reshape(-1, len(labels), 3)


def drawn(counts: Counts, seed: int = 0) -> Counts:
    """Sums over letters drawn with replacement: (drawings, ...) of counts (letters, ...)."""
    letters = len(counts)
    chosen = np.random.default_rng(seed).integers(letters, size=(_DRAWS, letters))
    chosen += letters * np.arange(_DRAWS)[:, None]
    times = np.bincount(chosen.ravel(), minlength=_DRAWS * letters).reshape(_DRAWS, letters)
    # As floats: numpy multiplies those many times faster, and they are exact far beyond any count.
    sums = times.astype(np.float64) @ counts.reshape(letters, -1).astype(np.float64)
    return sums.astype(np.int64).reshape(_DRAWS, *counts.shape[1:])


def strict_f1(counts: NDArray[np.int64] | Shares) -> Shares:
    """F1 of counts whose last axis is gold, said, right; 0 where there are none."""
    gold, said, right = (counts[..., n] for n in range(3))
    f1: Shares = 2 * right / np.maximum(gold + said, 1)
    return f1


def strict_intervals(counts: Counts, seed: int = 0) -> list[Interval]:
    """The strict F1 of each label of `strict_counts`, with its interval."""
    if not len(counts):
        return [Interval(0.0, 0.0, 0.0) for _ in range(counts.shape[1])]
    values, draws = strict_f1(counts.sum(axis=0)), strict_f1(drawn(counts, seed))
    return [_interval(values[n : n + 1], draws[:, n]) for n in range(counts.shape[1])]


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


def _strict(totals: Counts) -> Shares:
    return _f1(totals[:, STRICT].astype(np.float64), totals)


def _partial(totals: Counts) -> Shares:
    return _f1(totals[:, EXACT] + totals[:, TOUCHED] / 2, totals)


def _f1(right: Shares, totals: Counts) -> Shares:
    """F1 is twice the right ones over all gold and all answered ones; 0 where there are none."""
    both = totals[:, GOLD] + totals[:, SAID]
    f1: Shares = 2 * right / np.maximum(both, 1)
    return f1


def _interval(value: Shares, drawn: Shares) -> Interval:
    low, high = np.quantile(drawn, [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    return Interval(float(value[0]), float(low), float(high))
