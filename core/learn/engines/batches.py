"""Rows of unlike lengths -> the runs that cost least: nearly nothing filled up, and few of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.intp]

_RUN = 12
"""What a run costs beside its tokens, in tokens. Measured with BERT-base in int8: from 32 tokens on
a token costs the same in every run, and one of 8 tokens takes 1.8 times its share."""


def batches(lengths: Sequence[int], most: int) -> list[list[int]]:
    """The numbers of rows, run by run, the short ones first; no run of several rows takes more
    than `most` tokens once its rows are filled up to the longest.

    The cheapest way of cutting the sorted rows, by dynamic programming over distinct lengths.
    """
    if not len(lengths):
        return []
    sizes = np.asarray(lengths)
    order = np.argsort(sizes, kind="stable")
    distinct, counts = np.unique(sizes, return_counts=True)
    ends = np.concatenate([[0], np.cumsum(counts)])
    found: list[list[int]] = []
    for first, after in _cuts(distinct, ends):
        rows = order[ends[first] : ends[after]].tolist()
        step = max(1, most // int(distinct[after - 1]))
        found += [rows[at : at + step] for at in range(0, len(rows), step)]
    return found


def _cuts(distinct: Numbers, ends: Numbers) -> list[tuple[int, int]]:
    """Which neighbours among the distinct lengths go together, as (first, after the last)."""
    least, back = np.zeros(len(ends)), np.zeros(len(ends), dtype=np.intp)
    for after in range(1, len(ends)):
        costs = least[:after] + _RUN + distinct[after - 1] * (ends[after] - ends[:after])
        back[after] = costs.argmin()
        least[after] = costs[back[after]]
    cuts, after = [], len(distinct)
    while after:
        cuts.append((int(back[after]), after))
        after = int(back[after])
    return cuts[::-1]
