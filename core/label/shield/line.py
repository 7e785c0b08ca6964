"""A line in words, and how far a name reaches in it."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from core.label.rules.words import fold
from core.label.shield.words import (
    Word,
    is_called,
    is_clinical,
    is_given,
    never_a_name,
    words,
)

PARTICLES = frozenset(
    """di de da del della dello dei degli dal dalla dall d dell la lo li le van von der den el al
    ben mac mc st san sant santa zu ter""".split()
)
PARTICLES_OF_PLACES = PARTICLES | {
    "delle",
    "in",
    "sul",
    "sull",
    "sulla",
    "nell",
    "nel",
    "alla",
    "e",
    "s",
}
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
            if not word.capital or (never_a_name(word.key) and len(word.text) > 1):
                break
            if len(word.text) > 1:
                certain = whole < sure and not (taken and taken[-1].text.islower())
                certain = certain or (is_called(word.key) and self._has_company(word, taken))
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

    def _has_company(self, word: Word, before: Sequence[Word]) -> bool:
        """Whether another part of a name stands beside: Rosa in Petrucci Rosa, Rossi Mario."""
        if before and before[-1].capital and len(before[-1].text) > 1:
            return True
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
