"""Precision against recall, label by label, as ever less sure spans are let in.

A span counts as right where it is strictly right. The curve ends where the model ends: at the
recall of all that it said, since spans that it never said have no score.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.learn.scoring.pairs import Pair


@dataclass(frozen=True, slots=True)
class Curve:
    """One point for each different score, the surest first. `area`: the average precision, the
    mean of the precision reached at each gold span that was found (0 for one that was not)."""

    recall: tuple[float, ...]
    precision: tuple[float, ...]
    scores: tuple[float, ...]
    area: float


def curves(pairs: Sequence[Pair], labels: Iterable[str]) -> dict[str, Curve]:
    """A curve for each label that gold has and that was said with scores."""
    found = {}
    for label in labels:
        support = sum(pair.true is not None and pair.true.label == label for pair in pairs)
        said = [
            (pair.said.score, pair.kind == "right")
            for pair in pairs
            if pair.said is not None and pair.said.label == label and pair.said.score is not None
        ]
        if support and said:
            found[label] = _curve(np.array(said, dtype=np.float64), support)
    return found


def _curve(said: NDArray[np.float64], support: int) -> Curve:
    """`said`: a row for each span, its score and whether it is right."""
    scores, good = said[np.argsort(-said[:, 0], kind="stable")].T
    last = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))
    right = good.cumsum()[last]
    recall, precision = right / support, right / (last + 1)
    area = float((np.diff(recall, prepend=0.0) * precision).sum())
    return Curve(
        tuple(recall.tolist()), tuple(precision.tolist()), tuple(scores[last].tolist()), area
    )
