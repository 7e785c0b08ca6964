"""JSON Lines in and out, and the journal that lets a long step go on where it was killed."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Generic, Protocol, Self, TypeVar

from core.errors import BadInput
from core.files import as_json, replacing
from core.records import Json


class Record(Protocol):
    """What a JSON Lines file holds: something with a key that can be written and read back."""

    @property
    def key(self) -> str: ...

    def to_json(self) -> Json: ...

    @classmethod
    def from_json(cls, raw: Json) -> Self: ...


R = TypeVar("R", bound=Record)
_NAMES = {
    "Letter": ("a letter", "lettera read"),
    "Annotation": ("an annotated phrase", "lettera label or lettera pull"),
}
"""What a person calls a record, and where a file of them comes from."""


def dump(record: Record) -> bytes:
    """One line."""
    return as_json(record.to_json()) + b"\n"


def read_records(path: Path, kind: type[R]) -> Iterator[R]:
    """The records of a file, in order. Raises BadInput with the line's number, not its text."""
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            yield _parse(line, kind, f"{path}:{number}")


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Writes a file whole or not at all, mode 0600; returns the number of records."""
    count = 0
    with replacing(path) as file:
        for record in records:
            file.write(dump(record))
            count += 1
    return count


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error


def _parse(line: bytes, kind: type[R], where: str) -> R:
    try:
        return kind.from_json(json.loads(line))
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else type(error).__name__
        name, source = _NAMES.get(kind.__name__, ("a record of ours", "an earlier step"))
        raise BadInput(f"{where}: not {name} ({what}); give a file of {source}") from None


class Journal(Generic[R]):
    """An output file that a killed run leaves usable, and that fits no memory.

    Records are appended as they come, mode 0600; only where each of them stands is remembered. On
    the next run those that are already there, and that `reuse` accepts, are not made again; a line
    cut by the kill is dropped. `finish` puts the file into its final order.
    """

    def __init__(
        self, path: Path, kind: type[R], reuse: Callable[[R], bool] = lambda _: True
    ) -> None:
        self.path = path
        self._kind = kind
        self._places: dict[str, tuple[int, int]] = {}
        with replacing(path) as file:
            for record, line in self._there(reuse):
                self._places[record.key] = (file.tell(), len(line))
                file.write(line)
        # Unbuffered: what a full disk refuses must not be tried again when the file is closed.
        self._file = path.open("a+b", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def get(self, key: str) -> R | None:
        """The record of a key, read from the file."""
        if key not in self._places:
            return None
        return _parse(self._line(self._file, key), self._kind, str(self.path))

    def add(self, record: R) -> None:
        """Appends one record and hands it to the system at once, so that a kill loses none."""
        line = memoryview(dump(record))
        start, length = self._file.seek(0, os.SEEK_END), len(line)
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as error:
            raise BadInput(
                f"{self.path}: cannot be written ({os.strerror(error.errno or 0)})"
            ) from error
        self._places[record.key] = (start, length)

    def finish(self, keys: Iterable[str]) -> int:
        """Rewrites the file in the order of `keys`, no others; returns how many stand in it."""
        self._file.close()
        count = 0
        with self.path.open("rb") as old, replacing(self.path) as file:
            for key in keys:
                if key in self._places:
                    file.write(self._line(old, key))
                    count += 1
        return count

    def _line(self, file: IO[bytes], key: str) -> bytes:
        start, length = self._places[key]
        file.seek(start)
        return file.read(length)

    def _there(self, reuse: Callable[[R], bool]) -> Iterator[tuple[R, bytes]]:
        """The records of an earlier run that can be used again, with their lines."""
        lines = _lines(self.path) if self.path.exists() else iter(())
        for number, line in enumerate(lines, 1):
            if line.endswith(b"\n") and line.strip():
                record = _parse(line, self._kind, f"{self.path}:{number}")
                if reuse(record):
                    yield record, line
