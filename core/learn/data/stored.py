"""Annotations on a disk: of a million there stand in memory eight bytes each, and the one at hand.

A training goes through its phrases a dozen times, in order; each is made anew when its turn comes.
The file has no name, so that no word of a letter stays on a disk, whatever ends the process.
"""

import pickle
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import starmap
from mmap import ACCESS_READ, mmap
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from core.files import writing
from core.records import Annotation, Phrase, Span

Rows = Sequence[int] | NDArray[np.int64]
_annotation, _phrase, _span = (
    attrgetter(*(field.name for field in fields(kind))) for kind in (Annotation, Phrase, Span)
)


class Stored(Sequence[Annotation]):
    """Annotations in the order they came, or some of them (`taken`), which share the file."""

    def __init__(self, file: memoryview, starts: NDArray[np.int64]) -> None:
        self._file, self._starts = file, starts

    @classmethod
    def of(cls, annotations: Iterable[Annotation], folder: Path | None = None) -> Self:
        """Stores annotations as they come. `folder`: on whose disk; None for that of temporary
        files. Raises BadInput where it cannot be written."""
        starts = array("q")
        place = folder or Path(gettempdir())
        with writing(place):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with TemporaryFile(dir=place) as file:
                for annotation in annotations:
                    starts.append(file.tell())
                    file.write(_packed(annotation))
                file.flush()
                # The file stays as long as the map does.
                kept = mmap(file.fileno(), 0, access=ACCESS_READ) if starts else b""
        return cls(memoryview(kept), np.array(starts, np.int64))

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Annotation]:
        return map(self._at, self._starts)

    @overload
    def __getitem__(self, which: int) -> Annotation: ...

    @overload
    def __getitem__(self, which: slice) -> "Stored": ...

    def __getitem__(self, which: int | slice) -> "Annotation | Stored":
        if isinstance(which, slice):
            return Stored(self._file, self._starts[which])
        return self._at(self._starts[which])

    def taken(self, rows: Rows) -> "Stored":
        """Those of the given numbers, in the order of these."""
        return Stored(self._file, self._starts[np.asarray(rows, np.int64)])

    def _at(self, start: np.int64) -> Annotation:
        # A pickle knows where it ends.
        phrase, spans, rest = pickle.loads(self._file[start:])
        return Annotation(Phrase(*phrase), tuple(starmap(Span, spans)), *rest)


def _packed(annotation: Annotation) -> bytes:
    """Plain tuples: they are read in half the time that pickle takes for the records themselves."""
    phrase, spans, *rest = _annotation(annotation)
    return pickle.dumps((_phrase(phrase), [*map(_span, spans)], rest), pickle.HIGHEST_PROTOCOL)


def taken(annotations: Sequence[Annotation], rows: Rows) -> Sequence[Annotation]:
    """Some of the annotations, by their numbers: stored ones stay where they are."""
    if isinstance(annotations, Stored):
        return annotations.taken(rows)
    return tuple(annotations[row] for row in rows)


def where(
    annotations: Sequence[Annotation], kept: Callable[[Annotation], bool]
) -> Sequence[Annotation]:
    """Those of the annotations that are kept, in their order."""
    return taken(annotations, array("q", (row for row, a in enumerate(annotations) if kept(a))))


def unskipped(annotations: Sequence[Annotation]) -> Sequence[Annotation]:
    """Those that no person skipped."""
    return where(annotations, lambda annotation: not annotation.skipped)
