"""Strict scores straight from rows of BIO tags: fast enough to be asked after every epoch.

The definition is seqeval's strict IOB2: an entity is a B and the I of its label that follow; an I
that nothing opened belongs to none.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.learn.scoring.averages import Averages, averages

Ids = NDArray[np.int32]
Places = NDArray[np.intp]


class _Ids(dict[str, int]):
    """Ids of tags as these are first met: one look-up a tag, and no pass before to know them all.
    0 is O, the label met as number k opens with 1 + 2k and goes on with 2 + 2k."""

    def __init__(self) -> None:
        super().__init__(O=0)
        self.labels: dict[str, int] = {}

    def __missing__(self, tag: str) -> int:
        label = self.labels.setdefault(tag[2:], len(self.labels))
        self[tag] = 1 + 2 * label + (tag[0] == "I")
        return self[tag]


def strict_of_rows(gold: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> Averages:
    """The strict scores of rows of tags ("O", "B-x", "I-x") against gold's, row by row as long."""
    lengths = np.fromiter(map(len, gold), np.intp, len(gold))
    if not np.array_equal(lengths, np.fromiter(map(len, said), np.intp, len(said))):
        raise ValueError("the rows of gold and of the answers are not of the same lengths")
    ids, ends = _Ids(), np.cumsum(lengths)
    tokens = int(lengths.sum())
    first = np.zeros(tokens + 1, dtype=bool)
    first[0] = first[ends] = True
    true, guess = (
        _entities(
            np.fromiter(map(ids.__getitem__, chain.from_iterable(rows)), np.int32, tokens), first
        )
        for rows in (gold, said)
    )
    width = len(ids.labels)
    at = np.full(tokens, -1, dtype=np.intp)
    at[true[0]] = true[1] * width + true[2]
    right = at[guess[0]] == guess[1] * width + guess[2]
    labels = sorted(ids.labels)  # in no other order, for the last digit of a mean hangs on it
    order = [ids.labels[label] for label in labels]
    counts = (
        np.bincount(found, minlength=width)[order] for found in (true[2], guess[2], guess[2][right])
    )
    return averages(labels, *counts)


def _entities(ids: Ids, first: NDArray[np.bool_]) -> tuple[Places, Places, Ids]:
    """First token, last token and label number of each entity, in order. `first`: where rows
    begin."""
    at = np.flatnonzero(ids)
    tags = ids[at]
    label, goes_on = (tags - 1) >> 1, (tags & 1) == 0
    # A token belongs to the run of the one right before it where it is an I of the same label.
    joined = goes_on[1:] & (label[1:] == label[:-1]) & (at[1:] == at[:-1] + 1) & ~first[at[1:]]
    alone = np.ones(at.size, dtype=bool)
    alone[1:] = ~joined
    begins = np.flatnonzero(alone)
    ends = np.append(begins[1:], at.size)[: begins.size] - 1
    opened = ~goes_on[begins]
    begins, ends = begins[opened], ends[opened]
    return at[begins], at[ends], label[begins]
