"""An archive through the front door: python -m tests.bench.archive [--pdfs FOLDER] [--engine ray].

One-page fictitious letters (--letters 1000) are printed into the folder, which is kept where it is
named. `lettera read`, `label --by rules` and `extract --by local` are run on them as a person would
run them: seconds by the clock and of processors, and the most memory that a verb's processes had
together, looked at five times a second; and `tag` with a `small` network that learned fictitious
letters. With `--engine ray` all of it then goes over Ray on the same cores: each verb with a start
of its own (what a start takes, a letter alone, is told), and on a cluster that runs already.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import count, cycle, islice
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import psutil
import pypdfium2

from core.learn.options import options_for
from core.learn.train import train
from core.workers import cores
from demo.fictitious import corpus, voices, write
from demo.paper import lay_out

VERBS = "read | label | extract"
_LOOK = 0.2  # seconds between two looks at the memory


class Ray(NamedTuple):
    """Ray as a way: its own of each verb, or that of `nodes` that run already."""

    name: str
    nodes: tuple[psutil.Process, ...] = ()


def printed(task: tuple[str, int, Path]) -> bool:
    """Prints a letter; whether it is one page long, else it is taken away again."""
    voice, seed, path = task
    if not path.exists():
        lay_out(write(voice, seed), path, seed)
    document = pypdfium2.PdfDocument(BytesIO(path.read_bytes()))
    single = len(document) == 1
    document.close()
    if not single:
        path.unlink()
    return single


def archive(folder: Path, letters: int) -> list[Path]:
    """So many one-page letters, in voices by turns; in processes, for printing takes 0.3 s each."""
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(folder.glob("*.pdf"))[:letters]
    numbered: Iterator[tuple[str, int]] = zip(cycle(voices()), count(20_000), strict=False)
    tasks = ((voice, n, folder / f"{voice}-{n}.pdf") for voice, n in numbered)
    with Pool(cores()) as pool:
        while len(there) < letters:
            lot = [task for task in islice(tasks, 64) if not task[2].exists()]
            there += [t[2] for t, one in zip(lot, pool.map(printed, lot), strict=True) if one]
    return there[:letters]


def looked_at(processes: Sequence[psutil.Process], worked: dict[int, float]) -> float:
    """MB of processes and their children; what they share is counted once. What each has `worked`
    so far, in seconds, is noted."""
    total = 0
    for process in processes:
        for one in (process, *process.children(recursive=True)):
            try:
                total += one.memory_full_info().pss
                worked[one.pid] = sum(one.cpu_times()[:2])
            except psutil.Error:
                continue
    return total / 1e6


def processors() -> float:
    """Seconds that processes which have ended worked."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(what: str, letters: int, *arguments: str, on: Sequence[psutil.Process] = ()) -> float:
    """One verb, and a line about it; seconds by the clock. `on`: a cluster that runs already."""
    command = [sys.executable, "-m", "lettera", *arguments]
    before: dict[int, float] = {}
    looked_at(on, before)
    begun, ended, peaks, seen = time.perf_counter(), processors(), [0.0], dict(before)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as verb:
        all_of_it = (psutil.Process(verb.pid), *on)
        while verb.poll() is None:
            peaks.append(looked_at(all_of_it, seen))
            time.sleep(_LOOK)
    seconds = time.perf_counter() - begun
    # Ray's processes are not all ours to wait for.
    worked = max(processors() - ended, sum(seen.values()) - sum(before.values()))
    assert verb.returncode == 0, what
    most, early = max(peaks), max(peaks[: len(peaks) // 2], default=0.0)
    tell(
        f"{what:40} {seconds:7.1f} s {letters / seconds:6.1f} letters/s {worked:6.1f} s of"
        f" processors, peak {most:4.0f} MB ({early:.0f} in the first half)"
    )
    return seconds


def tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def verbs(listed: list[str], work: Path, letters: int, ray: Ray | None = None) -> dict[str, float]:
    """The seconds of all verbs, the plain way or over Ray."""
    name = ray.name if ray else ""
    place = work / (name or "plain")
    place.mkdir()
    suffix = "" if ray else ".jsonl"
    read, labelled, spans = (str(place / f"{n}{suffix}") for n in ("letters", "labelled", "spans"))
    known, whole = (str(place / f"{n}{'' if ray else '.json'}") for n in ("known", "whole"))
    options = ("--engine", "ray") if ray else ()

    def timed(what: str, *arguments: str) -> float:
        on = ray.nodes if ray else ()
        return run(f"{name + ': ' if name else ''}{what}", letters, *arguments, *options, on=on)

    three = timed("read", "read", *listed, "-o", read)
    three += timed("label --by rules", "label", read, "-o", labelled, "--by", "rules")
    three += timed(
        "extract LETTERS --labelled", "extract", read, "--labelled", labelled, "-o", known
    )
    return {
        VERBS: three,
        "extract FILES": timed("extract FILES", "extract", *listed, "-o", whole),
        "tag FILES": timed("tag FILES", "tag", str(work / "small"), *listed, "-o", spans),
    }


def bench(folder: Path, work: Path, letters: int, engine: str) -> None:
    files = archive(folder, letters)
    listed = [str(folder)] if len(list(folder.glob("*.pdf"))) == letters else [*map(str, files)]
    train(list(corpus(sorted(voices())[:6], 6)), work / "small", options_for("small", seed=0))
    plain = verbs(listed, work, letters)
    compare(letters, plain)
    if engine == "ray":
        ray = ("--engine", "ray")
        start = run(
            "a letter alone over ray", 1, "read", str(files[0]), "-o", str(work / "one"), *ray
        )
        compare(letters, plain, verbs(listed, work, letters, Ray("ray")), start)
        with running_cluster() as cluster:
            compare(letters, plain, verbs(listed, work, letters, Ray("cluster", (cluster,))))


def compare(
    letters: int, plain: dict[str, float], ours: dict[str, float] | None = None, start: float = 0.0
) -> None:
    """A line a way; `start`: the seconds of one start, to be told apart."""
    for what, seconds in (ours or plain).items():
        said = f"{what:40} {seconds:7.1f} s {letters / seconds:6.1f} letters/s"
        if ours:
            said += f", {plain[what] / seconds:.0%} of the plain way"
        if ours and what != VERBS:
            said += f", {plain[VERBS] / seconds:.0%} of the plain {VERBS}"
        if start:
            work = seconds - start * (3 if what == VERBS else 1)
            said += f"; without starting {letters / work:.1f} letters/s, {plain[what] / work:.0%}"
        tell(said)


@contextmanager
def running_cluster() -> Iterator[psutil.Process]:
    """A Ray that runs, with RAY_ADDRESS set, as `ray start` makes it on one machine."""
    ours = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "f" * 64, "RAY_USAGE_STATS_ENABLED": "0"}
    ours |= {"RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0", "RAY_worker_niceness": "0"}
    os.environ.update(ours | {"RAY_ADDRESS": "127.0.0.1:6379"})
    command = [
        sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--head",
        "--block", "--node-ip-address=127.0.0.1", f"--num-cpus={cores()}", "--no-monitor",
        "--include-dashboard=false", "--include-log-monitor=false",
        "--object-store-memory=100000000",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        assert any("block forever" in line for line in node.stdout), "it did not start"
        cluster = psutil.Process(node.pid)
        try:
            yield cluster
        finally:
            for one in (*cluster.children(recursive=True), cluster):
                one.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=1000)
    parser.add_argument("--pdfs", type=Path)
    parser.add_argument("--engine", default="local", choices=("local", "ray"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench(chosen.pdfs or Path(name) / "pdfs", Path(name), chosen.letters, chosen.engine)
