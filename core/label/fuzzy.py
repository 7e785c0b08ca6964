"""A quote and a text, word by word: the places that differ by slips a model or a scanner makes.

What may differ: articles and prepositions left out or put in, and one slip inside a long word.
Numbers, signs, short words, negations and the first letter of a word may not, so that `5 mg` is
not taken for `50 mg`, nor `sintomatico` for `asintomatico`, nor `ipotensione` for `ipertensione`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein

from core.label.normal import bare, twins
from core.label.reading import Reading, Words

_SMALL = frozenset(
    "il lo la i gli le l un uno una di del dello della dei degli delle dell d da dal dallo dalla"
    " dai dagli dalle dall a ad al allo alla ai agli alle all in nel nello nella nei negli nelle"
    " nell su sul sullo sulla sui sugli sulle sull con per tra fra the an of at on to by".split()
)
_ALIKE = [frozenset(group) for group in ("aeoc", "0ft1jr", "bhk", "nuvmrw", "gqy9", "sz5", "dcl1")]
_SENTENCE_END = re.compile(r"[.!?;]\s+[^\W\d_a-z]|\n\s*\n")
_VOWELS = frozenset("aeo1")  # as `_shape` writes them; at the end of a word they only inflect it
_EDITED = 5  # letters: a shorter word is found as it is or not at all
_VOUCHED = 6  # letters: any one slip, where another word of the quote stands as it is
_SOLID = 7  # letters: one letter taken for one that looks like it
_LONG = 10  # letters: any one slip
_ANCHORS = 64  # places of one word that are looked at
_STEPS = 300_000  # of words compared for all quotes of a text together


class Fuzzy:
    """Looks quotes up in one text, with a bound on the work for all of them."""

    def __init__(self, there: Reading) -> None:
        self._there = there
        self._left = _STEPS

    def places(self, quote: Words) -> dict[int, int]:
        """Start -> end in the view of the places nearest to a normalised quote."""
        spoken = [index for index, word in enumerate(quote.words) if word not in _SMALL]
        if not _may_stand([quote.words[index] for index in spoken], self._there.bare):
            return {}
        if len(quote.text) > len(self._there.view.text) + 40 or self._left <= 0:
            return {}
        found: dict[int, int] = {}
        least = len(quote.text)
        done: set[tuple[int, int]] = set()
        for anchor, place in self._anchors(quote.words, spoken):
            if (anchor, place) in done:
                continue
            pairs, skipped = self._grown(quote.words, anchor, place)
            cost = self._cost(quote.words, pairs, skipped)
            if cost is None or cost > least:
                continue
            there = [index for _, index in pairs]
            stretch = self._stretch(quote, min(there), max(there))
            if stretch is not None:
                done.update(pairs)
                found = found if cost == least else {}
                least = cost
                found[stretch[0]] = stretch[1]
            if self._left <= 0:
                break
        return found

    def _anchors(self, words: Sequence[str], spoken: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Where to begin: the rarest words first, then words that look like a long one."""
        where = self._there.where
        known = [k for k in spoken if words[k] in where]
        if len(known) * 2 >= len(spoken):
            for index in sorted(known, key=lambda k: len(where[words[k]]))[:3]:
                for place in where[words[index]][:_ANCHORS]:
                    yield index, place
        longest = [k for k in spoken if k not in known and len(words[k]) >= _EDITED]
        if len(known) * 2 <= len(spoken):
            for index in sorted(longest, key=lambda k: -len(words[k]))[:2]:
                alike = self._there.initials.get(twins(words[index][0]), [])
                choices = [word for word in alike if len(word) >= _EDITED - 1]
                self._left -= len(choices) // 16
                near = process.extract(
                    words[index], choices, scorer=Levenshtein.distance, score_cutoff=3, limit=8
                )
                for word, _, _ in near:
                    for place in where[word][:_ANCHORS]:
                        yield index, place

    def _grown(
        self, quote: Sequence[str], anchor: int, at: int
    ) -> tuple[list[tuple[int, int]], int]:
        """The words of the quote and of the text that stand for each other around such a pair, and
        how many small ones are passed over; no pairs where the quote does not stand there."""
        words = self._there.words.words
        pairs = [(anchor, at)]
        skipped = 0
        for step in (1, -1):
            here, there, gap = anchor + step, at + step, 0
            while 0 <= here < len(quote):
                self._left -= 1
                word = words[there] if 0 <= there < len(words) else None
                if word is not None and _close(quote[here], word):
                    pairs.append((here, there))
                    here, there, gap = here + step, there + step, 0
                    continue
                if word in _SMALL and gap < 2:
                    there += step
                elif quote[here] in _SMALL:
                    here += step
                else:
                    return [], 0
                gap += 1
                skipped += 1
        return pairs, skipped

    def _cost(
        self, quote: Sequence[str], pairs: Sequence[tuple[int, int]], skipped: int
    ) -> int | None:
        """What a match changes; None where too little of the quote stands in the text as it is."""
        if not pairs:
            return None
        words = self._there.words.words
        told = [(quote[q], words[t]) for q, t in pairs if quote[q] not in _SMALL]
        slips = [(said, there) for said, there in told if said != there]
        same = len(told) - len(slips)
        if len(slips) > _most_slips(len(told)) or skipped > max(2, len(told) // 2):
            return None
        if not slips:
            alone = same == 1 and len(told[0][0]) < _EDITED
            return None if alone else skipped
        vouched = any(said == there and len(said) >= _EDITED for said, there in told)
        if not all(_slip(said, there, vouched) for said, there in slips):
            return None
        return skipped + sum(Levenshtein.distance(said, there) for said, there in slips)

    def _stretch(self, quote: Words, first: int, last: int) -> tuple[int, int] | None:
        """The match in the view, with the brackets at the ends of the quote; one sentence only."""
        view, there, wanted = self._there.view, self._there.words, quote.text
        start, end = there.starts[first], there.end(last)
        head, tail = wanted[: quote.starts[0]], wanted[quote.end(-1) :]
        if head and view.text[:start].endswith(head):
            start -= len(head)
        if tail and view.text.startswith(tail, end):
            end += len(tail)
        ends = _SENTENCE_END.search(self._there.text, view.start(start), view.start(end - 1) + 1)
        return None if ends and "." not in wanted and ";" not in wanted else (start, end)


def _may_stand(words: Sequence[str], letters: bytes) -> bool:
    """Whether a text of these bare letters can hold the words, but for a few slips."""
    left = _most_slips(len(words))
    for word in words:
        if bare(word) not in letters:
            if not left or len(word) < _EDITED - 1 or not word.isalpha():
                return False
            left -= 1
    return True


def _most_slips(words: int) -> int:
    """How many of so many words, articles and prepositions not counted, may be slips."""
    return max(1, words // 2)


@lru_cache(maxsize=8192)
def _close(said: str, there: str) -> bool:
    """Whether two words may be one at all, before it is known what else is in the quote."""
    return said == there or _slip(said, there, True)


@lru_cache(maxsize=8192)
def _slip(said: str, there: str, vouched: bool) -> bool:
    """Whether one long word is a slip of the other. `vouched`: another word of the quote stands.

    First letters and all but one letter agree. With nothing else to go by, a letter may stand only
    for one that looks like it, for `disfagia` is not `disfasia`.
    """
    if not (said.isalpha() and there.isalnum()) or min(len(said), len(there)) < _EDITED - 1:
        return False
    a, b = _shape(said), _shape(there)
    if a == b:
        return True
    longest = max(len(a), len(b))
    if a[0] != b[0] or longest < _EDITED:
        return False
    distance = OSA.distance(a, b, score_cutoff=2)
    if distance == 1:
        ending = a[:-1] == b[:-1] and {a[-1], b[-1]} <= _VOWELS
        looks = longest >= _SOLID and len(a) == len(b) and _alike(a, b)
        return ending or looks or longest >= (_VOUCHED if vouched else _LONG)
    return vouched and distance == 2 and len(a) == len(b) >= _LONG and _alike(a, b)


def _alike(a: str, b: str) -> bool:
    """Whether words of one length differ only in letters that scanners take for each other."""
    return all(
        x == y or any({x, y} <= group for group in _ALIKE) for x, y in zip(a, b, strict=True)
    )


def _shape(word: str) -> str:
    """A word as a scanner sees it: pairs of letters that look like one are one."""
    return twins(word).replace("rn", "m").replace("c1", "d").replace("vv", "w")
