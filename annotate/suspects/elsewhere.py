"""The same words labelled two ways, as a source."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import log

from annotate.suspects.marks import Edit, Mark, Marked
from annotate.suspects.reasons import Reason, by_words

_LONGEST = 12  # words of a quote that is looked for elsewhere
_PRIOR = 0.5  # what is added to each count, so that one case is no certainty

Outcome = tuple[int, int, str] | None
"""What a person made of some words: the label on them, and how far its edges differ from theirs."""


class Elsewhere:
    """What people made of the same words in other places of the same section.

    `around`: how many words on each side must be the same too. Case and digits do not count.
    """

    def __init__(self, phrases: Sequence[Marked], around: int) -> None:
        self._phrases, self._around = phrases, around
        quotes = {
            phrase.plain[mark.first : mark.after] for phrase in phrases for mark in phrase.marks
        }
        self._quotes = {quote for quote in quotes if len(quote) <= _LONGEST}
        self._lengths = sorted({len(quote) for quote in self._quotes})
        self._made: dict[object, Counter[Outcome]] = {}
        for number, phrase in enumerate(phrases):
            for first, after in self._places(phrase):
                made = self._made.setdefault(self._key(number, first, after), Counter())
                made[self._outcome(number, first, after)] += 1

    def proposals(self, number: int) -> Iterator[Edit]:
        """What most other places have and this one has not."""
        phrase = self._phrases[number]
        for first, after in self._places(phrase):
            others = self._others(number, first, after)
            best = others.most_common(1)[0][0] if others else None
            if not others or best == self._outcome(number, first, after):
                continue
            here = next((m for m in phrase.marks if (m.first, m.after) == (first, after)), None)
            there = None if best is None else _moved(first, after, best)
            if there and not 0 <= there.first < there.after <= len(phrase.plain):
                continue
            if here or (there and not any(there.touches(mark) for mark in phrase.marks)):
                yield Edit(here, there)

    def favour(self, number: int, edit: Edit) -> float:
        new, old, others = self._told(number, edit)
        return log((others[new] + _PRIOR) / (others[old] + _PRIOR))

    def reason(self, number: int, edit: Edit) -> Reason | None:
        new, old, others = self._told(number, edit)
        if others[new] <= others[old]:
            return None
        moved = edit.kind == "boundary"
        label = None if new is None else new[2]
        return by_words(label, moved, others[new], others.total(), self._around > 0)

    def _told(self, number: int, edit: Edit) -> tuple[Outcome, Outcome, Counter[Outcome]]:
        """An edit as outcomes, new and old, of the words in question, and those of other places."""
        place = edit.before or edit.after
        assert place is not None  # an edit has one or the other
        old = None if edit.before is None else (0, 0, place.label)
        new: Outcome = None
        if edit.after is not None:
            new = (edit.after.first - place.first, edit.after.after - place.after, edit.after.label)
        return new, old, self._others(number, place.first, place.after)

    def _others(self, number: int, first: int, after: int) -> Counter[Outcome]:
        made = self._made.get(self._key(number, first, after))
        if made is None:
            return Counter()
        return made - Counter([self._outcome(number, first, after)])

    def _places(self, phrase: Marked) -> Iterator[tuple[int, int]]:
        """Where words stand that are marked somewhere."""
        for length in self._lengths:
            for first in range(len(phrase.plain) - length + 1):
                if phrase.plain[first : first + length] in self._quotes:
                    yield first, first + length

    def _key(self, number: int, first: int, after: int) -> object:
        phrase = self._phrases[number]
        before = phrase.plain[max(0, first - self._around) : first]
        behind = phrase.plain[after : after + self._around]
        section = phrase.annotation.phrase.section
        return section, phrase.plain[first:after], before, behind

    def _outcome(self, number: int, first: int, after: int) -> Outcome:
        place = Mark(first, after, "")
        for mark in self._phrases[number].marks:
            if mark.touches(place):
                return mark.first - first, mark.after - after, mark.label
        return None


def _moved(first: int, after: int, outcome: tuple[int, int, str]) -> Mark:
    return Mark(first + outcome[0], after + outcome[1], outcome[2])
