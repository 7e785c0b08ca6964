"""Last month's Excel workbook of the ward gets new rows; `fresh` makes a new one.

In Italian, like the people who read it. Four sheets: "Lettere" (a row a letter), "Evidenze" (a row
a place), "Codici", and a hidden one that remembers what we wrote. What a person changed since is
known by it and stays as it is; so does what a person did to rows, columns, filters and colours.
"""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import BadInput
from core.extract.book import evidence, memory
from core.extract.book.content import Content, contents, why_away
from core.extract.book.evidence import EvidenceSheet
from core.extract.book.memory import Entry, Memory, Written, fingerprint
from core.extract.book.table import Table
from core.extract.cell import LETTER
from core.extract.result import LetterFields
from core.files import reading
from core.schema import Field, Schema

_LOCKED = b"\xd0\xcf\x11\xe0"  # a compound file: what Excel makes of a workbook with a password
_LOST = ("xl/slicers/", "xl/timelines/", "xl/ctrlProps/", "xl/activeX/", "xl/diagrams/")


@dataclass(slots=True)
class Writing:
    """What was done to a spreadsheet that may have been there before.

    `same`: letters there already of which no cell had to change. `kept`: cells of letters read
    again that a person had changed. `removed`: letters whose row a person took out. `strange`: rows
    with a letter's name that were not written by us. `gone`: fields without a column. `lost`: what
    the file held that cannot be kept; the file as it was is at `before`.
    """

    added: int = 0
    updated: int = 0
    cells: int = 0
    same: int = 0
    kept: int = 0
    removed: int = 0
    strange: int = 0
    gone: tuple[str, ...] = ()
    lost: list[str] = field(default_factory=list)
    before: Path | None = None

    @property
    def notes(self) -> list[str]:
        """What a person should hear of it, in sentences."""
        letters = _count(self.updated, "letter")
        told = {
            _count(self.added, "new row"): self.added,
            f"{_count(self.cells, 'cell')} of {letters} brought up to date": self.cells,
            f"{_count(self.same, 'letter')} there already, unchanged": self.same,
            f"{_count(self.kept, 'cell')} that a person changed left alone": self.kept,
            f"{_count(self.removed, 'letter')} left out: a person took the row away": self.removed,
            f"{_count(self.strange, 'row')} left alone that Lettera did not write": self.strange,
            f"no column any more for {', '.join(self.gone)}": len(self.gone),
            f"cannot be kept: {', '.join(self.lost)}; as it was: {self.before}": len(self.lost),
        }
        return [sentence for sentence, number in told.items() if number]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def extend_workbook(book: Workbook, results: Iterable[LetterFields], schema: Schema) -> Writing:
    """Puts letters into a workbook that people have worked on. Raises BadInput for another kind."""
    rows, written = look_into(book, schema)
    rows.refit()
    there = evidence.TITLE in book.sheetnames
    places = EvidenceSheet(book[evidence.TITLE], schema) if there else None
    return _Writer(book, rows, places, written, schema).write(results)


def look_into(book: Workbook, schema: Schema) -> tuple[Table, Memory]:
    """The letters of a workbook, and what we wrote of them. Raises BadInput for another kind."""
    kept = book[memory.TITLE] if memory.TITLE in book.sheetnames else None
    rows, written = Table.find(book, schema), Memory.read(kept)
    names = {name for name, _ in rows.rows()}
    if names and written.entries and names.isdisjoint(written.entries):
        raise BadInput(f"no column with the letters' names any more; call it '{LETTER}' again")
    return rows, written


def open_workbook(path: Path, *, values: bool = False) -> tuple[Workbook, list[str]]:
    """A workbook of any origin, and what of it would be lost if it were written again.

    `values`: what formulas came to, in place of the formulas. Raises BadInput.
    """
    lost = lost_parts(path)
    try:
        with reading(path), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            book = load_workbook(path, data_only=values)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, SyntaxError) as bad:
        raise BadInput(f"{path}: not an Excel workbook ({type(bad).__name__})") from None
    return book, lost + sorted({str(one.message).partition(" extension")[0] for one in told})


def lost_parts(path: Path) -> list[str]:
    """The parts of a workbook that openpyxl does not keep. Raises BadInput where it is none."""
    try:
        with reading(path), path.open("rb") as file:
            if file.read(4) == _LOCKED:
                raise BadInput(f"{path}: locked with a password; take it off, or write elsewhere")
        with reading(path), ZipFile(path) as archive:
            parts = {folder for folder in _LOST for n in archive.namelist() if folder in n}
    except BadZipFile:
        raise BadInput(f"{path}: not an Excel workbook; name another file") from None
    return [part.split("/")[1] for part in sorted(parts)]


_EMPTY = Content(None, "", None, None, ())
_NOTHING = Written(None, memory.digest("", 8))


class _Writer:
    def __init__(
        self,
        book: Workbook,
        rows: Table,
        places: EvidenceSheet | None,
        written: Memory,
        schema: Schema,
    ) -> None:
        self._book, self._table, self._places = book, rows, places
        self._memory, self._schema = written, schema
        self._rows: dict[str, int] = {}
        for name, row in rows.rows():
            self._rows.setdefault(name, row)
        gone = (name for name in schema.fields if name not in rows.columns)
        self._done = Writing(gone=tuple(gone))

    def write(self, results: Iterable[LetterFields]) -> Writing:
        """Writes all letters; two results of one document become one row, the later one's."""
        taken: set[str] = set()
        for result in results:
            id = result.extra.get("id")
            name = self._memory.name(result.letter, None if id is None else str(id), taken)
            taken.add(name)
            self._put(name, None if id is None else str(id), result)
        self._table.close()
        if self._places is not None:
            self._places.close()
        there = memory.TITLE in self._book.sheetnames
        kept = self._book[memory.TITLE] if there else self._book.create_sheet(memory.TITLE)
        self._memory.write(kept)
        return self._done

    def _put(self, name: str, id: str | None, result: LetterFields) -> None:
        entry = self._memory.entries.get(name)
        if entry is None and name in self._rows:
            self._done.strange += 1
        elif entry is None:
            self._add(name, id, result)
        elif name not in self._rows:
            self._done.removed += 1
        else:
            entry.id = entry.id or id
            self._update(name, entry, result)

    def _add(self, name: str, id: str | None, result: LetterFields) -> None:
        cells = contents(result, self._schema)
        entry = self._memory.add(name, id)
        row = self._rows[name] = self._table.add_row(name)
        if not result.discharge_letter:
            self._table.mark_away(row, why_away(result))
        for field_name, content in cells.items():
            column = self._schema.field(field_name)
            if field_name in self._table.columns:
                self._table.fill(row, column, content)
                entry.cells[field_name] = Written.of(content, column)
        if self._places is not None:
            self._table.link(row, self._places.add(name, result))
        self._done.added += 1

    def _update(self, name: str, entry: Entry, result: LetterFields) -> None:
        """A letter read again: what nobody touched is brought up to date."""
        new = contents(result, self._schema)
        changed = sum(self._renew(self._rows[name], entry, *one) for one in self._pairs(new))
        if self._places is not None:
            self._places.add(name, result)
        self._done.cells += changed
        self._done.updated += changed > 0
        self._done.same += changed == 0

    def _pairs(self, new: dict[str, Content]) -> Iterator[tuple[str, Content]]:
        """Every field of the schema with its content now, an empty one where it has none."""
        yield from ((name, new.get(name, _EMPTY)) for name in self._schema.fields)

    def _renew(self, row: int, entry: Entry, name: str, content: Content) -> bool:
        """Whether the value of a cell was changed."""
        column, was = self._schema.field(name), entry.cells.get(name)
        cell = self._table.cell(row, name)
        if cell is None:
            return False
        if is_touched(cell.value, column, was):
            self._done.kept += 1
            return False
        now = Written.of(content, column)
        if now == (was or _NOTHING):
            return False
        self._table.update(cell, column, content, was.note if was else "")
        entry.cells[name] = now
        return now.print != (was.print if was else None)


def is_touched(shown: object, column: Field, was: Written | None) -> bool:
    """Whether a cell holds something else than we wrote."""
    try:
        return fingerprint(shown, column) != (was.print if was else None)
    except ValueError:
        return True
