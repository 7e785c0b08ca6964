"""Parquet as Hugging Face's `datasets` reads it: a row an annotation, spans as a list of structs.

`tokens` and `tags` (IOB2) are there for whoever trains on them; spans are what is read back.
`value` and `extra` are JSON, for a column holds one type. pyarrow writes it alone: `datasets` is
needed by nobody here.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.convert import Converted
from core.convert.carried import one_line, written
from core.convert.columns import iob2
from core.errors import BadInput
from core.files import reading, replacing
from core.learn.tags import words
from core.records import Annotation, Json

_Writer: Any = pq.ParquetWriter  # their constructors have no type hints
_File: Any = pq.ParquetFile
ROWS = 1000
EXACT = "exact"
_SPAN = pa.struct(
    [
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("label", pa.string()),
        ("text", pa.string()),
        ("field", pa.string()),
        ("state", pa.string()),
        ("value", pa.string()),
        ("score", pa.float64()),
        ("status", pa.string()),
        ("edits", pa.int64()),
        ("edit", pa.string()),
        ("extra", pa.string()),
    ]
)
_MISSING = pa.struct([("quote", pa.string()), ("field", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("letter", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("section", pa.string()),
        ("text", pa.string()),
        ("spans", pa.list_(_SPAN)),
        ("tokens", pa.list_(pa.string())),
        ("tags", pa.list_(pa.string())),
        ("missing", pa.list_(_MISSING)),
        ("origin", pa.string()),
        ("source", pa.string()),
        ("seconds", pa.float64()),
        ("skipped", pa.bool_()),
        ("comment", pa.string()),
        ("extra", pa.string()),
        (EXACT, pa.string()),
    ]
)
_ADDED = ("tokens", "tags", EXACT)


class Parquet:
    """`exact` holds a whole record as JSON where its columns cannot: half a character is in it."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        with _opened(source) as file:
            missing = set(SCHEMA.names) - set(file.schema_arrow.names)
            if missing:
                names = ", ".join(sorted(missing))
                raise BadInput(f"{source}: not written by Lettera, for it lacks columns: {names}")
            for name in set(file.schema_arrow.names) - set(SCHEMA.names):
                report.told[f"column '{name}', left out"] += 1
            rows = (r for batch in file.iter_batches(ROWS, columns=SCHEMA.names)
                    for r in batch.to_pylist())  # fmt: skip
            for number, row in enumerate(rows, 1):
                try:
                    yield _annotation(row)
                except (BadInput, ValueError, TypeError, KeyError) as error:
                    what = error if isinstance(error, BadInput) else type(error).__name__
                    report.refused.append(f"{source}: row {number}: {what}")

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        rows = (_row(annotation, report) for annotation in annotations)
        with replacing(target) as file, _Writer(file, SCHEMA) as writer:
            while batch := list(islice(rows, ROWS)):
                writer.write_table(pa.Table.from_pylist(batch, schema=SCHEMA))


def _opened(source: Path) -> Any:
    try:
        with reading(source):
            return _File(source)
    except pa.ArrowInvalid as error:
        raise BadInput(f"{source}: not a Parquet file ({type(error).__name__})") from None


def _row(annotation: Annotation, report: Converted) -> Json:
    raw = annotation.to_json()
    row = {name: raw.pop(name, None) for name in SCHEMA.names if name not in ("extra", *_ADDED)}
    row |= _tagged(annotation, report)
    row["spans"] = [_span(span) for span in row["spans"]]
    row["missing"] = row["missing"] or []
    row["skipped"] = annotation.skipped
    row["extra"] = one_line(raw) if raw else None
    held: Json = _held(row)
    return held if held == row else held | {EXACT: json.dumps(annotation.to_json())}


def _tagged(annotation: Annotation, report: Converted) -> Json:
    text = annotation.phrase.text
    places = words(text)
    tags, unsaid = iob2(places, annotation.spans)
    report.told["spans that tags cannot say, whole in the spans"] += unsaid
    return {"tokens": [text[start:end] for start, end in places], "tags": tags}


def _span(raw: Json) -> Json:
    span = {name: raw.pop(name, None) for name in _SPAN.names if name != "extra"}
    value = span["value"]
    span["value"] = None if value is None else one_line(value)
    return span | {"extra": one_line(raw) if raw else None}


def _held(item: Any) -> Any:
    """What UTF-8 can hold of something made of lists, dicts and strings."""
    if isinstance(item, str):
        return written(item)
    if isinstance(item, list):
        return [_held(part) for part in item]
    if isinstance(item, dict):
        return {key: _held(part) for key, part in item.items()}
    return item


def _annotation(row: Json) -> Annotation:
    if row[EXACT] is not None:
        return Annotation.from_json(json.loads(row[EXACT]))
    raw = {key: part for key, part in row.items() if part is not None and key not in _ADDED}
    raw |= json.loads(raw.pop("extra", "{}"))
    return Annotation.from_json(raw | {"spans": [_span_of(span) for span in raw["spans"]]})


def _span_of(row: Json) -> Json:
    raw = {key: part for key, part in row.items() if part is not None}
    if "value" in raw:
        raw["value"] = json.loads(raw["value"])
    extra: Json = json.loads(raw.pop("extra", "{}"))
    return raw | extra
