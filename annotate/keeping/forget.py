"""A patient forgotten: a letter taken out of the workspace and of Label Studio, and what knows it.

The records of the letter itself go last, so that a run that was cut short can be run again: from
them it is known what the letter says. Models and backups are listed; they are not changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from annotate.keeping.backup import backups_of, manifest_of
from annotate.keeping.erase import (
    erase_lines,
    erase_rows,
    files_of,
    folders_named,
    is_database,
    is_lines,
    lines_of,
    remove,
    speaks_of,
)
from annotate.keeping.state import BACKUPS, is_companion
from annotate.keeping.trace import Trace
from annotate.server.server import SQLITE
from core.errors import BadInput, LetteraError
from core.learn.record import FILE as MODEL
from core.learn.record import opaque, read_record
from core.records import Json


@dataclass(slots=True)
class Forgotten:
    """What went (or, on a dry run, would go), and what is left for a person to decide."""

    letter: str
    lines: dict[Path, int] = field(default_factory=dict)
    rows: dict[Path, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    tasks: int = 0
    handed_on: int = 0  # tasks that stand for equal phrases of other letters, and stay for those
    models: dict[Path, str] = field(default_factory=dict)
    backups: list[Path] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        return not (self.lines or self.rows or self.files or self.tasks or self.handed_on)


def forget(
    name: str,
    workspace: Path,
    also: Sequence[Path] = (),
    client: Any | None = None,
    dry: bool = False,
) -> list[Forgotten]:
    """Forgets the letter of an id, or the letters of a file name, in a workspace and more places.

    `also`: files and folders that were written elsewhere. `client`: the Label Studio to forget it
    too. Raises BadInput where no letter has this name, or a place is not there.
    """
    for path in also:
        if not path.exists():
            raise BadInput(f"{path}: not there; nothing was forgotten yet")
    places = [path for path in (workspace, *also) if path.exists()]
    lines = [path for path in _files(places) if is_lines(path)]
    letters = _letters_of(name, lines)
    if not letters and opaque(name) == name:
        letters = [name]  # its records are gone; tasks, models and backups may know it still
    if not letters:
        raise BadInput(f"{name}: no letter has this id or file name here; name further files too")
    return [_forget(letter, workspace, places, lines, client, dry) for letter in letters]


def _forget(
    letter: str,
    workspace: Path,
    places: Sequence[Path],
    lines: Sequence[Path],
    client: Any | None,
    dry: bool,
) -> Forgotten:
    done = Forgotten(letter)
    trace = _trace(letter, lines)
    server = workspace / "labelstudio" / SQLITE
    if client is not None:
        # Label Studio's client takes seconds to import.
        from annotate.keeping.strike import compact_server, empty_log, strike

        done.tasks, done.handed_on = strike(client, letter, dry)
        if not dry:
            compact_server(workspace)
    for place in places:
        if place.is_dir():
            done.files += folders_named(letter, place)
    for path in _files(places):
        if path == server or is_companion(path) or is_lines(path):
            continue
        if is_database(path):
            if count := erase_rows(path, trace, dry):
                done.rows[path] = count
        elif speaks_of(path, trace.in_bytes):
            done.files.append(path)
    if not dry:
        for path in done.files:
            remove(path)
    for path in sorted(lines, key=_holds_letters):
        if count := erase_lines(path, trace, dry):
            done.lines[path] = count
    done.models = _models(places, letter)
    done.backups = _backups(workspace, trace)
    if client is not None and not dry:
        empty_log(workspace)
    if not dry:
        done.left = [path for path in _files(places) if speaks_of(path, trace.words_in)]
    return done


def _files(places: Sequence[Path]) -> Iterator[Path]:
    return chain.from_iterable(files_of(place) for place in places)


def _records(files: Sequence[Path]) -> Iterator[Json]:
    return (raw for path in files for _, raw in lines_of(path) if raw is not None)


def _letters_of(name: str, files: Sequence[Path]) -> list[str]:
    """The ids of the letters that a person means by an id or a file name."""
    found: dict[str, None] = {}
    for raw in _records(files):
        letter = raw.get("letter", raw["id"] if "source" in raw and "pages" in raw else None)
        if letter == name or ("pages" in raw and raw.get("source") == Path(name).name):
            found[str(letter)] = None
    return list(found)


def _trace(letter: str, files: Sequence[Path]) -> Trace:
    empty = Trace(letter, (), ())
    own = [raw for raw in _records(files) if empty.in_line(raw)]
    return Trace(letter, own, (raw for raw in _records(files) if not empty.in_line(raw)))


def _holds_letters(path: Path) -> bool:
    return any(raw is not None and "pages" in raw for _, raw in lines_of(path))


def _models(places: Sequence[Path], letter: str) -> dict[Path, str]:
    """The model folders that know the letter, and what for."""
    known: dict[Path, str] = {}
    for path in chain.from_iterable(place.rglob(MODEL) for place in places if place.is_dir()):
        try:
            split = read_record(path.parent).split
        except LetteraError:
            continue
        parts = [part for part, letters in split.items() if opaque(letter) in letters]
        if parts:
            known[path.parent] = ", ".join(parts)
    return known


def _backups(workspace: Path, trace: Trace) -> list[Path]:
    """The backups, and the states kept aside, in which the letter still is."""
    found = []
    for path in backups_of(workspace):
        try:
            if trace.letter in manifest_of(path)["letters"]:
                found.append(path)
        except BadInput:
            found.append(path)  # not readable: nobody knows
    for folder in sorted((workspace / BACKUPS).glob("before-restore-*")):
        if any(speaks_of(path, trace.in_bytes) for path in files_of(folder)):
            found.append(folder)
    return found
