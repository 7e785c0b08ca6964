"""A line in words, and how far a name reaches in it."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from core.label.shield.words import (
    Word,
    is_called,
    is_clinical,
    is_given,
    is_ordinary,
    may_be_called,
    never_a_name,
    words,
)
from core.read.words.fold import fold

PARTICLES = frozenset(
    """di de da del della dello dei degli dal dalla dall d dell la lo li le van von der den el al
    ben mac mc st sant zu ter""".split()
)
PARTICLES_OF_PLACES = PARTICLES | frozenset(
    "san santa delle in sul sull sulla nell nel alla e s".split()
)
_JOINT = re.compile(r"[ \t\n\u00a0]{0,3}|['’‘`´]\s?|-|\.\s?|[ ]?\*{1,2}[ ]?")
_LEAD = re.compile(r"[\s.:,;|=_*\-–>/()\"“”«»\[\]°º]{0,16}|\s*\|[\s|]*")
_LONGEST = 5


class Line:
    """The text of one phrase, folded and in words."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = fold(text)
        self.words = words(text)
        self._starts = [word.start for word in self.words]

    def at(self, place: int) -> int | None:
        """The word that begins at a place, but for what may stand between a cue and a name."""
        index = self.first_from(place)
        if index < len(self.words) and _LEAD.fullmatch(self.text, place, self._starts[index]):
            return index
        return None

    def first_from(self, place: int) -> int:
        """The first word from a place on, or the number of words."""
        return bisect_left(self._starts, place)

    def name(
        self,
        index: int | None,
        sure: int = 0,
        particles: frozenset[str] = PARTICLES,
        by_its_end: bool = True,
    ) -> list[Word]:
        """The words of a name from here on; the first `sure` ones whatever else they mean."""
        taken: list[Word] = []
        whole = 0
        for word in self.words[index : index + 9] if index is not None else ():
            if taken and not self.joins(taken[-1], word):
                break
            if word.key in particles:
                taken.append(word)
                continue
            if not word.capital or (
                never_a_name(word.key) and not self._may_be(word, whole < sure, whole > 0)
            ):
                break
            if len(word.text) > 1:
                certain = whole < sure and not (taken and taken[-1].text.islower())
                certain = certain or self._has_company(word, taken)
                if not certain and is_clinical(word.text, by_its_end or word.shouted):
                    break
                whole += 1
            elif not self.is_initial(word):
                break
            taken.append(word)
            if whole == _LONGEST:
                break
        while taken and taken[-1].key in particles and not (taken[-1].capital and whole):
            taken.pop()
        return taken if whole else []

    def _may_be(self, word: Word, sure: bool, goes_on: bool) -> bool:
        """Whether an initial, or Nella in Sig.ra Nella Pietra; not so Nella TC."""
        if len(word.text) == 1:
            return True
        if not (sure and may_be_called(word.key)):
            return False
        behind = self.words[self.first_from(word.end) :][:1]
        return goes_on or any(other.capital and self.joins(word, other) for other in behind)

    def _has_company(self, word: Word, before: Sequence[Word]) -> bool:
        """Whether another part of a name stands beside: Rosa in Petrucci Rosa, Rossi Mario."""
        if before and before[-1].capital and len(before[-1].text) > 1 and is_called(word.key):
            return True
        return not is_ordinary(word.key) and self._before_given(word)

    def _before_given(self, word: Word) -> bool:
        """Whether a given name stands right behind."""
        index = self.first_from(word.end)
        return (
            index < len(self.words)
            and self.words[index].capital
            and is_given(self.words[index].key)
            and self.joins(word, self.words[index])
        )

    def joins(self, one: Word, other: Word) -> bool:
        """Whether two words may belong to one name by what stands between them."""
        gap = self.text[one.end : other.start]
        if "." in gap and len(one.text) > 3:
            return False
        return bool(_JOINT.fullmatch(gap))

    def is_initial(self, word: Word) -> bool:
        return (
            len(word.text) == 1
            and word.capital
            and self.text[word.end : word.end + 1] in (".", "'", "’", " ", "")
        )
