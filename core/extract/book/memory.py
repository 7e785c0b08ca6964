"""What we wrote into the workbook, kept in a hidden sheet: so that a person's change is known.

One row a letter: the name in the table, the letter's id, and as JSON for each cell its value, its
places and those of its doubts. Long texts and quotes are kept as digests only.
"""

import json
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self

from openpyxl.worksheet.worksheet import Worksheet

from core.errors import BadInput
from core.extract.book.content import Content
from core.extract.book.ink import new_cell, plain, put
from core.extract.cell import from_cell
from core.records import Evidence, Json, Value
from core.schema import Field

TITLE = "_lettera"
_HEAD = ("lettera", "id", "scritto da Lettera: non modificare")
_CHUNK = 30_000
_LONG = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where the letter says it; `digest` of the quote tells whether the text is still the same."""

    start: int
    end: int
    digest: str

    @classmethod
    def of(cls, place: Evidence) -> Self:
        return cls(place.start, place.end, digest(place.text, 8))


@dataclass(frozen=True, slots=True)
class Written:
    """One cell as we left it. `print`: the value, or of a long text its digest."""

    print: Value | None
    note: str
    score: float | None = None
    places: tuple[Place, ...] = ()
    doubted: tuple[Place, ...] = ()

    @classmethod
    def of(cls, content: Content, column: Field) -> Self:
        value = content.value
        return cls(
            fingerprint(content.shown, column),
            digest(content.note, 8),
            None if value is None else value.score,
            () if value is None else tuple(map(Place.of, value.evidence)),
            tuple(Place.of(place) for doubt in content.doubts for place in doubt.evidence),
        )

    def to_json(self) -> list[Any]:
        return [self.print, self.note, self.score, _flat(self.places), _flat(self.doubted)]

    @classmethod
    def from_json(cls, raw: list[Any]) -> Self:
        value, note, score, places, doubted = raw
        return cls(value, note, score, _deep(places), _deep(doubted))


@dataclass(slots=True)
class Entry:
    """One letter of the table. `id` where it is known: file names come again, ids do not."""

    id: str | None
    cells: dict[str, Written] = field(default_factory=dict)


class Memory:
    """The letters written so far by their name in the table; `there`: whether there is one."""

    def __init__(self, entries: dict[str, Entry], there: bool) -> None:
        self.entries, self.there = entries, there
        self._names = {entry.id: name for name, entry in entries.items() if entry.id is not None}

    @classmethod
    def read(cls, sheet: Worksheet | None) -> Self:
        """Raises BadInput where somebody worked on it."""
        if sheet is None:
            return cls({}, False)
        try:
            return cls(dict(_read(sheet)), True)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BadInput(
                f"the hidden sheet '{TITLE}' was changed; delete it, and the rows there are "
                "left as they are"
            ) from None

    def write(self, sheet: Worksheet) -> None:
        """The whole memory, in place of what stood there."""
        sheet.delete_rows(1, sheet.max_row)
        sheet.sheet_state = "veryHidden"
        lines = (row(name, entry) for name, entry in self.entries.items())
        for number, line in enumerate((_HEAD, *lines), 1):
            for column, shown in enumerate(line, 1):
                if shown is not None:
                    put(sheet, number, column, shown)

    def add(self, name: str, id: str | None) -> Entry:
        """A letter that is not known yet."""
        entry = self.entries[name] = Entry(id)
        if id is not None:
            self._names[id] = name
        return entry

    def name(self, letter: str, id: str | None, taken: Container[str]) -> str:
        """The name of a letter in the table: the one it has, else its own, made the only one.

        `taken`: names that other letters have in this run.
        """
        if id in self._names:
            return self._names[id]
        for name in _names(letter):
            entry = self.entries.get(name)
            same = entry is not None and (id is None or entry.id is None)
            if name not in taken and (entry is None or same):
                return name
        raise AssertionError("names never end")


def head_memory(sheet: Worksheet) -> None:
    """The headings of an empty sheet that nobody sees."""
    sheet.sheet_state = "veryHidden"
    sheet.append([new_cell(sheet, title) for title in _HEAD])


def row(name: str, entry: Entry) -> tuple[str | None, ...]:
    """What is kept of a letter, as the cells of a row."""
    told = {key: written.to_json() for key, written in entry.cells.items()}
    text = json.dumps(told, separators=(",", ":"))
    chunks = (text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK))
    return (name, entry.id, *chunks)


def fingerprint(shown: Any, column: Field) -> Value | None:
    """What a cell holds, so that it can be compared: the value, of a long text the digest.

    Raises ValueError for what is no value of the field.
    """
    value = from_cell(plain(shown) if isinstance(shown, str) else shown, column)
    if isinstance(value, str) and len(value) > _LONG:
        return f"#{digest(value, 16)}"
    return value


def digest(text: str, length: int) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def _names(letter: str) -> Iterator[str]:
    yield plain(letter)
    number = 2
    while True:
        yield plain(f"{letter} ({number})")
        number += 1


def _read(sheet: Worksheet) -> Iterator[tuple[str, Entry]]:
    for name, id, *chunks in sheet.iter_rows(min_row=2, values_only=True):
        if name is None:
            continue
        told: Json = json.loads("".join(str(chunk) for chunk in chunks if chunk is not None))
        cells = {key: Written.from_json(raw) for key, raw in told.items()}
        yield str(name), Entry(None if id is None else str(id), cells)


def _flat(places: Iterable[Place]) -> list[list[Any]]:
    return [[place.start, place.end, place.digest] for place in places]


def _deep(raw: Iterable[list[Any]]) -> tuple[Place, ...]:
    return tuple(Place(start, end, said) for start, end, said in raw)
