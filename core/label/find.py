"""All places of a string in a text, where words begin and end, for many strings at bounded cost."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

_WORD = re.compile(r"[^\W\d_]+|\d+")
_SCANNED = 40_000_000  # characters gone through before an index of the words pays
_HITS = 100_000  # places looked at before it does
_MOST_SCANNED = 400_000_000  # characters gone through for all strings together
_MOST_HITS = 1_000_000  # places looked at for all strings together; long strings count for more


class Finder:
    """Searches one text again and again: straight at first, by its rarest word if that drags on.

    `whole_words`: the text has its words apart, so that an index of them finds all there is; else
    the search ends where the index would begin.
    """

    def __init__(self, text: str, low: int, high: int, *, whole_words: bool = True) -> None:
        self._text, self._low, self._high = text, low, high
        self._whole_words = whole_words
        self._scanned = self._hits = 0

    def starts(self, wanted: str) -> Iterator[int]:
        """Where a string begins, from left to right, overlaps and the insides of words included."""
        if not wanted or len(wanted) > self._high - self._low:
            return iter(())
        if self._scanned < _SCANNED and self._hits < _HITS:
            return self._straight(wanted)
        if not self._whole_words or self._hits > _MOST_HITS:
            return iter(())
        words = list(_WORD.finditer(wanted))
        return self._by_word(wanted, words) if words else self._straight(wanted)

    def _straight(self, wanted: str) -> Iterator[int]:
        self._scanned += self._high - self._low
        at = self._low - 1
        effort = 1 + len(wanted) // 64
        while self._scanned < _MOST_SCANNED and self._hits < _MOST_HITS:
            at = self._text.find(wanted, at + 1, self._high)
            if at < 0:
                return
            self._hits += effort
            yield at

    def _by_word(self, wanted: str, words: list[re.Match[str]]) -> Iterator[int]:
        rarest = min(words, key=lambda word: len(self._places.get(word.group(), ())))
        effort = 1 + len(wanted) // 64
        for place in self._places.get(rarest.group(), ()):
            at = place - rarest.start()
            self._hits += effort
            if self._hits > _MOST_HITS:
                return
            if at >= self._low and self._text.startswith(wanted, at, self._high):
                yield at

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for match in _WORD.finditer(self._text, self._low, self._high):
            places[match.group()].append(match.start())
        return dict(places)
