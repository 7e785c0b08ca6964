"""The table of a letter as a file to take home, with the values that a person changed in it."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from core.errors import BadInput
from core.extract.cell import FORMULA_STARTS, in_cell
from core.extract.result import LetterFields
from core.extract.sheet import write_sheet
from core.records import Value
from core.schema import default_schema

FORMATS = (".xlsx", ".csv", ".json")
Changed = Mapping[str, Value | None]


def file_of(suffix: str, result: LetterFields, values: Changed, folder: Path) -> tuple[str, bytes]:
    """The file's name and content; `folder` is used meanwhile. A changed value goes into its cell
    as a clerk would put it there, so that `lettera corrections` finds it in an .xlsx.
    """
    if suffix not in FORMATS:
        raise BadInput(f"no such table: {suffix}; one of {', '.join(FORMATS)}")
    path = folder / f"lettera{suffix}"
    write_sheet(path, [result])
    if values:
        _CHANGE[suffix](path, values)
    return path.name, path.read_bytes()


def _change_xlsx(path: Path, values: Changed) -> None:
    from core.extract.workbook import look_into, open_workbook

    schema = default_schema()
    book, _ = open_workbook(path)
    table, _ = look_into(book, schema)
    (_, row), *_ = table.rows()
    for name, value in values.items():
        cell = table.cell(row, name)
        if cell is not None:
            cell.value = None if value is None else in_cell(value, schema.field(name))
            if isinstance(cell.value, str):
                cell.data_type = "s"  # never a formula, whatever it begins with
    book.save(path)


def _change_csv(path: Path, values: Changed) -> None:
    heading, row = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
    said = dict(zip(heading, row, strict=True))
    for name, value in values.items():
        shown = "" if value is None else in_cell(value, default_schema().field(name))
        text = str(shown)
        risky = isinstance(shown, str) and text.startswith(FORMULA_STARTS)
        said[name] = f"'{text}" if risky else text
    out = io.StringIO(newline="")
    csv.writer(out).writerows([list(said), list(said.values())])
    path.write_bytes(out.getvalue().encode("utf-8-sig", "replace"))


def _change_json(path: Path, values: Changed) -> None:
    (raw,) = json.loads(path.read_bytes())
    for name, value in values.items():
        raw["fields"].pop(name, None)
        if value is not None:
            raw["fields"][name] = {"value": value, "evidence": [], "origin": "human"}
    path.write_text(json.dumps([raw], ensure_ascii=True, indent=1) + "\n")


_CHANGE = {".xlsx": _change_xlsx, ".csv": _change_csv, ".json": _change_json}
