"""JSON Lines: our own, and the one-document-a-line files of other tools."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.convert import Converted
from core.convert.document import Documents, Mark
from core.errors import BadInput
from core.files import reading
from core.jsonl import read_records, write_records
from core.records import Annotation, Json

LISTS = ("entities", "spans", "label", "labels")
_KNOWN = {"start", "end", "label", "text"}


class Lines:
    """The first line says what all are: annotations, or documents with `text` and, under one of
    `LISTS`, their spans as objects (`start`, `end`, `label`) or as triples.
    """

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        _, first = next(_objects(source), ("", {"origin": "", "letter": ""}))
        if "origin" in first and "letter" in first:
            yield from read_records(source, Annotation)
            return
        documents = Documents(report, "import/jsonl")
        for where, raw in _objects(source):
            yield from documents.cut(*_document(raw, where, report), where)

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        write_records(target, annotations)


def _objects(source: Path) -> Iterator[tuple[str, Json]]:
    """The objects of a file with the place of each."""
    with reading(source), source.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield f"{source}:{number}", _object(line, f"{source}:{number}")


def _object(line: bytes, where: str) -> Json:
    try:
        raw = json.loads(line)
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        raise BadInput(f"{where}: not a JSON object; is it JSON Lines?")
    return raw


def _document(raw: Json, where: str, report: Converted) -> tuple[str, list[Mark]]:
    text = raw.get("text")
    name = next((name for name in LISTS if isinstance(raw.get(name), list)), None)
    if not isinstance(text, str) or name is None:
        raise BadInput(
            f"{where}: neither an annotation of Lettera's nor a document with 'text' and a list of "
            f"spans under one of: {', '.join(LISTS)}"
        )
    spans: list[Any] = raw[name]
    for key in raw.keys() - {"text", name}:
        report.told[f"'{key}' of documents, left out"] += 1
    for key in [key for span in spans if isinstance(span, dict) for key in span.keys() - _KNOWN]:
        report.told[f"'{key}' of spans, left out"] += 1
    return text, [_mark(span) for span in spans]


def _mark(span: Any) -> Mark:
    if isinstance(span, dict):
        quote = span.get("text")
        return Mark(
            span.get("start"),
            span.get("end"),
            span.get("label"),
            quote if isinstance(quote, str) else None,
        )
    return Mark(*span) if isinstance(span, list) and len(span) == 3 else Mark(None, None, None)
