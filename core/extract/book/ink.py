"""How a cell is written: texts that are never formulas, comments, colours, headings."""

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from core.extract.cell import FORMULA_STARTS
from core.extract.result import Reason

DAY = "dd/mm/yyyy"
MOST = 32_767  # characters that Excel allows in a cell
AUTHOR = "Lettera"
CUT = " […]"
LOW_SCORE = 0.6
Shown = str | int | float | date | None


class Look(NamedTuple):
    """A colour of a cell, and what it means."""

    colour: str
    it: str


LOOKS = {
    "conflict": Look("F8CBAD", "la lettera si contraddice: decidere quale valore vale"),
    "doubt": Look("FFE699", "dato incerto, non leggibile o non quotidiano: da controllare"),
    "low": Look("DDEBF7", f"il modello è poco sicuro (meno del {LOW_SCORE:.0%}): da controllare"),
    "away": Look("D9D9D9", "documento non elaborato: il commento dice perché"),
}
DOUBTS: dict[Reason, str] = {
    "conflict": "La lettera dice anche",
    "uncertain": "Solo sospetto",
    "unreadable": "Valore non leggibile",
    "not daily": "Non tutti i giorni",
    "order": "Date in disordine",
    "mismatch": "Non concorda con un altro campo",
}
CONFLICTS: tuple[Reason, ...] = ("conflict", "order", "mismatch")
FILLS = {name: PatternFill("solid", fgColor=look.colour) for name, look in LOOKS.items()}
NO_FILL = PatternFill()
WRAPPED = Alignment(vertical="top", wrap_text=True)
_TITLE = Font(bold=True, color="FFFFFF")
_OURS = {f"00{look.colour}" for look in LOOKS.values()}


def put(sheet: Worksheet, row: int, column: int, shown: Shown) -> Cell:
    """A cell whose text is never a formula, and never more than Excel can hold."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    write(cell, shown)
    return cell


def new_cell(sheet: Worksheet, shown: Shown) -> Cell:
    """The same for a cell that `append` will find a place for."""
    cell: Cell = WriteOnlyCell(sheet)
    write(cell, shown)
    return cell


def write(cell: Cell, shown: Shown) -> None:
    """Puts a value into a cell, a text as text whatever it begins with."""
    if not isinstance(shown, str):
        cell.value = shown
        return
    cell.value = plain(shown)
    cell.data_type = "s"
    if shown.startswith(FORMULA_STARTS):
        cell.quotePrefix = True


def plain(text: str) -> str:
    """Without what XML cannot carry; a text too long for a cell is cut and says so."""
    clean: str = ILLEGAL_CHARACTERS_RE.sub("", text).encode("utf-8", "replace").decode()
    return clean if len(clean) <= MOST else clean[: MOST - len(CUT)] + CUT


def shortened(text: str, most: int) -> str:
    """On one line, at most so many characters."""
    flat = re.sub(r"\s+", " ", text).strip()
    return flat if len(flat) <= most else flat[: most - len(CUT)] + CUT


def comment(text: str) -> Comment:
    """A comment of ours, large enough for its text."""
    return fitted(Comment(plain(text), AUTHOR))


def fitted(note: Comment) -> Comment:
    """A comment with a box that shows all of it."""
    note.width = 340
    note.height = 30 + 18 * sum(1 + len(line) // 48 for line in note.text.split("\n"))
    return note


def is_free(cell: Cell) -> bool:
    """Whether a cell's colour is none, or one of ours: a person's colour stays."""
    return not cell.fill.fill_type or cell.fill.fgColor.rgb in _OURS


def head(
    sheet: Worksheet,
    titles: Sequence[str],
    widths: Sequence[int],
    colours: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> None:
    """The row of headings of an empty sheet, and the width of each column."""
    cells = []
    for number, title in enumerate(titles):
        cell = new_cell(sheet, title)
        colour = colours[number] if colours else "#404040"
        cell.fill = PatternFill("solid", fgColor=colour.lstrip("#"))
        cell.font = _TITLE if _is_dark(colour) else Font(bold=True)
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        if notes:
            cell.comment = comment(notes[number])
        cells.append(cell)
        sheet.column_dimensions[get_column_letter(number + 1)].width = widths[number]
    sheet.row_dimensions[1].height = 48
    sheet.append(cells)


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 150
