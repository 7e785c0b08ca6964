"""A feature CRF on python-crfsuite: spans by one model, their labels by another; no torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from core.learn.engines import unfit
from core.learn.engines.features import Seen, look, span_features, word_features
from core.learn.engines.packed import Model, unpack
from core.learn.record import Record
from core.learn.tags import OUTSIDE, runs
from core.records import Phrase, Span

FILE = "model.crfsuite"
MODELS = ("spans", "labels")
TAGS = ("O", "B", "I")
LEAST = 1 / 3
"""A word is in a span from this probability on, not from a half: F1 is best served by half of
itself (Lipton and others 2014, arXiv:1402.1892), and among strange hands it is about two thirds.
Validation letters, where there are some, choose another."""


class CrfsuiteEngine:
    """See `core.learn.engines.Engine`."""

    form = "feature CRF, 1 thread"

    def __init__(
        self, spans: Model, labels: Model, known: frozenset[str], least: float = LEAST
    ) -> None:
        self._spans, self._labels = spans, labels
        self._known = known
        self._least = least

    @classmethod
    def files(cls, record: Record) -> tuple[str, ...]:
        return (FILE,)

    @classmethod
    def load(cls, folder: Path, record: Record, threads: int | None = None) -> Self:
        """One thread, whatever `threads` says."""
        (spans, labels), known = unpack(folder / FILE, MODELS)
        if strangers := set(labels.labels) - set(record.labels):
            raise unfit(folder, f"{FILE} knows {len(strangers)} labels that its record does not")
        return cls(spans, labels, known, *(record.thresholds or ()))

    def read(self, phrases: Sequence[Phrase]) -> list[tuple[Span, ...]]:
        return [self._read(phrase) for phrase in phrases]

    def _read(self, phrase: Phrase) -> tuple[Span, ...]:
        seen = look(phrase.text, phrase.section, self._known)
        if not seen.places:
            return ()
        sure = self._spans.chain(word_features(seen), TAGS)
        return tuple(
            self._span(phrase.text, seen, sure, first, after)
            for first, after, _ in runs([_tag(row, self._least) for row in sure])
        )

    def _span(
        self, text: str, seen: Seen, sure: Sequence[Sequence[float]], first: int, after: int
    ) -> Span:
        """A span is as sure as its least sure word, times its label."""
        there = min(max(row[1:]) for row in sure[first:after])
        label, likely = self._labels.best(span_features(seen, first, after))
        start, end = seen.places[first][0], seen.places[after - 1][1]
        return Span(start, end, label, score=round(there * likely, 4), text=text[start:end])


def _tag(sure: Sequence[float], least: float) -> int:
    """The number of a word's tag. An I that nothing opened is read as an opening."""
    outside, opens, goes_on = sure
    if outside * least > max(opens, goes_on) * (1 - least):
        return OUTSIDE
    return 1 if opens >= goes_on else 2
