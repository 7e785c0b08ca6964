"""A new workbook, written row by row as letters come: the rows are on disk, not in memory.

What stays in memory: the letters' names, and the comments, of which there is a bound (COMMENTED).
"""

from typing import IO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from core.extract.book import codes, columns, evidence, memory
from core.extract.book.content import Content, contents, why_away
from core.extract.book.ink import FILLS, Shown, comment, new_cell
from core.extract.book.memory import Entry, Memory, Written
from core.extract.result import LetterFields
from core.schema import Field, Schema


class FreshBook:
    """Letters in, a workbook out. Of two results of one document the first counts."""

    def __init__(self, schema: Schema) -> None:
        self._book = Workbook(write_only=True)
        self._book.properties.creator = "Lettera"
        self._schema = schema
        self._names, self._taken = Memory({}, True), set[str]()
        self._letters: Worksheet = self._book.create_sheet(columns.TITLE)
        columns.head_letters(self._letters, schema)
        self._places: Worksheet = self._book.create_sheet(evidence.TITLE)
        evidence.head_places(self._places)
        self._last_place = 1
        codes.fill_codes(self._book.create_sheet(codes.TITLE), schema)
        self._kept: Worksheet = self._book.create_sheet(memory.TITLE)
        memory.head_memory(self._kept)

    def add(self, result: LetterFields) -> None:
        """Writes the rows of a letter."""
        said = result.extra.get("id")
        id = None if said is None else str(said)
        name = self._names.name(result.letter, id, self._taken)
        if name in self._taken:
            return
        self._taken.add(name)
        cells = contents(result, self._schema)
        first = self._add_places(name, result)
        shown = [self._name_cell(name, result, first)]
        for field in self._schema.fields.values():
            content = cells.get(field.name)
            shown.append(None if content is None else self._cell(field, content))
        self._letters.append(shown)
        entry = Entry(id, {key: Written.of(cells[key], self._schema.field(key)) for key in cells})
        self._kept.append([new_cell(self._kept, one) for one in memory.row(name, entry)])
        self._names.add(name, id)

    def save(self, file: IO[bytes]) -> None:
        """Writes the whole workbook; nothing can be added after it."""
        fields = get_column_letter(1 + len(self._schema.fields))
        self._letters.auto_filter.ref = f"A1:{fields}{max(2, 1 + len(self._taken))}"
        self._places.auto_filter.ref = evidence.area(self._last_place)
        self._book.save(file)

    def drop(self) -> None:
        """Ends a workbook that is not to be: its rows on disk, letters' words, go at once.

        Left to itself, openpyxl ends its files in the wrong order, with a page of complaints.
        """
        for sheet in self._book.worksheets:
            if not sheet.closed:
                sheet.close()
                sheet._writer.cleanup()

    def _add_places(self, name: str, result: LetterFields) -> int | None:
        """The places of a letter among the evidence; the first row."""
        first = self._last_place + 1
        for row in evidence.rows(name, result, self._schema):
            self._places.append([*map(self._place_cell, evidence.TITLES, row)])
            self._last_place += 1
        return first if self._last_place >= first else None

    def _place_cell(self, title: str, shown: Shown) -> Cell | None:
        return None if shown is None else evidence.dressed(new_cell(self._places, shown), title)

    def _name_cell(self, name: str, result: LetterFields, first: int | None) -> Cell | None:
        cell = new_cell(self._letters, name)
        if not result.discharge_letter:
            cell.fill, cell.comment = FILLS["away"], comment(why_away(result))
        if first is not None:
            cell.hyperlink = evidence.link("A1", first)
        return cell

    def _cell(self, field: Field, content: Content) -> Cell | None:
        if content.value is None and not content.doubts:
            return None
        cell = new_cell(self._letters, content.shown)
        cell.number_format = columns.number_format(field)
        columns.explain(cell, content, len(self._taken) <= columns.COMMENTED)
        if content.look:
            cell.fill = FILLS[content.look]
        return cell
