"""A model's copy of a text laid over the text: which of its words is which of ours.

A place is found by the words that stand there in both, never by counting, so a word too few or too
many shifts nothing.
"""

from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from core.label.align import Aligned, Quote, align
from core.label.formats.answers import Unusable
from core.label.formats.tagged import Word, key_of
from core.label.order import in_order
from core.records import Missing, Span

_ENOUGH = 0.5
_SPARE = 500


class Copied:
    """`said`: the words of the copy. Raises Unusable where most words of the text are missing."""

    def __init__(self, text: str, shown: Sequence[Word], said: Sequence[str]) -> None:
        if len(said) > 5 * len(shown) + _SPARE:
            raise Unusable("it says far more than the phrase")
        self._text = text
        self._shown = shown
        self._at = _positions(said, shown)
        spoken = {index for index, word in enumerate(shown) if word.spoken}
        self.unanswered = len(spoken - set(self._at))
        if self.unanswered > _ENOUGH * len(spoken):
            raise Unusable("it repeats other words than those of the phrase")

    def run(self, members: Sequence[int]) -> tuple[Word, Word] | None:
        """The first and the last of our words for neighbouring ones of the copy, if all stand."""
        places = [place for member in members if (place := self._at[member]) is not None]
        if not places or len(places) < len(members):
            return None
        if any(after != before + 1 for before, after in pairwise(places)):
            return None
        return self._shown[places[0]], self._shown[places[-1]]

    def between(self, members: Sequence[int], quote: Quote) -> Aligned:
        """Looks for a quote by its text, between the words that the copy has around `members`."""
        before = [p for p in self._at[: members[0]] if p is not None]
        after = [p for p in self._at[members[-1] + 1 :] if p is not None]
        low = self._shown[before[-1]].end if before else 0
        high = self._shown[after[0]].start if after else len(self._text)
        if low >= high:
            return Aligned((), (Missing(quote.text, quote.field),))
        found = align(self._text, [quote], low=low, high=high)
        words = [self._shown[p] for member in members if (p := self._at[member]) is not None]
        for span in found.spans:
            whole = all(span.start <= word.start and word.end <= span.end for word in words)
            if span.status == "fuzzy" and not whole:  # it leaves out words that do stand there
                return Aligned((), (Missing(quote.text, quote.field),))
        return found

    def span(self, start: int, end: int, quote: Quote) -> Span:
        """A stretch of our text that reads like a quote, if not letter by letter."""
        there = self._text[start:end]
        edits = Levenshtein.distance(quote.text, there)
        return Span(
            start,
            end,
            quote.label,
            quote.field,
            status="normalised" if edits else "exact",
            edits=edits,
            text=there,
        )


def _positions(said: Sequence[str], shown: Sequence[Word]) -> list[int | None]:
    """For each word of the copy the index of ours that it repeats."""
    keys = [word.key for word in shown]
    own = [key_of(word) for word in said]
    if own == keys:
        return list(range(len(keys)))
    places: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        places.setdefault(key, []).append(index)
    return in_order([places.get(key, []) for key in own])
