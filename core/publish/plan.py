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
    """One upload. `variables` are a Space's public settings; `url` is known once it is online."""

    repo: str
    kind: Literal["model", "space"]
    files: tuple[PlannedFile, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None

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
    allowed = [tuple(pattern.split("/")) for pattern in patterns]
    found, strangers = [], []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part in HIDDEN for part in name.parts) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not any(_matches(name.parts, pattern) for pattern in allowed):
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


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))
