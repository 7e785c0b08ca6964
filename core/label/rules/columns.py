"""A list of drugs with a column for the therapy at home and one for that at discharge.

Of each row the rules read what stands up to the end of the home column, nothing where that is
empty. Columns set by blanks alone are told apart by their intakes, since a reader keeps one blank.
"""

import re
from collections.abc import Sequence

_HOME = (
    r"(?:a |al )?(?:domicil\w+|casa)|(?:prima (?:del|dell')|pre-?|in |all'|al )\s?"
    r"(?:ricovero|ingresso|intervento)|abitual\w+|precedent\w+"
)
_LATER = r"(?:alla |in |all'|da )?(?:dimission\w*|uscita)|da assumere|prescritt\w+|attuale"
_HEADER = re.compile(
    rf"\W*(?:(?:farmac\w+|medicin\w+|terapia|principio attivo|nome|dose|dosaggio"
    rf"|strength)\W+){{1,3}}"
    rf"(?P<home>{_HOME})\W+(?:terapia )?(?:{_LATER})(?:\W+(?:note|data|motivo))?\W*"
)
_NONE = r"(?:-+|no|non assunto|//?|0)(?=\s|$)"
_COUNT = (
    r"(?:\d\s?/\s?\d|\d+(?:[.,]5)?|½|¼|mezz[ao]|una?|due|tre)\s?"
    r"(?:cp|cpr|cps|compr\w*|fl|fial\w*)\b"
)
_NOT_HOME = re.compile(rf"[^|]*?(?:\d\s?(?:mg|mcg|ui|g)|[a-z]{{3,}})\s(?:\d{{1,3}}\s)?{_NONE}")
_SECOND = re.compile(
    rf"{_COUNT}.*?(?<![+e,])(?<![+,] )\s(?P<later>{_COUNT}|{_NONE}|sospes\w+|stop\b|=)"
    r"|\b(?:si|sec\.?|secondo)\b.*?\s(?P<again>si\b|sec\.?\s|secondo\s|no\b|sospes\w+|stop\b)"
)
_ROW = re.compile(r"\W*[a-z]{3,}")


class Columns:
    """The rows of such a list; `header` is its folded first line."""

    def __init__(self, header: re.Match[str], cells: int) -> None:
        self._cell = header.string[: header.start("home")].count("|") if cells else None

    def home(self, folded: str) -> int:
        """How much of a folded row belongs to the home column: 0 where that is empty."""
        if self._cell is not None and "|" in folded:
            cells = folded.split("|")
            own = cells[self._cell] if self._cell < len(cells) else ""
            if re.fullmatch(rf"\s*(?:{_NONE})?\s*", own):
                return 0
            return len("|".join(cells[: self._cell + 1]))
        if _NOT_HOME.match(folded):
            return 0
        second = _SECOND.search(folded)
        return second.start(second.lastgroup or 0) if second else len(folded)


def home_columns(folded: Sequence[str]) -> dict[int, int]:
    """For the number of each line that is a row of such a list, how much of it tells of home."""
    rows: dict[int, int] = {}
    at: Columns | None = None
    for number, line in enumerate(folded):
        header = _HEADER.fullmatch(line)
        if header:
            at = Columns(header, line.count("|"))
        elif at and _ROW.match(line) and len(line) < 120:
            rows[number] = at.home(line)
        elif not re.fullmatch(r"\W*", line):
            at = None
    return rows
