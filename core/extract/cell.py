"""What a cell of the spreadsheet holds, whatever the file: a value goes in, and is read back."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from core.extract.dates import read_date
from core.extract.values import read_digits, read_phone, whole
from core.records import Value
from core.schema import Field

LETTER = "letter"  # heading of the first column
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_EPOCH = date(1899, 12, 30)  # day 0 of Excel's serial days, as far as they are right (1900-03-01)
_LAST_SERIAL = 109_574  # 2199-12-31
_WORDS = {
    **dict.fromkeys(("1", "sì", "si", "sí", "s", "yes", "y", "true", "vero", "x"), True),
    **dict.fromkeys(("0", "no", "n", "false", "falso"), False),
}


def in_cell(value: Value, field: Field) -> str | int | float | date:
    """A value as a cell holds it: a real date, 1 or 0, a number, a text."""
    if isinstance(value, bool):
        return int(value)
    if field.type == "date":
        return date.fromisoformat(str(value))
    return int(value) if field.type == "year" else value


def from_cell(shown: Any, field: Field) -> Value | None:
    """The value that a cell holds, also one typed by hand; None for an empty one.

    Raises ValueError for what is no value of the field.
    """
    if isinstance(shown, float):
        shown = whole(shown)
    if shown is None or not str(shown).strip():
        return None
    text = " ".join(str(shown).split())
    value = _READ.get(field.type, _text)(shown, text, field)
    if value is None:
        raise ValueError(f"not a {field.type}")
    return value


def _boolean(shown: Any, text: str, field: Field) -> Value | None:
    return _WORDS.get(text.casefold())


def _code(shown: Any, text: str, field: Field) -> Value | None:
    said = {str(code).casefold(): code for code in field.codes}
    meant = {meaning.casefold(): code for code, meaning in field.codes.items()}
    return (meant | said).get(text.casefold()) if not isinstance(shown, bool) else None


def _number(shown: Any, text: str, field: Field) -> Value | None:
    if isinstance(shown, bool) or not re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text):
        return None
    return whole(float(text.replace(",", ".")))


def _digits(shown: Any, text: str, field: Field) -> Value | None:
    return None if isinstance(shown, datetime | date) else read_digits(text)


def _day(shown: Any, text: str, field: Field) -> Value | None:
    if isinstance(shown, datetime):
        return shown.date().isoformat()
    if isinstance(shown, date):
        return shown.isoformat()
    if isinstance(shown, int | float) and not isinstance(shown, bool):
        in_range = 1 <= shown <= _LAST_SERIAL
        return (_EPOCH + timedelta(days=int(shown))).isoformat() if in_range else None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        day = read_date(text, birth=field.name == "data_di_nascita")
        return None if day is None else day.isoformat()


def _year(shown: Any, text: str, field: Field) -> Value | None:
    if isinstance(shown, datetime | date):
        return str(shown.year)
    return text if re.fullmatch(r"(?:1[89]|20|21)\d\d", text) else None


def _text(shown: Any, text: str, field: Field) -> Value | None:
    if isinstance(shown, datetime | date):
        return f"{shown:%d/%m/%Y}"
    return (read_phone(text) or text) if field.name == "numero di telefono" else text


_READ = {
    "boolean": _boolean,
    "code": _code,
    "number": _number,
    "digits": _digits,
    "date": _day,
    "year": _year,
}
