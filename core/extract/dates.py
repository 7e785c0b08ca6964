"""Dates as Italian letters write them, with their places: 02/09/2019, 2.9.19, 2 settembre 2019.

A year of two digits, or none, is completed from `near`, a day of the same stay. Letters that OCR
takes for digits (O, l, I) are forgiven, because a date allows no other reading.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.read.months import ROMAN, STEMS, month

OLDEST = 100  # a patient's age in years above which a birth year of two digits is read as 20yy
_SLIPS = str.maketrans("OoQlI|", "000111")
_D = r"[0-9OoQlI|]"
_SEPARATOR = r"(?P<sep>\s?[/.\-–]\s?|\s|\|)"
_NUMERIC = re.compile(
    rf"(?<![\w/,.-])(?P<d>{_D}{{1,2}}){_SEPARATOR}(?P<m>{_D}{{1,2}})"
    rf"(?:(?P=sep)\s?(?P<y>{_D}{{4}}|'?{_D}{{2}}))?(?![\w/])(?![.,-]\d)"
)
_ISO = re.compile(r"(?<![\w/-])(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?![\w/-])")
_WORDS = re.compile(
    r"(?<![\w/.,])(?P<d>[0-9OlI]{1,2}|primo)\s?[°ºª^]?[\s/-]*(?:di\s+|del\s+mese\s+di\s+)?"
    r"(?P<m>gen(?:n|naio)?|feb(?:b|braio)?|mar(?:zo)?|apr(?:ile)?|mag(?:g|gio)?|giu(?:gno)?"
    r"|lug(?:lio)?|ago(?:sto)?|sett?(?:embre)?|ott(?:obre)?|nov(?:embre)?|dic(?:embre)?)(?![a-zà-ù])"
    r"(?:\.?[\s/-]*(?:del\s+|dell'anno\s+)?(?P<y>\d{4}|'?\d{2})(?!\w|[.,/:]\d))?",
    re.IGNORECASE,
)
_ROMAN = re.compile(
    r"(?<![\w/.,-])(?P<d>\d{1,2})[/.\s-](?P<m>[IVX]{1,4})[/.\s-](?P<y>\d{4}|'?\d{2})(?![\w/])"
)
_DAY = re.compile(r"\W*(\d{1,2})\W*")
_YEAR = re.compile(
    rf"(?<![\w])(?:'(?P<short>\d{{2}})|(?P<long>[1lI]9{_D}{{2}}|2[0O]{_D}{{2}}))(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A date and the place that says it."""

    start: int
    end: int
    day: date


def find_dates(text: str, near: date | None = None, yearless: bool = False) -> Iterator[Found]:
    """The dates of a text, in order; with `yearless` also "21/01", its year taken from `near`."""
    for match in sorted(_matches(text), key=lambda match: match.start()):
        if match["y"] is None and not yearless:
            continue
        day = _day(match, near, birth=False)
        if day is not None:
            yield Found(match.start(), match.end(), day)


def read_date(
    quote: str, near: date | None = None, *, birth: bool = False, after: str = ""
) -> date | None:
    """The one day a quote names, or None. `after` follows it: "dal 20" + " al 27/01/2025"."""
    for match in sorted(_matches(quote), key=lambda match: match["y"] is None):
        day = _day(match, near, birth)
        if day is not None:
            return day
    bare = _DAY.fullmatch(quote)
    following = next(find_dates(after[:40], near), None) if bare else None
    return _earlier(int(bare[1]), following.day) if bare and following else None


def read_year(quote: str, near: date | None = None) -> str | None:
    """The year a quote names, as four digits: "2008", "nel '98", "03/2011", "12/05/2011"."""
    match = _YEAR.search(quote)
    if match and match["long"]:
        return match["long"].translate(_SLIPS)
    if match:
        return str(_century(int(match["short"]), near, birth=False))
    day = next(find_dates(quote, near), None)
    if day is not None:
        return str(day.day.year)
    slashed = re.search(r"(?:/|-)((?:19|20)\d\d)\b", quote)
    return slashed[1] if slashed else None


def latest_date(text: str) -> date | None:
    """The latest day that a text writes with its year: what the other dates lie near to."""
    return max((found.day for found in find_dates(text)), default=None)


def _matches(text: str) -> Iterator[re.Match[str]]:
    for pattern in (_ISO, _NUMERIC, _WORDS, _ROMAN):
        for match in pattern.finditer(text):
            digits = sum(character.isdigit() for character in match[0])
            # A blank separates numbers of any kind: only a whole year makes it a date.
            loose = pattern is _NUMERIC and match["sep"].isspace() and len(match["y"] or "") < 4
            if not loose and digits >= (1 if pattern is _WORDS else 2):
                yield match


def _day(match: re.Match[str], near: date | None, birth: bool) -> date | None:
    written = match["d"].lower()
    day = 1 if written == "primo" else int(match["d"].translate(_SLIPS))
    number = _month(match["m"].lower())
    if match["y"] is None and birth:
        return None  # no stay tells the year of a birth
    if match["y"] is None:
        return _nearest(day, number, near)
    digits = match["y"].lstrip("'").translate(_SLIPS)
    year = int(digits) if len(digits) == 4 else _century(int(digits), near, birth)
    return _valid(year, number, day)


def _month(written: str) -> int:
    if written[:3] in STEMS:
        return month(written)
    if written in ROMAN:
        return ROMAN.index(written) + 1
    digits = written.translate(_SLIPS)
    return int(digits) if digits.isdigit() else 0


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1900 <= year <= 2100 else None
    except ValueError:
        return None


def _century(short: int, near: date | None, birth: bool) -> int:
    """A birth makes nobody older than `OLDEST`; other days lie before or just after `near`."""
    if near is None:
        return 1900 + short if birth or 2000 + short > date.today().year + 1 else 2000 + short
    if birth:
        return 1900 + short if near.year - 1900 - short <= OLDEST else 2000 + short
    return 2000 + short if 2000 + short <= near.year + 1 else 1900 + short


def _nearest(day: int, month: int, near: date | None) -> date | None:
    if near is None:
        return None
    days = (_valid(near.year + shift, month, day) for shift in (-1, 0, 1))
    return min((d for d in days if d), key=lambda d: abs((d - near).days), default=None)


def _earlier(day: int, end: date) -> date | None:
    """The last such day of the month that is not after `end`."""
    if day <= end.day:
        return _valid(end.year, end.month, day)
    month = end.month - 1 or 12
    return _valid(end.year - (month == 12), month, day)
