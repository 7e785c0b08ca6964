"""Files that hold patients' words: written whole or not at all, readable by their owner alone.

What the system refuses is told in a line, with the file's name (`reading`, `writing`).
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import BadInput


def private_folder(path: Path) -> Path:
    """Makes a folder with mode 0700. Raises BadInput where that is not possible."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be made ({error.strerror}); choose another with --workspace"
        ) from error
    return path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raises BadInput where the block finds that a file cannot be read."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raises BadInput where the block finds that a file or a folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from error


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside `path`, mode 0600, put in its place when the block ends well."""
    with writing(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)


def as_json(raw: Any, indent: int | None = None) -> bytes:
    """JSON in UTF-8. A lone surrogate, which UTF-8 cannot carry, stays escaped."""
    try:
        return json.dumps(raw, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:
        return json.dumps(raw, indent=indent).encode()


def write_json(path: Path, raw: Any) -> None:
    """Writes a value as JSON that a person can read, too: whole or not at all, mode 0600."""
    with replacing(path) as file:
        file.write(as_json(raw, indent=1) + b"\n")


def write_text(path: Path, text: str) -> None:
    """Writes a page or a drawing in UTF-8, whole or not at all, mode 0600."""
    with replacing(path) as file:
        file.write(text.encode("utf-8", "replace"))
