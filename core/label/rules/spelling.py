"""Words of the lexicon as hurried hands spell them: fibrilazione, ipertenzione, clopidogel.

A word of no meaning to the lexicon is the one of its words that differs by a letter left out (or,
of long words, put in, turned round, or taken for one that sounds or looks alike), letters written
twice aside; none where two could be meant. Candidates come from an index of words with one letter
left out (Garbe's symmetric delete).
"""

import re
from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA

SPELT_FROM = 5  # letters; shorter words are too like each other
_TURNED_ONLY = 6  # of words this short only letters turned round are a slip
_TWICE = re.compile(r"([a-z])\1")
_ENDINGS = "aeio"
_LONG = 9
_REMEMBERED = 50_000  # words looked up, of an archive without end
_ALIKE = frozenset(map(frozenset, ("zs", "il", "gq", "cg", "tl", "nm", "bd", "td", "pb", "vu")))
_FORMS = re.compile(
    r"(?:ic[aoi]|iche|ologi(?:c?[aoei]|che|st[aei])|ica(?:mente)?|iv[ao]|at[aeio]|ut[aeio]|are"
    r"|ere|ire|ando|endo)$"
)
# Words of their own, a letter away from one of the lexicon.
_OWN = frozenset(
    "dimesso dimessa radiale braccio potassio epatica eiezione sospetto infatti".split()
)


class Spelling:
    """The longer words of a lexicon, found by what is left of them."""

    def __init__(self, known: Iterable[str]) -> None:
        self._index: dict[str, list[str]] = {}
        self._meant: dict[str, str | None] = {}
        for word in known:
            if len(word) >= SPELT_FROM and word.isalpha():
                for key in _keys(_plain(word)):
                    self._index.setdefault(key, []).append(word)

    def meant(self, word: str) -> str | None:
        """The lexicon's word that a misspelt one means."""
        if word not in self._meant:
            if len(self._meant) >= _REMEMBERED:
                self._meant.clear()
            looked = word.isalpha() and word not in _OWN
            self._meant[word] = self._find(word) if looked else None
        return self._meant[word]

    def _find(self, word: str) -> str | None:
        plain = _plain(word)
        near = {one for key in _keys(plain) for one in self._index.get(key, ())}
        found: dict[int, list[str]] = {}
        for one in near:
            meant = _plain(one)
            turned = sorted(plain) == sorted(meant)
            likely = turned or len(one) > _TURNED_ONLY and not _inflected(word, one)
            if one[0] == word[0] and likely and _slip(plain, meant):
                found.setdefault(OSA.distance(plain, meant), []).append(one)
        best = found.get(0) or found.get(1) or []
        return best[0] if len(best) == 1 else None


def _plain(word: str) -> str:
    return _TWICE.sub(r"\1", word)


def _keys(word: str) -> Iterator[str]:
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def _slip(seen: str, meant: str) -> bool:
    """Whether one is the other but for a letter that hands leave out, or of the kinds above."""
    if OSA.distance(seen, meant) > 1:
        return False
    if seen == meant or len(seen) < len(meant) or sorted(seen) == sorted(meant):
        return True
    if len(meant) < _LONG:
        return False
    pairs = [{a, b} for a, b in zip(seen, meant, strict=False) if a != b]
    same = len(seen) == len(meant)
    return not same or len(pairs) == 2 or frozenset(pairs[0]) in _ALIKE


def _inflected(one: str, other: str) -> bool:
    """Whether only the ending differs: another number, gender or part of speech is another word."""
    if one[:-1] == other[:-1] and one[-1] in _ENDINGS and other[-1] in _ENDINGS:
        return True
    forms = [_FORMS.sub("", word).rstrip(_ENDINGS) for word in (one, other)]
    return forms[0] == forms[1] and len(forms[0]) > 3
