"""Work in blocks as tasks of Ray: files or a folder in, parts out.

What goes through Ray are names of files, counts and messages; letters go from file to file, for
what Ray keeps of a run (objects, spills, logs) is to hold no words of theirs. So there is nothing
for Ray Data to stream, and a run of it works eight seconds for itself (three actors, its own
modules in every process), more than Ray's start. Ray does a block again where a worker or its
machine dies. What kills two workers is left out.
"""

import os
import pickle
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from core.cluster.blocks import Unit, blocks, roots, units
from core.cluster.jobs import Job
from core.cluster.machines import ray_at_hand, told_of
from core.cluster.parts import Folder
from core.cluster.work import do_block
from core.errors import BadInput
from core.schema import FIELDS
from core.sources import Watch

_TRIES = 100  # of a block whose workers die; a source that kills two is left out before
_SHEETS = (".jsonl", ".json", ".csv", ".xlsx")


def run(job: Job, files: Sequence[str], out: Path, what: str, watch: Watch) -> Any:
    """Does a job on all files and returns its report; what `out` holds already is not done again.

    A part whose input is gone or has changed is done anew. Raises BadInput where nothing that is
    there belongs to this job: it may have taken somebody days.
    """
    if out.suffix.lower() in _SHEETS:
        raise BadInput(f"{out}: --engine ray writes a folder of Parquet files; name it with -o")
    failures: list[str] = []
    where = roots(files, failures)
    folder = Folder(out.absolute())
    with folder.locked() as word:
        wanted = {unit.stamp for unit in units(where)}
        todo = wanted - _held(folder, repr(job), wanted)
        if todo:
            arguments = (job, str(folder.path), word, os.environ.get(FIELDS, ""))
            size = len(todo)
            failures += _worked_off(arguments, _named(units(where), todo), size, what, watch)
        failures += folder.without_doubles(job.report)
        return _report(folder, job, failures)


def _held(folder: Folder, job: str, wanted: set[int]) -> set[int]:
    """The input that parts of the same job hold; parts of other input are removed."""
    held: set[int] = set()
    strange, ours = [], False
    for name, part in folder.manifests():
        stamps = {stamp for stamp, _ in part.units}
        same_job = part.job == job
        ours |= same_job and (not stamps or bool(stamps & wanted))
        if same_job and stamps and stamps <= wanted:
            held |= stamps
        else:
            strange.append(name)
    if strange and not ours:
        raise BadInput(
            f"{folder.path}: holds the results of other files or options; name another folder "
            "with -o, or delete it"
        )
    for name in strange:
        folder.remove(name)
    return held


def _named(of: Iterable[Unit], todo: set[int]) -> Iterator[Unit]:
    """The units that are to be done, each once."""
    for unit in of:
        if unit.stamp in todo:
            todo.remove(unit.stamp)
            yield unit


def _worked_off(
    arguments: tuple[Any, ...], todo: Iterable[Unit], many: int, what: str, watch: Watch
) -> list[str]:
    """Has so many units done by workers, and returns what failed, sorted."""
    failures: list[str] = []
    with ray_at_hand() as ray:
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting = []
        for block in blocks(todo, many, workers):
            letters = sum(unit.letters for unit in block)
            waiting.append((letters, zlib.compress(pickle.dumps(block))))
        waiting.sort(key=lambda block: -block[0])  # so that none waits long for the last one

        def steps() -> Iterator[None]:
            packed = (block for _, block in waiting)
            for asked, failed in _outcomes(ray, arguments, packed, 2 * workers):
                failures.extend(failed)
                yield from (None for _ in range(asked))

        for _ in watch(steps(), what, sum(letters for letters, _ in waiting)):
            pass
    return sorted(failures)


def _outcomes(
    ray: Any, arguments: tuple[Any, ...], waiting: Iterator[bytes], at_once: int
) -> Iterator[tuple[int, list[str]]]:
    """How many letters each block asked for and what failed in it, as they are done."""
    task = ray.remote(num_cpus=1, max_retries=_TRIES)(do_block)
    under_way: list[Any] = []
    try:
        while True:
            for block in islice(waiting, at_once - len(under_way)):
                under_way.append(task.remote(arguments, block))
            if not under_way:
                return
            done, under_way = ray.wait(under_way)
            for asked, failed, stopped in ray.get(done):
                if stopped:
                    raise BadInput(stopped)
                yield asked, failed
    except ray.exceptions.RayError as error:
        raise told_of(error) from error


def _report(folder: Folder, job: Job, failures: list[str]) -> Any:
    """The parts together."""
    report = job.report()
    for _, part in folder.manifests():
        for count, number in part.counts.items():
            setattr(report, count, getattr(report, count) + number)
        failures += part.notes
    report.failures = failures
    return report
