"""Corrected phrases in words: where a person marked what, and how a mark might be mended.

Words are those of `core.learn.tags`; a mark runs from its first word to the word after its last.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.learn.tags import Word, longest, words
from core.records import Annotation, Span

Kind = Literal["boundary", "type", "missed", "spurious"]
Tags = NDArray[np.intp]
KINDS: tuple[Kind, ...] = ("boundary", "type", "missed", "spurious")


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on a run of words."""

    first: int
    after: int
    label: str

    def touches(self, other: "Mark") -> bool:
        return self.first < other.after and other.first < self.after


@dataclass(frozen=True, slots=True)
class Edit:
    """One way to mend a phrase: `before` is what the person marked (None: nothing), `after` what
    might be right (None: nothing)."""

    before: Mark | None
    after: Mark | None

    @property
    def kind(self) -> Kind:
        if self.before is None:
            return "missed"
        if self.after is None:
            return "spurious"
        return "boundary" if self.before.label == self.after.label else "type"

    def touches(self, other: "Edit") -> bool:
        mine, theirs = (self.before, self.after), (other.before, other.after)
        return any(a.touches(b) for a in mine for b in theirs if a and b)


@dataclass(frozen=True, slots=True)
class Marked:
    """A corrected phrase in words. Of overlapping spans the longest counts."""

    annotation: Annotation
    places: tuple[Word, ...]
    plain: tuple[str, ...]
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, annotation: Annotation) -> "Marked":
        text = annotation.phrase.text
        places = tuple(words(text))
        plain = tuple(folded(text[start:end]) for start, end in places)
        return cls(annotation, places, plain, marks_of(places, annotation.spans))

    def bounds(self, mark: Mark) -> tuple[int, int]:
        """Where a mark stands in the phrase: the person's own span there, else the words."""
        for span in self.annotation.spans:
            if mark in marks_of(self.places, [span]):
                return span.start, span.end
        return self.places[mark.first][0], self.places[mark.after - 1][1]

    def with_edit(self, edit: Edit) -> list[Mark]:
        """The marks after an edit."""
        kept = [mark for mark in self.marks if mark != edit.before]
        return [*kept, edit.after] if edit.after else kept


def folded(word: str) -> str:
    """A word as it is compared: without case, and whatever the digits."""
    return re.sub(r"\d", "0", word.casefold())


def marks_of(places: Sequence[Word], spans: Iterable[Span]) -> tuple[Mark, ...]:
    """Spans as marks over the words that they touch."""
    found = []
    for span in longest(spans):
        inside = [n for n, (a, b) in enumerate(places) if a < span.end and span.start < b]
        if inside:
            found.append(Mark(inside[0], inside[-1] + 1, span.label))
    return tuple(found)


def tags_of(phrase: Marked, labels: Sequence[str], marks: Sequence[Mark] | None = None) -> Tags:
    """The number of the label of each word, 0 for none; of the person's marks unless told."""
    tags = np.zeros(len(phrase.places), dtype=np.intp)
    for mark in phrase.marks if marks is None else marks:
        tags[mark.first : mark.after] = 1 + labels.index(mark.label)
    return tags
