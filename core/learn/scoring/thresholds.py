"""From which probability on a word is given a label: found on validation letters, never on test.

A network with one sigmoid a label says how likely each word is to carry each label. The threshold
here is the one with the best F1 over words; a threshold picked on the letters that a score is then
reported for makes that score too good.
"""

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.floating]
Gold = NDArray[np.bool_]
UNKNOWN = 0.5


def shared(probabilities: Probabilities, gold: Gold) -> float:
    """One threshold for all labels, best in F1 over all of them (micro).

    Both arrays are (words, labels). A word carries a label where probability >= threshold.
    """
    return _best(probabilities.ravel(), gold.ravel())


def per_label(probabilities: Probabilities, gold: Gold) -> list[float]:
    """A threshold for each label, best in that label's own F1; 0.5 for one that gold never has."""
    columns = zip(probabilities.T, gold.T, strict=True)
    return [_best(column, truth) for column, truth in columns]


def _best(probabilities: Probabilities, gold: Gold) -> float:
    """Every cut between two different probabilities is tried; of equally good ones the highest."""
    if not gold.any():
        return UNKNOWN
    order = np.argsort(-probabilities, kind="stable")
    falling, right = probabilities[order].astype(np.float64), gold[order].cumsum()
    # A cut is possible only below the last of several equal probabilities.
    cuts = np.flatnonzero(np.append(falling[1:] < falling[:-1], True))
    f1 = 2 * right[cuts] / (cuts + 1 + right[-1])
    best = int(cuts[f1.argmax()])
    below = falling[best + 1] if best + 1 < len(falling) else 0.0
    return float((falling[best] + below) / 2)
