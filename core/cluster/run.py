"""Work in blocks on a Ray cluster, or on this machine's cores: files or a folder in, parts out.

Through Ray go names of files, counts and messages; letters go from file to file. So whatever Ray
keeps of a run (objects, spills, logs) holds no words of theirs. A block that a worker dies of is
done again by another one, and a source that kills two workers is left out.
"""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psutil

from core.cluster.blocks import Unit, blocks, packed, roots, units
from core.cluster.jobs import Job
from core.cluster.parts import Folder, Manifest
from core.cluster.work import Worker, same, settle
from core.errors import BadInput, LetteraError, MissingExtra, ServerError
from core.schema import FIELDS
from core.sources import Watch
from core.workers import cores

_LARGEST = 512  # files in a block: seconds to minutes of work
_SMALLEST = 8
_LEAST = 16  # blocks a worker, so that none waits long for the last one
_STORE = 100_000_000  # bytes of shared memory for Ray's objects, which are small here
_TEMP = "lettera-ray-"
_SHEETS = (".jsonl", ".json", ".csv", ".xlsx")
# To stand in the environment before Ray is imported: nothing is told to its makers; what is started
# here listens on loopback alone, whatever the system is, and answers only who knows a secret.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_LOG_LEVEL": "ERROR"}
_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",
}


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
    with folder.locked():
        wanted = {unit.stamp for unit in units(where)}
        todo = wanted - _held(folder, repr(job), wanted)
        if todo:
            failures += _worked_off(job, folder, _named(units(where), todo), len(todo), what, watch)
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
    job: Job, folder: Folder, todo: Iterable[Unit], many: int, what: str, watch: Watch
) -> list[str]:
    """Has so many units done by workers, and returns what failed, sorted."""
    failures: list[str] = []
    with _ray() as ray:
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        size = min(_LARGEST, max(_SMALLEST, many // (workers * _LEAST)))
        letters, waiting = 0, []
        for block in blocks(todo, size):
            letters += sum(unit.letters for unit in block)
            waiting.append(packed(block))

        def steps() -> Iterator[None]:
            for asked, failed in _outcomes(ray, job, folder, waiting, workers):
                failures.extend(failed)
                yield from (None for _ in range(asked))

        for _ in watch(steps(), what, letters):
            pass
    return sorted(failures)


def _outcomes(
    ray: Any, job: Job, folder: Folder, waiting: list[bytes], workers: int
) -> Iterator[tuple[int, list[str]]]:
    """What each block came to, as they are done."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.from_items(
        [{"block": one} for one in waiting], override_num_blocks=len(waiting)
    )
    done = rows.map_batches(
        Worker,
        fn_constructor_args=(job, str(folder.path), os.environ.get(FIELDS, "")),
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(waiting))),
    )
    try:
        for row in done.iter_rows():
            yield int(row["asked"]), json.loads(row["failures"])
    except ray.exceptions.RayError as error:
        raise _ours(error) from error


def _ours(error: BaseException) -> BaseException:
    """The mistake a user can mend behind what Ray makes of it, where there is one."""
    below: BaseException | None = error
    while below is not None:
        cause = getattr(below, "cause", None)
        if isinstance(below, LetteraError):
            return below
        below = cause if isinstance(cause, BaseException) else below.__cause__
    return error


def _report(folder: Folder, job: Job, failures: list[str]) -> Any:
    """Adds up the parts, after letters that stand in two of them are taken out of one."""
    manifests: dict[str, Manifest] = {}
    for name, doubles in folder.duplicates().items():
        manifests = manifests or dict(folder.manifests())
        part = manifests[name]
        inputs = {where for where, _ in doubles.values()}
        kept = folder.without(name, set(doubles), inputs, part)
        settle(folder, name, kept, part, job.report())
        failures += sorted(same(where, first) for where, first in set(doubles.values()))
    report = job.report()
    for _, part in folder.manifests():
        for count, number in part.counts.items():
            setattr(report, count, getattr(report, count) + number)
        failures += part.notes
    report.failures = failures
    return report


@contextmanager
def _ray() -> Iterator[Any]:
    """Ray, joined where RAY_ADDRESS says, or started here and ended again."""
    address = os.environ.get("RAY_ADDRESS", "local")
    os.environ.update(_QUIET)
    if address == "local":
        os.environ.update(_ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)})
    try:
        import ray
        import ray.data  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"--engine ray needs {error.name}: .venv/bin/pip install 'ray[data]' -c constraints.txt"
        ) from None
    with _temporary() if address == "local" else nullcontext() as temp:
        try:
            yield _joined(ray, address) if temp is None else _started(ray, temp)
        finally:
            ray.shutdown()


def _joined(ray: Any, address: str) -> Any:
    try:
        ray.init(address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ServerError(
            f"no Ray cluster answers at RAY_ADDRESS={address}; start it, or unset RAY_ADDRESS to "
            "work on this machine"
        ) from error
    return ray


def _started(ray: Any, temp: str) -> Any:
    """A Ray of this machine's own."""
    try:
        with _muted():
            ray.init(
                "local",
                num_cpus=cores(),
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
                object_store_memory=_STORE,
                _temp_dir=temp,
            )
    except Exception as error:  # of any kind; it waits half a minute for its own processes
        raise ServerError(
            f"Ray did not start here ({type(error).__name__}); is the machine overloaded? run again"
        ) from error
    return ray


@contextmanager
def _muted() -> Iterator[None]:
    """What Ray's inner half says to the terminal while it begins; what fails is raised as well."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


@contextmanager
def _temporary() -> Iterator[str]:
    """A folder of our own for sockets and logs; those that killed runs left behind go too."""
    for left in Path(tempfile.gettempdir()).glob(f"{_TEMP}*"):
        owner = left.name.removeprefix(_TEMP).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    temp = tempfile.mkdtemp(prefix=f"{_TEMP}{os.getpid()}-")
    try:
        yield temp
    finally:
        shutil.rmtree(temp, ignore_errors=True)
