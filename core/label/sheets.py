"""A letter while it is being asked about: its lines, and the questions that are still open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.label.formats import Asked
from core.label.interview import Heard
from core.label.passages import Passage
from core.label.verdict import Line
from core.records import Missing, Span


@dataclass(slots=True)
class Sheet:
    """A letter's lines and how many questions about them are not answered yet."""

    lines: list[Line]
    open: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What shares a call: passages of a sheet, and what one voter is asked about each."""

    sheet: Sheet
    voter: int
    passages: tuple[Passage, ...]
    asked: tuple[Asked, ...]


def take(question: Question, heard: Sequence[Heard]) -> None:
    """Hands what was heard of passages to the lines it speaks of."""
    lines, voter = question.sheet.lines, question.voter
    for passage, told in zip(question.passages, heard, strict=True):
        for number, share in _shares(passage, told):
            lines[number].heard[voter] += share
    question.sheet.open -= 1


def _shares(passage: Passage, told: Heard) -> Iterator[tuple[int, Heard]]:
    """Each line's part in what was heard; what belongs to no line is counted with the first."""
    spans: dict[int, list[Span]] = {}
    missing: dict[int, list[Missing]] = {}
    for span in told.spans:
        for number, part in passage.cut(span):
            spans.setdefault(number, []).append(part)
    for lost in told.missing:
        missing.setdefault(passage.line_of(lost), []).append(lost)
    rest = told
    for number, _, _ in passage.lines:
        there = tuple(spans.get(number, ()))
        yield number, replace(rest, spans=there, missing=tuple(missing.get(number, ())))
        rest = replace(told, unanswered=0, strangers=0, halved=0)
