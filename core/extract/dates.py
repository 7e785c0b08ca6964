"""Dates as Italian letters write them, with their places: 02/09/2019, 2.9.19, 2 settembre 2019.

A year of two digits, or none, is completed from `near`, a day of the same stay. Letters that OCR
takes for digits (O, l, I) are forgiven, because a date allows no other reading.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.read.words.dates import Written, bare_days, written
from core.read.words.fold import fold
from core.read.words.slips import mended

OLDEST = 100  # a patient's age in years above which a birth year of two digits is read as 20yy
_SLIPS = str.maketrans("OoQlI|", "000111")
_D = r"[0-9OoQlI|]"
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
    """The dates of a text, in order; with `yearless` also "21/01" and "venerdì 29", whose year and
    month are taken from `near` and from the date before.
    """
    folded = fold(mended(text))
    places = list(written(folded))
    if yearless:
        places = sorted([*places, *bare_days(folded, places)], key=lambda place: place.start)
    for place in places:
        if place.year is None and not yearless:
            continue
        day = _day(place, near, birth=False)
        if day is not None:
            yield Found(place.start, place.end, day)


def read_date(
    quote: str, near: date | None = None, *, birth: bool = False, after: str = ""
) -> date | None:
    """The one day a quote names, or None. `after` follows it: "dal 20" + " al 27/01/2025"."""
    for place in sorted(written(fold(mended(quote))), key=lambda place: place.year is None):
        day = _day(place, near, birth)
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


def _day(place: Written, near: date | None, birth: bool) -> date | None:
    if place.year is None:  # no stay tells the year of a birth
        return None if birth else _nearest(place.day, place.month, near)
    year = int(place.year) if len(place.year) == 4 else _century(int(place.year), near, birth)
    return _valid(year, place.month, place.day)


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
