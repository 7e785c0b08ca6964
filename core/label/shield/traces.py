"""What in a line tells who somebody is, or on which day: found by its shape, without a model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.label.shield.line import PARTICLES, Line
from core.label.shield.numbers import numbers
from core.label.shield.people import by_look, people
from core.label.shield.places import places
from core.label.shield.words import may_be_called, never_a_name, words

Kind = Literal["date", "code", "number", "name", "place"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that must not leave the machine.

    Not `sure`: a name by its look only.
    """

    start: int
    end: int
    kind: Kind
    sure: bool = True


def find(line: Line) -> Iterator[Stretch]:
    """The stretches to hide; they may overlap."""
    for start, end, kind in numbers(line.text):
        yield Stretch(start, end, kind)
    for word in people(line):
        if word.capital or word.key not in PARTICLES:
            yield Stretch(word.start, word.end, "name")
    for word in by_look(line):
        yield Stretch(word.start, word.end, "name", sure=False)
    for start, end in places(line):
        number = line.text[start].isdigit()
        yield Stretch(start, end, "number" if number else "place")


def names(text: str, start: int, end: int) -> Iterator[Stretch]:
    """The words of a stretch that are part of somebody's name."""
    for word in words(text[start:end]):
        if not never_a_name(word.key) or (word.capital and may_be_called(word.key)):
            yield Stretch(start + word.start, start + word.end, "name")
