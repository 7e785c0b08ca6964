"""A folder of results in parts: each a Parquet file and a manifest of what input it holds.

A part is there when its manifest is; what a kill left unfinished is swept away by the next run.
Files are 0600 in folders of 0700; programs of the trade pass over names that begin with `_`.
"""

import fcntl
import json
import os
import secrets
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from core.cluster.tables import Kind, letter_id, read_table, write_table
from core.errors import BadInput
from core.files import private_folder, replacing

MANIFESTS, TRIALS, _LOCK = "_manifest", "_trying", "_lock"


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
    def locked(self) -> Iterator[str]:
        """Makes the folder and holds it, and sweeps; a word by which it is known to be this one.
        Raises BadInput where another run has it."""
        for folder in (self.path, self.path / MANIFESTS, self.path / TRIALS):
            private_folder(folder)
        with open(os.open(self.path / _LOCK, os.O_CREAT | os.O_WRONLY, 0o600), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BadInput(f"{self.path}: another run is writing there; wait for it") from None
            word = secrets.token_hex(8)
            lock.truncate(0)
            lock.write(word)
            lock.flush()
            self._sweep()
            yield word

    def known_by(self, word: str) -> bool:
        """Whether this is, on this machine too, the folder that is `locked`."""
        lock = self.path / _LOCK
        return lock.exists() and lock.read_text() == word

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

    def _manifest(self, name: str) -> Path:
        return self.path / MANIFESTS / f"{name}.json"

    def manifests(self) -> Iterator[tuple[str, Manifest]]:
        """Name and manifest of every part. Raises BadInput where a file is no manifest."""
        for path in sorted((self.path / MANIFESTS).glob("*.json")):
            try:
                raw = json.loads(path.read_bytes())
                pairs = {key: [(a, b) for a, b in raw[key]] for key in ("units", "letters")}
                yield path.stem, Manifest(**raw | pairs)
            except (OSError, ValueError, TypeError, KeyError) as error:
                what = type(error).__name__
                raise BadInput(
                    f"{path}: not a manifest ({what}); delete it, its part is redone"
                ) from None

    def add(self, name: str, records: list[Any], manifest: Manifest, report: Any) -> None:
        """Counts and writes the records of a part; its manifest last, which makes it one."""
        for record in records:
            report.add(record)
        counted = asdict(report)
        manifest.notes = counted.pop("failures", [])
        counted.pop("stopped", None)
        manifest.counts = counted
        write_table(self.part(name), manifest.kind, records)
        with replacing(self._manifest(name)) as file:
            file.write(json.dumps(asdict(manifest)).encode())

    def remove(self, name: str) -> None:
        self._manifest(name).unlink(missing_ok=True)
        self.part(name).unlink(missing_ok=True)

    def without_doubles(self, report: type) -> list[str]:
        """Takes letters that an input before, by name, has as well out of the other's part, which
        does not count as held any more; a line about each."""
        told: set[str] = set()
        for name, doubles in self._doubles().items():
            part = dict(self.manifests())[name]
            kept = [one for one in read_table(self.part(name)) if letter_id(one) not in doubles]
            part.letters = [(id, where) for id, where in part.letters if id not in doubles]
            inputs = {where for where, _ in doubles.values()}
            part.units = [(stamp, unit) for stamp, unit in part.units if unit not in inputs]
            self.add(name, kept, part, report())
            told |= {same(where, first) for where, first in doubles.values()}
        return sorted(told)

    def _doubles(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Part -> id of a letter that another part has too -> its input here, and the input that
        counts. Ids are held as numbers: millions fit."""
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


def same(path: str, first: str) -> str:
    return f"{path}: the same file as {Path(first).name}"


def parts_of(folder: Path) -> list[Path]:
    """The Parquet files of a folder, those out of sight left out; none where it has none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.glob("*.parquet") if path.name[0] not in "._")
