"""What would go online: every file with its size, none that is not on a list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from core.errors import BadInput

HIDDEN = (".git", "__pycache__", ".ipynb_checkpoints", ".DS_Store")


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to upload: its path in the repository, where it lies here, its size in bytes."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One upload. `marker` is a file that every repository of this kind holds, `patterns` the list
    of what it may hold; `message` is the commit's, `tag` names the version. `variables` are a
    Space's public settings, `unset` names of those that must not be there (any longer), `secrets`
    those that nobody can read back. `url` and `revision` are known once it is online.
    """

    repo: str
    kind: Literal["model", "space"]
    files: tuple[PlannedFile, ...]
    message: str
    marker: str
    patterns: tuple[str, ...] = ()
    private: bool = False
    tag: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str | None = None
    revision: str | None = None

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def allowed_files(folder: Path, patterns: Iterable[str]) -> tuple[PlannedFile, ...]:
    """Every file of a folder. Raises BadInput when one of them is not on the list of patterns.

    A stranger stops the upload rather than being left out: letters, a ledger or a token lying in
    the folder mean that it is the wrong folder. `*` in a pattern does not cross a slash.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give the folder that lettera train wrote")
    patterns = tuple(patterns)
    found, strangers = [], []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part in HIDDEN for part in name.parts) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not is_allowed(name.as_posix(), patterns):
            strangers.append(name.as_posix())
        else:
            found.append(PlannedFile(name.as_posix(), path, path.stat().st_size))
    if strangers:
        listed = ", ".join(strangers[:5]) + (", ..." if len(strangers) > 5 else "")
        raise BadInput(
            f"{folder}: {listed}: not on the list of what may be published; "
            "nothing was sent, move it elsewhere first"
        )
    return tuple(found)


def is_allowed(name: str, patterns: Iterable[str]) -> bool:
    """Whether a path is on a list of patterns."""
    parts = name.split("/")
    rows = (pattern.split("/") for pattern in patterns)
    return any(len(row) == len(parts) and all(map(fnmatchcase, parts, row)) for row in rows)
