"""What a cell of the spreadsheet holds, whatever the file: the value, and what is no formula."""

from datetime import date

from core.records import Value
from core.schema import Field

LETTER = "letter"  # heading of the first column
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def in_cell(value: Value, field: Field) -> str | int | float | date:
    """A value as a cell holds it: a real date, 1 or 0, a number, a text."""
    if isinstance(value, bool):
        return int(value)
    if field.type == "date":
        return date.fromisoformat(str(value))
    return int(value) if field.type == "year" else value
