"""The sheet "Evidenze": one row a place that says a value or a doubt."""

from collections.abc import Iterator
from datetime import date

from openpyxl.cell import Cell
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from core.extract.book.content import why_away
from core.extract.book.ink import DAY, DOUBTS, Shown, head, put, shortened
from core.extract.cell import LETTER, in_cell
from core.extract.result import LetterFields
from core.records import Evidence
from core.schema import Schema

TITLE = "Evidenze"
TITLES = (LETTER, "campo", "valore", "pagina", "citazione", "inizio", "fine", "nota")
_WIDTHS = (30, 34, 24, 8, 100, 9, 9, 24)
_QUOTE = 1000
_CENTRED = Alignment(horizontal="center")


def head_places(sheet: Worksheet) -> None:
    """The headings of an empty sheet, which stay in sight."""
    sheet.freeze_panes = "A2"
    head(sheet, TITLES, _WIDTHS)


def area(last: int) -> str:
    """All rows down to the last, with the headings."""
    return f"A1:{get_column_letter(len(TITLES))}{max(last, 2)}"


def link(cell: str, row: int) -> Hyperlink:
    """What leads from a cell of another sheet to a row of this one."""
    return Hyperlink(ref=cell, location=f"'{TITLE}'!A{row}", tooltip=TITLE)


def rows(name: str, result: LetterFields, schema: Schema) -> Iterator[list[Shown]]:
    """The rows of a letter under the name it has in the table."""
    if not result.discharge_letter:
        yield [name, *[None] * 6, why_away(result)]
    for value in result.fields:
        field = schema.field(value.field)
        shown = None if field.kind == "section" else in_cell(value.value, field)
        for place in value.evidence:
            yield [name, field.name, shown, *_place(place), None]
    for doubt in result.doubts:
        field = schema.field(doubt.field)
        said = None if doubt.value is None else in_cell(doubt.value, field)
        note = doubt.note or DOUBTS.get(doubt.reason, doubt.reason)
        for place in doubt.evidence:
            yield [name, field.name, said, *_place(place), note]


def dressed(cell: Cell, title: str) -> Cell:
    """A cell of a column: a day as a day, a page's number apart from the quote beside it."""
    if isinstance(cell.value, date):
        cell.number_format = DAY
    if title == "pagina":
        cell.alignment = _CENTRED
    return cell


class EvidenceSheet:
    """The sheet of a workbook that was there. Rows of a letter read again are written over."""

    def __init__(self, sheet: Worksheet, schema: Schema) -> None:
        self._sheet, self._schema = sheet, schema
        self._last = 1
        self._there = sheet.max_row  # openpyxl counts all cells for it
        self._taken: dict[str, list[int]] = {}
        for (cell,) in sheet.iter_rows(min_row=2, max_col=1):
            if cell.value is not None:
                self._taken.setdefault(str(cell.value), []).append(cell.row)
                self._last = cell.row

    def add(self, name: str, result: LetterFields) -> int | None:
        """Writes the places of a letter under the name it has in the table; the first row."""
        free = iter(self._taken.pop(name, ()))
        first = None
        for row in rows(name, result, self._schema):
            number = next(free, None)
            if number is None:
                number = self._last = self._last + 1
            first = first or number
            self._write(number, row)
        for number in free:
            self._write(number, [None] * len(TITLES))
        return first

    def close(self) -> None:
        """Stretches the filter over all rows."""
        self._sheet.auto_filter.ref = area(self._last)

    def _write(self, number: int, row: list[Shown]) -> None:
        for column, shown in enumerate(row, 1):
            if shown is None and number > self._there:
                continue  # a cell that was never there costs memory
            dressed(put(self._sheet, number, column, shown), TITLES[column - 1])


def _place(place: Evidence) -> list[Shown]:
    return [place.page, shortened(place.text, _QUOTE), place.start, place.end]
