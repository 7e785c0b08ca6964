"""Results -> the ward's spreadsheet: a row a letter, a column a field, each cell with its quote.

The suffix of the path chooses: .xlsx for people, .csv and .json for programs. Letters hold whatever
somebody typed, so a text that a spreadsheet would take for a formula stays a text. In .xlsx it is a
string cell with the quote prefix, and reads back as it was. In .csv, which knows no types, it gets
an apostrophe before it, as the OWASP verification standard asks (ASVS 1.2.10). An .xlsx that people
have worked on is added to.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from core.errors import BadInput
from core.extract.cell import FORMULA_STARTS, LETTER, in_cell
from core.extract.result import LetterFields
from core.files import as_json, replacing
from core.schema import Schema, default_schema

if TYPE_CHECKING:
    from openpyxl import Workbook

    from core.extract.workbook import Writing


def check_sheet(path: Path) -> None:
    """Raises BadInput for a path that `write_sheet` would refuse: to be known before the work."""
    if path.suffix.lower() not in _KINDS:
        raise BadInput(f"{path}: not a kind of spreadsheet; choose {', '.join(_KINDS)}")
    if path.suffix.lower() == ".xlsx" and path.exists():
        from core.extract.workbook import lost_parts

        _check_free(path)
        lost_parts(path)
        if path.stat().st_size <= _QUICK:
            _opened(path, default_schema())


def write_sheet(
    path: Path, results: Iterable[LetterFields], schema: Schema | None = None
) -> "Writing | None":
    """Writes results whole or not at all, mode 0600. Raises BadInput for another suffix.

    An .xlsx that is there already gets new rows, and what was done to it is returned; .csv and
    .json are for programs and are written anew.
    """
    suffix = path.suffix.lower()
    if suffix not in _KINDS:
        check_sheet(path)
    if suffix == ".xlsx":
        return _write_xlsx(path, results, schema or default_schema())
    with replacing(path) as file:
        (_write_json if suffix == ".json" else _write_csv)(
            file, results, schema or default_schema()
        )
    return None


def _write_json(file: IO[bytes], results: Iterable[LetterFields], schema: Schema) -> None:
    """A list, letter by letter: an archive's results fit no memory."""
    begin = b"[\n "
    for result in results:
        file.write(begin + as_json(result.to_json(), indent=1).replace(b"\n", b"\n "))
        begin = b",\n "
    file.write(b"[]\n" if begin.startswith(b"[") else b"\n]\n")


def _write_csv(file: IO[bytes], results: Iterable[LetterFields], schema: Schema) -> None:
    """Commas, a byte-order mark (without it Excel spoils the accents), dates as yyyy-mm-dd."""
    text = io.TextIOWrapper(file, "utf-8-sig", "replace", newline="")
    try:
        rows = csv.writer(text)
        rows.writerow([LETTER, *schema.fields])
        for result in results:
            said = {value.field: value.value for value in result.fields}
            known = ((said.get(name), field) for name, field in schema.fields.items())
            cells = ["" if value is None else in_cell(value, field) for value, field in known]
            rows.writerow([_harmless(cell) for cell in (result.letter, *cells)])
    finally:
        text.detach()  # or it would close what is not its own


def _harmless(cell: str | int | float | date) -> str | int | float | date:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


def _write_xlsx(path: Path, results: Iterable[LetterFields], schema: Schema) -> "Writing | None":
    if not path.exists():
        from core.extract.book.fresh import FreshBook  # openpyxl takes 0.3 s to import

        book = FreshBook(schema)
        try:
            for result in results:
                book.add(result)
            with replacing(path) as file:
                book.save(file)
        except BaseException:
            book.drop()
            raise
        return None
    return _extend(path, results, schema)


def _extend(path: Path, results: Iterable[LetterFields], schema: Schema) -> "Writing":
    """Adds to a workbook that is there; where that loses something, a copy of it is kept."""
    from core.extract.workbook import extend_workbook

    results = list(results)  # may take hours, in which people go on working on the file
    _check_free(path)
    saved = path.stat().st_mtime_ns
    book, lost = _opened(path, schema)
    done = extend_workbook(book, results, schema)
    if lost:
        done.lost, done.before = lost, path.with_name(f"{path.stem}.before{path.suffix}")
        with replacing(done.before) as file:
            file.write(path.read_bytes())
    with replacing(path) as file:
        book.save(file)
        if path.stat().st_mtime_ns != saved:
            raise BadInput(f"{path}: somebody saved it meanwhile; run the same command again")
    return done


def _opened(path: Path, schema: Schema) -> "tuple[Workbook, list[str]]":
    from core.extract.workbook import look_into, open_workbook

    book, lost = open_workbook(path)
    try:
        look_into(book, schema)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    return book, lost


def _check_free(path: Path) -> None:
    """Excel and LibreOffice put a file beside a workbook that somebody has open."""
    for name in (f"~${path.name}", f".~lock.{path.name}#"):
        if path.with_name(name).exists():
            raise BadInput(f"{path}: open in a spreadsheet program; close it there first ({name})")


_KINDS = (".xlsx", ".csv", ".json")
_QUICK = 4_000_000  # bytes of a workbook that is read in seconds; it is read again to be written
