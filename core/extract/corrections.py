"""A spreadsheet that people corrected -> what they changed: values, and spans to learn from.

What we wrote is remembered in the workbook (core/extract/book/memory.py); a cell that holds
something else was changed. Where the new value stands in the letter it becomes a span of its
phrase, with the spans that nobody objected to beside it; where the value was taken out, its span
is. What stands nowhere, or in several places alike, stays a value without a span and is listed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from core.errors import BadInput
from core.extract.book.memory import Entry
from core.extract.book.table import Table
from core.extract.cell import from_cell
from core.extract.relabelled import Relabelling
from core.extract.workbook import is_touched, look_into, open_workbook
from core.files import write_json
from core.jsonl import read_records, write_records
from core.records import Annotation, Json, Letter, Value
from core.schema import Schema, default_schema


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that a person changed; `now` None: taken out. `why` it has no span, if it has none.

    `row` is the row of the spreadsheet.
    """

    letter: str
    row: int
    field: str
    now: Value | None
    why: str | None = None


@dataclass(slots=True)
class Corrections:
    """What people changed. `rows`: every letter with a change as it stands now, as extract's JSON
    has it: gold for `lettera compare`. `unread`: cells and rows that could not be taken, and why.
    """

    changes: list[Change] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    rows: list[Json] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    strange: int = 0

    @property
    def unplaced(self) -> list[Change]:
        return [change for change in self.changes if change.why is not None]


def read_corrections(file: Path, letters: Path, person: str = "sheet") -> Corrections:
    """The changes in an .xlsx of extract's or the demo's, found again in letters.jsonl.

    Raises BadInput for a workbook that does not remember what we wrote.
    """
    schema = default_schema()
    if file.suffix.lower() != ".xlsx":
        raise BadInput(f"{file}: only an .xlsx remembers what Lettera wrote; correct that one")
    book, _ = open_workbook(file, values=True)
    try:
        table, memory = look_into(book, schema)
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from None
    if not memory.there:
        raise BadInput(f"{file}: does not remember what Lettera wrote; only files of extract do")
    found = Corrections()
    shelf = _Shelf(letters)
    formulas = _formulas(file, schema)
    for name, row in table.rows():
        entry = memory.entries.get(name)
        if entry is None:
            found.strange += 1
            continue
        cells = {key: table.cell(row, key) for key in table.columns}
        shown = {key: cell.value for key, cell in cells.items() if cell is not None}
        for key in _emptied(shown, entry):
            if formulas(row, key):
                found.unread.append(
                    f"row {row}, {key}: a formula without a value; save it in Excel"
                )
                del shown[key]
        now = dict(_values(shown, schema, row, found.unread))
        _compare(found, name, row, entry, now, shown, shelf, person, schema)
    return found


def _emptied(shown: dict[str, object], entry: Entry) -> list[str]:
    return [
        key
        for key, written in entry.cells.items()
        if written.print is not None and key in shown and shown[key] is None
    ]


def _formulas(file: Path, schema: Schema) -> Callable[[int, str], bool]:
    """Whether a cell that shows nothing holds a formula; the file is read again when asked first.

    A formula that no spreadsheet program has reckoned yet has no value, but was not taken out.
    """

    @cache
    def table() -> Table:
        return look_into(open_workbook(file)[0], schema)[0]

    def holds(row: int, name: str) -> bool:
        cell = table().cell(row, name)
        return cell is not None and cell.data_type == "f"

    return holds


def write_corrections(found: Corrections, out: Path) -> Path:
    """Writes the spans to `out` and the corrected letters' values beside it; returns the latter."""
    write_records(out, found.annotations)
    values = out.with_suffix(".json")
    write_json(values, found.rows)
    return values


def _values(
    shown: dict[str, object], schema: Schema, row: int, unread: list[str]
) -> Iterator[tuple[str, Value | None]]:
    """What the cells of a row hold now; what is no value of its field is listed, not taken."""
    for name, cell in shown.items():
        column = schema.field(name)
        try:
            yield name, from_cell(cell, column)
        except ValueError:
            unread.append(f"row {row}, {name}: no {column.type} that can be read")


def _compare(
    found: Corrections,
    name: str,
    row: int,
    entry: Entry,
    now: dict[str, Value | None],
    shown: dict[str, object],
    shelf: "_Shelf",
    person: str,
    schema: Schema,
) -> None:
    columns = (schema.field(key) for key in now)
    changed = [c for c in columns if is_touched(shown[c.name], c, entry.cells.get(c.name))]
    if not changed:
        return
    letter = shelf.find(name, entry.id)
    if letter is None:
        found.unread.append(f"row {row}: its letter is not among the letters; no spans")
        found.changes += [Change(name, row, f.name, now[f.name], "no letter") for f in changed]
        found.rows.append(_as_json(name, entry, now, None))
        return
    work = Relabelling(letter, entry.cells, schema)
    for column in changed:
        why = work.change(column, now[column.name])
        found.changes.append(Change(name, row, column.name, now[column.name], why))
    found.annotations += work.annotations({f.name for f in changed}, now, f"person/{person}")
    found.rows.append(_as_json(name, entry, now, work))


def _as_json(
    name: str, entry: Entry, now: dict[str, Value | None], work: Relabelling | None
) -> Json:
    told = {key: value for key, value in now.items() if value is not None}
    fields = {
        key: {"value": value, "evidence": work.evidence(key) if work else []}
        for key, value in told.items()
    }
    said = {"letter": name, "discharge_letter": True, "fields": fields, "origin": "human"}
    return said if entry.id is None else said | {"id": entry.id}


class _Shelf:
    """letters.jsonl by id, and by file name where that is one letter's only."""

    def __init__(self, path: Path) -> None:
        self._ids: dict[str, Letter] = {}
        self._names: dict[str, list[Letter]] = {}
        for letter in read_records(path, Letter):
            self._ids[letter.id] = letter
            self._names.setdefault(letter.source, []).append(letter)

    def find(self, name: str, id: str | None) -> Letter | None:
        if id is not None:
            return self._ids.get(id)
        named = self._names.get(name, ())
        return named[0] if len(named) == 1 else None
