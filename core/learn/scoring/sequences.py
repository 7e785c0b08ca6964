"""Strict scores straight from rows of BIO tags: fast enough to be asked after every epoch.

The definition is seqeval's strict IOB2: an entity is a B and the I of its label that follow; an I
that nothing opened belongs to none.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.learn.scoring.averages import Averages, averages

Ids = NDArray[np.intp]


class _Numbers(dict[str, int]):
    """Numbers for names, given out as names are first met: one look-up a tag, no pass before."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


def strict_of_rows(gold: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> Averages:
    """The strict scores of rows of tags ("O", "B-x", "I-x") against gold's, row by row as long."""
    numbers, lengths = _Numbers(), np.fromiter(map(len, gold), np.intp, len(gold))
    if list(map(len, said)) != lengths.tolist():
        raise ValueError("the rows of gold and of the answers are not of the same lengths")
    flat = [
        np.fromiter(map(numbers.__getitem__, chain.from_iterable(rows)), np.intp, lengths.sum())
        for rows in (gold, said)
    ]
    labels = sorted({name[2:] for name in numbers if name != "O"})
    of_label = {label: n for n, label in enumerate(labels)}
    ours = np.array(
        [0 if name == "O" else 1 + 2 * of_label[name[2:]] + (name[0] == "I") for name in numbers],
        dtype=np.intp,
    )
    return strict_of_ids(ours[flat[0]], ours[flat[1]], lengths, labels)


def strict_of_ids(gold: Ids, said: Ids, lengths: Iterable[int], labels: Sequence[str]) -> Averages:
    """The same of tag ids (0 is O, label k opens with 1 + 2k and goes on with 2 + 2k), all rows
    one after the other; `lengths` says where each ends."""
    first = np.zeros(len(gold) + 1, dtype=bool)
    first[np.cumsum([0, *lengths])] = True
    true, guess = _entities(gold, first), _entities(said, first)
    width = len(labels)
    at = np.full(len(gold), -1, dtype=np.intp)
    at[true[0]] = true[1] * width + true[2]
    right = at[guess[0]] == guess[1] * width + guess[2]
    counts = (np.bincount(found, minlength=width) for found in (true[2], guess[2], guess[2][right]))
    return averages(labels, *counts)


def _entities(ids: Ids, first: NDArray[np.bool_]) -> tuple[Ids, Ids, Ids]:
    """First token, last token and label number of each entity, in order."""
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
