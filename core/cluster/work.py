"""What a worker does with a block: its units one by one, their records written as a part.

Nothing but counts, names of files and messages goes back to where the run was started: letters'
words go from one file to the other.
"""

import os
import pickle
import socket
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.cluster.blocks import Unit
from core.cluster.jobs import Job, Made, Source
from core.cluster.parts import TRIALS, Folder, Manifest, same
from core.errors import BadInput, LetteraError
from core.schema import FIELDS
from core.sources import told
from core.workers import Died

_DEATHS = 2  # that a source may cause before it is left out


def do_block(arguments: tuple[Any, ...], packed: bytes) -> tuple[int, list[str], str]:
    """A task of Ray's: how many letters a block asked for, what failed, and what nobody can go on
    with. A process that does several makes its worker once."""
    block: list[Unit] = pickle.loads(zlib.decompress(packed))
    asked = sum(unit.letters for unit in block)
    try:
        return asked, _worker(*arguments).do(block), ""
    except LetteraError as error:
        return asked, [], str(error)


@lru_cache(maxsize=1)
def _worker(job: Job, out: str, word: str, fields: str) -> "Worker":
    return Worker(job, out, word, fields)


class Worker:
    """Holds what the job needs, once, and does one block after the other."""

    def __init__(self, job: Job, out: str, word: str, fields: str) -> None:
        os.environ[FIELDS] = fields
        self._job, self._folder, self._word = job, Folder(Path(out)), word
        self._work: Callable[[Source], Made] | None = None

    def do(self, block: Sequence[Unit]) -> list[str]:
        """Writes the part of a block; what failed in it. Raises BadInput on a machine that sees
        other folders than the one where the run was started."""
        needed = {Path(unit.path).parent for unit in block}
        unseen = sorted(folder for folder in needed if not folder.is_dir())
        if not self._folder.known_by(self._word):
            unseen = [self._folder.path]
        if unseen:
            raise BadInput(
                f"{unseen[0]}: not seen by {socket.gethostname()}; every machine of a Ray cluster "
                "needs the folders of a run under the same names (a shared disk)"
            )
        self._work = self._work or self._job.begin()
        part = Manifest(repr(self._job), self._job.kind, [(one.stamp, one.name) for one in block])
        name, records, failures = part.name, list[Any](), list[str]()
        with Trials(self._folder.path / TRIALS / name, self._work) as made_of:
            for unit in block:
                failed = list(_took(unit, made_of, part, records))
                if failed:  # it does not count as held: a rerun tries again
                    part.units.remove((unit.stamp, unit.name))
                failures += failed
            if part.letters:
                self._folder.add(name, records, part, self._job.report())
        return failures


def _took(unit: Unit, made_of: "Trials", part: Manifest, records: list[Any]) -> Iterator[str]:
    """Adds what is made of a unit; what failed."""
    names = dict(part.letters)
    try:
        for source in unit.sources():
            try:
                made = made_of(source)
            except LetteraError as error:
                yield told(Path(unit.name), error)
                continue
            for id, found in made:
                if id in names:
                    yield same(unit.name, names[id])
                    continue
                names[id] = unit.name
                part.letters.append((id, unit.name))
                records += found
    except LetteraError as error:
        yield str(error)


class Trials:
    """Work, and a file that says which source it is at: one that killed two workers is left out.

    It holds numbers only, a line for each source that was begun and `-` for each beginning of the
    block, and goes when the block is done.
    """

    def __init__(self, path: Path, work: Callable[[Source], Made]) -> None:
        self._path, self._work = path, work
        before = path.read_text().split("-")[1:] if path.exists() else []
        self._deaths = Counter(one.split()[-1] for one in before if one.split())
        self._number = 0

    def __enter__(self) -> "Trials":
        self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.write(self._file, b"-\n")
        return self

    def __exit__(self, kind: type | None, *_: Any) -> None:
        os.close(self._file)
        if kind is None:
            self._path.unlink(missing_ok=True)

    def __call__(self, source: Source) -> Made:
        """What is made of a source. Raises Died for one that killed its worker twice."""
        self._number += 1
        if self._deaths[str(self._number)] >= _DEATHS:
            raise Died("the worker that read it died twice (too little memory?)")
        os.write(self._file, f"{self._number}\n".encode())
        return self._work(source)
