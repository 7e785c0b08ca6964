"""What a worker does with a block: its units one by one, their records written as a part.

Nothing but counts, names of files and messages goes back to where the run was started: letters'
words go from one file to the other.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.cluster.blocks import Unit, unpacked
from core.cluster.jobs import Job, Made, Source
from core.cluster.parts import TRIALS, Folder, Manifest
from core.errors import LetteraError
from core.schema import FIELDS
from core.sources import told
from core.workers import Died

_TRIALS = 2  # deaths that a source may cause before it is left out


class Worker:
    """Holds what the job needs, once, and does one block after the other."""

    def __init__(self, job: Job, out: str, fields: str) -> None:
        os.environ[FIELDS] = fields
        self._job, self._folder = job, Folder(Path(out))
        self._work = job.begin()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """A row a block: how many letters it was asked about, and what failed, as JSON."""
        done = [unpacked(block) for block in batch["block"]]
        failures = np.array([json.dumps(self.do(block)) for block in done], dtype=object)
        asked = [sum(unit.letters for unit in block) for block in done]
        return {"asked": np.array(asked), "failures": failures}

    def do(self, block: Sequence[Unit]) -> list[str]:
        """Writes the part of a block; what failed in it."""
        part = Part(self._job, block)
        failures: list[str] = []
        with Trials(self._folder.path / TRIALS / part.name) as trials:
            for unit in block:
                failures += part.do(unit, self._work, trials)
            part.write(self._folder)
        return failures


class Part:
    """The results of a block as they come."""

    def __init__(self, job: Job, block: Sequence[Unit]) -> None:
        pairs = [(unit.stamp, unit.name) for unit in block]
        self._manifest = Manifest(repr(job), job.kind, pairs)
        self.name = self._manifest.name
        self._report = job.report()
        self._records: list[Any] = []
        self._names: dict[str, str] = {}

    def do(self, unit: Unit, work: Callable[[Source], Made], trials: "Trials") -> list[str]:
        """Does a unit; what failed. It does not count as held then: a rerun tries again."""
        failures: list[str] = []
        try:
            for source in unit.sources():
                try:
                    self._take(unit, trials.of(work, source), failures)
                except LetteraError as error:
                    failures.append(told(Path(unit.name), error))
        except LetteraError as error:
            failures.append(str(error))
        if failures:
            self._manifest.units.remove((unit.stamp, unit.name))
        return failures

    def _take(self, unit: Unit, made: Made, failures: list[str]) -> None:
        for id, records in made:
            if id in self._names:
                failures.append(same(unit.name, self._names[id]))
                continue
            self._names[id] = unit.name
            self._manifest.letters.append((id, unit.name))
            self._records += records

    def write(self, folder: Folder) -> None:
        if self._manifest.letters:
            settle(folder, self.name, self._records, self._manifest, self._report)


def settle(folder: Folder, name: str, records: list[Any], manifest: Manifest, report: Any) -> None:
    """Counts the records of a part and writes it."""
    for record in records:
        report.add(record)
    counted = asdict(report)
    manifest.notes = counted.pop("failures", [])
    counted.pop("stopped", None)
    manifest.counts = counted
    folder.add(name, records, manifest)


def same(path: str, first: str) -> str:
    return f"{path}: the same file as {Path(first).name}"


class Trials:
    """A file that says which source a worker is at: one that killed two workers is left out.

    It holds numbers only, a line for each source that was begun and `-` for each beginning of the
    block, and goes when the block is done.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        before = path.read_text().split("-")[1:] if path.exists() else []
        self._deaths = Counter(one.split()[-1] for one in before if one.split())
        self._number = 0

    def __enter__(self) -> "Trials":
        self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.write(self._file, b"-\n")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: Any) -> None:
        os.close(self._file)
        if kind is None:
            self._path.unlink(missing_ok=True)

    def of(self, work: Callable[[Source], Made], source: Source) -> Made:
        """What is made of a source. Raises Died for one that killed its worker twice."""
        self._number += 1
        if self._deaths[str(self._number)] >= _TRIALS:
            raise Died("the worker that read it died twice (too little memory?)")
        os.write(self._file, f"{self._number}\n".encode())
        return work(source)
