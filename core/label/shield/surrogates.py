"""Stand-ins of the same shape: for names, numbers, codes and dates of one letter.

All are drawn from a seed, so that the same letter is hidden the same way on every run and what was
asked before is recognised in the ledger. Who does not know the seed cannot go back.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

_MONTHS = (
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
).split()
_NAMES = "|".join(f"{name[:3]}(?:{name[3:]}|t)?" for name in _MONTHS)
_SEP = r"\s?[./\-–]\s?"
_DAY_FIRST = rf"(?P<d>\d{{1,2}}){_SEP}(?P<m>\d{{1,2}}){_SEP}(?P<y>\d{{4}}|\d{{2}})"
_YEAR_FIRST = r"(?P<y>\d{4})[./\-](?P<m>\d{1,2})[./\-](?P<d>\d{1,2})"
_WORDS = (
    rf"(?:(?P<d>\d{{1,2}})\s?[°º]?\s+)?(?P<name>{_NAMES})\.?"
    r"(?:\s+(?:del\s+)?(?P<y>\d{4}|['’]?\d\d))?"
)
_MONTH_YEAR = r"(?P<m>\d{1,2})[/\-](?P<y>\d{4})"
_DAY_MONTH = r"(?P<d>\d{1,2})[./\-](?P<m>\d{1,2})"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (_DAY_FIRST, _YEAR_FIRST, _WORDS, _MONTH_YEAR, _DAY_MONTH)
)
_START = "kwj"  # rare at the head of an Italian name: a stand-in is nobody's name
_CONSONANTS = "bdfglmnprstvz"
_VOWELS = "aeiou"


class Surrogates:
    """The stand-ins of one letter. `avoid`: its own words, none of which a stand-in may be."""

    def __init__(self, seed: bytes, avoid: frozenset[str] = frozenset()) -> None:
        self._seed = seed
        self._avoid = avoid
        drawn = int.from_bytes(hmac.digest(seed, b"days", "sha256")[:4], "big")
        self._days = timedelta(days=-(30 + drawn % 330))

    def name(self, text: str) -> str:
        """Letters for letters, capitals for capitals; the same for each writing of a word."""
        return re.sub(r"[^\W\d_]+", lambda match: self._word(match.group()), text)

    def number(self, text: str) -> str:
        """Each digit another digit, separators kept; a phone keeps its country and first digit."""
        prefix = re.match(r"(?:\+|00)39|[03]?", text)
        head = prefix.group() if prefix else ""
        return head + self._digits(text[len(head) :])

    def code(self, text: str) -> str:
        """Letters for letters, digits for digits."""
        stream = self._stream("code " + text.casefold())
        return "".join(_like(char, next(stream)) for char in text)

    def day(self, text: str) -> str:
        """The date moved by the letter's number of days, written the same way."""
        for pattern in _DATES:
            match = pattern.fullmatch(text)
            if match and (moved := self._moved(match)):
                return moved
        return self.code(text)

    def _word(self, word: str) -> str:
        key = plain(word)
        for attempt in count():
            stream = self._stream(f"name {attempt} {key}")
            letters = [
                (_START if not at else _VOWELS if at % 2 else _CONSONANTS)
                for at in range(len(word))
            ]
            made = "".join(choice[next(stream) % len(choice)] for choice in letters)
            if (made not in self._avoid and made != key) or attempt > 20:
                return "".join(
                    new.upper() if old.isupper() else new
                    for old, new in zip(word, made, strict=True)
                )
        raise AssertionError("count() does not end")

    def _digits(self, text: str) -> str:
        digits = "".join(char for char in text if char.isdigit())
        stream = self._stream("number " + digits)
        return "".join(_like(char, next(stream)) if char.isdigit() else char for char in text)

    def _moved(self, match: re.Match[str]) -> str | None:
        said = match.groupdict()
        month = _month(said.get("name") or "") or int(said.get("m") or 0)
        year = (said.get("y") or "2001").strip("'’")
        try:
            full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) > 30 else 2000)
            moved = date(full, month, int(said.get("d") or 15)) + self._days
        except (ValueError, OverflowError):
            return None
        new = {
            "d": str(moved.day).zfill(len(said.get("d") or "")),
            "m": str(moved.month).zfill(len(said.get("m") or "")),
            "y": f"{moved.year:04d}"[-len(year) :],
            "name": _MONTHS[moved.month - 1],
        }
        return _rewritten(match, new)

    def _stream(self, key: str) -> Iterator[int]:
        for block in count():
            message = f"{block} {key}".encode("utf-8", "surrogatepass")
            yield from hmac.digest(self._seed, message, "sha256")


def plain(word: str) -> str:
    """Lower case, without accents: what two writings of one name share."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _like(char: str, drawn: int) -> str:
    """Another character of the same kind."""
    if char.isdigit():
        return str((int(unicodedata.digit(char, 0)) + 1 + drawn % 9) % 10)
    if not char.isalpha():
        return char
    new = chr(ord("a") + drawn % 26)
    return new.upper() if char.isupper() else new


def _month(name: str) -> int:
    heads = [month[:3] for month in _MONTHS]
    return heads.index(name[:3].lower()) + 1 if name else 0


def _rewritten(match: re.Match[str], new: dict[str, str]) -> str:
    """The matched text with its groups replaced, the style of a month's name kept."""
    text = match.group()
    groups = [key for key, value in match.groupdict().items() if value]
    for key in sorted(groups, key=match.start, reverse=True):
        start, end = match.start(key) - match.start(), match.end(key) - match.start()
        value, old = new[key], text[start:end]
        if key == "name":
            value = value[:3] if len(old) <= 4 and old.lower() not in _MONTHS else value
            value = value.upper() if old.isupper() else value.title() if old[0].isupper() else value
        elif key == "y" and old[0] in "'’":
            value = old[0] + value
        text = text[:start] + value + text[end:]
    return text
