"""The nursing handovers of CLEF eHealth 2016: CRF++ columns, a file a document, only read here.

A line is a token, its features, the heading of the form it belongs to and, behind that, what the
organisers' own system said; NA stands outside the form. There is no B or I: neighbours under one
heading are one span. Of the third set the headings stand in a file of their own, `testGS.txt`.
(Suominen et al., CSIRO data collection 20413, doi:10.4225/08/58d097ee92e95, CC BY-NC-ND 4.0.)
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from core.convert import Converted
from core.convert.document import Documents, Mark
from core.errors import BadInput
from core.files import reading
from core.read.readers.text import decode
from core.records import Annotation

OUTSIDE = "NA"
GOLD = "testGS.txt"
_DOCUMENTS = ("*.txt", "*.data")

Line = list[tuple[str, str]]


class Handover:
    """`read` takes a folder of documents, or one document."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        documents = Documents(report, "import/handover")
        gold = _gold(source / GOLD) if (source / GOLD).is_file() else {}
        for path in _files(source):
            try:
                lines = list(_lines(path, gold.get(path.name.partition(".")[0]), report))
            except BadInput as error:
                report.refused.append(str(error))
                continue
            yield from documents.cut(*_document(lines), str(path))

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        raise BadInput(f"{target}: handover columns are only read here; write --to conll")


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    found = sorted({path for pattern in _DOCUMENTS for path in source.rglob(pattern)})
    if not (found := [path for path in found if path.name != GOLD]):
        raise BadInput(f"{source}: no .txt or .data file of CRF++ columns here")
    return found


def _lines(path: Path, gold: list[str] | None, report: Converted) -> Iterator[Line]:
    """The sentences of a document. `gold`: its headings, where they stand elsewhere."""
    headings = None if gold is None else iter(gold)
    sentence: Line = []
    for number, line in enumerate([*_text(path).split("\n"), ""], 1):
        if not line.strip():
            if sentence:
                yield sentence
            sentence = []
            continue
        columns = line.rstrip("\r").split("\t" if "\t" in line else " ")
        if headings is not None:
            heading = next(headings, "")
        else:
            heading = columns[-2] if len(columns) > 2 else ""
        if not columns[0].strip() or not heading:
            raise BadInput(f"{path}:{number}: no token with a heading; is it CRF++'s output?")
        report.told["features and answers beside a token, left out"] += len(columns) - 1
        sentence.append((columns[0], heading))
    if headings is not None and next(headings, None) is not None:
        raise BadInput(f"{path}: fewer tokens than {GOLD} has headings for it")


def _document(lines: Iterable[Line]) -> tuple[str, list[Mark]]:
    """A line a sentence, a blank between tokens."""
    texts: list[str] = []
    marks: list[Mark] = []
    at = 0
    for line in lines:
        starts = []
        for token, _ in line:
            starts.append(at)
            at += len(token) + 1
        places = zip(starts, line, strict=True)
        for heading, run in groupby(places, lambda place: place[1][1]):
            found = list(run)
            if heading != OUTSIDE:
                last, (token, _) = found[-1]
                marks.append(Mark(found[0][0], last + len(token), heading))
        texts.append(" ".join(token for token, _ in line))
    return "\n".join(texts), marks


def _gold(path: Path) -> dict[str, list[str]]:
    """The headings of each document by its number: number, place, heading on a line."""
    found: dict[str, list[str]] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        columns = line.split("\t")
        if len(columns) < 3:
            raise BadInput(f"{path}:{number}: not a document, a place and a heading")
        found.setdefault(columns[0].strip(), []).append(columns[2].strip())
    return found


def _text(path: Path) -> str:
    with reading(path):
        return decode(path.read_bytes(), path)[0]
