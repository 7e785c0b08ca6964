"""One letter's life in a process of its own: read, labelled, extracted, corrected, written out.

A job is JSON with what to `do`; what is said about it goes back message by message, each with its
`kind`: step, letter, page, reading, file, fault, done. Models stay with the parent and are asked.
"""

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath

from core.errors import BadInput, LetteraError
from core.extract.result import LetterFields
from core.label import LABELLERS, Labeller
from core.records import Annotation, Json, Letter, Phrase
from demo.analysis import Analysis, analyse, check_pages, letter_of_file, letter_of_text
from demo.corrected import Marked, Values, annotations_of, human_spans, typed_values
from demo.faults import fault_of
from demo.files import file_of
from demo.pictures import pictures, to_recognise
from demo.room import RULES

_RULES: dict[str, Labeller] = {}
# Touches what is made only when it is first needed: names, dates, doses, sections.
_FIRST = """RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA
Si dimette il 14/03/2024 il Sig. Prova Mario, nato il 02/11/1948.
Anamnesi: ipertensione arteriosa, non diabete. Ex fumatore.
Terapia: Furosemide 25 mg 1 cp alle 8 e alle 16."""


def warm_up() -> None:
    """Imports and compiles what every letter needs, once, before children are born."""
    import openpyxl  # noqa: F401

    from core.extract import workbook  # noqa: F401

    try:
        from core.read import tesseract  # noqa: F401
    except ImportError:
        pass  # a picture will be refused with the way out
    rules = _RULES[RULES] = LABELLERS.get("rules")()
    analyse(letter_of_text(_FIRST), rules)


def serve(line: Connection) -> None:
    """Does the one job that is asked, and says how it went."""
    job = json.loads(line.recv_bytes())
    upload = line.recv_bytes() if job.pop("upload") else None

    def say(kind: str, **what: object) -> None:
        line.send_bytes(json.dumps({"kind": kind, **what}).encode())

    try:
        for kind, what in _JOBS[job["do"]](job, upload, line):
            say(kind, **what)
        say("done")
    except MemoryError:
        say("fault", fault="crashed")
    except (LetteraError, KeyError, TypeError, ValueError) as error:
        say("fault", fault=fault_of(error))


Said = Iterator[tuple[str, Json]]


def _read(job: Json, upload: bytes | None, line: Connection) -> Said:
    """A file or a pasted text, as a letter, its readings and, of a file, its pages."""
    yield "step", {"step": "reading"}
    if upload is None:
        letter, path = letter_of_text(job["text"]), None
    else:
        name = _plain(job["name"])
        if not upload:
            raise BadInput("the file is empty")
        path = Path(job["folder"], f"letter{PurePosixPath(name).suffix.lower()}")
        path.write_bytes(upload)
        check_pages(path)
        blank = to_recognise(path)
        drawn = job.get("pictures", True)
        if blank:
            yield "step", {"step": "recognising", "pages": blank}
            yield from pictures(path) if drawn else ()
        letter = replace(letter_of_file(path), source=name)
    yield "letter", {"letter": letter.to_json()}
    yield from _readings(letter, job["ways"], line)
    if path is not None and drawn and not blank:
        yield from pictures(path)


def _again(job: Json, upload: bytes | None, line: Connection) -> Said:
    """The readings of a letter whose spans a person corrected."""
    letter = Letter.from_json(job["letter"])
    human = human_spans(letter, Marked.all_of(job["marks"]))
    yield from _readings(letter, job["ways"], line, human)


def _readings(
    letter: Letter, ways: Iterable[str], line: Connection, human: Iterable[Annotation] = ()
) -> Said:
    told = tuple(human)
    for way in ways:
        yield "step", {"step": "labelling", "way": way}
        tagger = None if way == RULES else _Parent(line, way)
        found = analyse(letter, _rules(), tagger, told)
        yield "reading", {"way": way, **_reading(found)}


def _reading(found: Analysis) -> Json:
    return {
        "entities": [span.to_json() for span in found.entities],
        "result": found.result.to_json(),
    }


def _write(job: Json, upload: bytes | None, line: Connection) -> Said:
    """A table of a letter to take home, with what a person changed in it."""
    result, values = LetterFields.from_json(job["result"]), typed_values(job.get("values", {}))
    name, content = file_of(job["suffix"], result, values, Path(job["folder"]))
    yield "file", {"name": name, "content": base64.b64encode(content).decode("ascii")}


def _correct(job: Json, upload: bytes | None, line: Connection) -> Said:
    """The corrected phrases as JSON Lines, as `lettera train` takes them."""
    letter, marks = Letter.from_json(job["letter"]), Marked.all_of(job["marks"])
    values: Values = typed_values(job.get("values", {}))
    found = annotations_of(letter, LetterFields.from_json(job["result"]), marks, values)
    lines = "".join(json.dumps(one.to_json()) + "\n" for one in found)
    content = base64.b64encode(lines.encode()).decode("ascii")
    yield "file", {"name": "corrected.jsonl", "content": content, "phrases": len(found)}


Job = Callable[[Json, bytes | None, Connection], Said]
_JOBS: Mapping[str, Job] = {
    "read": _read,
    "again": _again,
    "write": _write,
    "correct": _correct,
}


class _Parent:
    """A labeller whose model the parent process holds."""

    def __init__(self, line: Connection, name: str) -> None:
        self.source = name
        self._line = line

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        raw = [
            {"id": p.id, "letter": p.letter, "start": p.start, "end": p.end}
            | {"text": p.text, "section": p.section}
            for p in phrases
        ]
        asked = {"kind": "label", "model": self.source, "phrases": raw}
        self._line.send_bytes(json.dumps(asked).encode())
        for one in json.loads(self._line.recv_bytes())["annotations"]:
            yield Annotation.from_json(one)


def _rules() -> Labeller:
    return _RULES.get(RULES) or _RULES.setdefault(RULES, LABELLERS.get("rules")())


def _plain(name: str) -> str:
    """A file's name as a visitor's machine gave it: no folders, no controls, not endless."""
    last = PurePosixPath(name.replace("\\", "/")).name
    said = "".join(c for c in last if c.isprintable())
    stem, suffix = os.path.splitext(said)
    return f"{stem[:80]}{suffix[:10]}" or "letter"
