"""Results -> the ward's spreadsheet: a row a letter, a column a field, each cell with its quote.

The suffix of the path chooses: .xlsx for people, .csv and .json for programs. Letters hold whatever
somebody typed, so a text that a spreadsheet would take for a formula stays a text. In .xlsx it is a
string cell with the quote prefix, and reads back as it was. In .csv, which knows no types, it gets
an apostrophe before it, as the OWASP verification standard asks (ASVS 1.2.10).
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import IO

from core.errors import BadInput
from core.extract.cell import FORMULA_STARTS, LETTER, in_cell
from core.extract.result import LetterFields
from core.files import replacing
from core.schema import Schema, default_schema


def check_sheet(path: Path) -> None:
    """Raises BadInput for a path that `write_sheet` would refuse: to be known before the work."""
    if path.suffix.lower() not in _WRITERS:
        raise BadInput(f"{path}: not a kind of spreadsheet; choose {', '.join(_WRITERS)}")


def write_sheet(path: Path, results: Sequence[LetterFields], schema: Schema | None = None) -> None:
    """Writes results whole or not at all, mode 0600. Raises BadInput for another suffix."""
    check_sheet(path)
    with replacing(path) as file:
        _WRITERS[path.suffix.lower()](file, results, schema or default_schema())


def _write_json(file: IO[bytes], results: Sequence[LetterFields], schema: Schema) -> None:
    raw = [result.to_json() for result in results]
    try:
        file.write(json.dumps(raw, ensure_ascii=False, indent=1).encode() + b"\n")
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot carry
        file.write(json.dumps(raw, indent=1).encode() + b"\n")


def _write_csv(file: IO[bytes], results: Sequence[LetterFields], schema: Schema) -> None:
    """Commas, a byte-order mark (without it Excel spoils the accents), dates as yyyy-mm-dd."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow([LETTER, *schema.fields])
    for result in results:
        said = {value.field: value.value for value in result.fields}
        cells = [in_cell(said[f.name], f) if f.name in said else "" for f in schema.fields.values()]
        rows.writerow([_harmless(cell) for cell in (result.letter, *cells)])
    file.write(text.getvalue().encode("utf-8-sig", "replace"))


def _harmless(cell: str | int | float | date) -> str | int | float | date:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


def _write_xlsx(file: IO[bytes], results: Sequence[LetterFields], schema: Schema) -> None:
    from core.extract.workbook import make_workbook  # openpyxl takes 0.3 s to import

    make_workbook(results, schema).save(file)


_WRITERS: dict[str, Callable[[IO[bytes], Sequence[LetterFields], Schema], None]] = {
    ".xlsx": _write_xlsx,
    ".csv": _write_csv,
    ".json": _write_json,
}
