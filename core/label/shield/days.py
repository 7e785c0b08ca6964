"""Dates moved by a number of days and written again the way they were."""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta

from core.label.shield.numbers import MONTHS

_ROMANS = "I II III IV V VI VII VIII IX X XI XII".split()
_NAMES = "|".join(f"{name[:3]}(?:{name[3:]}|t|o)?" for name in MONTHS)
_SEP = r"\s?[./\-–]\s?"
_YEAR = r"\d{4}|['’]?\d\d"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"(?P<d>\d{{1,2}}){_SEP}(?P<m>\d{{1,2}}){_SEP}(?P<y>\d{{4}}|\d\d)",
        r"(?P<y>\d{4})[./\-](?P<m>\d{1,2})[./\-](?P<d>\d{1,2})",
        rf"(?:(?P<d>\d{{1,2}}|prim[oa])\s?[°º^]?[\s.\-/]+)?(?P<name>{_NAMES})\.?"
        rf"(?:[\s,.\-/'’]+(?:d(?:el|i)(?:l['’]anno)?\s+)?(?P<y>{_YEAR}))?",
        rf"(?P<d>\d{{1,2}}){_SEP}(?P<roman>X?(?:IX|IV|V?I{{0,3}})){_SEP}(?P<y>\d{{4}}|\d\d)",
        r"(?P<m>\d{1,2})[./\-](?P<y>\d{4})",
        r"(?P<d>\d{1,2})[./\-](?P<m>\d{1,2})",
        r"(?P<d>\d{1,2})",
    )
)
_DAYS_BEFORE = re.compile(
    r"((?:\d{1,2}\s?(?:,|-|–|/|e il|e del|ed|e|fino al|al|a)\s?(?:il\s)?)+)(.+)"
)
_INSIDE = re.compile(
    rf"\d{{1,2}}{_SEP}\d{{1,2}}{_SEP}(?:\d{{4}}|\d\d)|(?:\d{{1,2}}\s+)?\b(?:{'|'.join(MONTHS)})\b"
    rf"(?:\s+(?:{_YEAR}))?|\d{{1,2}}/\d{{1,2}}",
    re.IGNORECASE,
)
_SCANNED = str.maketrans("OoIl", "0011")
_SOONEST, _LATEST = 30, 364  # days back


class Days:
    """The dates of one letter, all to be moved by the same number of days.

    `dates`: how the letter writes them. No moved one is a real one; a date without a year counts
    into that of the latest with one. `drawn` chooses the number.
    """

    def __init__(self, dates: Iterable[str], drawn: int) -> None:
        told = [match for text in dates if (match := _read(_plain(text)))]
        full = sorted(day for match in told if match.groupdict().get("y") and (day := _date(match)))
        self._latest = full[-1] if full else date(2001, 7, 1)
        real = {day for match in told if (day := _date(match, self._latest))}
        spread = _LATEST - _SOONEST
        moves = [timedelta(-(_SOONEST + (drawn + n) % spread)) for n in range(spread)]
        self._move = next((m for m in moves if not any(day + m in real for day in real)), moves[0])

    def moved(self, text: str) -> str | None:
        """The date, or days and a date (dal 3 al 5 maggio), moved; None where none is read."""
        return self._moved(_plain(text))

    def _moved(self, text: str) -> str | None:
        if match := _read(text):
            day = _date(match, self._latest)
            return _written(match, day + self._move) if day else None
        before = _DAYS_BEFORE.fullmatch(text)
        last = _read(before[2]) if before else None
        if before and last and (day := _date(last, self._latest)):
            days = re.sub(r"\d+", lambda one: self._day_before(one.group(), day), before[1])
            return days + _written(last, day + self._move)
        inside = _INSIDE.sub(lambda one: self._moved(one.group()) or one.group(), text)
        return inside if inside != text else None

    def _day_before(self, number: str, last: date) -> str:
        """A day that shares the month of a later one, or is of the month before."""
        first = _clamped(last.year, last.month, int(number))
        if first > last:
            first = _clamped(*divmod(last.year * 12 + last.month - 2, 12), int(number), True)
        return str((first + self._move).day).zfill(len(number))


def _plain(text: str) -> str:
    """A scan's letters among digits, and noughts in a month's name, put right."""
    text = re.sub(r"(?<=[^\W\d_])0|(?<=[^\W\d_])0(?=[^\W\d_])", "o", text)
    return re.sub(r"(?<![^\W\dOoIl_])[\dOoIl]*\d[\dOoIl]*|\b[lIO]{2}\b", _digits, text)


def _digits(match: re.Match[str]) -> str:
    return match.group().translate(_SCANNED)


def _read(text: str) -> re.Match[str] | None:
    return next((match for shape in _SHAPES if (match := shape.fullmatch(text))), None)


def _date(match: re.Match[str], latest: date | None = None) -> date | None:
    """The day meant; the last of the month for one that no month has."""
    said = match.groupdict()
    year, month = _year(said.get("y")), _month(said)
    reference = latest or date(2001, 7, 1)
    day = said.get("d") or "15"
    number = int(day) if day.isdigit() else 1
    if month is None and not said.get("m"):
        month = reference.month
    if month is None or not 1 <= month <= 12 or not 1 <= number <= 31:
        return None
    try:
        return _clamped(year if year is not None else reference.year, month, number)
    except (ValueError, OverflowError):
        return None


def _clamped(year: int, month: int, day: int, from_zero: bool = False) -> date:
    month += from_zero
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
        return (
            [month[:2] for month in MONTHS].index(name[:2].lower()) + 1
            if (name[:2].lower() not in ("ma", "gi"))
            else [month[:3] for month in MONTHS].index(name[:3].lower()) + 1
        )
    if roman := said.get("roman"):
        return _ROMANS.index(roman.upper()) + 1 if roman.upper() in _ROMANS else None
    return int(said["m"]) if said.get("m") else None  # type: ignore[arg-type]


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
    name = MONTHS[day.month - 1]
    if len(old) <= 4 and old.lower() not in MONTHS:
        name = name[:3]
    return name.upper() if old.isupper() else name.title() if old[0].isupper() else name
