"""Days that a letter names from outside the phrase: the admission, and the day it was written."""

import re
from collections.abc import Sequence
from datetime import date

from core.label.rules.dates import Day, days, roles
from core.label.rules.words import Line
from core.records import Phrase, Span

_DISCHARGED = "data_dimissione_cch"
_GOING = re.compile(
    r"\b(?:dimett\w+|dimess[oa]|dimission[ei]|trasferi\w+|(?:rimand|mand|rinvi|torn)\w+ a casa)\b"
    r"[^.;]{0,60}\b(?:data odierna"
    r"|oggi|odiern[oa])\b"
    r"|\b(?:data odierna|oggi|odiern[oa])\b[^.;]{0,60}\b(?:dimett\w+|dimess[oa]|trasferi\w+)\b"
)
# Before the date of writing: a town, `lì`, `data`, a stamp; nothing but a place behind it.
_WRITTEN = re.compile(
    r"(?:^|[\s|])(?:[a-z'. ]{2,30},\s?(?:li\s|il\s)?|(?:li|data|stampa(?:t[oa])?(?: il)?"
    r"|del|redatt[oa] il|(?:inviat[oa]|spedit[oa]|scritt[oa])(?: il)?)\W{0,3}"
    r"(?:(?:lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica),?\s)?)$"
)


def admission(phrases: Sequence[Phrase]) -> date | None:
    """The day of admission, or else of discharge or death, where a phrase tells it."""
    found: dict[str, date] = {}
    before = ""
    for phrase in phrases:
        line = Line(phrase.text, phrase.section, before)
        if any(character.isdigit() for character in phrase.text):
            for field, day in roles(line, history=False):
                if day.iso and field != "data_di_nascita":
                    found.setdefault(field, date.fromisoformat(day.iso))
        before = line.folded if len(line.folded) < 40 else ""
    for field in ("data_ingresso_cch", _DISCHARGED, "data_morte"):
        if field in found:
            return found[field]
    return None


def today(phrases: Sequence[Phrase], spans: Sequence[tuple[Span, ...]]) -> list[tuple[Span, ...]]:
    """ "Si dimette in data odierna": the discharge is the day on which the letter was written."""
    told = list(spans)
    if any(span.field == _DISCHARGED for found in told for span in found):
        return told
    lines = [Line(phrase.text, phrase.section) for phrase in phrases]
    if not any(_GOING.search(line.folded) for line in lines):
        return told
    for number, line in enumerate(lines):
        day = _written(line)
        if day is not None:
            quote = line.text[day.start : day.end]
            span = Span(
                day.start, day.end, _DISCHARGED, _DISCHARGED,
                state="present", value=day.iso, text=quote,
            )  # fmt: skip
            told[number] = (*told[number], span)
            break
    return told


def _written(line: Line) -> Day | None:
    for day in days(line):
        near = line.folded[max(0, day.start - 60) : day.start]
        going = _GOING.search(line.folded)
        if day.iso and (
            _WRITTEN.search(near) or going and going.end() <= day.start <= going.end() + 4
        ):
            return day
    return None
