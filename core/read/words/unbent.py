"""Words that OCR bent, put right where one word of letters is left: nogo -> nega, duevolte.

`listed_words.toml` holds the words that letters use; a word that stands there is left alone. Of
another one, every confusion of OCR is undone in turn (m for rn, e for c, l for i ...); where that
gives one listed word only, it is meant. A word that is two listed ones lost the blank between them.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from core.read.words.dates import NUMBERS
from core.read.words.fold import fold
from core.read.words.mapped import Mapped
from core.read.words.months import STEMS

# Seen, meant. Tesseract's and typists' confusions; what can be both ways is listed twice.
_CONFUSED = (
    "0:o 1:l 1:i 2:z 5:s 8:b 9:g 6:b l:i i:l rn:m m:rn nn:m m:nn c:e e:c o:a a:o q:g g:q f:t t:f"
    " ii:u li:h ll:u u:n n:u ri:n n:ri b:h h:b y:v v:y cl:d d:cl vv:w j:i"
)
_MEANT: dict[str, tuple[str, ...]] = {}
for _pair in _CONFUSED.split():
    _seen, _, _said = _pair.partition(":")
    _MEANT[_seen] = (*_MEANT.get(_seen, ()), _said)
_WORD = re.compile(r"(?<![@\w])(?=\d{0,3}[^\W\d_])[^\W_]{2,30}(?![@\w])")
_SHORT = 4  # letters: words up to here are so like each other that only the commonest are meant
_LONG = 6  # letters of a word that is no name though it has capitals inside a sentence
_TWICE_FROM = 7  # letters of a word that two slips may have bent
_SHORTEST = frozenset("no di in neg non nel del dal per con una due tre che mai dec".split())
_MONTHS = frozenset(STEMS)
_TWO = {"do": "da", "ol": "al", "ln": "in", "n0": "no"}
_BEFORE = frozenset("di in da al il la si ha un le ed ne no".split())
_BEHIND = frozenset("di ne".split())
_LIKE = str.maketrans("015lc", "oisie")  # names differ by o and a, Manna is no Marina
_NOUN = re.compile(r"(?:nz|in|i)a$")
_STARTS = re.compile(r"(?:^|[.:;!?|\n])[\s\-*•]*$")
_TWO_NAMES = re.compile(r"(?<=[A-ZÀ-Ü]{4})(?=[A-ZÀ-Ü][a-zà-ù]{2})")  # CONTIAnna
_FIGURES = re.compile(r"(?<=[a-z]{5})\d{2,3}$")  # lasix25
_REMEMBERED = 50_000


class Unbent:
    """The words of letters, and what a bent one of them means."""

    def __init__(self, known: Iterable[str] = (), given: Iterable[str] = ()) -> None:
        """Folded words besides the listed ones: `known`, which are no names, and given names."""
        self._known = frozenset(known)
        self._given = frozenset(given)
        self._common = _listed("short")
        self._listed = _listed("words") | self._known | self._common | self._given
        self._meant: dict[str, tuple[str, ...]] = {}

    def read(self, text: str) -> Mapped | None:
        """The text with its words put right; None where nothing is to be done."""
        edits = list(self._edits(text))
        return Mapped.of(text, 0).edited(edits) if edits else None

    def straight(self, text: str) -> str:
        """The text with its words put right that do not grow: offsets stay what they are."""
        done = 0
        parts: list[str] = []
        for start, end, new in self._edits(text):
            if start < end and len(new) <= end - start:
                parts += (text[done:start], new.ljust(end - start))
                done = end
        return "".join((*parts, text[done:])) if parts else text

    def _edits(self, text: str) -> Iterator[tuple[int, int, str]]:
        for match in _WORD.finditer(fold(text)):
            word = match[0]
            if word in self._listed:
                continue
            if two := _TWO_NAMES.search(text, *match.span()):
                yield two.start(), two.start(), " "
                continue
            start, end = match.span()
            if figures := _FIGURES.search(word):
                if word[: figures.start()] in self._known:
                    yield start + figures.start(), start + figures.start(), " "
                continue
            meant = self.meant(word)
            if not meant or not self._is_sure(word, meant, text, start, end):
                continue
            if len(meant) > 1:
                yield start + len(meant[0]), start + len(meant[0]), " "
            else:
                yield start, end, _cased(meant[0], text[start:end])

    def _is_sure(self, word: str, meant: tuple[str, ...], text: str, start: int, end: int) -> bool:
        """Whether a word with capitals is no name and no abbreviation."""
        quote = text[start:end]
        if quote.islower() or not word.isalpha():
            return not quote.islower() or meant[0] not in self._given
        begins = _STARTS.search(text, 0, start) and quote[1:].islower()
        if len(meant) > 1:
            return bool(begins) and meant[-1] in self._known
        if meant[0] in self._given:
            return len(word) > _SHORT and word.translate(_LIKE) == meant[0].translate(_LIKE)
        if begins:
            return len(word) > _SHORT or meant[0] in self._common
        return len(word) >= _LONG and meant[0] in self._known

    def meant(self, word: str) -> tuple[str, ...]:
        """The word, or the two words, that a folded word unknown here means; else nothing."""
        if word not in self._meant:
            if len(self._meant) >= _REMEMBERED:
                self._meant.clear()
            self._meant[word] = self._find(word)
        return self._meant[word]

    def _find(self, word: str) -> tuple[str, ...]:
        if len(word) == 2:
            return (_TWO[word],) if word in _TWO else ()
        found = {one for one in _undone(word) if self._may_mean(one, word)}
        if not found and len(word) >= _TWICE_FROM:
            twice = {two for one in _undone(word) for two in _undone(one)} - {word}
            found = {one for one in twice if len(one) >= _LONG and one in self._listed}
        if found:
            return tuple(found) if len(found) == 1 else ()
        parts = list(self._parts(word)) if word.isalpha() else []
        return parts[0] if len(parts) == 1 else ()

    def _may_mean(self, one: str, word: str) -> bool:
        if one[:-1] == word[:-1] and one[-1] in "ao" and word[-1] in "ao":
            # Another gender, but for nouns: urgenzo, dobutamino.
            return one[-1] == "a" and one in self._known and _NOUN.search(one) is not None
        shorter = min(len(one), len(word))
        if one.isalpha() and not word.isalpha():
            return one in (self._listed if shorter >= _SHORT else self._known | _SHORTEST | _MONTHS)
        if shorter < _SHORT:
            return one in _SHORTEST or one in _MONTHS
        return one in (self._common if shorter == _SHORT else self._listed)

    def _parts(self, word: str) -> Iterator[tuple[str, str]]:
        """A short word and a longer one that may have stood in its place; no numbers."""
        for place in range(2, len(word) - 1):
            one, other = word[:place], word[place:]
            if one in NUMBERS and (other in NUMBERS or other == "mila"):
                continue
            pair = {one, other} <= self._known and min(len(one), len(other)) >= _LONG
            if pair or self._leads(one, other) or self._follows(one, other):
                yield one, other

    def _leads(self, one: str, other: str) -> bool:
        if len(one) == 2:
            return one in _BEFORE and len(other) >= _LONG and other in self._known
        if one == "non" and other in ("ha", "si"):
            return True
        return one in self._common and len(other) >= _SHORT and other in self._listed

    def _follows(self, one: str, other: str) -> bool:
        if len(other) == 2:
            return other in _BEHIND and len(one) >= _SHORT and one in self._known
        return other in self._common and len(one) >= _SHORT and one in self._listed


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
def _any_letter() -> Unbent:
    return Unbent()


@lru_cache(64)  # a letter is read for its sections and for what follows from it
def straight(text: str) -> str:
    """A text with its bent words put right, as far as offsets stay what they are."""
    return _any_letter().straight(text)


@cache
def _listed(name: str) -> frozenset[str]:
    """A list of folded words that letters use."""
    listed = Path(__file__).with_name("listed_words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(listed)[name].split())
