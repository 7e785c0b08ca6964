"""Days that a letter names from outside the phrase: the admission, and the day it was written."""

import re
from collections.abc import Sequence
from datetime import date

from core.label.rules.dates import roles
from core.label.rules.days import Day, days
from core.label.rules.words import Line
from core.read.words.shape import Shape
from core.records import Span

_DIGIT = re.compile(r"\d")
_HEAD = 12  # lines that may hold the day of writing at the top
_ADMITTED, _DISCHARGED, _DIED = "data_ingresso_cch", "data_dimissione_cch", "data_morte"
_SENT = (
    r"(?:ritorna|torna|rientra|riaffid\w+|affid\w+|invi(?:o|amo)|rinvi(?:o|amo)|rimett(?:o|iamo)"
    r"|conged(?:o|iamo)"
    r"|licenzi(?:o|amo)|trasferi(?:amo|sco|sce)|(?:ri)?mand(?:o|iamo)|riconsegn(?:o|iamo)|restitui(?:amo|sco)|dimett(?:o"
    r"|iamo|e))"
)
_GOING = Shape(
    rf"\b{_SENT}\b[^.;]{{0,40}}\b(?:oggi|odiern[oa])\b|\b(?:fino|sino) ad oggi\b"
    rf"|\boggi\b[^.;]{{0,40}}\b{_SENT}\b|"
    r"\bviene oggi (?:ri)?affidat[oa]\b|"
    r"\b(?:dimett\w+|dimess[oa]|dimission[ei]|trasferi\w+|(?:rimand|mand|rinvi|torn)\w+ a casa)\b"
    r"[^.;]{0,60}\b(?:data odierna"
    r"|oggi|odiern[oa])\b"
    r"|\b(?:data odierna|oggi|odiern[oa])\b[^.;]{0,60}\b(?:dimett\w+|dimess[oa]|trasferi\w+)\b"
)
# Before the date of writing: a town, `lì`, `data`, a stamp; nothing but a place behind it.
_WRITTEN = Shape(
    r"(?:^|[\s|])(?:[a-z'. ]{2,30}[,.]\s?(?:li,?\s|addi\s|il\s)?(?:(?:lunedi|martedi|mercoledi"
    r"|giovedi"
    r"|venerdi"
    r"|sabato|domenica),?\s)?|(?:li|addi|(?<!in )data|stampa(?:t[oa])?(?: il)?"
    r"|del|redatt[oa] il|(?:inviat[oa]|spedit[oa]|scritt[oa])(?: il)?)\W{0,3}"
    r"(?:(?:lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica),?\s)?)$"
)


_TOWN = re.compile(
    r"(?!.*\b(?:nat[oa]|intervento|ricover|dimess|dimission|ingress))[a-z' ]{4,30}\s"
)
# A letter in the present tense, that names no day of discharge, is written on it.
_GOES = Shape(
    rf"\b(?:si|la|lo|vi|le|ti) {_SENT}\b(?! (?:la|le|il|i|gli) (?:cartell|copi|document"
    rf"|esam|referto))"
    r"|\bdimettiamo\b|\b(?:ritorna|torna|rientra) (?:a casa|al (?:suo "
    r"|proprio )?domicilio|alle (?:tue|sue|vostre) cure)\b"
    r"|\bviene (?:oggi )?(?:dimess|trasferit|affidat|riaffidat)[oa]\b"
)


def admission(lines: Sequence[Line]) -> date | None:
    """The day of admission, or else of discharge or death, where a line tells it."""
    found: dict[str, date] = {}
    before = ""
    for line in lines:
        line.before = before
        if _DIGIT.search(line.text):
            for field, day in roles(line, history=False):
                if day.iso and field == _ADMITTED:
                    return date.fromisoformat(day.iso)
                if day.iso and field in (_DISCHARGED, _DIED):
                    found.setdefault(field, date.fromisoformat(day.iso))
        before = line.folded if len(line.folded) < 40 else ""
    return found.get(_DISCHARGED) or found.get(_DIED)


def today(lines: Sequence[Line], spans: Sequence[tuple[Span, ...]]) -> list[tuple[Span, ...]]:
    """ "Si dimette in data odierna": the discharge is the day on which the letter was written."""
    told = list(spans)
    if any(span.field == _DISCHARGED for found in told for span in found):
        return told
    going = any(_GOING.search(line.folded) for line in lines)
    if not going and not any(_GOES.search(line.folded) for line in lines):
        return told
    for number, line in enumerate(lines):
        if not going and line.section is not None and number > _HEAD:
            continue  # a day among the history is no day of writing
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
        before = line.folded[: day.start]
        alone = not line.folded[day.end :].strip() and (
            not before.strip() and line.section is None or _TOWN.fullmatch(before)
        )
        if day.iso and (
            alone or _WRITTEN.search(near) or going and going.end() <= day.start <= going.end() + 4
        ):
            return day
    return None
