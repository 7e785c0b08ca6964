"""What in a line tells who somebody is, or on which day: found by its shape, without a model."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from core.label.shield.dates import dates
from core.label.shield.line import PARTICLES, Line
from core.label.shield.look import by_look
from core.label.shield.numbers import numbers
from core.label.shield.people import people
from core.label.shield.places import places
from core.label.shield.words import may_be_called, never_a_name, plain, words
from core.records import Phrase

_ADDRESS = re.compile(r"\S+@\S+|www\.\S+|\w+://\S+")
_HEAD = re.compile(r"([^\W\d_]{2,})[-\u00ad\u2010]$")
_TAIL = re.compile(r"[^\W\d_]{2,}")
_LONG = 5  # letters of words that tell how a letter is written
_ENOUGH, _CAPITALS = 5, 12  # lines that tell it; one long word in so many

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


def find(line: Line, hushed: bool = False) -> Iterator[Stretch]:
    """The stretches to hide; they may overlap. `hushed`: the letter hardly knows capitals."""
    for start, end in dates(line.text):
        yield Stretch(start, end, "date")
    for start, end, kind in numbers(line.text):
        yield Stretch(start, end, kind)
    for word in people(line):
        if word.capital or word.key not in PARTICLES:
            yield Stretch(word.start, word.end, "name")
    for word in by_look(line, hushed):
        yield Stretch(word.start, word.end, "name", sure=False)
    for start, end in places(line):
        yield Stretch(start, end, _of_place(line.text[start:end]))


def _of_place(text: str) -> Kind:
    if not any(char.isdigit() for char in text):
        return "place"
    return "number" if text[0].isdigit() else "code"


def likely(line: Line, small: Collection[str], quiet: bool) -> Iterator[Stretch]:
    """What a line tells; no name by its look that the letter also writes in small letters."""
    for stretch in find(line, quiet):
        word = line.text[stretch.start : stretch.end]
        kept = plain(word) in small and plain(word) not in PARTICLES
        if stretch.sure or word[0].islower() or not kept:
            yield stretch


def in_small_letters(lines: Collection[Line]) -> set[str]:
    """The words of a letter that it writes in small letters, elsewhere than in e-mail addresses."""
    return {
        word.key
        for line in lines
        for word in (words(_ADDRESS.sub(" ", line.text)) if "@" in line.text else line.words)
        if not word.capital
    }


def hushed(lines: Collection[Line]) -> bool:
    """Whether a letter is written in small letters: its lines begin so, few words do not."""
    first = [line.words[0] for line in lines if line.words]
    long = [word for line in lines for word in line.words if len(word.text) >= _LONG]
    few = sum(word.capital for word in long) < len(long) / _CAPITALS
    return few and len(first) >= _ENOUGH and sum(w.capital for w in first) < len(first) / 2


def broken(phrases: Sequence[Phrase], known: Collection[str]) -> Iterator[tuple[str, Stretch]]:
    """The parts of known names that a line's end breaks in two: Ver- / delli; by phrase."""
    for one, other in pairwise(phrases):
        head, tail = _HEAD.search(one.text), _TAIL.match(other.text)
        if head and tail and plain(head[1] + tail[0]) in known:
            yield one.id, Stretch(*head.span(1), "name")
            yield other.id, Stretch(*tail.span(), "name")


def names(text: str, start: int, end: int) -> Iterator[Stretch]:
    """The words of a stretch that are part of somebody's name."""
    for word in words(text[start:end]):
        if not never_a_name(word.key) or (word.capital and may_be_called(word.key)):
            yield Stretch(start + word.start, start + word.end, "name")
