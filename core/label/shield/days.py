"""Dates moved by a number of days and written again the way they were."""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta

from core.label.shield.months import month, named, value, weekday, weekday_named
from core.read.words.months import ROMAN

_ROMANS = [figures.upper() for figures in ROMAN]
_SEP = r"\s{0,2}[./\-–]\s{0,2}"
_NAME = r"(?P<name>[^\W\d_]{2,10})"
_YEAR = r"\d{4}|['’]?\d\d"
_OF = r"(?:d(?:el|i)(?:l['’]anno)?\s+)?"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"(?P<d>\d{{1,2}}){_SEP}(?P<m>\d{{1,2}}){_SEP}(?P<y>\d{{4}}|\d\d)",
        r"(?P<y>\d{4})[./\-](?P<m>\d{1,2})[./\-](?P<d>\d{1,2})",
        r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)",
        rf"(?:(?P<d>\d{{1,2}}|prim[oa])\s?(?:[°º^ª]|st|nd|rd|th)?[\s.\-/,]*(?:di\s|of\s|de\s)?)?{_NAME}"
        rf"\.?(?:[\s,.\-/'’]+{_OF}(?P<y>{_YEAR}))?",
        rf"{_NAME}\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<y>\d{{4}}))?",
        rf"(?P<y>\d{{4}}),?\s(?P<d>\d{{1,2}})\s{_NAME}",
        rf"(?P<d>\d{{1,2}}){_SEP}(?P<roman>X?(?:IX|IV|V?I{{0,3}})){_SEP}(?P<y>\d{{4}}|\d\d)",
        rf"(?P<d>\d{{1,2}}){_SEP}(?P<roman>X?(?:IX|IV|V?I{{0,3}}))",
        r"(?P<m>\d{1,2})[./\-](?P<y>\d{4})",
        r"(?P<d>\d{1,2})[./\-](?P<m>\d{1,2})",
        r"(?P<m>\d\d)/(?P<y>\d\d)",
        r"(?P<d>\d{1,2})",
    )
)
_WORDS = re.compile(r"[^\W\d_]+(?:\s[^\W\d_]+){0,3}")
_WEEKDAY = re.compile(r"([^\W\d_]{3,9})(\.?,?\s)")
_DAY_BEFORE = re.compile(
    r"(\d{1,2})(\s?(?:,|-|–|/|e il|e del|ed|e|fino al|al|a)\s?(?:il\s)?)(?=\d)"
)
_INSIDE = re.compile(
    rf"\d{{1,2}}{_SEP}\d{{1,2}}{_SEP}(?:\d{{4}}|\d\d)|(?:\d{{1,2}}\s+)?(?<!\w)[^\W\d_]{{3,10}}(?!\w)"
    rf"(?:\s+(?:{_YEAR}))?|\d{{1,2}}/\d{{1,2}}",
)
_CLOSED = re.compile(r"\d{1,2}[./\-–]\d{1,2}[./\-–](?:\d{4}|\d\d)")
_GAP = re.compile(r"\d\s+\d")  # that a scan put between figures
_SCANNED = str.maketrans("OoIl|", "00111")
_SOONEST, _LATEST = 30, 364  # days back


class Days:
    """The dates of one letter, all to be moved by the same number of days.

    `dates`: how the letter writes them. No moved one is a real one; a date without a year counts
    into that of the latest with one. `drawn` chooses the number.
    """

    def __init__(self, dates: Iterable[str], drawn: int) -> None:
        texts = [_plain(text) for text in dates]
        full = [said[1] for text in texts if (said := _read(text)) and said[0].groupdict().get("y")]
        self._latest = max(full, default=date(2001, 7, 1))
        real = {said[1] for text in texts if (said := _read(text, self._latest))}
        spread = _LATEST - _SOONEST
        moves = [timedelta(-(_SOONEST + (drawn + n) % spread)) for n in range(spread)]
        self._move = next((m for m in moves if not any(day + m in real for day in real)), moves[0])

    def moved(self, text: str) -> str | None:
        """The date, or days and a date (dal 3 al 5 maggio), moved; None where none is read."""
        if (before := _WEEKDAY.match(text)) and (day := weekday(before[1])) is not None:
            rest = self.moved(text[before.end() :])
            other = weekday_named(day + self._move.days, before[1])
            return other + before[2] + rest if rest else None
        text = _plain(text)
        if said := self._listed(text):
            return said[0]
        inside = _INSIDE.sub(self._inside, text)
        return inside if inside != text else None

    def _inside(self, match: re.Match[str]) -> str:
        said = self._listed(match.group())
        return said[0] if said else match.group()

    def _listed(self, text: str) -> tuple[str, date] | None:
        """A date moved, or days that share the month of the one behind them; the first of them."""
        if said := _read(text, self._latest):
            match, day = said
            return _written(match, day + self._move), day
        before = _DAY_BEFORE.match(text)
        rest = self._listed(text[before.end() :]) if before else None
        if before is None or rest is None or not 1 <= int(before[1]) <= 31:
            return None
        day = _day_before(int(before[1]), rest[1])
        return str((day + self._move).day).zfill(len(before[1])) + before[2] + rest[0], day


def _day_before(number: int, later: date) -> date:
    """The day of that number in the month of a later one, or in the month before."""
    first = later.replace(day=1)
    if number > later.day:
        first = (first - timedelta(days=1)).replace(day=1)
    return _clamped(first.year, first.month, number)


def _plain(text: str) -> str:
    """Numbers said in words as digits; a scan's letters among digits, and noughts in names."""
    text = _WORDS.sub(_numbered, text)
    text = re.sub(r"(?<=[^\W\d_])0|(?<!\d)0(?=[^\W\d_]{2})", "o", text)
    text = re.sub(r"(?<![^\W\dOoIl_])[\dOoIl|]*\d[\dOoIl|]*|\b[lIO]{2}\b", _digits, text)
    closed = "".join(text.split())
    return closed if _CLOSED.fullmatch(closed) and _GAP.search(text) else text


def _numbered(match: re.Match[str]) -> str:
    """Words of which the longest runs that are numbers stand as digits."""
    words = match.group().split()
    told: list[str] = []
    while words:
        for length in range(len(words), 0, -1):
            number = value(" ".join(words[:length]))
            if number is not None and words[0] not in ("primo", "prima"):
                told.append(str(number))
                del words[:length]
                break
        else:
            told.append(words.pop(0))
    return " ".join(told)


def _digits(match: re.Match[str]) -> str:
    return match.group().translate(_SCANNED)


def _read(text: str, latest: date | None = None) -> tuple[re.Match[str], date] | None:
    """The day that a date means, and how it says so."""
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match and (day := _date(match.groupdict(), latest or date(2001, 7, 1))):
            return match, day
    return None


def _date(said: dict[str, str | None], latest: date) -> date | None:
    """The day meant; the last of the month for one that no month has."""
    year, number_of = _year(said.get("y")), _month(said)
    day = said.get("d") or "15"
    number = int(day) if day.isdigit() else 1
    if number_of is None and not any(said.get(part) for part in ("m", "name", "roman")):
        number_of = latest.month
    if number_of is None or not 1 <= number_of <= 12 or not 1 <= number <= 31:
        return None
    try:
        return _clamped(year if year is not None else latest.year, number_of, number)
    except (ValueError, OverflowError):
        return None


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def _year(digits: str | None) -> int | None:
    if digits is None:
        return None
    year = int(digits.strip("'’"))
    if len(digits.strip("'’")) == 4:
        return year if 1500 < year < 2500 else -1
    return year + (1900 if year > 30 else 2000)


def _month(said: dict[str, str | None]) -> int | None:
    if name := said.get("name"):
        return month(name)
    if roman := said.get("roman"):
        return _ROMANS.index(roman.upper()) + 1 if roman.upper() in _ROMANS else None
    number = said.get("m")
    return int(number) if number else None


def _written(match: re.Match[str], day: date) -> str:
    """The matched text with another day in it, the style of a month's name kept."""
    text = match.group()
    said = {key: value for key, value in match.groupdict().items() if value}
    for key in sorted(said, key=match.start, reverse=True):
        start, end = match.start(key) - match.start(), match.end(key) - match.start()
        text = text[:start] + _part(key, said[key], day) + text[end:]
    return text


def _part(key: str, old: str, day: date) -> str:
    if key == "d":
        return str(day.day).zfill(len(old)) if old.isdigit() else str(day.day)
    if key == "m":
        return str(day.month).zfill(len(old))
    if key == "roman":
        return _ROMANS[day.month - 1]
    if key == "y":
        mark = old[0] if old[0] in "'’" else ""
        return mark + f"{day.year:04d}"[-len(old.strip("'’")) :]
    return named(day.month, old)
