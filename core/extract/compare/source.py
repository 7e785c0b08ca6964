"""A file of results, ours or another tool's -> what one system said of each letter.

Nothing a system may have answered is an error here: a foreign name, a wrong type, a broken answer
are what the comparison counts. Read are extract's JSON, JSON Lines of the same, a table from letter
to fields, and fields as the paper's prompt asks for them ({"entità", "valore"}).
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.extract.compare.verdict import Judge, Verdict
from core.files import reading
from core.records import Json, Value
from core.schema import Field, Schema

_LETTER = ("letter", "id", "document", "file", "source", "lettera")
_NAME = ("entità", "entita", "entity", "field", "name", "campo")
_VALUE = ("valore", "value")


@dataclass(frozen=True, slots=True)
class Said:
    """One value as given. `field` None: an invented name; `value` None: cannot be read."""

    name: str
    raw: Any
    verdict: Verdict
    field: Field | None
    value: Value | None
    quotes: tuple[Json, ...] = ()
    score: float | None = None


@dataclass(slots=True)
class Document:
    """What was said of one letter. `fields` has the known ones, `repeated` counts names said twice.

    `broken`: what stands in place of the fields is none.
    """

    letter: str
    said: list[Said]
    turned_away: bool = False
    broken: bool = False
    repeated: int = 0
    open: frozenset[str] = frozenset()
    extra: Json = field(default_factory=dict)
    fields: dict[str, Said] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for said in self.said:
            if said.field is not None and said.field.name not in self.fields:
                self.fields[said.field.name] = said
            else:
                self.repeated += said.field is not None


@dataclass(slots=True)
class System:
    """One file's answers by letter. `unnamed`: answers that belong to no letter."""

    name: str
    documents: dict[str, Document]
    unnamed: int = 0


def read_system(path: Path, name: str, schema: Schema) -> System:
    """Raises BadInput for a file that is no list of results."""
    judge = Judge(schema)
    system = System(name, {})
    rows = 0
    for raw in _rows(path):
        rows += 1
        letter = _first(raw, _LETTER) if isinstance(raw, dict) else None
        if letter is None:
            system.unnamed += 1
            continue
        key = _unique(str(letter), system.documents)
        system.documents[key] = _document(key, raw, judge)
    if rows and not system.documents:
        raise BadInput(
            f"{path}: no results in it; a result is an object with 'letter' and 'fields', as "
            "`lettera extract -o out.json` writes them"
        )
    return system


def names_of(paths: list[Path]) -> list[str]:
    """What to call the systems: the files' names, as far up as it takes to tell them apart."""
    parts = [path.with_suffix("").parts for path in paths]
    for depth in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{number}. {path.stem}" for number, path in enumerate(paths, 1)]


def _rows(path: Path) -> Iterator[Any]:
    try:
        with reading(path):
            text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a text file; give it the JSON that extract writes") from None
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(path, text)
        return
    if isinstance(whole, list):
        yield from whole
    elif isinstance(whole, dict) and "fields" in whole:
        yield whole
    elif isinstance(whole, dict):
        yield from (_named(letter, fields) for letter, fields in whole.items())
    else:
        raise BadInput(f"{path}: not a list of results")


def _lines(path: Path, text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise BadInput(f"{path}:{number}: neither JSON nor JSON Lines") from None


def _named(letter: str, fields: Any) -> Json:
    """A row of a table from letter to fields; the fields may stand one step deeper."""
    inside = fields["fields"] if isinstance(fields, dict) and "fields" in fields else fields
    return {"letter": letter, "fields": inside}


def _document(letter: str, raw: Json, judge: Judge) -> Document:
    fields = raw.get("fields")
    said = [_said(name, value, judge) for name, value in _pairs(fields) if not _empty(value)]
    known = ("letter", "fields", "doubts", "text")
    return Document(
        letter,
        said,
        turned_away=raw.get("discharge_letter") is False,
        broken=not isinstance(fields, dict | list),
        open=frozenset(map(str, raw["open"])) if isinstance(raw.get("open"), list) else frozenset(),
        extra={key: value for key, value in raw.items() if key not in known},
    )


def _pairs(fields: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(fields, dict):
        yield from ((str(name), value) for name, value in fields.items())
    for item in fields if isinstance(fields, list) else ():
        name = _first(item, _NAME) if isinstance(item, dict) else None
        if name is not None:
            value = _first(item, _VALUE)
            yield str(name), item | {"value": value}


def _said(name: str, raw: Any, judge: Judge) -> Said:
    told = raw if isinstance(raw, dict) and "value" in raw else {"value": raw}
    verdict, known, value = judge.of(name, told["value"])
    places = told.get("evidence")
    quotes = (place for place in (places if isinstance(places, list) else ()))
    return Said(
        name,
        told["value"],
        verdict,
        known,
        value,
        tuple(quote for quote in quotes if isinstance(quote, dict)),
        _share(told.get("score")),
    )


def _share(score: Any) -> float | None:
    """A score between 0 and 1; what is none is as good as none given."""
    number = isinstance(score, int | float) and not isinstance(score, bool)
    return float(score) if number and math.isfinite(score) and 0 <= score <= 1 else None


def _empty(value: Any) -> bool:
    inner = value["value"] if isinstance(value, dict) and "value" in value else value
    return inner is None or (isinstance(inner, str | list | dict) and not inner)


def _first(raw: Json, names: tuple[str, ...]) -> Any:
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def _unique(name: str, taken: dict[str, Document]) -> str:
    """Several letters of one file have one name: the second is "x.pdf (2)", as in the sheet."""
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return unique
