"""A quote and a text, word by word: the places that differ by slips a model or a scanner makes.

What may differ: articles and prepositions left out or put in, and one slip inside a long word.
Numbers, signs, short words, negations and the first letter of a word may not, so that `5 mg` is
not taken for `50 mg`, nor `sintomatico` for `asintomatico`, nor `ipotensione` for `ipertensione`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein

from core.label.normal import View, twins

_WORD = re.compile(
    r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+|[%‰°+<>=≤≥±~]"
    r"|(?<![\w)\]])-(?=\d)|(?<=[^\W\d_])-(?!\w)"  # a sign, not a hyphen: -5, Rh-
)
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


class _Words:
    """The words of a normalised text and where they stand in it."""

    def __init__(self, text: str) -> None:
        spans = [match.span() for match in _WORD.finditer(text)]
        self.words = [text[start:end] for start, end in spans]
        self.starts = [start for start, _ in spans]

    def end(self, index: int) -> int:
        return self.starts[index] + len(self.words[index])


class Fuzzy:
    """Looks quotes up in one normalised text, with a bound on the work for all of them."""

    def __init__(self, text: str, view: View, offset: int = 0) -> None:
        self._text = text
        self._offset = offset
        self._view = view
        self._left = _STEPS

    @cached_property
    def _there(self) -> _Words:
        return _Words(self._view.text)

    @cached_property
    def _where(self) -> dict[str, list[int]]:
        where: dict[str, list[int]] = defaultdict(list)
        for index, word in enumerate(self._there.words):
            where[word].append(index)
        return dict(where)

    @cached_property
    def _initials(self) -> dict[str, list[str]]:
        """The long words of the text by their first letter."""
        initials: dict[str, list[str]] = defaultdict(list)
        for word in self._where:
            if len(word) >= _EDITED - 1:
                initials[twins(word[0])].append(word)
        return dict(initials)

    def places(self, wanted: str) -> dict[int, int]:
        """Start -> end in the view of the places nearest to a normalised quote."""
        if len(wanted) > len(self._view.text) + 40 or self._left <= 0:
            return {}
        quote = _Words(wanted)
        spoken = [k for k, word in enumerate(quote.words) if word not in _SMALL]
        found: dict[int, int] = {}
        least = len(wanted)
        for anchor, place in self._anchors(quote.words, spoken):
            match = self._grown(quote.words, anchor, place)
            if match is None or (cost := match[2]) > least:
                continue
            stretch = self._stretch(wanted, quote, match[0], match[1])
            if stretch is not None:
                found = found if cost == least else {}
                least = cost
                found[stretch[0]] = stretch[1]
            if self._left <= 0:
                break
        return found

    def _anchors(self, words: Sequence[str], spoken: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Where to begin: the rarest words first, then words that look like a long one."""
        known = [k for k in spoken if words[k] in self._where]
        if len(known) * 2 >= len(spoken):
            for index in sorted(known, key=lambda k: len(self._where[words[k]]))[:3]:
                for place in self._where[words[index]][:_ANCHORS]:
                    yield index, place
        longest = [k for k in spoken if k not in known and len(words[k]) >= _EDITED]
        if len(known) * 2 <= len(spoken):
            for index in sorted(longest, key=lambda k: -len(words[k]))[:2]:
                choices = self._initials.get(twins(words[index][0]), [])
                self._left -= len(choices) // 16
                near = process.extract(
                    words[index], choices, scorer=Levenshtein.distance, score_cutoff=3, limit=8
                )
                for word, _, _ in near:
                    for place in self._where[word][:_ANCHORS]:
                        yield index, place

    def _grown(self, quote: Sequence[str], anchor: int, at: int) -> tuple[int, int, int] | None:
        """First and last word of the text and the cost of a match through one pair of words."""
        pairs = [(anchor, at)]
        skipped = 0
        for step in (1, -1):
            here, there, gap = anchor + step, at + step, 0
            while 0 <= here < len(quote):
                self._left -= 1
                word = self._there.words[there] if 0 <= there < len(self._there.words) else None
                if word is not None and _close(quote[here], word):
                    pairs.append((here, there))
                    here, there, gap = here + step, there + step, 0
                    continue
                if word in _SMALL and gap < 2:
                    there += step
                elif quote[here] in _SMALL:
                    here += step
                else:
                    return None
                gap += 1
                skipped += 1
        cost = self._cost(quote, pairs, skipped)
        return None if cost is None else (min(p[1] for p in pairs), max(p[1] for p in pairs), cost)

    def _cost(
        self, quote: Sequence[str], pairs: Sequence[tuple[int, int]], skipped: int
    ) -> int | None:
        """What a match changes; None where too little of the quote stands in the text as it is."""
        told = [(quote[q], self._there.words[t]) for q, t in pairs if quote[q] not in _SMALL]
        slips = [(said, there) for said, there in told if said != there]
        same = len(told) - len(slips)
        if len(slips) > max(1, len(told) // 2) or skipped > max(2, len(told) // 2):
            return None
        if not slips:
            alone = same == 1 and len(told[0][0]) < _EDITED
            return None if alone else skipped
        vouched = any(said == there and len(said) >= _EDITED for said, there in told)
        if not all(_slip(said, there, vouched) for said, there in slips):
            return None
        return skipped + sum(Levenshtein.distance(said, there) for said, there in slips)

    def _stretch(self, wanted: str, quote: _Words, first: int, last: int) -> tuple[int, int] | None:
        """The match in the view, with the brackets at the ends of the quote; one sentence only."""
        view, there = self._view, self._there
        start, end = there.starts[first], there.end(last)
        head, tail = wanted[: quote.starts[0]], wanted[quote.end(-1) :]
        if head and view.text[:start].endswith(head):
            start -= len(head)
        if tail and view.text.startswith(tail, end):
            end += len(tail)
        low, high = view.starts[start] + self._offset, view.starts[end - 1] + 1 + self._offset
        ends = len(_SENTENCE_END.findall(self._text, low, high))
        return None if ends and "." not in wanted and ";" not in wanted else (start, end)


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
