"""One letter's life in a process of its own: read, labelled, extracted, corrected, written out.

A job is JSON with what to `do`; what is said about it goes back message by message, each with its
`kind`: step, letter, page, reading, file, fault, done. Models stay with the parent and are asked.
"""

import base64
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath

from core.errors import BadInput, LetteraError
from core.extract.result import LetterFields
from core.label import LABELLERS, Labeller
from core.records import Annotation, Json, Letter, Phrase
from demo.analysis import analyse, letter_of_file, letter_of_text, to_recognise
from demo.corrected import Marked, Values, annotations_of, human_spans, typed_values
from demo.faults import fault_of
from demo.files import file_of
from demo.pictures import pictures
from demo.room import RULES

UNHURRIED = 60  # processor seconds of rules and fields; a model's are the page's own
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
        from core.read.readers import tesseract  # noqa: F401
    except ImportError:
        pass  # a picture will be refused with the way out
    analyse(letter_of_text(_FIRST), _rules())


class Talk:
    """The child's end of the line to the page."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def hear(self) -> tuple[Json, bytes | None]:
        """The job, and the file that comes with it."""
        job = json.loads(self._line.recv_bytes())
        return job, self._line.recv_bytes() if job.pop("upload") else None

    def say(self, kind: str, **what: object) -> None:
        self._line.send_bytes(json.dumps({"kind": kind, **what}).encode())

    def labels(self, model: str, phrases: list[Json]) -> list[Json]:
        """What a model says, which the page's own process holds."""
        self.say("label", model=model, phrases=phrases)
        found: list[Json] = json.loads(self._line.recv_bytes())["annotations"]
        return found


def serve(line: Connection) -> None:
    """Does the one job that is asked, and says how it went."""
    talk = Talk(line)
    job, upload = talk.hear()
    tempfile.tempdir = job["folder"]  # also what a library leaves behind when it is stopped
    try:
        if upload is not None:
            _read_file(job, upload, talk)
        else:
            _JOBS[job["do"]](job, talk)
        talk.say("done")
    except MemoryError:
        talk.say("fault", fault="crashed")
    except (LetteraError, KeyError, TypeError, ValueError) as error:
        talk.say("fault", fault=fault_of(error))


def _read_file(job: Json, upload: bytes, talk: Talk) -> None:
    """A file as a letter, its readings and, unless they are not wanted, its pages."""
    talk.say("step", step="reading")
    name = _plain(job["name"])
    if not upload:
        raise BadInput("the file is empty")
    path = Path(job["folder"], f"letter{PurePosixPath(name).suffix.lower()}")
    path.write_bytes(upload)
    pages = len(to_recognise(path))
    comes = count(1)

    def recognising(_: int) -> None:
        talk.say("step", step="recognising", page=min(next(comes), pages), pages=pages)

    if pages:  # there is time to look at them meanwhile
        talk.say("step", step="recognising", page=1, pages=pages)
        _show(path, job, talk)
    letter = replace(letter_of_file(path, recognising), source=name)
    talk.say("letter", letter=letter.to_json())
    _readings(letter, job["ways"], talk)
    if not pages:
        _show(path, job, talk)


def _show(path: Path, job: Json, talk: Talk) -> None:
    for page in pictures(path) if job.get("pictures", True) else ():
        talk.say("page", **page)


def _read_text(job: Json, talk: Talk) -> None:
    """A pasted letter and its readings."""
    letter = letter_of_text(job["text"])
    talk.say("letter", letter=letter.to_json())
    _readings(letter, job["ways"], talk)


def _again(job: Json, talk: Talk) -> None:
    """The readings of a letter whose spans a person corrected."""
    letter = Letter.from_json(job["letter"])
    human = human_spans(letter, Marked.all_of(job["marks"]))
    _readings(letter, job["ways"], talk, human)


def _readings(
    letter: Letter, ways: Iterable[str], talk: Talk, human: Sequence[Annotation] = ()
) -> None:
    _hurry()
    for way in ways:
        talk.say("step", step="labelling")
        found = analyse(letter, _rules(), None if way == RULES else _Parent(talk, way), human)
        talk.say(
            "reading",
            way=way,
            entities=[span.to_json() for span in found.entities],
            result=found.result.to_json(),
        )


def _hurry() -> None:
    """Once it is read, the longest letter takes seconds: what takes a minute is meant to."""
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    spent = int(time.process_time()) + UNHURRIED
    soon = spent if most < 0 else min(spent, most)
    resource.setrlimit(resource.RLIMIT_CPU, (soon, most))


def _write(job: Json, talk: Talk) -> None:
    """A table of a letter to take home, with what a person changed in it."""
    result, values = LetterFields.from_json(job["result"]), typed_values(job.get("values", {}))
    name, content = file_of(job["suffix"], result, values, Path(job["folder"]))
    talk.say("file", name=name, content=base64.b64encode(content).decode("ascii"))


def _correct(job: Json, talk: Talk) -> None:
    """The corrected phrases as JSON Lines, as `lettera train` takes them."""
    letter, marks = Letter.from_json(job["letter"]), Marked.all_of(job["marks"])
    values: Values = typed_values(job.get("values", {}))
    found = annotations_of(letter, LetterFields.from_json(job["result"]), marks, values)
    lines = "".join(json.dumps(one.to_json()) + "\n" for one in found)
    content = base64.b64encode(lines.encode()).decode("ascii")
    talk.say("file", name="corrected.jsonl", content=content, phrases=len(found))


_JOBS: Mapping[str, Callable[[Json, Talk], None]] = {
    "read": _read_text,
    "again": _again,
    "write": _write,
    "correct": _correct,
}


class _Parent:
    """A labeller whose model the page's own process holds."""

    def __init__(self, talk: Talk, name: str) -> None:
        self.source = name
        self._talk = talk

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        raw = [
            {"id": p.id, "letter": p.letter, "start": p.start, "end": p.end}
            | {"text": p.text, "section": p.section}
            for p in phrases
        ]
        yield from map(Annotation.from_json, self._talk.labels(self.source, raw))


@cache
def _rules() -> Labeller:
    rules: Labeller = LABELLERS.get("rules")()
    return rules


def _plain(name: str) -> str:
    """A file's name as a visitor's machine gave it: no folders, no controls, not endless."""
    last = PurePosixPath(name.replace("\\", "/")).name
    said = "".join(c for c in last if c.isprintable())
    stem, suffix = os.path.splitext(said)
    return f"{stem[:80]}{suffix[:10]}" or "letter"
