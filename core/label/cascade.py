"""The places of a quote in a text: as it is, as it reads, as a scanner reads it, word by word.

What a later stage needs of the text is made when a quote first gets there; and none does whose
letters are not in the text at all.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Literal

from core.label.find import Finder
from core.label.fuzzy import Fuzzy
from core.label.normal import View, at_word_edges, bare, is_mark, normalised, squeezed
from core.label.reading import Reading, Words, reading

_RUN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

Kind = Literal["normalised", "fuzzy"]
# start -> end, and how alike; the same letter by letter: exact
Places = dict[int, tuple[int, Kind]]


class Cascade:
    """Looks quotes up in a part of a text, stage after stage."""

    def __init__(self, text: str, low: int, high: int) -> None:
        self._text, self._low, self._high = text, low, high
        self._exact = Finder(text, low, high)

    @cached_property
    def _there(self) -> Reading:
        return reading(self._text[self._low : self._high])

    def places(self, quote: str, number: int, most: int) -> Places:
        """At least `number` places, exact ones before others; fewer only if there are no more."""
        text, wanted = self._text, quote.strip()
        places: Places = {}
        free = self._low
        for start in self._exact.starts(wanted):
            if start >= free and at_word_edges(text, start, start + len(wanted)):
                free = start + len(wanted)
                places[start] = free, "normalised"
                if len(places) >= max(most, number):
                    break
        if len(places) >= number:
            return places
        view = normalised(wanted)
        read = (self._normalised, self._squeezed) if bare(view.text) in self._there.bare else ()
        for stage in (*read, self._fuzzy):
            if len(places) >= number:
                break
            taken = sorted((start, end) for start, (end, _) in places.items())
            for start, end, kind in islice(stage(wanted, view), max(most, number)):
                at = bisect_left(taken, (end, 0))
                if not at or taken[at - 1][1] <= start:
                    places[start] = end, kind
        return places

    @cached_property
    def _in_view(self) -> Finder:
        return Finder(self._there.view.text, 0, len(self._there.view.text))

    @cached_property
    def _in_close(self) -> Finder:
        return Finder(self._there.close.text, 0, len(self._there.close.text), whole_words=False)

    @cached_property
    def _by_word(self) -> Fuzzy:
        return Fuzzy(self._there)

    def _normalised(self, wanted: str, view: View) -> Iterator[tuple[int, int, Kind]]:
        key = view.text.strip()
        for first in self._in_view.starts(key):
            if place := self._back(self._there.view, first, first + len(key)):
                if _same_name(wanted, self._text[place[0] : place[1]]):
                    yield *place, "normalised"

    def _squeezed(self, wanted: str, view: View) -> Iterator[tuple[int, int, Kind]]:
        key = squeezed(view).text.strip()
        if sum(map(str.isalnum, key)) < 4:
            return
        for first in self._in_close.starts(key):
            if place := self._back(self._there.close, first, first + len(key)):
                if _same_numbers(wanted, self._text[place[0] : place[1]]):
                    yield *place, "normalised"

    def _fuzzy(self, wanted: str, view: View) -> Iterator[tuple[int, int, Kind]]:
        for first, after in self._by_word.places(Words(view.text.strip())).items():
            if place := self._back(self._there.view, first, after):
                yield *place, "fuzzy"

    def _back(self, view: View, first: int, after: int) -> tuple[int, int] | None:
        """A stretch of a view as offsets into the text; None where it ends inside a word."""
        place = view.back(first, after)
        if place is None:
            return None
        start, end = place[0] + self._low, place[1] + 1 + self._low
        while end < self._high and is_mark(self._text[end]):
            end += 1
        return (start, end) if at_word_edges(self._text, start, end) else None


def _same_name(quote: str, there: str) -> bool:
    """Whether case tells a short quote from what stands there: FA from `fa`, Mg from mg."""
    if len(quote) > 4 or not quote.isalpha() or quote == there:
        return True
    return len(quote) > 2 and (there.isupper() or not quote.isupper())


def _same_numbers(quote: str, there: str) -> bool:
    """Whether twins were taken for each other inside words and numbers, not one for the other."""
    said, read = _RUN.findall(quote), _RUN.findall(there)
    if len(said) != len(read):
        return re.findall(r"\d+", quote) == re.findall(r"\d+", there)
    return all(
        not (a.isdigit() and not any(map(str.isdigit, b)))
        and not (b.isdigit() and not any(map(str.isdigit, a)))
        for a, b in zip(said, read, strict=True)
    )
