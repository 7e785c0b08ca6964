"""The sheet "Codici": what the columns, their codes and the colours mean."""

from collections.abc import Iterator

from openpyxl.worksheet.worksheet import Worksheet

from core.extract.book.ink import FILLS, LOOKS, WRAPPED, Shown, head, put
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
    """One row a field, one a code, one a colour."""
    head(sheet, ["campo", "tipo", "codice", "significato"], [42, 12, 8, 90])
    rows = [row for field in schema.fields.values() for row in _rows(field)]
    for number, row in enumerate(rows, 2):
        for column, shown in enumerate(row, 1):
            if shown is not None:
                put(sheet, number, column, shown).alignment = WRAPPED
    for number, (name, look) in enumerate(LOOKS.items(), len(rows) + 3):
        put(sheet, number, 3, None).fill = FILLS[name]
        put(sheet, number, 4, look.it).alignment = WRAPPED
    sheet.freeze_panes = "A2"


def meanings(field: Field) -> list[tuple[int | str, str]]:
    """What a cell of this field may hold, and its meaning; nothing for a free value."""
    return [(1, "sì"), (0, "no")] if field.type == "boolean" else list(field.codes.items())


def _rows(field: Field) -> Iterator[list[Shown]]:
    yield [field.name, TYPES[field.type], None, field.it]
    for code, meaning in field.codes.items():
        yield [None, None, code, meaning]
