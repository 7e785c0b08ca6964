"""A phrase as the rules see it: folded (lower case, no accents, same length), in words."""

import re
import tomllib
from bisect import bisect_right
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from core.read.words.fold import fold
from core.read.words.slips import mended

_DIGIT = re.compile(r"\d")
# A dotted abbreviation is one word (f.a. -> fa); hyphens, slashes and apostrophes part words.
_WORD = re.compile(r"(?:[a-z]\.){2,}[a-z]?(?![a-z])|[^\W\d_]+\d*|\d+(?:[.,]\d+)*|[^\s'\-/]")
_IS = re.compile(r"[èÈe](?!\w)(?:(?<!\w[èÈ])(?<!e)|(?<=\b[Nn]on e))")  # its accent may be lost
_LEADER = re.compile(r"(?:\.\s?){2,}(?=\s?[.:]?\s)|\.{2,}")
# A full stop ends a sentence unless it ends an abbreviation.
# It begins with the sign it looks for, so that most of a text is passed over at once.
_STOP = re.compile(
    r"[.!;\n](?:(?<=[;\n])|(?=\s"
    r"|$)(?<!\bsig.)(?<!\bdr.)(?<!\bdott.)(?<!\bprof.)(?<!\bca.)(?<!\btel.)"
    r"(?<!\bgg.)(?!(?<=\bneg.)\sper\b)(?<!\bsosp.)(?<!\btrasf.)(?<!\bsec.)(?<!\bpregr.)(?<!\bpz.)(?<!\bcp.)(?<!\bcompl.)"
    r"(?<!(?<!')\b[a-z].))"
)


class Word(NamedTuple):
    """A word and where it stands. `norm` is what the lexicon is compared with."""

    start: int
    end: int
    norm: str


class Line:
    """The text of one phrase with its views, each made when first asked for.

    What the lines before it told (`before`, `near`, `told`) is set by who walks the letter.
    """

    def __init__(self, text: str, section: str | None = None, below: str = "") -> None:
        self.text = text
        self.mended, self.folded = _views(text)
        """The text with slips of OCR undone, and that folded; offsets stay what they are."""
        self.section = section
        self.near: date | None = None
        """The day of admission, where the letter gives it."""
        self.told = False
        """Whether the lines before have told of the operation."""
        self.before = ""
        """The folded phrase before, where it is a label without a value (a cell of a table)."""
        self.below = below
        """How the folded phrase below begins."""

    @cached_property
    def spoken(self) -> str:
        """Folded, but for the verb `è`, which would look like the conjunction."""
        folded = self.folded
        for match in _IS.finditer(self.text):
            folded = f"{folded[: match.start()]}è{folded[match.end() :]}"
        return folded

    @cached_property
    def has_figures(self) -> bool:
        """Whether a digit stands in it: without one there is no record, telephone or age."""
        return _DIGIT.search(self.folded) is not None

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return split_words(self.folded)

    @cached_property
    def stops(self) -> tuple[int, ...]:
        return tuple(match.end() for match in _STOP.finditer(self.folded))

    def sentence(self, offset: int) -> tuple[int, int]:
        """Where the sentence around an offset begins and ends."""
        number = bisect_right(self.stops, offset)
        edges = (0, *self.stops, len(self.text))
        return edges[number], edges[number + 1]


@lru_cache(512)  # a letter is looked at as a whole before its lines are
def _views(text: str) -> tuple[str, str]:
    plain = whole = mended(text)
    if plain.count(".") > 1:
        plain = _LEADER.sub(lambda match: " " * len(match[0]), plain)
    return whole, fold(plain)


def split_words(folded: str) -> tuple[Word, ...]:
    return tuple(Word(*match.span(), _norm(match[0])) for match in _WORD.finditer(folded))


def _norm(word: str) -> str:
    """An abbreviation without its stops; "nn", in a hurry, is "non"."""
    return "non" if word == "nn" else word.replace(".", "") or "."


def function_words() -> frozenset[str]:
    """Folded words of Italian that are in every text: articles, pronouns, forms of avere."""
    listed = Path(__file__).with_name("function_words.toml").read_text(encoding="utf-8")
    return frozenset(fold(tomllib.loads(listed)["words"]).split())
