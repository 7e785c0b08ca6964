"""Quotes -> spans: where the words a model gave back stand in the text it was given.

A quote is looked for as it is, then in a normalised view of the text, then in a looser one, then
word by word with room for a slip. Repeated mentions each get a place of their own, in the order
they were given. What is not found is returned as missing: never guessed, never cut short.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from core.label.cascade import Cascade, Kind
from core.label.normal import at_word_edges
from core.label.order import assigned
from core.records import Missing, Span, State, Value

_PLACES = 1_000_000  # kept for all quotes of a text together
_TRIES = 64  # places inside words that are passed over before quotes are looked for one by one


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of text in a model's words, and what the model says it is."""

    text: str
    label: str
    field: str | None = None
    state: State | None = None
    value: Value | None = None

    @property
    def name(self) -> tuple[str, str, str | None]:
        """What no other quote at its place may have."""
        return self.text, self.label, self.field


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
    cascade = Cascade(text, low, high)
    copies = _copies(quotes)
    most = _PLACES // (len(copies) or 1)
    found = {quote: cascade.places(quote, number, most) for quote, number in copies.items()}
    places = [found[quote.text] for quote in quotes]
    chosen = assigned([quote.name for quote in quotes], places)
    spans: list[Span] = []
    missing: list[Missing] = []
    for quote, options, start in zip(quotes, places, chosen, strict=True):
        if start is None:
            missing.append(Missing(quote.text, quote.field))
        else:
            spans.append(_span(text, start, *options[start], quote))
    return Aligned(tuple(spans), tuple(missing))


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
        spans.append(Span(start, end, *said, None, "exact", 0, None, wanted))
        low = start + 1
    return tuple(spans)


def _copies(quotes: Sequence[Quote]) -> dict[str, int]:
    """How many places each quote needs. Under another name it may stand where it stands."""
    copies = dict.fromkeys([quote.text for quote in quotes], 1)
    if len(copies) == len(quotes):
        return copies
    for (text, *_), number in Counter(quote.name for quote in quotes).items():
        copies[text] = max(copies[text], number)
    return copies


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
