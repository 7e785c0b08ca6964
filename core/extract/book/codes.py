"""The sheet "Codici": what the columns, their codes and the colours mean."""

from collections.abc import Iterator

from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from core.extract.book.ink import FILLS, LOOKS, WRAPPED, Shown, head, new_cell
from core.schema import Field, Schema

TITLE = "Codici"
TYPES = {
    "boolean": "sì/no (1/0)",
    "code": "codice",
    "number": "numero",
    "digits": "cifre",
    "text": "testo",
    "date": "data",
    "year": "anno",
}


def fill_codes(sheet: Worksheet, schema: Schema) -> None:
    """Fills an empty sheet: one row a field, one a code, one a colour."""
    sheet.freeze_panes = "A2"
    head(sheet, ["campo", "tipo", "codice", "significato"], [42, 12, 8, 90])
    for row in (row for field in schema.fields.values() for row in _rows(field)):
        sheet.append([None if shown is None else _wrapped(sheet, shown) for shown in row])
    sheet.append([])
    for name, look in LOOKS.items():
        colour = new_cell(sheet, None)
        colour.fill = FILLS[name]
        sheet.append([None, None, colour, _wrapped(sheet, look.it)])


def _wrapped(sheet: Worksheet, shown: Shown) -> Cell:
    cell = new_cell(sheet, shown)
    cell.alignment = WRAPPED
    return cell


def meanings(field: Field) -> list[tuple[int | str, str]]:
    """What a cell of this field may hold, and its meaning; nothing for a free value."""
    return [(1, "sì"), (0, "no")] if field.type == "boolean" else list(field.codes.items())


def _rows(field: Field) -> Iterator[list[Shown]]:
    yield [field.name, TYPES[field.type], None, field.it]
    for code, meaning in field.codes.items():
        yield [None, None, code, meaning]
