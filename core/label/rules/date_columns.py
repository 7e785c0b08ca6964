"""The heads of tables with columns of dates, and labels that stand behind their dates."""

import re

from core.label.rules.days import days
from core.label.rules.words import Line
from core.read.words.fold import fold
from core.read.words.shape import Shape

COLUMN = Shape(
    r"\b(?:(?P<di_nascita>nascita|nat[oa])|(?P<ingresso_cch>ingresso|ricovero|ammissione"
    r"|accettazione|entrat[oa])"
    r"|(?P<dimissione_cch>dimissione|dimess[oa]|uscita)|(?P<morte>decesso|exitus)"
    r"|(?P<other>intervento|operazione|procedura))\b"
)
_COLUMN_NEXT = re.compile(rf"(?:\s?[-:=,]?\s)(?:data )?{COLUMN.pattern}")
_NAME_COLUMN = Shape(
    r"\b(?:cognome|nome|nominativo|cartella|nosologico|telefono|tel|recapito|sesso)\b"
)
_WHO = re.compile(r"anagraf|dati (?:anagraf|del paz|paz|identif)|identific|paziente|generalita")


def is_header(folded: str) -> bool:
    """Whether a line is the head of a table with columns of dates."""
    if not folded or any(map(str.isdigit, folded)):
        return False
    named = sum(1 for shape in (COLUMN, _NAME_COLUMN) for _ in shape.finditer(folded))
    return named > 1 and len(folded.split()) <= 4 * named


def dated_columns(line: Line) -> list[str | None]:
    """The roles of the dates of a table's row, where the row above names one column for each."""
    if not is_header(line.before):
        return []
    named, found = list(COLUMN.finditer(line.before)), days(line)
    if len(named) != len(found):
        return []
    return [None if match["other"] else f"data_{match.lastgroup}" for match in named]


def dated_behind(line: Line) -> list[str | None]:
    """The roles of dates whose labels stand behind them: 3/10 ingresso - 15/10/2022 uscita."""
    found = days(line)
    if not found or not tells_who(line) or line.folded[: found[0].start].strip(" |-*•"):
        return []
    ends = [*(day.start for day in found[1:]), len(line.folded)]
    told = [
        _COLUMN_NEXT.match(line.folded, day.end, end) for day, end in zip(found, ends, strict=True)
    ]
    if not any(told):
        return []
    return [f"data_{m.lastgroup}" if m and not m["other"] else None for m in told]


def tells_who(line: Line) -> bool:
    """Whether a line stands above the sections, or among the patient's particulars."""
    return line.section is None or _WHO.match(fold(line.section)) is not None
