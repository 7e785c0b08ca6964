"""Words that OCR bent, put right where one word of letters is left: nogo -> nega, duevolte.

`listed_words.toml` holds the words that letters use; a word that stands there is left alone. Of
another one, every confusion of OCR is undone in turn (m for rn, e for c, l for i ...); where that
gives one listed word only, it is meant. A word that is two listed ones lost the blank between them.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from core.read.dates import NUMBERS
from core.read.mapped import Mapped

# Seen, meant. Tesseract's and typists' confusions; what can be both ways is listed twice.
_CONFUSED = (
    "0:o 1:l 1:i 2:z 5:s 8:b 9:g 6:b l:i i:l rn:m m:rn nn:m m:nn c:e e:c o:a a:o q:g g:q f:t t:f"
    " ii:u li:h ll:u u:n n:u ri:n n:ri b:h h:b y:v v:y cl:d d:cl vv:w j:i"
)
_MEANT: dict[str, tuple[str, ...]] = {}
for _pair in _CONFUSED.split():
    _seen, _, _said = _pair.partition(":")
    _MEANT[_seen] = (*_MEANT.get(_seen, ()), _said)
_WORD = re.compile(r"(?<![@\w])(?=\d{0,3}[^\W\d_])[^\W_]{3,30}(?![@\w])")
_SHORT = 4  # letters: words up to here are so like each other that only the commonest are meant
_TWICE_FROM = 8  # letters of a word that two slips may have bent
_NAMED_FROM = 6  # letters of a word inside a sentence in capitals, which may be a name
_BEFORE = frozenset("di in da al il la si ha un le ed ne".split())
_SHORTEST = frozenset("non nel del dal per con una due tre che mai".split())
_REMEMBERED = 50_000
_STARTS = re.compile(r"(?:^|[.:;!?|\n])[\s\-*•]*$")


class Unbent:
    """The words of letters, and what a bent one of them means."""

    def __init__(self, known: Iterable[str] = (), common: Iterable[str] = ()) -> None:
        """Folded words besides the listed ones: `known` by who asks, and short `common` ones."""
        self._known = frozenset(known)
        self._common = frozenset(common)
        self._listed = listed_words() | self._known | self._common
        self._meant: dict[str, tuple[str, ...]] = {}

    def read(self, text: str, folded: str) -> Mapped | None:
        """The text with its words put right; None where nothing is to be done."""
        edits = list(self._edits(text, folded))
        return Mapped.of(text, 0).edited(edits) if edits else None

    def _edits(self, text: str, folded: str) -> Iterator[tuple[int, int, str]]:
        for match in _WORD.finditer(folded):
            word = match[0]
            if word in self._listed:
                continue
            meant = self.meant(word)
            start, end = match.span()
            if not meant or not self._is_sure(word, meant[-1], text, start, end):
                continue
            if len(meant) == 2:
                yield start + len(meant[0]), start + len(meant[0]), " "
            else:
                yield start, end, _cased(meant[0], text[start:end])

    def _is_sure(self, word: str, meant: str, text: str, start: int, end: int) -> bool:
        """Whether a word with capitals is no name and no abbreviation."""
        quote = text[start:end]
        if quote[0].islower() or not word.isalpha():
            return True
        if _STARTS.search(text, 0, start) and quote[1:].islower():
            return len(word) > _SHORT or meant in self._common
        return len(word) >= _NAMED_FROM and meant in self._known

    def meant(self, word: str) -> tuple[str, ...]:
        """The word, or the two words, that a folded word unknown here means; else nothing."""
        if word not in self._meant:
            if len(self._meant) >= _REMEMBERED:
                self._meant.clear()
            self._meant[word] = self._find(word)
        return self._meant[word]

    def _find(self, word: str) -> tuple[str, ...]:
        found = {one for one in _undone(word) if self._may_mean(one, word)}
        if not found and len(word) >= _TWICE_FROM:
            twice = {two for one in _undone(word) for two in _undone(one)} - {word}
            found = {one for one in twice if len(one) >= _TWICE_FROM and one in self._listed}
        if found:
            return tuple(found) if len(found) == 1 else ()
        parts = list(self._parts(word)) if word.isalpha() else []
        return parts[0] if len(parts) == 1 else ()

    def _may_mean(self, one: str, word: str) -> bool:
        if one[:-1] == word[:-1] and one[-1] in "ao" and word[-1] in "ao":
            return False  # another gender
        shorter = min(len(one), len(word))
        if shorter < _SHORT:
            return one in _SHORTEST
        return one in (self._common if shorter == _SHORT else self._listed)

    def _parts(self, word: str) -> Iterator[tuple[str, str]]:
        """A short word and a longer one that may have stood in its place; no numbers."""
        for place in range(2, len(word) - 2):
            one, other = word[:place], word[place:]
            if one in NUMBERS and (other in NUMBERS or other == "mila"):
                continue
            if place == 2:
                if one in _BEFORE and len(other) >= _NAMED_FROM and other in self._known:
                    yield one, other
            elif one in self._common and len(other) >= _SHORT and other in self._listed:
                yield one, other
            elif other in self._common and len(one) >= _SHORT and one in self._listed:
                yield one, other


def _undone(word: str) -> Iterator[str]:
    """The word with one confusion undone, in each place and way."""
    for place in range(len(word)):
        for size in (1, 2):
            for meant in _MEANT.get(word[place : place + size], ()):
                yield word[:place] + meant + word[place + size :]


def _cased(word: str, quote: str) -> str:
    if sum(map(str.isupper, quote)) * 2 > sum(map(str.isalpha, quote)):
        return word.upper()
    return word.capitalize() if quote[0].isupper() and quote[0] != "I" else word


@cache
def listed_words() -> frozenset[str]:
    """Folded words that letters use."""
    listed = Path(__file__).with_name("listed_words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(listed)["words"].split())
