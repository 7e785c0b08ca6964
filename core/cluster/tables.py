"""Letters and fields as Parquet, a row a document; annotations are as `lettera convert` has them.

Programs of the trade read the columns (DuckDB, Spark, pandas); what no column says, or not exactly,
is JSON in `record`, so that reading a file back is the identity.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from core.convert import Converted
from core.convert.carried import one_line, written
from core.convert.parquet import Parquet
from core.errors import BadInput
from core.extract.result import LetterFields
from core.files import replacing
from core.jsonl import Record
from core.records import Annotation, Json, Letter
from core.schema import default_schema

Kind = Literal["letters", "annotations", "fields"]

_File: Any = pq.ParquetFile  # they have no type hints
_written: Any = pq.write_table
_RECORD = "record"
_PLACE = [("start", pa.int64()), ("end", pa.int64())]
_LETTERS = {
    "id": pa.string(),
    "source": pa.string(),
    "discharge_letter": pa.bool_(),
    "text": pa.string(),
    "pages": pa.list_(pa.struct([("page", pa.int64()), *_PLACE])),
    "reader": pa.string(),
    "sections": pa.list_(pa.struct([("name", pa.string()), *_PLACE])),
}
_ABOUT = {"id": pa.string(), "letter": pa.string(), "discharge_letter": pa.bool_(),
          "reason": pa.string()}  # fmt: skip
_TYPES: dict[str, tuple[Any, tuple[type, ...]]] = {
    "boolean": (pa.bool_(), (bool,)),
    "number": (pa.float64(), (int, float)),
}
_STRING = pa.string(), (str,)


def write_table(path: Path, kind: Kind, records: Iterable[Any]) -> None:
    """Writes records of one kind whole or not at all, mode 0600."""
    if kind == "annotations":
        Parquet().write(path, records, Converted(path))
        return
    columns, row = (_LETTERS, _letter_row) if kind == "letters" else (_fields(), _fields_row)
    schema = pa.schema(columns | {_RECORD: pa.string()})
    table = pa.Table.from_pylist([row(one) for one in records], schema)
    with replacing(path) as file:
        _written(table, file, compression="zstd")


def read_table(path: Path) -> Iterator[Record]:
    """The records of a file that `write_table` wrote, whatever their kind. Raises BadInput."""
    kind = kind_of(path)
    if kind == "annotations":
        report = Converted(path)
        yield from Parquet().read(path, report)
        if report.refused:
            raise BadInput(f"{report.refused[0]} ({len(report.refused)} such rows)")
        return
    make = letter_of if kind == "letters" else _fields_of
    for batch in opened(path).iter_batches(500):
        yield from map(make, batch.to_pylist())


def opened(path: Path) -> Any:
    """A Parquet file. Raises BadInput where it is none."""
    try:
        return _File(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadInput(f"{path}: not a Parquet file ({type(error).__name__})") from None


def kind_of(path: Path) -> Kind:
    """What a file that `write_table` wrote holds. Raises BadInput for another."""
    names = set(opened(path).schema_arrow.names)
    if are_letters(names):
        return "letters"
    if _RECORD in names:
        return "fields"
    if "spans" in names:
        return "annotations"
    raise BadInput(f"{path}: not written by Lettera")


def are_letters(columns: set[str]) -> bool:
    return columns >= {*_LETTERS, _RECORD}


def letter_id(record: Record) -> str:
    """The id of the letter that a record speaks of."""
    if isinstance(record, Annotation):
        return record.phrase.letter
    return str(record.extra["id"]) if isinstance(record, LetterFields) else record.key


def letter_of(row: Json) -> Letter:
    """The letter of a row."""
    shown = {key: part for key, part in row.items() if part is not None}
    return Letter.from_json(shown | json.loads(shown.pop(_RECORD)))


def _letter_row(letter: Letter) -> Json:
    raw = letter.to_json()
    row = {name: _shown(raw.get(name)) for name in _LETTERS}
    rest = {name: part for name, part in raw.items() if name not in row or row[name] != part}
    return row | {_RECORD: one_line(rest)}


def _shown(part: Any) -> Any:
    """As a column can hold it: half a character, which UTF-8 cannot, is `?` there."""
    if isinstance(part, list):
        return part if written(said := json.dumps(part, ensure_ascii=False)) == said else None
    return written(part) if isinstance(part, str) else part


def _fields() -> dict[str, Any]:
    fields = default_schema().fields.values()
    return {one.name: _TYPES.get(one.type, _STRING)[0] for one in fields} | _ABOUT


def _fields_row(found: LetterFields) -> Json:
    schema, row = default_schema(), Json()
    for one in found.fields:
        kind = schema.fields[one.field].type if one.field in schema.fields else None
        if kind in _TYPES and isinstance(one.value, _TYPES[kind][1]):
            row[one.field] = one.value
        elif kind and kind not in _TYPES:  # else a value of another type: it is in the record
            row[one.field] = written(str(one.value))
    row |= {"id": found.extra.get("id"), "letter": written(found.letter)}
    row |= {"discharge_letter": found.discharge_letter, "reason": found.reason}
    return row | {_RECORD: one_line(found.to_json())}


def _fields_of(row: Json) -> LetterFields:
    return LetterFields.from_json(json.loads(row[_RECORD]))
