"""Text as it is -> text as it reads: spellings of the same words become one, offsets lead back.

Two views. `normalised` takes away what no reader would call a difference; `squeezed` also what
scanners confuse: white space, hyphens inside words, and the twins 0/O and 1/l/I.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

_DASHES = frozenset("-‐‑‒–—―−﹣-")
_SINGLE = frozenset("'’‘‛ʼ`´′")
_DOUBLE = frozenset('"“”„«»″')
_SIGNS = {c: "-" for c in _DASHES} | {c: "'" for c in _SINGLE - {"`"}} | {c: '"' for c in _DOUBLE}

# What no single character stands for is marked at first.
_UNSEEN, _MANY = "\x00", "\x01"
_HIDDEN = re.compile(r"[\x00\x01]")

_MARKDOWN = re.compile(
    r"(?=[#>*`_\\])("
    r"(?<![^\n])#++(?= )|(?<=\n)>++(?! *[\d=])"  # a heading; a quotation, but not "> 60"
    r"|\\(?=[*_`#>])"
    r"|(?<!\d)[*`]++|[*`]++(?!\d)"  # 10*3 is a number
    r"|(?<![^\W_])_++|_++(?![^\W_]))"
)
_SPACING = re.compile(
    r"(?=[ \n])("
    r"(?<=\d)[ \n]++(?=[^\W\d_])"  # 1,2 mg
    r"|[ \n]++(?=[^\w\s.,-]|[.,-](?!\d))|(?<=\d)[ \n]++(?=-)"  # 10 %, mg /dl; not 2 .5, BE -5
    r"|(?<=[^\w\s.,:])[ \n]++|(?<=[.,:])[ \n]++(?!\d)"
    r"|(?<=[ \n])[ \n]++)"
)
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_TWINS = str.maketrans("oli|", "0111")
_SQUEEZE = re.compile(
    r"(?=[ -])("
    r"(?<!\d) +(?!\d)|(?<![\doli]) +| +(?![\doli])"  # never between the digits of two numbers
    r"|(?<=[^\W\d_])-(?=[^\W\d_]))"
)


@dataclass(frozen=True, slots=True)
class View:
    """A rewritten text; character k of it comes from the original's character `starts[k]`."""

    text: str
    starts: Sequence[int]

    def back(self, first: int, after: int) -> tuple[int, int] | None:
        """First and last character of a stretch in the original; None where it cuts one."""
        starts = self.starts
        if first > 0 and starts[first - 1] == starts[first]:
            return None
        if after < len(starts) and starts[after] == starts[after - 1]:
            return None
        return starts[first], starts[after - 1]


def normalised(text: str) -> View:
    """Accents, case, white space, dashes, quotes, decimal commas, Markdown marks made equal.

    Spaces stand only between words: none beside punctuation, none between a number and its unit.
    """
    view = _without(_MARKDOWN, _resolved(text))
    view = _without(_SPACING, View(_COMMA.sub(".", view.text), view.starts))
    return View(view.text.replace("\n", " "), view.starts)


def squeezed(view: View) -> View:
    """A normalised view read more loosely: for texts that came off a scanner."""
    close = _without(_SQUEEZE, view)
    return View(twins(close.text), close.starts)


def twins(text: str) -> str:
    """A normalised text with the letters that look like digits written as digits."""
    return text.translate(_TWINS)


def _resolved(text: str) -> View:
    """Character by character: several for one where one reads as several, none where it is unseen.

    No step works on the whole string, because case folding and decomposition change its length.
    """
    plain = text.translate(_FOLD)
    if not _HIDDEN.search(plain):
        return View(plain, range(len(plain)))
    pieces: list[str] = []
    starts: list[int] = []
    done = 0
    for match in _HIDDEN.finditer(plain):
        at = match.start()
        many = _folded(text[at]) if plain[at] == _MANY else ""
        pieces += plain[done:at], many
        starts += range(done, at)
        starts += [at] * len(many)
        done = at + 1
    pieces.append(plain[done:])
    starts += range(done, len(plain))
    return View("".join(pieces), starts)


def _without(pattern: re.Pattern[str], view: View) -> View:
    """A view with all that a pattern's one group matches left out."""
    parts = pattern.split(view.text)  # kept, left out, kept, ..., kept
    if len(parts) == 1:
        return view
    starts: list[int] = []
    at = 0
    for kept, out in zip_longest(parts[::2], parts[1::2], fillvalue=""):
        starts += view.starts[at : at + len(kept)]
        at += len(kept) + len(out)
    return View("".join(parts[::2]), starts)


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return "".join(c for c in plain if not is_mark(c))


class _Folding(dict[int, str]):
    """For `str.translate`: each character as it reads, or the mark of what it cannot be."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char in _SIGNS:
            plain = _SIGNS[char]
        elif char in "\n\v\f\x1c\x1d\x1e\x85\u2028\u2029":
            plain = "\n"
        elif char.isspace():
            plain = " "
        elif is_mark(char) or is_unseen(char):
            plain = _UNSEEN
        else:
            plain = _folded(char)
            plain = _MANY if len(plain) != 1 else plain
        if code < 0x3000:  # beyond, a hostile text could fill the memory
            self[code] = plain
        return plain


@lru_cache(maxsize=4096)
def is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


@lru_cache(maxsize=4096)
def is_unseen(char: str) -> bool:
    return unicodedata.category(char) in ("Cf", "Cc") and not char.isspace()


_FOLD = _Folding()


def at_word_edges(text: str, start: int, end: int) -> bool:
    """Whether a stretch begins and ends where words do; a decimal number counts as one word."""
    return _edge(text, start) and _edge(text, end)


def _edge(text: str, at: int) -> bool:
    if at == 0 or at == len(text):
        return True
    left, right = text[at - 1], text[at]
    if left == " " or right == " ":
        return not is_mark(right)
    if not (left.isascii() and right.isascii()):
        if is_mark(right):
            return False
        left, right = _neighbours(text, at)
    if left.isalpha():
        return not (right.isalpha() or right.isdigit() and _short_name(text, at))
    if left.isdigit():
        decimal = right in ".," and text[at + 1 : at + 2].isdigit()
        return not right.isdigit() and not decimal
    if left in ".," and right.isdigit():  # 2,5 and .5, but not the end of a sentence
        before = text[at - 2 : at - 1]
        return not (before.isdigit() or before.isspace() or at == 1)
    return True


def _neighbours(text: str, at: int) -> tuple[str, str]:
    """The characters seen on both sides of a place; a letter stands for its combining marks."""
    left, right = at - 1, at
    while left > max(at - 9, 0) and (is_unseen(text[left]) or is_mark(text[left])):
        left -= 1
    while right < min(at + 8, len(text) - 1) and is_unseen(text[right]):
        right += 1
    return text[left], text[right]


def _short_name(text: str, at: int) -> bool:
    """Whether the letters before a digit are too few to be a word run into it: SpO2, HbA1c."""
    return not (at >= 4 and text[at - 4 : at].isalpha())
