"""Text as it is -> text as it reads: spellings of the same words become one, offsets lead back.

Two views. `normalised` takes away what no reader would call a difference; `squeezed` also what
scanners confuse: white space, hyphens inside words, and the twins 0/O and 1/l/I.
"""

import re
import unicodedata
from bisect import bisect_right
from codecs import charmap_decode
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

_DASHES = frozenset("-‐‑‒–—―−﹣-")
_SINGLE = frozenset("'’‘‛ʼ`´′")
_DOUBLE = frozenset('"“”„«»″')
_SIGNS = {c: "-" for c in _DASHES} | {c: "'" for c in _SINGLE - {"`"}} | {c: '"' for c in _DOUBLE}

# What no single character stands for is marked at first.
_UNSEEN, _MANY = "\x00", "\x01"
_HIDDEN = re.compile(r"[\x00\x01]")

_MARK = re.compile(r"[#>*`_\\]")
_MARKDOWN = re.compile(
    r"(?=[#>*`_\\])("
    r"(?<![^\n])#++(?= )|(?<=\n)>++(?! *[\d=])"  # a heading; a quotation, but not "> 60"
    r"|\\(?=[*_`#>])"
    r"|(?<!\d)[*`]++|[*`]++(?!\d)"  # 10*3 is a number
    r"|(?<![^\W_])_++|_++(?![^\W_]))"
)
_SPACING = re.compile(
    r"([ \n](?!(?<=[a-z].)[a-z])(?:"  # most often between two words
    r"(?<=\d.)[ \n]*+(?=[^\W\d_]|-)"  # 1,2 mg
    r"|[ \n]*+(?=[^\w\s.,-]|[.,-](?!\d))"  # 10 %, mg /dl; not 2 .5, BE -5
    r"|(?<=[^\w\s.,:].)[ \n]*+|(?<=[.,:].)[ \n]*+(?!\d)"
    r"|(?<=[ \n].)[ \n]*+))",
    re.DOTALL,
)
_COMMA = re.compile(r",(?<=\d,)(?=\d)")
TWIN = {"o": "0", "l": "1", "i": "1", "|": "1"}
_TWINS = str.maketrans(TWIN)
_SQUEEZE = re.compile(
    r"( (?!(?<=\d )[\doli]|(?<=[oli] )\d)"  # never between the digits of two numbers
    r"|-(?<=[^\W\d_]-)(?=[^\W\d_]))"
)


class View(NamedTuple):
    """A rewritten text. Piece k of it, from `at[k]` on, is what stood from `origin[k]` on in the
    view `below`, or in the text itself. `whole`: every character of it stands for whole ones."""

    text: str
    at: Sequence[int] = (0,)
    origin: Sequence[int] = (0,)
    below: "View | None" = None
    whole: bool = True

    def saying(self, text: str) -> "View":
        """The same with other characters, one for one."""
        return self if text == self.text else self._replace(text=text)

    def start(self, at: int) -> int:
        """Where a character of the view comes from in the original."""
        piece = bisect_right(self.at, at) - 1
        place = self.origin[piece] + at - self.at[piece]
        return self.below.start(place) if self.below else place

    def back(self, first: int, after: int) -> tuple[int, int] | None:
        """First and last character of a stretch in the original; None where it cuts one."""
        start, last = self.start(first), self.start(after - 1)
        if not self.whole:
            if first > 0 and self.start(first - 1) == start:
                return None
            if after < len(self.text) and self.start(after) == last:
                return None
        return start, last


def normalised(text: str) -> View:
    """Accents, case, white space, dashes, quotes, decimal commas, Markdown marks made equal.

    Spaces stand only between words: none beside punctuation, none between a number and its unit.
    """
    return tidied(folded(text))


def tidied(view: View) -> View:
    """`normalised`, for a text that is folded already."""
    if _MARK.search(view.text):
        view = _without(_MARKDOWN, view)
    view = _without(_SPACING, view.saying(_COMMA.sub(".", view.text)))
    return view.saying(view.text.replace("\n", " "))


def squeezed(view: View) -> View:
    """A normalised view read more loosely: for texts that came off a scanner."""
    close = _without(_SQUEEZE, view)
    return close.saying(twins(close.text))


def twins(text: str) -> str:
    """A normalised text with the letters that look like digits written as digits."""
    return text.translate(_TWINS)


def bare(text: str) -> bytes:
    """A folded text without spaces and common signs, twins as one. What is not in the bare text
    cannot be in a view of it, be it normalised or squeezed."""
    return text.encode("utf-8", "surrogatepass").translate(_BARE, _SPARE)


def folded(text: str) -> View:
    """Character by character: several for one where one reads as several, none where it is unseen.

    No step works on the whole string, because case folding and decomposition change its length.
    """
    plain = _read(text)
    if _UNSEEN not in plain and _MANY not in plain:
        return View(plain)
    pieces: list[str] = []
    at: list[int] = []
    origin: list[int] = []
    done = size = 0
    for match in _HIDDEN.finditer(plain + _UNSEEN):
        there = match.start()
        pieces.append(plain[done:there])
        at.append(size)
        origin.append(done)
        size += there - done
        done = there + 1
        if match[0] == _MANY:
            many = _folded(text[there])
            pieces.append(many)
            at += range(size, size + len(many))
            origin += [there] * len(many)
            size += len(many)
    return View("".join(pieces), at, origin, whole=_MANY not in plain)


def _read(text: str) -> str:
    """Each character as it reads, or the mark of what it cannot be."""
    try:
        return charmap_decode(text.encode(_COMMON), "strict", _COMMON_FOLD)[0]
    except UnicodeEncodeError:
        return text.translate(_FOLD)


def _without(pattern: re.Pattern[str], view: View) -> View:
    """A view with all that a pattern's one group matches left out."""
    parts = pattern.split(view.text)  # kept, left out, kept, ..., kept
    if len(parts) == 1:
        return view
    kept = parts[::2]
    ends = list(accumulate(map(len, parts)))
    at = list(accumulate(map(len, kept[:-1]), initial=0))
    return View("".join(kept), at, [0, *ends[1::2]], view, view.whole)


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
# The characters of most letters, by one table: a quarter of what `str.translate` takes.
_COMMON = "cp1252"
_COMMON_FOLD = bytes(range(256)).decode(_COMMON, "replace").translate(_FOLD)
_BARE = bytes(ord(TWIN.get(chr(code), "") or chr(code)) for code in range(256))
_SPARE = bytes(code for code in range(128) if chr(code) not in TWIN and not chr(code).isalnum())


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
