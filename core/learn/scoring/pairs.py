"""Each gold span beside the answer that was meant for it: what went right, and how the rest failed.

Unlike the counting of SemEval the pairing does not depend on the order of the spans: the right
pairs are made first, then those of equal bounds, of equal label, of most characters in common.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.learn.scoring.confusion import Confusion
from core.learn.tags import longest
from core.records import Annotation, Phrase, Span

Kind = Literal["right", "boundary", "type", "type and boundary", "missed", "spurious"]
MISSED, SPURIOUS = "missed", "spurious"


@dataclass(frozen=True, slots=True)
class Pair:
    """A span of gold, a span of the answer, or both."""

    phrase: Phrase
    true: Span | None
    said: Span | None

    @property
    def kind(self) -> Kind:
        if self.said is None:
            return "missed"
        if self.true is None:
            return "spurious"
        bounds = (self.true.start, self.true.end) == (self.said.start, self.said.end)
        if self.true.label == self.said.label:
            return "right" if bounds else "boundary"
        return "type" if bounds else "type and boundary"


def pairs(
    gold: Sequence[Annotation], answers: Iterable[Annotation], *, nested: bool = False
) -> list[Pair]:
    """All spans of gold and of the answers to its phrases, in the order of the phrases."""
    answered = {answer.phrase.id: answer.spans for answer in answers}
    found: list[Pair] = []
    for annotation in gold:
        sides = (annotation.spans, answered.get(annotation.phrase.id, ()))
        true, said = (list(spans) if nested else longest(spans) for spans in sides)
        together = list(_together(true, said))
        taken = {id(span) for pair in together for span in pair}
        alone: list[tuple[Span | None, Span | None]] = [
            *((span, None) for span in true if id(span) not in taken),
            *((None, span) for span in said if id(span) not in taken),
        ]
        found += (Pair(annotation.phrase, *pair) for pair in (*together, *alone))
    return found


def _together(true: Sequence[Span], said: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    near = [(t, s) for t in true for s in said if t.start < s.end and s.start < t.end]
    taken: set[int] = set()
    for t, s in sorted(near, key=lambda pair: _fit(*pair)):
        if not {id(t), id(s)} & taken:
            taken |= {id(t), id(s)}
            yield t, s


def _fit(true: Span, said: Span) -> tuple[bool, bool, int, int, int]:
    """Smaller fits better; the places last, so that equals come from left to right."""
    bounds = (true.start, true.end) == (said.start, said.end)
    label = true.label == said.label
    common = min(true.end, said.end) - max(true.start, said.start)
    return not (bounds and label), not bounds, -2 * common - label, true.start, said.start


def span_confusion(found: Iterable[Pair], labels: Sequence[str]) -> Confusion:
    """Which label was taken for which, whatever the bounds. The last row is "spurious" (in no gold
    span), the last column "missed" (in no answer)."""
    place = {label: n for n, label in enumerate(labels)}
    counts = np.zeros((len(labels) + 1, len(labels) + 1), dtype=np.int64)
    for pair in found:
        row = len(labels) if pair.true is None else place[pair.true.label]
        column = len(labels) if pair.said is None else place[pair.said.label]
        counts[row, column] += 1
    return Confusion((*labels, SPURIOUS + " / " + MISSED), counts)
