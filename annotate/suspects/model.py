"""The out-of-fold model as a source: confident learning, span by span.

The share of a label on a word is measured against how sure the model usually is of that label where
people set it (Northcutt et al., Confident Learning, 2021): a label that the model finds hard needs
less to be believed, one that it always finds needs more.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np

from annotate.suspects.marks import Edit, Mark, Marked, Tags, tags_of
from annotate.suspects.posterior import Shares
from annotate.suspects.reasons import Reason, by_model

_CAP = 12.0
_UNSURE = 0.7  # below this share of "nothing", unmarked words are worth a question


class Model:
    """`shares`: for each phrase one row a word, the share of no label, then of each of `labels`."""

    def __init__(
        self, phrases: Sequence[Marked], labels: Sequence[str], shares: Sequence[Shares]
    ) -> None:
        self._phrases, self._labels, self._shares = phrases, labels, shares
        self._tags = [tags_of(phrase, labels) for phrase in phrases]
        usual = _usual(self._tags, shares)
        self._logs = [np.log(rows / usual) for rows in shares]

    def proposals(self, number: int) -> Iterator[Edit]:
        """Of each mark: to drop it, the next best label, better edges; and runs left unmarked."""
        logs, shares, free = self._logs[number], self._shares[number], self._tags[number] == 0
        for mark in self._phrases[number].marks:
            yield Edit(mark, None)
            yield from self._other_label(mark, logs)
            yield from self._other_bounds(number, mark)
        if len(shares):
            best = np.where(free, shares.argmax(axis=1), 0)
            likely = np.where(free & (shares[:, 0] < _UNSURE), 1 + shares[:, 1:].argmax(axis=1), 0)
            yield from (Edit(None, mark) for tags in (best, likely) for mark in self._runs(tags))

    def favour(self, number: int, edit: Edit) -> float:
        """The mean over the words whose label the edit changes."""
        words, old, new = self._changed(number, edit)
        if not len(words):
            return 0.0
        logs = self._logs[number]
        return float(np.clip((logs[words, new] - logs[words, old]).mean(), -_CAP, _CAP))

    def reason(self, number: int, edit: Edit) -> Reason | None:
        words, old, new = self._changed(number, edit)
        shares = self._shares[number]
        if not len(words) or shares[words, new].mean() <= shares[words, old].mean():
            return None
        names = [None, *self._labels]
        sure, mine = float(shares[words, new].mean()), float(shares[words, old].mean())
        return by_model(names[new[0]], names[old[0]], sure, mine)

    def _changed(self, number: int, edit: Edit) -> tuple[Tags, Tags, Tags]:
        """The words whose label an edit changes, their labels before, and after."""
        phrase, old = self._phrases[number], self._tags[number]
        new = tags_of(phrase, self._labels, phrase.with_edit(edit))
        words = np.flatnonzero(old != new)
        return words, old[words], new[words]

    def _other_label(self, mark: Mark, logs: Shares) -> Iterator[Edit]:
        means = logs[mark.first : mark.after, 1:].mean(axis=0)
        means[self._labels.index(mark.label)] = -np.inf
        if len(means) > 1:
            label = self._labels[int(means.argmax())]
            yield Edit(mark, Mark(mark.first, mark.after, label))

    def _other_bounds(self, number: int, mark: Mark) -> Iterator[Edit]:
        """The edges where the sum of what is gained is greatest: each by itself, and both."""
        logs = self._logs[number]
        gain = logs[:, 1 + self._labels.index(mark.label)] - logs[:, 0]
        others = [m for m in self._phrases[number].marks if m != mark]
        low = max((m.after for m in others if m.after <= mark.first), default=0)
        high = min((m.first for m in others if m.first >= mark.after), default=len(logs))
        first = _best(range(low, mark.after), lambda n: float(gain[n : mark.after].sum()))
        after = _best(range(mark.first + 1, high + 1), lambda n: float(gain[mark.first : n].sum()))
        for start, end in dict.fromkeys([(first, mark.after), (mark.first, after), (first, after)]):
            if start < end and (start, end) != (mark.first, mark.after):
                yield Edit(mark, Mark(start, end, mark.label))

    def _runs(self, tags: Tags) -> Iterator[Mark]:
        for tag, run in groupby(range(len(tags)), key=lambda n: int(tags[n])):
            if tag:
                there = list(run)
                yield Mark(there[0], there[-1] + 1, self._labels[tag - 1])


def _best(places: range, worth: Callable[[int], float]) -> int:
    return max(places, key=worth)


def _usual(tags: Sequence[Tags], shares: Sequence[Shares]) -> Shares:
    """How sure the model is of a label, on average, where people set it."""
    total, count = np.full(shares[0].shape[1], 1.0), np.full(shares[0].shape[1], 2.0)
    for row, rows in zip(tags, shares, strict=True):
        np.add.at(total, row, rows[np.arange(len(row)), row])
        np.add.at(count, row, 1)
    usual: Shares = total / count
    return usual
