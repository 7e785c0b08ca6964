"""Letters and fields as Parquet, a row a document; annotations are as `lettera convert` has them.

Programs of the trade read the columns (DuckDB, Spark, pandas); what no column says is JSON in
`extra` or `record`, so that reading a file back is the identity.
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
_PLACE = [("start", pa.int64()), ("end", pa.int64())]
_LETTERS = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("discharge_letter", pa.bool_()),
        ("text", pa.string()),
        ("pages", pa.list_(pa.struct([("page", pa.int64()), *_PLACE]))),
        ("reader", pa.string()),
        ("sections", pa.list_(pa.struct([("name", pa.string()), *_PLACE]))),
        ("boxes", pa.list_(pa.struct([*_PLACE, ("page", pa.int64()),
                                      ("box", pa.list_(pa.float64()))]))),
        ("map", pa.list_(pa.list_(pa.int64()))),
        ("extra", pa.string()),
        ("exact", pa.string()),
    ]
)  # fmt: skip
_ABOUT = [
    ("id", pa.string()),
    ("letter", pa.string()),
    ("discharge_letter", pa.bool_()),
    ("reason", pa.string()),
]
_RECORD = "record"
_TYPES: dict[str, tuple[Any, tuple[type, ...]]] = {
    "boolean": (pa.bool_(), (bool,)),
    "number": (pa.float64(), (int, float)),
}


def write_table(path: Path, kind: Kind, records: Iterable[Any]) -> None:
    """Writes records of one kind whole or not at all, mode 0600."""
    if kind == "annotations":
        Parquet().write(path, records, Converted(path))
        return
    if kind == "letters":
        table = pa.Table.from_pylist([_letter_row(one) for one in records], _LETTERS)
    else:
        table = pa.Table.from_pylist([_fields_row(one) for one in records], _fields_schema())
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
    if names >= set(_LETTERS.names):
        return "letters"
    if "spans" in names:
        return "annotations"
    if _RECORD in names:
        return "fields"
    raise BadInput(f"{path}: not written by Lettera")


def letter_of(row: Json) -> Letter:
    """The letter of a row."""
    if row["exact"] is not None:
        return Letter.from_json(json.loads(row["exact"]))
    raw = {key: part for key, part in row.items() if part is not None}
    return Letter.from_json(raw | json.loads(raw.pop("extra", "{}")))


def _letter_row(letter: Letter) -> Json:
    """`exact` holds a whole letter as JSON where columns cannot: half a character is in it."""
    raw = letter.to_json()
    if written(whole := json.dumps(raw, ensure_ascii=False)) != whole:
        shown = {key: written(raw[key]) for key in ("id", "source", "text", "reader")}
        told = {"discharge_letter": letter.discharge_letter, "exact": json.dumps(raw)}
        return dict.fromkeys(_LETTERS.names) | shown | told
    row = {name: raw.pop(name, None) for name in _LETTERS.names[:-2]}
    return row | {"extra": one_line(raw) if raw else None, "exact": None}


def _fields_schema() -> Any:
    taken = {name for name, _ in _ABOUT} | {_RECORD}
    fields = (field for field in default_schema().fields.values() if field.name not in taken)
    columns = [(field.name, _TYPES.get(field.type, (pa.string(),))[0]) for field in fields]
    return pa.schema([*_ABOUT, *columns, (_RECORD, pa.string())])


def _fields_row(found: LetterFields) -> Json:
    schema = default_schema()
    values = {one.field: one.value for one in found.fields if one.field in schema.fields}
    row: Json = {}
    for name, value in values.items():
        _, types = _TYPES.get(schema.fields[name].type, (None, ()))
        if not types:
            row[name] = written(str(value))
        elif isinstance(value, types):  # a value of another type stands in the record alone
            row[name] = value
    row |= {"id": found.extra.get("id"), "letter": written(found.letter)}
    row |= {"discharge_letter": found.discharge_letter, "reason": found.reason}
    return row | {_RECORD: one_line(found.to_json())}


def _fields_of(row: Json) -> LetterFields:
    return LetterFields.from_json(json.loads(row[_RECORD]))


def letter_id(record: Record) -> str:
    """The id of the letter that a record speaks of."""
    if isinstance(record, Annotation):
        return record.phrase.letter
    return str(record.extra["id"]) if isinstance(record, LetterFields) else record.key
