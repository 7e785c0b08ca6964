"""What the feature CRF sees of a phrase: strings, in which no private word stands.

A word enters as it is only where `known` holds it (`core.learn.data.vocabulary`); of any other
there is its shape ("Xx" for "Rossi"), and its first and last letters, three at most. A digit
is a digit, a section one of the schema's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

from core.learn.tags import Word, words
from core.schema import default_schema

UNKNOWN = "?"
_LONGEST_SHAPE = 4
_AFFIX = 3
_WORDS = 1 << 16
"""So many words are spelled but once; beyond, those not met for longest are spelled again."""
_REACH = 6
"""So many words to each side are seen at all, those further than 3 away without their place."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A phrase: its words' places, the words in small letters, as they may be told, their shapes,
    and whether each is glued to the one before."""

    places: tuple[Word, ...]
    plain: tuple[str, ...]
    told: tuple[str, ...]
    shapes: tuple[str, ...]
    glued: tuple[bool, ...]
    section: str


def look(text: str, section: str | None, known: Collection[str]) -> Seen:
    """A phrase as the features are made of it."""
    places = words(text)
    spelled = [_spelled(text[a:b]) for a, b in places]
    plain = tuple(word for word, _ in spelled)
    ends = [0, *(b for _, b in places)]
    return Seen(
        places=tuple(places),
        plain=plain,
        told=tuple(word if word in known else UNKNOWN for word in plain),
        shapes=tuple(shape for _, shape in spelled),
        glued=tuple(i > 0 and a == ends[i] for i, (a, _) in enumerate(places)),
        section=section if section in _sections() else "",
    )


@lru_cache(_WORDS)
def _spelled(word: str) -> tuple[str, str]:
    """A word in small letters, and its shape."""
    return key(word), _shape(word)


def key(word: str) -> str:
    """A word as a vocabulary counts it: in small letters, a number as so many zeros."""
    return "0" * len(word) if word.isdecimal() else word.casefold()


@cache
def _sections() -> frozenset[str]:
    return frozenset(f.name for f in default_schema().fields.values() if f.kind == "section")


def word_features(seen: Seen) -> list[list[str]]:
    """For each word what it is, what stands around it, and where it stands."""
    told = ("<", "<", "<", *seen.told, ">", ">", ">")
    shapes = ("<", "<", *seen.shapes, ">", ">")
    return [_word(seen, i, told[i : i + 7], shapes[i : i + 5]) for i in range(len(seen.places))]


def _word(seen: Seen, i: int, around: Sequence[str], forms: Sequence[str]) -> list[str]:
    """Of the word `i`, with the words up to 3 away and the shapes up to 2 away."""
    told = seen.told
    before3, before2, before, here, after, after2, after3 = around
    shape2, shape1, shape, then1, then2 = forms
    found = [
        "any",
        f"w={here}",
        f"s={shape}",
        f"in={seen.section}",
        f"in+w={seen.section}|{here}",
        f"w-1,0={before}|{here}",
        f"w0,1={here}|{after}",
        f"w-1,1={before}|{after}",
        f"w-2,-1={before2}|{before}",
        f"w1,2={after}|{after2}",
        f"s-1,0,1={shape1}|{shape}|{then1}",
        f"first={told[0]}",
        f"at={i if i < 3 else 3}",
        *affixes(seen.plain[i]),
        f"w-3={before3}",
        f"w-2={before2}",
        f"w-1={before}",
        f"w1={after}",
        f"w2={after2}",
        f"w3={after3}",
        f"s-2={shape2}",
        f"s-1={shape1}",
        f"s1={then1}",
        f"s2={then2}",
    ]
    if i > 3:
        found += ["left=" + word for word in told[i - _REACH if i > _REACH else 0 : i - 3]]
    if i + 4 < len(told):
        found += ["right=" + word for word in told[i + 4 : i + 1 + _REACH]]
    if seen.glued[i]:
        found.append("glued")
    if i + 1 < len(told) and seen.glued[i + 1]:
        found.append("glues")
    return found


def span_features(seen: Seen, first: int, after: int) -> list[str]:
    """For the words from `first` up to `after`: what they are, and what stands around them."""
    told, plain = seen.told, seen.plain
    inside = range(first, after)
    head = told[first] if told[first] != UNKNOWN else plain[first][:_AFFIX]
    last = told[after - 1] if told[after - 1] != UNKNOWN else plain[after - 1][-_AFFIX:]
    return [
        "any",
        f"in={seen.section}",
        f"in+first={seen.section}|{head}",
        f"first={head}",
        f"last={last}",
        f"words={min(after - first, 6)}",
        f"shape={'.'.join(seen.shapes[i] for i in inside)[:12]}",
        *(f"w={told[i]}" for i in inside),
        *(f"ww={told[i]}|{told[i + 1]}" for i in range(first, after - 1)),
        *(affix for i in inside for affix in affixes(plain[i], (_AFFIX,))),
        *near(seen, first, after),
        *(f"left={word}" for word in told[max(0, first - 8) : first]),
        *(f"right={word}" for word in told[after : after + _REACH]),
    ]


def near(seen: Seen, first: int, after: int) -> list[str]:
    """What stands next to the words from `first` up to `after`."""
    told = seen.told
    return [
        *(f"w-{d}={_at(told, first - d)}" for d in (1, 2, 3)),
        *(f"w+{d}={_at(told, after - 1 + d)}" for d in (1, 2, 3)),
        f"w-2,-1={_at(told, first - 2)}|{_at(told, first - 1)}",
        f"w+1,2={_at(told, after)}|{_at(told, after + 1)}",
    ]


def _at(row: Sequence[str], i: int) -> str:
    """What stands at a place, or that the phrase has begun or ended."""
    return "<" if i < 0 else ">" if i >= len(row) else row[i]


@lru_cache(_WORDS)
def affixes(word: str, sizes: Sequence[int] = (1, 2, 3)) -> tuple[str, ...]:
    """The first and the last letters of a word; of a number or a sign none."""
    if not word[0].isalpha():
        return ()
    return tuple(affix for n in sizes for affix in (f"{word[:n]}-", f"-{word[-n:]}"))


def _shape(word: str) -> str:
    """X for capitals, x for small letters, 0 for digits, each run once: "Xx", "X", "0"."""
    signs = (
        "X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else c for c in word
    )
    return "".join(sign for sign, _ in groupby(signs))[:_LONGEST_SHAPE]
