"""Quotes -> spans: where the words a model gave back stand in the text it was given.

A quote is looked for as it is, then in a normalised view of the text that keeps an index map back.
Repeated mentions each get a place of their own, in the order they were given. What is not found is
returned as missing, never guessed.
"""

import re
import sys
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from core.records import Missing, Span

_DASHES = frozenset("-‐‑‒–—―−﹣-")
_SINGLE = frozenset("'’‘‛ʼ`´′")
_DOUBLE = frozenset('"“”„«»″')
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of text in a model's words, and what the model says it is."""

    text: str
    label: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Aligned:
    """Spans that quote the text exactly, in the order of their quotes, and the quotes not found."""

    spans: tuple[Span, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A normalised text; character k of it comes from `starts[k]` to `ends[k]` of the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def align(text: str, quotes: Sequence[Quote]) -> Aligned:
    """The spans the quotes speak of. They may nest; equal quotes never share a place."""
    view = cache(lambda: normalised(text))  # most quotes are exact and never need it
    copies = Counter(quote.text for quote in quotes)
    found = {quote: _places(text, view, quote, number) for quote, number in copies.items()}
    places = [found[quote.text] for quote in quotes]
    chosen = _with_leftovers(quotes, places, in_order([sorted(options) for options in places]))
    spans, missing = [], []
    for quote, options, start in zip(quotes, places, chosen, strict=True):
        if start is None:
            missing.append(Missing(quote.text, quote.field))
        else:
            spans.append(_span(text, start, options[start], quote))
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
            if tails[length : length + 1] == [place]:
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


def normalised(text: str) -> View:
    """Accents, case, white space, dashes, apostrophes and the decimal comma made equal.

    No step works on the whole string, because case folding and decomposition change its length.
    """
    commas = {match.start() for match in _DECIMAL_COMMA.finditer(text)}
    kept: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, char in enumerate(text):
        if _is_mark(char):
            if ends:
                ends[-1] = index + 1
            continue
        if char.isspace() and kept and kept[-1] == " ":
            ends[-1] = index + 1
            continue
        for piece in "." if index in commas else _folded(char):
            kept.append(piece)
            starts.append(index)
            ends.append(index + 1)
    return View("".join(kept), tuple(starts), tuple(ends))


@cache
def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


@cache
def _folded(char: str) -> str:
    if char.isspace():
        return " "
    if char in _UNSEEN:
        return ""
    if char in _DASHES:
        return "-"
    if char in _SINGLE:
        return "'"
    if char in _DOUBLE:
        return '"'
    plain = (c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


def at_word_edges(text: str, start: int, end: int) -> bool:
    """Whether a stretch begins and ends where words do; a decimal number counts as one word."""
    return _edge(text, start) and _edge(text, end)


def _edge(text: str, at: int) -> bool:
    if at in (0, len(text)):
        return True
    left, right = text[at - 1], text[at]
    if _is_mark(right):
        return False
    if _letter(left) and right.isalpha() or left.isdigit() and right.isdigit():
        return False
    if left.isdigit() and right in ".,":
        return not text[at + 1 : at + 2].isdigit()
    if left in ".," and right.isdigit():
        return not text[max(at - 2, 0) : at - 1].isdigit()
    return True


def _letter(char: str) -> bool:
    return char.isalpha() or _is_mark(char)


def _places(text: str, view: Callable[[], View], quote: str, number: int) -> dict[int, int]:
    """Start -> end of the places of a quote: the exact ones, and others if those are too few."""
    wanted = quote.strip()
    exact = {start: start + len(wanted) for start in _all(text, wanted)}
    exact = {start: end for start, end in exact.items() if at_word_edges(text, start, end)}
    return exact if len(exact) >= number else _loose(text, view(), wanted) | exact


def _loose(text: str, view: View, wanted: str) -> dict[int, int]:
    wanted = normalised(wanted).text.strip()
    found = {}
    for first in _all(view.text, wanted):
        after = first + len(wanted)
        start, end = view.starts[first], view.ends[after - 1]
        split = (first > 0 and view.starts[first - 1] == start) or (
            after < len(view.starts) and view.starts[after] == view.starts[after - 1]
        )
        if not split and at_word_edges(text, start, end):
            found[start] = end
    return found


def _all(text: str, wanted: str) -> list[int]:
    starts = []
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        starts.append(at)
        at = text.find(wanted, at + 1)
    return starts


def _with_leftovers(
    quotes: Sequence[Quote], places: Sequence[dict[int, int]], chosen: list[int | None]
) -> list[int | None]:
    """Gives quotes outside the order (nested, or listed late) a free place near neighbours."""
    chosen = list(chosen)
    taken = {
        (q.text, q.label, start)
        for q, start in zip(quotes, chosen, strict=True)
        if start is not None
    }
    for index, quote in enumerate(quotes):
        if chosen[index] is not None:
            continue
        free = [s for s in sorted(places[index]) if (quote.text, quote.label, s) not in taken]
        low = max((s for s in chosen[:index] if s is not None), default=0)
        high = min((s for s in chosen[index:] if s is not None), default=sys.maxsize)
        near = [start for start in free if low <= start <= high]
        if free:
            chosen[index] = (near or free)[0]
            taken.add((quote.text, quote.label, (near or free)[0]))
    return chosen


def _span(text: str, start: int, end: int, quote: Quote) -> Span:
    words = text[start:end]
    status: Literal["exact", "normalised"] = (
        "exact" if words == quote.text.strip() else "normalised"
    )
    return Span(start, end, quote.label, quote.field, status=status, text=words)
