"""Where a model folder is made: beside its place, into which it goes whole or not at all.

A kill leaves either the old model or the new one. What a kill left behind is removed next time.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from core.errors import BadInput
from core.files import writing
from core.learn.record import Record, write_record
from core.learn.tagger import Tagger, weights_of


def write_folder(
    fill: Callable[[Path], Path],
    record: Record,
    out: Path,
    finished: Callable[[Tagger], Record],
    chosen: Callable[[Tagger, Path], Record] | None = None,
) -> Record:
    """Writes the folder `out`: `fill` puts a model into a new folder and returns the path of its
    weights; `chosen` may change how it is run, `finished` makes the last record."""
    with in_place(out) as made:
        record = replace(record, weights=weights_of(fill(made)))
        write_record(made, record)
        tagger = Tagger.load(made)
        if chosen is not None and (better := chosen(tagger, made)) != record:
            write_record(made, better)
            tagger = Tagger.load(made)
        record = finished(tagger)
        write_record(made, record)
    return record


@contextmanager
def in_place(out: Path) -> Iterator[Path]:
    """A new empty folder (mode 0700) that becomes `out` when the block ends well."""
    out = out.absolute()
    for stale in out.parent.glob(f".{out.name}.new-*"):
        shutil.rmtree(stale)
    with writing(out):
        made = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.new-"))
        try:
            yield made
            put_in_place(made, out)
        finally:
            shutil.rmtree(made, ignore_errors=True)


def put_in_place(made: Path, out: Path) -> None:
    """Moves a folder to `out`; what stood there is removed."""
    old = old_of(out)
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        os.replace(out, old)
    os.replace(made, out)
    shutil.rmtree(old, ignore_errors=True)


def old_of(out: Path) -> Path:
    """Where the model that stood at `out` waits while the new one is put in place."""
    return out.absolute().with_name(f".{out.absolute().name}.old")


def restore(out: Path) -> None:
    """Puts a model back that a kill left set aside, between the two steps of a swap."""
    if (old := old_of(out)).is_dir() and not out.exists():
        os.replace(old, out)


@contextmanager
def room_for(out: Path) -> Iterator[None]:
    """Says in one line that a disk is full, which each library reports in a way of its own."""
    try:
        yield
    except Exception as error:
        if not _is_full(error):
            raise
        raise BadInput(
            f"{out}: cannot be written (the disk is full, or a file may not grow); make room and "
            "run it again: it goes on from the last whole epoch"
        ) from error


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    signs = ("PytorchStreamWriter", *(f"os error {n}" for n in (errno.ENOSPC, errno.EFBIG)))
    return any(sign in str(error) for sign in signs)
