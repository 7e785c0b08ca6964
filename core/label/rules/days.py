"""The dates of a line: their shapes and their ISO value."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from core.label.rules.words import Line
from core.read.words.dates import NAMES, WEEKDAY, Written, bare_days, month_number, written
from core.read.words.shape import Shape

# 110338: a birth without separators, behind `nato`.
_BORN = Shape(r"\b(?:nat[oa]|nascita)\b")
_SOLID = Shape(
    r"\b(?:nat[oa]\s(?:il\s)?|(?:d\.?d\.?n|d\.?n|ric|ricov|ing|ingr|ingresso|ricovero|dim|dimiss"
    r"|dimissione|int|op)\.?\s?:?\s)(?P<d>[0-3]\d)(?P<m>[01]\d)(?P<y>(?:19|20)?\d{2})(?!\d)"
)
# INGRESSO=20210316T1530, of a print-out of a ward's software.
_COMPACT = Shape(
    r"\b(?:nascita|nat[oa]|ingresso|ricovero|accettazione|dimissione|uscita|decesso|morte|intervento)"
    r"\W{1,3}(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-2]\d|3[01])(?:t\d{4})?(?!\d)"
)
# Degenza: 4-15/03/2024, where the stroke is no part of a date.
_SPAN = Shape(
    rf"\b(?:degenza|ricovero|soggiorno|periodo)\W{{1,3}}\d{{1,2}}-(?=\d{{1,2}}(?:[/.]\d"
    rf"|\s(?:{NAMES})))"
)
_FROM_TO = Shape(
    rf"\b(?:(?:dal|da|tra il|fra il)\s(?:giorno\s)?(?:{WEEKDAY}\s)?|(?:degenza|ricovero"
    rf"|soggiorno|periodo)"
    rf"\W{{1,3}})(?P<a>\d{{1,2}})(?:\s(?P<am>{NAMES}))?"
    rf"(?:(?:\s|[°º^]\s?)(?:al|a|e il|fino al|sino al)\s(?:giorno\s)?(?:{WEEKDAY}\s)?"
    rf"|\s?(?:-|→|->|>)\s?)(?=\d)"
)
_CLASS = Shape(r"\b(?:classe\s(?:del\s)?|nat[oa]\snel\s)(\d{4}|'\d{2})\b")
_YEARLESS = re.compile(rf"(\d{{1,2}})[°º^]?\s(?:di\s|del mese di\s)?({NAMES})")


@dataclass(frozen=True, slots=True)
class Day:
    """A date as it stands in a line; `iso` is None where the year is not said."""

    start: int
    end: int
    iso: str | None


def days(line: Line, birth: bool = False) -> list[Day]:
    """All dates of a line; one without a year takes that of the next with one, if no birth."""
    return list(_days(line.folded, birth))


@lru_cache(512)  # asked several times of each line
def _days(folded: str, birth: bool) -> tuple[Day, ...]:
    folded = _SPAN.sub(lambda match: f"{match[0][:-1]}>", folded)
    found = list(written(folded))
    for match in _SOLID.finditer(folded):
        day, month = int(match["d"]), int(match["m"])
        found.append(Written(match.start("d"), match.end(), day, month, match["y"]))
    for match in _COMPACT.finditer(folded):
        day, month = int(match["d"]), int(match["m"])
        found.append(Written(match.start("y"), match.end("d"), day, month, match["y"]))
    for match in _FROM_TO.finditer(folded):
        later = next((d for d in found if 0 <= d.start - match.end() < 3), None)
        if later and not any(d.start <= match.start("a") < d.end for d in found):
            month = month_number(match["am"]) if match["am"] else later.month
            end = match.end("am") if match["am"] else match.end("a")
            found.append(Written(match.start("a"), end, int(match["a"]), month, later.year))
    found.sort(key=lambda one: one.start)
    found = sorted([*found, *bare_days(folded, found)], key=lambda one: one.start)
    dated = []
    for number, one in enumerate(found):
        year = one.year
        if year is None:
            later = next((d for d in found[number + 1 :] if d.year is not None), None)
            between = folded[one.end : later.start] if later else ""
            year = later.year if later and not _BORN.search(between) else None
        dated.append(Day(one.start, one.end, _iso(_year(year, birth), one.month, one.day)))
    return tuple(dated)


def _year(digits: str | None, birth: bool) -> int | None:
    if digits is None:
        return None
    year = int(digits.lstrip("'"))
    if year >= 100:
        return year
    # Two digits: a patient of heart surgery is grown up, a stay is of this century.
    return 1900 + year if birth and year > 12 or year >= 36 else 2000 + year


def _iso(year: int | None, month: int, day: int) -> str | None:
    try:
        return None if year is None else date(year, month, day).isoformat()
    except ValueError:
        return None


def of_year(line: Line, born: Day) -> Day:
    """Classe 1943, nato l'8 aprile: the year stands before the day."""
    told = _CLASS.search(line.folded)
    short = _YEARLESS.fullmatch(line.folded[born.start : born.end])
    if told is None or short is None:
        return born
    year = _year(told[1], birth=True)
    return Day(born.start, born.end, _iso(year, month_number(short[2]), int(short[1])))
