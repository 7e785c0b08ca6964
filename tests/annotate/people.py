"""Made-up people who mark made-up phrases, for the tests of agreement and adjudication."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from core.records import Annotation, Phrase, Span, phrase_ids

LABELS = ("risk", "drugs", "history")
WORDS = 8
TEXT = "alfa beta gamma delta eta teta iota zeta"
STATES = (None, "present", "negated", "uncertain")
Mark = tuple[int, int, str]


def phrase(number: int, text: str = TEXT, letters: int = 3) -> Phrase:
    letter = f"{number % letters:012x}"
    *_, key = phrase_ids(letter, [text] * (number + 1))
    return Phrase(key, letter, 0, len(text), text, "Anamnesi")


def said(where: Phrase, person: int, spans: Sequence[Span], **more: Any) -> Annotation:
    return Annotation(where, tuple(spans), "human", f"person/{person}", **more)


def marked(where: Phrase, person: int, *marks: Mark, **more: Any) -> Annotation:
    """A person's version: marks are first word, word after the last, label."""
    return said(where, person, [span(where.text, *mark) for mark in marks], **more)


def span(text: str, first: int, after: int, label: str, **more: Any) -> Span:
    starts = [at for at in range(len(text)) if at == 0 or text[at - 1] == " "]
    start, end = starts[first], [*starts, len(text) + 1][after] - 1
    return Span(start, end, label, text=text[start:end], **more)


@st.composite
def flat_marks(draw: st.DrawFn) -> tuple[Mark, ...]:
    """Marks without overlap."""
    marks, at = [], 0
    while at < WORDS:
        long = draw(st.integers(1, 3))
        label = draw(st.sampled_from([None, None, *LABELS]))
        if label is not None:
            marks.append((at, min(at + long, WORDS), label))
        at += long
    return tuple(marks)


@st.composite
def any_marks(draw: st.DrawFn) -> tuple[Mark, ...]:
    """Marks that may nest and overlap."""
    pair = st.tuples(st.integers(0, WORDS - 1), st.integers(1, 3), st.sampled_from(LABELS))
    drawn = draw(st.lists(pair, max_size=4))
    return tuple((first, min(first + long, WORDS), label) for first, long, label in drawn)
