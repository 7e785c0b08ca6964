"""The steps between the files of a workspace: letters.jsonl and labelled.jsonl, resumable.

A step takes paths, writes one file, and returns what to tell a person. `Watch` wraps an iterable to
show progress; the default shows nothing.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import LetteraError, MoneySpent
from core.files import as_json, private_folder, replacing, write_json, write_text
from core.jsonl import Journal, read_records, write_records
from core.label import Labeller
from core.label.shield.preview import preview
from core.label.shield.shield import Shield
from core.learn.data.sift import Rules, Sieve
from core.read import READERS, read_file
from core.read.phrases import phrases
from core.read.readers.folders import digest
from core.records import Annotation, Letter, Phrase
from core.schema import View, default_schema
from core.sources import Watch as Watch
from core.sources import expanded, files_as_letters, told
from core.workers import in_processes


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

    READERS.get(reader)  # a name that is none costs no letter read before
    report = Reading()
    names: dict[str, str] = {}
    paths = expanded(files, report.failures)
    with Journal(out, Letter, reusable) as journal:
        read = _read_once(watch(paths, "reading", len(paths)), reader, journal, report.failures)
        for path, letters in read:
            for letter in letters:
                if letter.id in names:
                    report.failures.append(f"{path}: the same file as {names[letter.id]}")
                    continue
                names[letter.id] = path.name
                kept = admitted(replace(letter, source=path.name), take_all)
                journal.add(kept)
                report.add(kept)
        journal.finish(names)
    return report


def _read_once(
    paths: Iterable[Path], reader: str, journal: Journal[Letter], failures: list[str]
) -> Iterator[tuple[Path, list[Letter]]]:
    """The letters of each file, in order: from the journal, else read, in further processes."""
    known: deque[tuple[Path, list[Letter]]] = deque()

    def unread() -> Iterator[Path]:
        for path in paths:
            try:
                found = _known(path, journal)
            except LetteraError as error:
                failures.append(str(error))
                continue
            known.append((path, found))
            if not found:
                yield path

    def known_before(path: Path | None) -> Iterator[tuple[Path, list[Letter]]]:
        while known and known[0][0] != path:
            yield known.popleft()

    with closing(in_processes(partial(read_file, reader=reader), unread())) as done:
        for path, letters in done:
            yield from known_before(path)
            known.popleft()
            if isinstance(letters, LetteraError):
                failures.append(told(path, letters))
            else:
                yield path, letters
    yield from known_before(None)


def _known(path: Path, journal: Journal[Letter]) -> list[Letter]:
    """The letters of a file where the journal has all of them, else none."""
    name = digest(path)
    known = [journal.get(name)]
    if known[0]:
        many = int(known[0].extra.get("letters_in_file", 1))
        known += [journal.get(f"{name}.{number}") for number in range(2, many + 1)]
    return [one for one in known if one] if all(known) else []


def admitted(letter: Letter, take_all: bool) -> Letter:
    """A document turned away stays without its text."""
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
    failures: list[str] = field(default_factory=list)
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
        todo = (letter for letter in _letters_of(letters) if letter.id in cut)
        total = sum(phrase.partition(":")[0] in cut for phrase in wanted)
        try:
            for annotation in watch(_labelled(labeller, todo), "labelling", total):
                journal.add(viewed(annotation, view))
        except MoneySpent as spent:
            report.stopped = str(spent)
        journal.finish(wanted)
    for annotation in read_records(out, Annotation):
        report.add(annotation)
    return report


def viewed(annotation: Annotation, view: View) -> Annotation:
    """An annotation under a label set, which it names."""
    seen = default_schema().seen_as(annotation, view)
    return replace(seen, extra={**seen.extra, "view": view})


def _labelled(labeller: Labeller, letters: Iterable[Letter]) -> Iterator[Annotation]:
    """What a labeller says of letters, in processes beside each other where it allows that."""
    if not getattr(labeller, "by_letter", False):
        yield from labeller.label(phrase for letter in letters for phrase in phrases(letter))
        return

    def work(letter: Letter) -> list[Annotation]:
        return list(labeller.label(phrases(letter)))

    with closing(in_processes(work, letters)) as done:
        for _, said in done:
            if isinstance(said, LetteraError):
                raise said
            yield from said


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
    write_json(report / "sift.json", sieve.to_json())
    write_text(report / "lengths.svg", sieve.histogram())
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
                sent.write(as_json(line) + b"\n")
            kept.write(as_json(back) + b"\n")
            report.phrases += len(shown)
            report.stand_ins += len(back["stand_ins"])
    return report


def tag_files(
    files: Sequence[str], out: Path, labeller: Labeller, take_all: bool, watch: Watch = unwatched
) -> Labelling:
    """Files -> what a model finds in them, phrase by phrase as it comes."""
    report = Labelling()

    def cut() -> Iterator[Phrase]:
        for letter in files_as_letters(files, report.failures, "tagging", watch):
            yield from phrases(admitted(letter, take_all))

    def found() -> Iterator[Annotation]:
        for annotation in labeller.label(cut()):
            report.add(annotation)
            yield annotation

    write_records(out, found())
    return report
