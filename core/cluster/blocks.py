"""What the user named -> units of input, and blocks of them: what a worker does in one go.

A unit is a file to be read (a PDF, a scan, a text), or some rows of a Parquet file or lines of a
letters.jsonl. Units are listed as often as need be and never held, so that ten million fit.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from core.cluster.parts import parts_of
from core.cluster.tables import are_letters, letter_of, opened
from core.errors import BadInput, LetteraError
from core.read.readers.folders import SUPPORTED, expand
from core.records import Letter

ROWS = 256  # of a Parquet file or a letters.jsonl in a unit
_LARGEST = 512  # files in a block: seconds to minutes of work
_SMALLEST = 8
_SHARES = 4  # of a worker in what is left
_THEIRS = ("text", "source", "id")


class Text(NamedTuple):
    """A letter out of somebody else's table, which has a column `text`; the others are optional."""

    text: str
    source: str = ""
    id: str | None = None


class Unit(NamedTuple):
    """A file, or a stretch of one: of a Parquet file row group, first row and number of rows, of
    JSON Lines first byte and number of bytes. `stamp`: changes with the input; `letters`: about."""

    path: str
    stamp: int
    place: tuple[int, ...] = ()
    letters: int = 1

    @property
    def name(self) -> str:
        return f"{self.path}#{':'.join(map(str, self.place))}" if self.place else self.path

    def sources(self) -> Iterator[Path | Letter | Text]:
        """What there is to do: the file, or the letters of the stretch. Raises BadInput."""
        path = Path(self.path)
        if not self.place:
            yield path
        elif len(self.place) == 3:
            yield from _rows(path, *self.place)
        else:
            yield from _lines(path, *self.place)


def blocks(units: Iterable[Unit], many: int, workers: int) -> Iterator[list[Unit]]:
    """Some of so many files together, fewer and fewer, so that the workers end together; each
    stretch of a file of letters alone."""
    waiting: list[Unit] = []
    for unit in units:
        if unit.place:
            yield [unit]
            continue
        waiting.append(unit)
        if len(waiting) >= min(_LARGEST, max(_SMALLEST, many // (workers * _SHARES))):
            yield waiting
            many -= len(waiting)
            waiting = []
    if waiting:
        yield waiting


def roots(names: Sequence[str], failures: list[str]) -> list[Path]:
    """Where to look: folders as they are, the files behind the other names. A name that leads
    nowhere is a failure, all of them an error."""
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name).expanduser()
        try:
            paths = [path] if path.is_dir() else expand([name])
        except LetteraError as error:
            failures.append(str(error))
            continue
        found |= dict.fromkeys(one.absolute() for one in paths)
    if not found:
        raise BadInput(failures[0] if failures else "no files given")
    return list(found)


def units(of: Sequence[Path]) -> Iterator[Unit]:
    """All units under some roots. Raises BadInput for a folder that holds nothing to read."""
    for root in of:
        many = 0
        for path in (parts_of(root) or _walked(root)) if root.is_dir() else [root]:
            for unit in _units_of(Path(path)):
                many += 1
                yield unit
        if not many:
            raise BadInput(f"{root}: no letters in it")


def _walked(root: Path) -> Iterator[str]:
    """The files that can be read, hidden ones and Office's own left out, as `expand` has it."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if Path(name).suffix.lower() in SUPPORTED and not name.startswith((".", "~$")):
                yield os.path.join(folder, name)


def _units_of(path: Path) -> Iterator[Unit]:
    kind = path.suffix.lower()
    try:
        if kind == ".parquet":
            yield from _groups(path)
        elif kind == ".jsonl":
            yield from _stretches(path)
        else:
            yield Unit(str(path), _stamp(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error


def _groups(path: Path) -> Iterator[Unit]:
    groups = opened(path).metadata
    for group in range(groups.num_row_groups):
        rows = groups.row_group(group).num_rows
        for first in range(0, rows, ROWS):
            many = min(ROWS, rows - first)
            yield Unit(str(path), _stamp(path, group, first), (group, first, many), many)


def _stretches(path: Path) -> Iterator[Unit]:
    """Lines by their content: a file that has only grown keeps the stamps it had."""
    with path.open("rb") as file:
        at = 0
        while lines := list(islice(file, ROWS)):
            text = b"".join(lines)
            stamp = _hashed(str(path).encode() + b"\0" + text)
            yield Unit(str(path), stamp, (at, len(text)), len(lines))
            at += len(text)


def _stamp(path: Path, *place: int) -> int:
    now = path.stat()
    return _hashed(f"{path}\0{now.st_size}\0{now.st_mtime_ns}\0{place}".encode("utf-8", "replace"))


def _hashed(content: bytes) -> int:
    return int.from_bytes(sha256(content).digest()[:8])


def _rows(path: Path, group: int, first: int, many: int) -> Iterator[Letter | Text]:
    file = opened(path)
    names = set(file.schema_arrow.names)
    ours = are_letters(names)
    if not ours and "text" not in names:
        raise BadInput(f"{path}: a table of letters has a column 'text'")
    columns = None if ours else [name for name in _THEIRS if name in names]
    batches = file.iter_batches(ROWS, row_groups=[group], columns=columns)
    (batch,) = islice(batches, first // ROWS, first // ROWS + 1)
    for row in batch.to_pylist()[:many]:
        if ours:
            yield letter_of(row)
        else:
            told = {key: str(said) for key, said in row.items() if said is not None}
            yield Text(**{"text": ""} | told)


def _lines(path: Path, first: int, many: int) -> Iterator[Letter]:
    with path.open("rb") as file:
        file.seek(first)
        for line in file.read(many).splitlines():
            if line.strip():
                try:
                    yield Letter.from_json(json.loads(line))
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    what = type(error).__name__
                    where = f"{path}: a line after byte {first}"
                    raise BadInput(f"{where}: no letter ({what})") from None
