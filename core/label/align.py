"""Quotes -> spans: where the words a model gave back stand in the text it was given.

A quote is looked for as it is, then in a normalised view of the text, then in a looser one, then
word by word with room for a slip. Repeated mentions each get a place of their own, in the order
they were given. What is not found is returned as missing: never guessed, never cut short.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

from rapidfuzz.distance import Levenshtein

from core.label.find import Finder
from core.label.fuzzy import Fuzzy
from core.label.normal import View, at_word_edges, is_mark, normalised, squeezed
from core.records import Missing, Span, State, Value

__all__ = ["Aligned", "Quote", "View", "align", "in_order", "normalised"]

_PLACES = 1_000_000  # kept for all quotes of a text together
_ORDERED = 200_000  # pairs of quote and place that are put in the best order
_TRIES = 64  # places inside words that are passed over before quotes are looked for one by one
_RUN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

Kind = Literal["normalised", "fuzzy"]
Places = dict[
    int, tuple[int, Kind]
]  # start -> end, and how alike; the same letter by letter: exact


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of text in a model's words, and what the model says it is."""

    text: str
    label: str
    field: str | None = None
    state: State | None = None
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Aligned:
    """Spans that quote the text exactly, in the order of their quotes, and the quotes not found."""

    spans: tuple[Span, ...]
    missing: tuple[Missing, ...]


def align(text: str, quotes: Sequence[Quote], *, low: int = 0, high: int | None = None) -> Aligned:
    """The spans the quotes speak of. They may nest; equal quotes never share a place.

    `low` and `high`: only this part of the text is searched; offsets count from the text's start.
    """
    high = len(text) if high is None else min(high, len(text))
    if (straight := _straight(text, quotes, low, high)) is not None:
        return Aligned(straight, ())
    search = _Search(text, low, high)
    copies = _copies(quotes)
    most = _PLACES // (len(copies) or 1)
    found = {quote: search.places(quote, number, most) for quote, number in copies.items()}
    sites = {quote: sorted(options) for quote, options in found.items()}
    places = [found[quote.text] for quote in quotes]
    chosen = _with_leftovers(
        quotes, places, _in_text_order([sites[quote.text] for quote in quotes])
    )
    spans: list[Span] = []
    missing: list[Missing] = []
    for quote, options, start in zip(quotes, places, chosen, strict=True):
        if start is None:
            missing.append(Missing(quote.text, quote.field))
        else:
            spans.append(_span(text, start, *options[start], quote))
    return Aligned(tuple(spans), tuple(missing))


def in_order(places: Sequence[Sequence[int]]) -> list[int | None]:
    """One place for as many items as possible, strictly rising from item to item; earliest wins.

    A longest increasing subsequence over all (item, place) pairs: one item that stands elsewhere
    does not push the others off their places.
    """
    tails: list[int] = []
    last: list[int] = []
    nodes: list[tuple[int, int, int]] = []
    for item, options in enumerate(places):
        for place in sorted(options, reverse=True):
            length = bisect_left(tails, place)
            if length < len(tails) and tails[length] == place:
                continue
            nodes.append((item, place, last[length - 1] if length else -1))
            tails[length : length + 1] = [place]
            last[length : length + 1] = [len(nodes) - 1]
    chosen: list[int | None] = [None] * len(places)
    node = last[-1] if last else -1
    while node >= 0:
        item, place, node = nodes[node]
        chosen[item] = place
    return chosen


def _straight(text: str, quotes: Sequence[Quote], low: int, high: int) -> tuple[Span, ...] | None:
    """The spans, where every quote stands as it is behind the one before: no more than one walk
    through the text, and what all that follows would find. None where one does not."""
    spans: list[Span] = []
    tries = _TRIES + len(quotes)
    for quote in quotes:
        wanted = quote.text.strip()
        size = len(wanted)
        start = text.find(wanted, low, high) if wanted else -1
        while start >= 0 and not at_word_edges(text, start, start + size):
            tries -= 1
            start = text.find(wanted, start + 1, high) if tries else -1
        end, before = start + size, start - size + 1
        # Of places of a quote that share words ("no, no, no") the first counts: not seen from here.
        if start < 0 or text.find(wanted, before if before > 0 else 0, end - 1) >= 0:
            return None
        said = (quote.label, quote.field, quote.state, quote.value)
        spans.append(Span(start, end, *said, status="exact", edits=0, text=wanted))
        low = start + 1
    return tuple(spans)


class _Search:
    """The places of quotes in a part of a text. What few quotes need is made when one does."""

    def __init__(self, text: str, low: int, high: int) -> None:
        self._text, self._low, self._high = text, low, high
        self._exact = Finder(text, low, high)

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
        for stage in (self._normalised, self._squeezed, self._fuzzy):
            if len(places) >= number:
                break
            taken = sorted((start, end) for start, (end, _) in places.items())
            for start, end, kind in islice(stage(wanted, view), max(most, number)):
                at = bisect_left(taken, (end, 0))
                if not at or taken[at - 1][1] <= start:
                    places[start] = end, kind
        return places

    @cached_property
    def _view(self) -> View:
        return normalised(self._text[self._low : self._high])

    @cached_property
    def _close(self) -> View:
        return squeezed(self._view)

    @cached_property
    def _in_view(self) -> Finder:
        return Finder(self._view.text, 0, len(self._view.text))

    @cached_property
    def _in_close(self) -> Finder:
        return Finder(self._close.text, 0, len(self._close.text), whole_words=False)

    @cached_property
    def _by_word(self) -> Fuzzy:
        return Fuzzy(self._text, self._view, self._low)

    def _normalised(self, wanted: str, view: View) -> Iterator[tuple[int, int, Kind]]:
        key = view.text.strip()
        for first in self._in_view.starts(key):
            if place := self._back(self._view, first, first + len(key)):
                if _same_name(wanted, self._text[place[0] : place[1]]):
                    yield *place, "normalised"

    def _squeezed(self, wanted: str, view: View) -> Iterator[tuple[int, int, Kind]]:
        key = squeezed(view).text.strip()
        if sum(map(str.isalnum, key)) < 4:
            return
        for first in self._in_close.starts(key):
            if place := self._back(self._close, first, first + len(key)):
                if _same_numbers(wanted, self._text[place[0] : place[1]]):
                    yield *place, "normalised"

    def _fuzzy(self, wanted: str, view: View) -> Iterator[tuple[int, int, Kind]]:
        for first, after in self._by_word.places(view.text.strip()).items():
            if place := self._back(self._view, first, after):
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


def _copies(quotes: Sequence[Quote]) -> dict[str, int]:
    """How many places each quote needs. Under another name it may stand where it stands."""
    copies = dict.fromkeys([quote.text for quote in quotes], 1)
    if len(copies) == len(quotes):
        return copies
    for (text, *_), number in Counter(map(_name, quotes)).items():
        copies[text] = max(copies[text], number)
    return copies


def _name(quote: Quote) -> tuple[str, str, str | None]:
    return quote.text, quote.label, quote.field


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


def _in_text_order(places: Sequence[Sequence[int]]) -> list[int | None]:
    """`in_order`; or each quote's next place, where that serves all or there are too many."""
    chosen: list[int | None] = []
    last = -1
    strays = False
    for options in places:
        at = bisect_right(options, last)
        start = options[at] if at < len(options) else None
        last = last if start is None else start
        strays = strays or (start is None and len(options) > 0)
        chosen.append(start)
    return in_order(places) if strays and sum(map(len, places)) <= _ORDERED else chosen


def _with_leftovers(
    quotes: Sequence[Quote], places: Sequence[Places], chosen: list[int | None]
) -> list[int | None]:
    """Gives quotes outside the order (nested, or listed late) a free place near neighbours."""
    if None not in chosen:
        return chosen
    taken = {(_name(quote), start) for quote, start in zip(quotes, chosen, strict=True)}
    after: list[int | None] = list(chosen)  # the next place in order
    for index in reversed(range(len(after) - 1)):
        if after[index] is None:
            after[index] = after[index + 1]
    free: dict[tuple[str, str, str | None], list[int]] = {}
    low = 0
    filled = list(chosen)
    for index, quote in enumerate(quotes):
        start, high, key = chosen[index], after[index], _name(quote)
        if start is not None:
            low = start
            continue
        if key not in free:
            free[key] = [s for s in sorted(places[index]) if (key, s) not in taken]
        options = free[key]
        at = bisect_left(options, low)
        if at == len(options) or (high is not None and options[at] > high):
            at = 0
        filled[index] = options.pop(at) if options else None
    return filled


def _span(text: str, start: int, end: int, kind: Kind, quote: Quote) -> Span:
    words, said = text[start:end], quote.text.strip()
    same = words == said
    return Span(
        start,
        end,
        quote.label,
        quote.field,
        quote.state,
        quote.value,
        status="exact" if same else kind,
        edits=0 if same else Levenshtein.distance(words, said),
        text=words,
    )
