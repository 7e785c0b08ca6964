"""What the user named (files, folders, globs) -> the files to read, in a fixed order."""

import glob
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from core.errors import BadInput

TEXTS = frozenset({".txt", ".md"})
PDFS = frozenset({".pdf"})
IMAGES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})
SUPPORTED = TEXTS | PDFS | IMAGES


def expand(inputs: Sequence[Path | str]) -> list[Path]:
    """The files behind paths, folders (with their subfolders) and globs, sorted, each once.

    A file named outright is kept whatever its suffix, so that reading it says what is wrong.
    Raises BadInput for a name that leads to no file.
    """
    found: dict[Path, Path] = {}
    for one in inputs:
        matches = list(_matches(Path(one).expanduser()))
        if not matches:
            raise BadInput(f"{one}: {_nothing(Path(one).expanduser())}")
        for path in matches:
            found.setdefault(path.resolve(), path)
    return sorted(found.values())


def check(path: Path) -> None:
    """Raises BadInput where a path is no readable, non-empty file of a kind that can be read."""
    try:
        if path.is_dir():
            raise BadInput(f"{path}: is a folder; name the files in it, or use read on the folder")
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    if path.suffix.lower() not in SUPPORTED:
        raise BadInput(f"{path}: files of this kind cannot be read; use {_kinds()}")
    if empty:
        raise BadInput(f"{path}: the file is empty; copy it again from where it came")


def digest(path: Path) -> str:
    """The opaque id of a file: 12 hex of its SHA-256."""
    try:
        return digest_of(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error


def digest_of(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]


def _matches(path: Path) -> Iterator[Path]:
    try:
        if path.is_dir():
            yield from _readable(path, path.rglob("*"))
        elif path.exists():
            yield path
        else:
            for match in map(Path, sorted(glob.glob(str(path), recursive=True))):
                yield from _readable(match, match.rglob("*") if match.is_dir() else [match])
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error


def _readable(root: Path, paths: Iterable[Path]) -> Iterator[Path]:
    """The supported files; hidden ones, those in hidden folders and Office's own ones left out."""
    for path in sorted(paths):
        names = path.relative_to(root).parts or (path.name,)
        hidden = any(name.startswith((".", "~$")) for name in names)
        if path.suffix.lower() in SUPPORTED and not hidden and path.is_file():
            yield path


def _nothing(path: Path) -> str:
    if path.is_dir() or glob.has_magic(str(path)):
        return f"no file here that can be read; use {_kinds()}"
    return "no such file or folder"


def _kinds() -> str:
    return ", ".join(sorted(SUPPORTED))
