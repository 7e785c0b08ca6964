"""brat's standoff: a folder of .txt and .ann, a letter a pair, its phrases one a line.

What several people said of one letter stands in a folder each. A state is the attribute `State`, a
value the note `value: ...`; all else stands in `<letter>.lettera.jsonl`, which brat passes over.
"""

import json
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import get_args

from core.convert import Converted
from core.convert.carried import Place, one_line, packed, reconciled, unpacked, written
from core.convert.document import Documents, Mark
from core.convert.standoff import Entity, entities_of
from core.errors import BadInput
from core.files import reading, writing
from core.read.readers.folders import digest_of
from core.records import Annotation, Span, State

CARRIED = ".lettera.jsonl"
CONFIG = "annotation.conf"
_LINES = re.compile(r"[^\n]+")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_LAYOUT = """[entities]
{types}

[relations]

[events]

[attributes]
State\tArg:<ENTITY>, Value:{states}
"""
_NAMES = """[labels]
{names}

[drawing]
"""


class Brat:
    """A span over a line end is written in parts, as brat itself does, and joined when read."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        documents = Documents(report, "import/brat")
        ours: list[tuple[int, Annotation]] = []
        for path in _annotated(source):
            carried = path.with_suffix(CARRIED)
            try:
                text = _text(path.with_suffix(".txt"))
                entities = entities_of(_text(path), text, str(path), report)
                rows = _text(carried) if carried.exists() else None
            except BadInput as error:
                report.refused.append(str(error))
                continue
            if rows is None:
                yield from documents.cut(text, _marks(entities, text, report), str(path))
            else:
                ours += _written(rows, str(carried), text, entities, report)
        yield from (annotation for _, annotation in sorted(ours, key=lambda pair: pair[0]))

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        """Makes the folder whole or not at all. Raises BadInput for one that holds files."""
        with writing(target):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if target.exists() and any(target.iterdir()):
                raise BadInput(f"{target}: holds files already; name a new folder")
            made = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
            try:
                _write_all(made, annotations, report)
                os.replace(made, target)
            finally:
                shutil.rmtree(made, ignore_errors=True)


def type_of(label: str) -> str:
    """A label as the name of a type, for which brat takes no more than these characters."""
    bare = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_-]+", "_", bare) or "_"


def _annotated(source: Path) -> list[Path]:
    """The .ann files behind a name. Raises BadInput where there is none."""
    found = sorted(source.rglob("*.ann")) if source.is_dir() else [source.with_suffix(".ann")]
    ours = (source / CONFIG).exists()  # a folder that was written from no phrases at all
    if not all(path.exists() for path in found) or not (found or ours):
        raise BadInput(f"{source}: no .ann file here; brat's come as pairs of .txt and .ann")
    return found


def _text(path: Path) -> str:
    """A file as brat reads it: UTF-8, line ends as they are."""
    try:
        with reading(path):
            return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 (byte {error.start}), as brat's files are") from None


def _marks(entities: Iterable[Entity], text: str, report: Converted) -> Iterator[Mark]:
    """Somebody else's entities; one with a gap becomes a span a part."""
    for entity in entities:
        parts = entity.parts(text)
        if len(parts) > 1:
            report.told["discontinuous spans, split"] += 1
            report.told["parts of discontinuous spans"] += len(parts)
        for start, end in parts:
            yield Mark(
                start,
                end,
                entity.label,
                state=entity.state,
                value=entity.known_value,
                extra=entity.extra,
            )


def _written(
    rows: str, where: str, text: str, entities: Sequence[Entity], report: Converted
) -> Iterator[tuple[int, Annotation]]:
    """Our own phrases, each with its number in the data, and the entities as they stand now."""
    places = [
        Place(start, end, entity.label, entity.state, entity.value)
        for entity in entities
        for start, end in entity.parts(text)
    ]
    report.told["notes and attributes left out"] += sum(
        len(kind) for entity in entities for kind in entity.extra.values()
    )
    homeless = set(places)
    for number, row in enumerate(rows.split("\n")[:-1], 1):
        try:
            raw = json.loads(row)
            order, (start, end) = raw["number"], raw["at"]
            annotation = unpacked(raw["annotation"], text[start:end])
        except (BadInput, ValueError, KeyError, TypeError) as error:
            what = error if isinstance(error, BadInput) else f"damaged ({type(error).__name__})"
            report.refused.append(f"{where}:{number}: {what}")
            continue
        inside = [place for place in places if start <= place.start and place.end <= end]
        homeless -= set(inside)
        seen = [p._replace(start=p.start - start, end=p.end - start) for p in inside]
        shown = [_place(span, annotation.phrase.text) for span in annotation.spans]
        yield order, reconciled(annotation, shown, seen, report, type_of)
    report.refused += [
        f"{where}: the span {place.start}-{place.end} of the .ann file lies in no phrase"
        for place in sorted(homeless, key=lambda place: place[:3])
    ]


def _place(span: Span, text: str) -> Place | None:
    """A span as brat shows it, without line ends at its edges; None for nothing but line ends."""
    lines = _fragments(span, text)
    if not lines:
        return None
    value = None if span.value is None else one_line(span.value)
    return Place(lines[0][0], lines[-1][1], type_of(span.label), span.state, value)


def _fragments(span: Span, text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _LINES.finditer(text, span.start, span.end)]


def _write_all(folder: Path, annotations: Iterable[Annotation], report: Converted) -> None:
    numbered = list(enumerate(annotations))
    people = list(dict.fromkeys(annotation.source for _, annotation in numbered))

    def home(pair: tuple[int, Annotation]) -> tuple[int, str]:
        return people.index(pair[1].source), pair[1].phrase.letter

    for (person, letter), group in groupby(sorted(numbered, key=home), home):
        place = folder / f"annotator-{person + 1}" if len(people) > 1 else folder
        place.mkdir(mode=0o700, exist_ok=True)
        _write_letter(place, _name(letter), list(group), report)
    labels = {span.label for _, annotation in numbered for span in annotation.spans}
    shown = {type_of(label): " ".join(written(label).split()) for label in sorted(labels)}
    states = "|".join(get_args(State))
    _write(folder / CONFIG, _LAYOUT.format(types="\n".join(shown), states=states))
    names = "\n".join(f"{name} | {label}" for name, label in shown.items())
    _write(folder / "visual.conf", _NAMES.format(names=names))


def _name(letter: str) -> str:
    """A letter's id as the name of a file, wherever it comes from."""
    if _NAME.fullmatch(letter):
        return letter
    return digest_of(letter.encode("utf-8", "surrogatepass"))


def _write_letter(
    folder: Path, name: str, pairs: Sequence[tuple[int, Annotation]], report: Converted
) -> None:
    """The files of one letter by one author."""
    entities: list[Entity] = []
    texts, rows = [], []
    at = 0
    for number, annotation in pairs:
        text = written(annotation.phrase.text)
        texts.append(f"{text}\n")
        row = {"number": number, "at": [at, at + len(text)], "annotation": packed(annotation)}
        rows.append(f"{one_line(row)}\n")
        shown = [entity for span in annotation.spans if (entity := _entity(span, text, at))]
        report.told["spans of line ends alone, which brat cannot show"] += len(
            annotation.spans
        ) - len(shown)
        entities += shown
        at += len(text) + 1
    lines = (f"{line}\n" for n, entity in enumerate(entities, 1) for line in entity.lines(n))
    _write(folder / f"{name}.txt", "".join(texts))
    _write(folder / f"{name}.ann", "".join(lines))
    _write(folder / f"{name}{CARRIED}", "".join(rows))


def _entity(span: Span, text: str, at: int) -> Entity | None:
    place = _place(span, text)
    if place is None:
        return None
    lines = _fragments(span, text)
    quote = " ".join(text[start:end] for start, end in lines)
    places = [(start + at, end + at) for start, end in lines]
    return Entity(places, place.label, quote, place.state, place.value)


def _write(path: Path, text: str) -> None:
    """A new file for its owner alone."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(text.encode())
