"""Counts of each label -> micro, macro and weighted precision, recall and F1."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from core.learn.scoring.scores import Score
from core.records import Json

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Averages:
    """One set of scores seen three ways. Macro: the mean over the labels that gold has; weighted:
    the same mean, each label as often as gold has it. (scikit-learn and seqeval also let a label
    that gold never has into macro, as a zero.)"""

    micro: Score
    macro: Score
    weighted: Score
    labels: dict[str, Score]

    def to_json(self) -> Json:
        return asdict(self)


def averages(labels: Sequence[str], gold: Counts, said: Counts, right: Counts) -> Averages:
    """From how often each label is in gold, how often it was said, how often rightly."""
    known = {
        label: Score.of(int(r), int(g), int(r), int(s))
        for label, g, s, r in zip(labels, gold, said, right, strict=True)
        if g or s
    }
    there = [score for score in known.values() if score.support]
    sums = (int(counts.sum()) for counts in (gold, said, right))
    support, answered, correct = sums
    return Averages(
        Score.of(correct, support, correct, answered),
        _mean(there, [1] * len(there), support, answered),
        _mean(there, [score.support for score in there], support, answered),
        known,
    )


def _mean(scores: Sequence[Score], weights: Iterable[int], support: int, said: int) -> Score:
    if not scores:
        return Score(0.0, 0.0, 0.0, support, said)
    rows = [(score.precision, score.recall, score.f1) for score in scores]
    precision, recall, f1 = np.average(rows, axis=0, weights=list(weights)).tolist()
    return Score(precision, recall, f1, support, said)
