"""The steps between the files of a workspace: letters.jsonl and labelled.jsonl, resumable.

A step takes paths, writes one file, and returns what to tell a person. `Watch` wraps an iterable to
show progress; the default shows nothing.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import BadInput, LetteraError, LLMError, MoneySpent
from core.extract.result import LetterFields
from core.extract.ways import Extractor
from core.files import private_folder, replacing
from core.jsonl import Journal, read_records, write_records
from core.label import Labeller
from core.label.shield.preview import preview
from core.label.shield.shield import Shield
from core.learn.sift import Rules, Sieve
from core.read import read_file
from core.read.folders import digest, expand
from core.read.phrases import phrases
from core.records import Annotation, Letter, Phrase
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

    def add(self, letter: Letter) -> None:
        """Counts a letter as it goes into the file."""
        self.letters += bool(letter.text)
        self.turned_away += not letter.text
        if letter.text and not phrases(letter):
            self.failures.append(f"{letter.source}: no phrases in it; is it a blank scan?")


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
                kept = _admitted(replace(letter, source=path.name), take_all)
                journal.add(kept)
                report.add(kept)
        journal.finish(names)
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
    """The letters of a file: from the journal where all of them are there."""
    name = digest(path)
    known = [journal.get(name)]
    if known[0]:
        many = int(known[0].extra.get("letters_in_file", 1))
        known += [journal.get(f"{name}.{number}") for number in range(2, many + 1)]
    return [one for one in known if one] if all(known) else read_file(path, reader)


def _admitted(letter: Letter, take_all: bool) -> Letter:
    if letter.discharge_letter or take_all:
        return letter
    return replace(letter, text="", pages=(), sections=(), boxes=(), map=())


@dataclass(slots=True)
class Labelling:
    """What `label_letters` did. `missing`: quotes that were not found in their phrase; `remarked`:
    phrases with a comment of the labeller; `stopped`: why not all phrases are there, where so.
    """

    phrases: int = 0
    spans: int = 0
    missing: int = 0
    remarked: int = 0
    stopped: str | None = None

    def add(self, annotation: Annotation) -> None:
        """Counts an annotation of the file."""
        self.phrases += 1
        self.spans += len(annotation.spans)
        self.missing += len(annotation.missing)
        self.remarked += annotation.comment is not None


def label_letters(
    letters: Path, out: Path, labeller: Labeller, view: View, watch: Watch = unwatched
) -> Labelling:
    """letters.jsonl -> labelled.jsonl. A letter that a kill cut short is labelled again whole.

    Neither file is held in memory. Where the labeller's money is spent the rest is left out.
    """
    wanted = {phrase.id: _fingerprint(phrase) for phrase in phrases_in(letters)}

    def reusable(old: Annotation) -> bool:
        same = old.source == labeller.source and old.extra.get("view") == view
        return same and wanted.get(old.key) == _fingerprint(old.phrase)

    report = Labelling()
    with Journal(out, Annotation, reusable) as journal:
        cut = {phrase.partition(":")[0] for phrase in wanted if phrase not in journal}
        todo = (p for x in _letters_of(letters) if x.id in cut for p in phrases(x))
        total = sum(phrase.partition(":")[0] in cut for phrase in wanted)
        try:
            for annotation in watch(labeller.label(todo), "labelling", total):
                seen = default_schema().seen_as(annotation, view)
                journal.add(replace(seen, extra={**seen.extra, "view": view}))
        except MoneySpent as spent:
            report.stopped = str(spent)
        journal.finish(wanted)
    for annotation in read_records(out, Annotation):
        report.add(annotation)
    return report


def phrases_in(letters: Path) -> Iterator[Phrase]:
    """The phrases of letters.jsonl, letter by letter."""
    for letter in _letters_of(letters):
        yield from phrases(letter)


def _letters_of(path: Path) -> Iterator[Letter]:
    return read_records(path, Letter)


def _fingerprint(phrase: Phrase) -> int:
    return hash((phrase.start, phrase.end, phrase.section, phrase.text))


def sift_file(labelled: Path, out: Path, rules: Rules, report: Path) -> Sieve:
    """labelled.jsonl -> the phrases worth learning from; counts and a drawing go into `report`."""
    sieve = Sieve(rules)
    write_records(out, sieve.through(read_records(labelled, Annotation)))
    private_folder(report)
    with replacing(report / "sift.json") as file:
        file.write(json.dumps(sieve.to_json(), indent=1).encode() + b"\n")
    with replacing(report / "lengths.svg") as file:
        file.write(sieve.histogram().encode())
    return sieve


@dataclass(slots=True)
class Showing:
    """What `shield_files` did."""

    phrases: int = 0
    stand_ins: int = 0
    failures: list[str] = field(default_factory=list)


def shield_files(
    files: Sequence[str],
    out: Path,
    way_back: Path,
    identity: Labeller,
    secret: bytes,
    watch: Watch = unwatched,
) -> Showing:
    """What would be sent of the letters in files; `way_back` gets which stand-in is for what."""
    report = Showing()
    with replacing(out) as sent, replacing(way_back) as kept:
        for letter in files_as_letters(files, report.failures, "shielding", watch):
            cut = phrases(letter)
            shield = Shield(cut, identity.label(cut), default_schema(), secret)
            shown, back = preview(cut, shield)
            for line in shown:
                sent.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            kept.write(json.dumps(back, ensure_ascii=False).encode() + b"\n")
            report.phrases += len(shown)
            report.stand_ins += len(back["stand_ins"])
    return report


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


@dataclass(slots=True)
class Extraction:
    """What `extract_files` did. `stopped`: why not all letters are there, where so."""

    results: list[LetterFields] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stopped: str | None = None


def extract_files(
    files: Sequence[str], extractor: Extractor, watch: Watch = unwatched
) -> Extraction:
    """The fields of each letter in files, in their order.

    Where the service fails for good or the money is spent, the letters done by then are kept.
    """
    report = Extraction()
    letters = files_as_letters(files, report.failures, "extracting", watch)
    try:
        for found in extractor.extract(letters):
            report.results.append(found)
    except LLMError as error:
        if not report.results:
            raise
        report.stopped = f"{error} (the first {len(report.results)} documents are done)"
    return report


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
