"""Gold and answers -> the figures of a paper, counted as the paper counts them, and ours beside."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.bench.recipe import Average, Measure
from core.learn.scoring.averages import Averages, averages
from core.learn.scoring.confusion import OUTSIDE, Confusion, word_confusion
from core.learn.scoring.intervals import Interval, strict_counts, strict_intervals
from core.learn.scoring.thresholds import shared
from core.learn.tags import Scheme, longest, marks_of, words
from core.records import Annotation, Span

Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sure:
    """How likely each word of the test letters carries each tag of a multilabel network, (words,
    tags), and which it does; `threshold`: the one found on the validation letters."""

    probabilities: NDArray[np.floating[Any]]
    gold: Marks
    threshold: float

    def averages(self, names: Sequence[str], on_test: bool) -> Averages:
        """Each tag by itself. `on_test`: by the threshold that makes these very scores best."""
        best = shared(self.probabilities, self.gold) if on_test else self.threshold
        said = self.probabilities >= best
        counts = (self.gold.sum(axis=0), said.sum(axis=0), (self.gold & said).sum(axis=0))
        return averages(names, *counts)


@dataclass(frozen=True, slots=True)
class Told:
    """What a system said of gold phrases. `tags`: the names of the columns of `sure`."""

    gold: Sequence[Annotation]
    answers: Sequence[Annotation]
    labels: Sequence[str]
    nested: bool = False
    sure: Sure | None = None
    tags: Sequence[str] = ()

    def strict(self) -> Interval:
        """Strict micro F1 over spans."""
        counts = strict_counts(self.gold, self.answers, ("",), nested=self.nested)
        return strict_intervals(counts)[0]

    def words(self) -> Interval:
        """Micro F1 over words, without B and I, O no class: by letter, for the interval."""
        counts = word_counts(self.gold, self.answers, self.labels, self.nested)
        return strict_intervals(counts)[0]

    def accuracy(self) -> float:
        """The same with O counted as a class, where micro F1 is the share of words that are right;
        of overlapping spans the longest counts."""
        return word_confusion(self.gold, self.answers, self.labels).averages().micro.f1

    def figures(self, measures: Iterable[Measure]) -> dict[str, float]:
        """Each measure that these answers can be counted by."""
        return {
            measure.name: _chosen(self._averages(measure), measure.average)
            for measure in measures
            if self.sure is not None or not measure.on_test
        }

    def _averages(self, measure: Measure) -> Averages:
        if measure.over == "spans":
            counts = strict_counts(self.gold, self.answers, self.labels, nested=self.nested)
            totals = counts.sum(axis=0)
            return averages(self.labels, totals[:, 0], totals[:, 1], totals[:, 2])
        if measure.over == "marks":
            if self.sure is not None:
                return self.sure.averages(self.tags, measure.on_test)
            return _marked(self.gold, self.answers, self.labels, self.nested)
        bio = measure.over == "tags"
        confusion = word_confusion(self.gold, self.answers, self.labels, bio=bio)
        return _merged(confusion, measure.merge, bio).averages(_left_out(measure, bio))


def word_counts(
    gold: Sequence[Annotation],
    answers: Iterable[Annotation],
    labels: Sequence[str],
    nested: bool = False,
) -> NDArray[np.int64]:
    """Words with a label, words said to have one, and rightly: (letters, 1, 3). `nested`: a word
    under spans of two labels counts for both; else the longest span counts."""
    rows: dict[str, NDArray[np.int64]] = {}
    for letter, true, said in _marks(gold, answers, labels, nested):
        row = rows.setdefault(letter, np.zeros((1, 3), dtype=np.int64))
        row[0] += true.sum(), said.sum(), (true & said).sum()
    return np.array(list(rows.values())).reshape(-1, 1, 3)


def marks_in(text: str, spans: Sequence[Span], labels: Sequence[str], scheme: Scheme) -> Marks:
    """Which word of a phrase carries which tag (words, tags)."""
    return marks_of(words(text), spans, labels, scheme)[0] > 0


def _marks(
    gold: Sequence[Annotation], answers: Iterable[Annotation], labels: Sequence[str], nested: bool
) -> Iterator[tuple[str, Marks, Marks]]:
    """The letter of each phrase, which of its words carry which label, and which were said to."""
    said = {answer.phrase.id: answer.spans for answer in answers}
    for annotation in gold:
        phrase = annotation.phrase
        sides = (annotation.spans, said.get(phrase.id, ()))
        true, guess = (
            marks_in(phrase.text, spans if nested else longest(spans), labels, "io")
            for spans in sides
        )
        yield phrase.letter, true, guess


def _marked(
    gold: Sequence[Annotation], answers: Iterable[Annotation], labels: Sequence[str], nested: bool
) -> Averages:
    counts = np.zeros((3, len(labels)), dtype=np.int64)
    for _, true, said in _marks(gold, answers, labels, nested):
        counts += np.array([true.sum(axis=0), said.sum(axis=0), (true & said).sum(axis=0)])
    return averages(labels, *counts)


def _merged(confusion: Confusion, merge: Mapping[str, str], bio: bool) -> Confusion:
    if not bio:
        return confusion.merged(merge)
    return confusion.merged({f"{p}-{a}": f"{p}-{b}" for a, b in merge.items() for p in "BI"})


def _left_out(measure: Measure, bio: bool) -> list[str]:
    names = [f"{p}-{n}" for n in measure.without for p in "BI"] if bio else list(measure.without)
    return names if measure.outside else [OUTSIDE, *names]


def _chosen(found: Averages, average: Average) -> float:
    return {"micro": found.micro, "macro": found.macro, "weighted": found.weighted}[average].f1
