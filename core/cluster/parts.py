"""A folder of results in parts: each a Parquet file and a manifest of what input it holds.

A part is there when its manifest is; what a kill left unfinished is swept away by the next run.
Files are 0600 in folders of 0700; programs of the trade pass over names that begin with `_`.
"""

import fcntl
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from core.cluster.tables import Kind, letter_id, read_table, write_table
from core.errors import BadInput
from core.files import private_folder, replacing

MANIFESTS = "_manifest"
TRIALS = "_trying"


@dataclass(slots=True)
class Manifest:
    """What a part holds. `units`: stamp and name of each input; `letters`: id, name of its input;
    `counts`: what a report adds up; `notes`: what a person should know of it."""

    job: str
    kind: Kind
    units: list[tuple[int, str]] = field(default_factory=list)
    letters: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The same for the same work on the same input."""
        return sha256(json.dumps([self.job, self.units]).encode()).hexdigest()[:16]


class Folder:
    """Where parts are written and found again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder and holds it, and sweeps. Raises BadInput where another run has it."""
        for folder in (self.path, self.path / MANIFESTS, self.path / TRIALS):
            private_folder(folder)
        with open(os.open(self.path / "_lock", os.O_CREAT | os.O_WRONLY, 0o600), "wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BadInput(f"{self.path}: another run is writing there; wait for it") from None
            self._sweep()
            yield

    def _sweep(self) -> None:
        known = {path.stem for path in (self.path / MANIFESTS).glob("*.json")}
        there = {path.stem for path in self.path.glob("*.parquet")}
        for name in known ^ there:
            self.remove(name)
        left = [*self.path.glob(".*.parquet.*"), *(self.path / MANIFESTS).glob(".*.json.*")]
        for path in (*left, *(self.path / TRIALS).iterdir()):
            path.unlink()

    def part(self, name: str) -> Path:
        return self.path / f"{name}.parquet"

    def manifest(self, name: str) -> Path:
        return self.path / MANIFESTS / f"{name}.json"

    def manifests(self) -> Iterator[tuple[str, Manifest]]:
        """Name and manifest of every part."""
        for path in sorted((self.path / MANIFESTS).glob("*.json")):
            yield path.stem, read_manifest(path)

    def add(self, name: str, records: Iterable[Any], manifest: Manifest) -> None:
        """Writes a part; its manifest last, which makes it one."""
        write_table(self.part(name), manifest.kind, records)
        with replacing(self.manifest(name)) as file:
            file.write(json.dumps(asdict(manifest)).encode())

    def remove(self, name: str) -> None:
        self.manifest(name).unlink(missing_ok=True)
        self.part(name).unlink(missing_ok=True)

    def without(self, name: str, ids: set[str], names: set[str], old: Manifest) -> list[Any]:
        """Takes letters out of a part; the inputs of these `names` do not count as held any more.
        Returns the records that stay."""
        kept = [one for one in read_table(self.part(name)) if letter_id(one) not in ids]
        old.letters = [(id, where) for id, where in old.letters if id not in ids]
        old.units = [(stamp, unit) for stamp, unit in old.units if unit not in names]
        return kept

    def duplicates(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Part -> id of a letter that another part has too -> its input here, and the input that
        counts: the first by name. Ids are held as numbers: millions fit."""
        hashed = [hash(id) for _, one in self.manifests() for id, _ in one.letters]
        ids, times = np.unique(np.array(hashed, dtype=np.int64), return_counts=True)
        twice = set(ids[times > 1].tolist())
        places: dict[str, list[tuple[Path, str, str]]] = defaultdict(list)
        for part, one in self.manifests() if twice else ():
            for id, name in one.letters:
                if hash(id) in twice:
                    places[id].append((Path(name), name, part))
        found: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for id, several in places.items():
            (_, first, _), *others = sorted(several)
            for _, name, part in others:
                found[part][id] = name, first
        return found


def read_manifest(path: Path) -> Manifest:
    """Raises BadInput where a file is no manifest."""
    try:
        raw = json.loads(path.read_bytes())
        pairs = {key: [(a, b) for a, b in raw[key]] for key in ("units", "letters")}
        return Manifest(**raw | pairs)
    except (OSError, ValueError, TypeError, KeyError) as error:
        what = type(error).__name__
        raise BadInput(f"{path}: not a manifest ({what}); delete it, its part is redone") from None


def parts_of(folder: Path) -> list[Path]:
    """The Parquet files of a folder, those out of sight left out; none where it has none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.glob("*.parquet") if path.name[0] not in "._")
