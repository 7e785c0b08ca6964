"""The steps between the files of a workspace: letters.jsonl and labelled.jsonl, resumable.

A step takes paths, writes one file, and returns what to tell a person. `Watch` wraps an iterable to
show progress; the default shows nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import BadInput, LetteraError
from core.extract import letter_fields
from core.extract.result import LetterFields
from core.jsonl import Journal, read_records
from core.label import Labeller
from core.read import read_file
from core.read.folders import digest, expand
from core.read.phrases import phrases
from core.records import Annotation, Letter
from core.schema import View, default_schema

Watch = Callable[[Iterable[Any], str, int], Iterable[Any]]


def unwatched(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    return items


@dataclass(slots=True)
class Reading:
    """What `read_letters` did. `turned_away`: documents that are no discharge letters."""

    letters: int = 0
    turned_away: int = 0
    failures: list[str] = field(default_factory=list)


def read_letters(
    files: Sequence[str], out: Path, reader: str, take_all: bool, watch: Watch = unwatched
) -> Reading:
    """Files -> letters.jsonl. A file read before is not read again, one that fails is listed.

    A document turned away keeps its line, without its text, unless `take_all`.
    """

    def reusable(letter: Letter) -> bool:
        asked = reader == "auto" or letter.reader == reader
        return asked and (bool(letter.text) or not take_all)

    report = Reading()
    names: dict[str, str] = {}
    paths = _expanded(files, report.failures)
    with Journal(out, Letter, reusable) as journal:
        for path in watch(paths, "reading", len(paths)):
            try:
                letters = _letters(path, reader, journal)
            except LetteraError as error:
                report.failures.append(str(error))
                continue
            for letter in letters:
                if letter.id in names:
                    report.failures.append(f"{path}: the same file as {names[letter.id]}")
                    continue
                names[letter.id] = path.name
                journal.add(_admitted(replace(letter, source=path.name), take_all))
        journal.finish(names)
        letters = [journal.kept[key] for key in names]
    for letter in letters:
        report.letters += bool(letter.text)
        report.turned_away += not letter.text
        if letter.text and not phrases(letter):
            report.failures.append(f"{letter.source}: no phrases in it; is it a blank scan?")
    return report


def _expanded(files: Sequence[str], failures: list[str]) -> list[Path]:
    """The files behind names; a name that leads nowhere is a failure, all of them an error."""
    paths: dict[Path, None] = {}
    for name in files:
        try:
            paths |= dict.fromkeys(expand([name]))
        except LetteraError as error:
            failures.append(str(error))
    if not paths:
        raise BadInput(failures[0] if failures else "no files given")
    return list(paths)


def _letters(path: Path, reader: str, journal: Journal[Letter]) -> list[Letter]:
    known = journal.kept.get(digest(path))
    return [known] if known else read_file(path, reader)


def _admitted(letter: Letter, take_all: bool) -> Letter:
    if letter.discharge_letter or take_all:
        return letter
    return replace(letter, text="", pages=(), sections=(), boxes=(), map=())


@dataclass(frozen=True, slots=True)
class Labelling:
    """What `label_letters` did. `missing`: quotes that were not found in their phrase; `remarked`:
    phrases with a comment of the labeller, such as that a model gave no usable answer.
    """

    phrases: int
    spans: int
    missing: int
    remarked: int


def label_letters(
    letters: Path, out: Path, labeller: Labeller, view: View, watch: Watch = unwatched
) -> Labelling:
    """letters.jsonl -> labelled.jsonl. A letter that a kill cut short is labelled again whole."""
    cut = [phrases(letter) for letter in read_records(letters, Letter)]
    wanted = {phrase.id: phrase for some in cut for phrase in some}

    def reusable(old: Annotation) -> bool:
        same = old.source == labeller.source and old.extra.get("view") == view
        return same and wanted.get(old.key) == old.phrase

    with Journal(out, Annotation, reusable) as journal:
        todo = [p for some in cut if any(q.id not in journal for q in some) for p in some]
        for annotation in watch(labeller.label(todo), "labelling", len(todo)):
            seen = default_schema().seen_as(annotation, view)
            journal.add(replace(seen, extra={**seen.extra, "view": view}))
        journal.finish(wanted)
        done = list(journal.kept.values())
    return Labelling(
        phrases=len(done),
        spans=sum(len(annotation.spans) for annotation in done),
        missing=sum(len(annotation.missing) for annotation in done),
        remarked=sum(annotation.comment is not None for annotation in done),
    )


def tag_files(
    files: Sequence[str], labeller: Labeller, take_all: bool, watch: Watch = unwatched
) -> tuple[list[Annotation], list[str]]:
    """What a model finds in files, and the failures."""
    found: list[Annotation] = []
    failures: list[str] = []
    for letter in files_as_letters(files, failures, "tagging", watch):
        if letter.discharge_letter or take_all:
            found += labeller.label(phrases(letter))
    return found, failures


def extract_files(
    files: Sequence[str], labellers: Sequence[Labeller], watch: Watch = unwatched
) -> tuple[list[LetterFields], list[str]]:
    """The fields of each letter, by what all labellers say of it, and the failures."""
    found: list[LetterFields] = []
    failures: list[str] = []
    for letter in files_as_letters(files, failures, "extracting", watch):
        cut = phrases(letter)
        found.append(letter_fields(letter, [a for one in labellers for a in one.label(cut)]))
    return found, failures


def files_as_letters(
    files: Sequence[str], failures: list[str], what: str, watch: Watch
) -> Iterator[Letter]:
    """The letters of some files one by one; a file that cannot be read goes to the failures."""
    paths = _expanded(files, failures)
    for path in watch(paths, what, len(paths)):
        try:
            yield from read_file(path)
        except LetteraError as error:
            failures.append(str(error))
