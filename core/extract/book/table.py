"""The sheet "Lettere": one row a letter, found again after people have moved and renamed things."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import copy

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from core.errors import BadInput, UnknownName
from core.extract.book import columns as layout
from core.extract.book import evidence
from core.extract.book.columns import colour, explain, number_format
from core.extract.book.content import Content
from core.extract.book.ink import FILLS, comment, fitted, put, write
from core.extract.book.memory import digest
from core.extract.cell import LETTER
from core.schema import Field, Schema

_HEADINGS = 20  # rows from the top among which the headings are looked for


class Table:
    """The letters' sheet of a workbook: which column holds which field, which row which letter."""

    def __init__(self, sheet: Worksheet, heading: int, columns: dict[str, int], name: int) -> None:
        self.sheet, self.columns = sheet, columns
        self._heading, self._name = heading, name
        self._merged = {cell for area in sheet.merged_cells.ranges for cell in _inside(area)}
        self.last = max(heading, _last_row(sheet))
        self._above = self.last if self.last > heading else None

    @classmethod
    def find(cls, book: Workbook, schema: Schema) -> "Table":
        """The one of a workbook, whatever its sheet is called and its columns' order is.

        A heading that was changed is known by the first line of its comment, its field's name.
        Raises BadInput where there is none.
        """
        found = [_headings(sheet, schema) for sheet in book.worksheets if _is_seen(sheet)]
        columns, name, heading, sheet = max(
            found, key=lambda place: len(place[0]), default=({}, None, 0, None)
        )
        if sheet is None or name is None or not columns:
            raise BadInput(
                f"no sheet with a column '{LETTER}' and columns of fields in it; "
                "write to another file"
            )
        return cls(sheet, heading, columns, name)

    def rows(self) -> Iterator[tuple[str, int]]:
        """The letters' names and their rows, from the top."""
        for row in range(self._heading + 1, self.last + 1):
            value = self.sheet.cell(row, self._name).value
            if value is not None and str(value).strip():
                yield str(value), row

    def cell(self, row: int, field: str) -> Cell | None:
        """The cell of a field; None where its column is gone or the cell is merged into another."""
        column = self.columns.get(field)
        return None if column is None or (row, column) in self._merged else self._at(row, column)

    @property
    def _noted(self) -> bool:
        """Whether every cell can have a comment still."""
        return self.last - self._heading <= layout.COMMENTED

    def add_row(self, name: str) -> int:
        """A new row below all others; returns its number."""
        self.last += 1
        self._paint(put(self.sheet, self.last, self._name, name), self._name)
        return self.last

    def mark_away(self, row: int, why: str) -> None:
        """The grey of a document that was turned away, and the reason."""
        cell = self._at(row, self._name)
        cell.fill = FILLS["away"]
        cell.comment = comment(why)

    def link(self, row: int, to: int | None) -> None:
        """Leads from a letter's name to its first row among the evidence."""
        if to is not None:
            cell = self._at(row, self._name)
            cell.hyperlink = evidence.link(cell.coordinate, to)

    def fill(self, row: int, field: Field, content: Content) -> None:
        """Writes a cell of a new row, in the format that its column has."""
        column = self.columns[field.name]
        if content.value is None and not content.doubts:
            return
        cell = put(self.sheet, row, column, content.shown)
        cell.number_format = number_format(field)
        self._paint(cell, column)
        explain(cell, content, self._noted)
        colour(cell, content)

    def update(self, cell: Cell, field: Field, content: Content, note: str) -> None:
        """Writes a cell that nobody touched; a colour or a comment of a person's stays.

        `note`: the digest of the comment that we gave it.
        """
        write(cell, content.shown)
        if cell.number_format == "General":
            cell.number_format = number_format(field)
        if cell.comment is None or digest(cell.comment.text, 8) == note:
            cell.comment = None
            explain(cell, content, self._noted)
        colour(cell, content)

    def refit(self) -> None:
        """Gives the comments their boxes again: openpyxl reads them all as small ones."""
        for row in self.sheet.iter_rows():
            for cell in row:
                if cell.comment is not None:
                    fitted(cell.comment)

    def close(self) -> None:
        """Stretches a filter or a table of Excel's over the new rows."""
        areas = [table for table in self.sheet.tables.values()]
        for area in areas:
            area.ref = self._stretched(area.ref)
            if area.autoFilter is not None:
                area.autoFilter.ref = self._stretched(area.autoFilter.ref)
        kept = self.sheet.auto_filter
        if kept.ref:
            kept.ref = self._stretched(kept.ref)
        elif not areas:
            last = get_column_letter(max(self._name, *self.columns.values()))
            first = get_column_letter(min(self._name, *self.columns.values()))
            kept.ref = f"{first}{self._heading}:{last}{max(self.last, self._heading + 1)}"

    def _stretched(self, ref: str) -> str:
        left, top, right, bottom = range_boundaries(ref)
        if top != self._heading:
            return ref
        low, high = get_column_letter(left), get_column_letter(right)
        return f"{low}{top}:{high}{max(bottom, self.last)}"

    def _paint(self, cell: Cell, column: int) -> None:
        """Border, alignment and number format as in the last row that was there before."""
        above = None if self._above is None else self.sheet.cell(self._above, column)
        if above is None or not above.has_style:
            return
        cell.border, cell.alignment = copy(above.border), copy(above.alignment)
        if above.number_format != "General":
            cell.number_format = above.number_format

    def _at(self, row: int, column: int) -> Cell:
        cell = self.sheet.cell(row, column)
        assert isinstance(cell, Cell)
        return cell


def _is_seen(sheet: Worksheet) -> bool:
    return isinstance(sheet, Worksheet) and sheet.sheet_state != "veryHidden"


def _headings(
    sheet: Worksheet, schema: Schema
) -> tuple[dict[str, int], int | None, int, Worksheet]:
    """The row that names the most fields: their columns, the letters' column, its number."""
    best: tuple[dict[str, int], int | None, int] = ({}, None, 0)
    for row in sheet.iter_rows(max_row=min(sheet.max_row, _HEADINGS)):
        named = [(*_title(cell, schema), cell.column) for cell in row]
        # Of two columns that could be meant, the one under our own name; the last set wins.
        named.sort(key=lambda one: (one[1], one[2]), reverse=True)
        columns = {title: column for title, _, column in named if title is not None}
        name = columns.pop(LETTER, None)
        if len(columns) > len(best[0]):
            # Whatever it is called now: the names stand in the first column.
            best = columns, name or (1 if 1 not in columns.values() else None), row[0].row
    return (*best, sheet)


def _title(cell: Cell, schema: Schema) -> tuple[str | None, int]:
    """The field that a heading names, and how surely: 0 by its name, 1 by the comment that we put
    there, 2 by another name.
    """
    said = cell.value.strip() if isinstance(cell.value, str) else ""
    noted = cell.comment.text.split("\n")[0] if cell.comment else ""
    for rank, name in enumerate((said, noted)):
        if name == LETTER or name in schema.fields:
            return name, rank
    with suppress(UnknownName):
        return schema.field(said).name, 2
    return None, 3


def _last_row(sheet: Worksheet) -> int:
    """The last row with something in it; rows that are only coloured do not count."""
    merged = max((area.max_row for area in sheet.merged_cells.ranges), default=0)
    for row in range(sheet.max_row, merged, -1):
        if any(cell.value is not None for cell in sheet[row]):
            return row
    return merged


def _inside(area: object) -> Iterable[tuple[int, int]]:
    """The cells of a merged area without the first, which holds its value."""
    cells = list(area.cells)  # type: ignore[attr-defined]
    return cells[1:]
