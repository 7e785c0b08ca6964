"""A name and a value as a system gave them -> right, wrong in form, wrong in type, or invented."""

import re
from datetime import date
from typing import Any, Literal

from core.extract.cell import from_cell
from core.extract.values import read_code
from core.records import Value
from core.schema import Field, Schema

Verdict = Literal["right", "form", "type", "invented"]
POINTS: dict[Verdict, int] = {"right": 0, "form": 1, "type": 1, "invented": 2}


class Judge:
    """Judges by a schema. Names count in any case, with blanks for underscores."""

    def __init__(self, schema: Schema) -> None:
        self._fields = {
            _plain(name): field
            for field in schema.fields.values()
            for name in (*field.aliases, field.name)
        }

    def of(self, name: str, raw: Any) -> tuple[Verdict, Field | None, Value | None]:
        """The verdict, the field meant, and the value in its type where it can be read."""
        field = self._fields.get(_plain(name))
        if field is None:
            return "invented", None, None
        if _is_typed(raw, field):
            return "right", field, raw
        value = _read(raw, field)
        return ("type" if value is None else "form"), field, value


def _plain(name: str) -> str:
    return re.sub(r"[\s_'’]+", " ", name).strip().casefold()


def _is_typed(raw: Any, field: Field) -> bool:
    """Whether a value has the very form that extract's JSON asks for."""
    if field.type == "boolean":
        return isinstance(raw, bool)
    if field.type == "number":
        return isinstance(raw, int | float) and not isinstance(raw, bool)
    if field.type == "code":
        return any(type(raw) is type(code) and raw == code for code in field.codes)
    if not isinstance(raw, str):
        return False
    if field.type == "date":
        return _is_iso(raw)
    pattern = {"digits": r"\d+", "year": r"\d{4}"}.get(field.type)
    return pattern is None or re.fullmatch(pattern, raw) is not None


def _is_iso(raw: str) -> bool:
    try:
        return len(raw) == 10 and bool(date.fromisoformat(raw))
    except ValueError:
        return False


def _read(raw: Any, field: Field) -> Value | None:
    """The value that a person would take it for; None where there is none."""
    if isinstance(raw, dict | list):
        return None
    try:
        return from_cell(raw, field)
    except (ValueError, OverflowError):
        coded = field.type == "code" and isinstance(raw, str)
        return read_code(field, raw) if coded else None
