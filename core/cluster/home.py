"""A folder of parts -> what the other verbs read: JSON Lines, a spreadsheet, a data format."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from core.cluster.parts import Folder, parts_of
from core.cluster.tables import kind_of, read_table
from core.convert import FORMATS, SUFFIXES, Converted, Format
from core.errors import BadInput, UnknownName
from core.extract.sheet import write_sheet
from core.jsonl import write_records


def brought_home(source: Path, target: Path, to: str | None) -> str:
    """Letters become .jsonl, fields .json, .csv or .xlsx, annotations any format that is written;
    returns a sentence about it."""
    parts = parts_of(source)
    if not parts:
        raise BadInput(f"{source}: no parts in it yet")
    kind = kind_of(parts[0])
    records: Iterator[Any] = chain.from_iterable(map(read_table, parts))
    if kind == "annotations":
        return _annotations(records, target, to or SUFFIXES.get(target.suffix.lower()))
    if kind == "fields":
        write_sheet(target, records)
    elif target.suffix.lower() == ".jsonl":
        write_records(target, records)
    else:
        raise UnknownName(f"{target}: letters become JSON Lines; give it the suffix .jsonl")
    documents = sum(len(one.letters) for _, one in Folder(source).manifests())
    return f"{target}: {documents:,} documents of {source}"


def _annotations(records: Iterator[Any], target: Path, name: str | None) -> str:
    if name is None:
        raise UnknownName(f"{target}: its name does not say its format; name it with --to")
    writer: Format = FORMATS.get(name)()
    report = Converted(target)

    def counted() -> Iterator[Any]:
        for record in records:
            report.add(record)
            yield record

    writer.write(target, counted(), report)
    return report.sentence
