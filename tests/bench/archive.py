"""An archive through the front door: python -m tests.bench.archive [--pdfs FOLDER] [--engine ray].

One-page fictitious letters (--letters 1000) are printed into the folder, which is kept where it is
named. `lettera read`, `label --by rules` and `extract --by local` are run on them as a person would
run them: seconds by the clock and of processors, and the most memory that a verb's processes had
together, looked at five times a second. With `--engine ray` the three verbs then go over Ray on the
same cores, what starting it takes (a letter alone) told apart.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from itertools import count, cycle, islice
from multiprocessing import Pool
from pathlib import Path

import psutil
import pypdfium2

from core.workers import cores
from demo.fictitious import voices, write
from demo.paper import lay_out

_LOOK = 0.2  # seconds between two looks at the memory


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


def memory(of: psutil.Process, worked: dict[int, float]) -> float:
    """MB of a process and its children; what they share is counted once. What each has `worked`
    so far, in seconds, is noted."""
    total = 0
    for one in (of, *of.children(recursive=True)):
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


def run(what: str, letters: int, *arguments: str) -> float:
    """One verb, and a line about it; seconds by the clock."""
    command = [sys.executable, "-m", "lettera", *arguments]
    begun, before, peaks = time.perf_counter(), processors(), [0.0]
    seen_at: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as verb:
        seen = psutil.Process(verb.pid)
        while verb.poll() is None:
            peaks.append(memory(seen, seen_at))
            time.sleep(_LOOK)
    seconds = time.perf_counter() - begun
    worked = max(processors() - before, sum(seen_at.values()))  # Ray's are not all ours to wait for
    assert verb.returncode == 0, what
    most, early = max(peaks), max(peaks[: len(peaks) // 2], default=0.0)
    tell(
        f"{what:40} {seconds:7.1f} s {letters / seconds:6.1f} letters/s {worked:6.1f} s of"
        f" processors, peak {most:4.0f} MB ({early:.0f} in the first half)"
    )
    return seconds


def tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def bench(folder: Path, work: Path, letters: int, suffix: str, engine: str) -> None:
    files = archive(folder, letters)
    listed = [str(folder)] if len(list(folder.glob("*.pdf"))) == letters else [*map(str, files)]
    read, labelled = str(work / "letters.jsonl"), str(work / "labelled.jsonl")
    place = ("--workspace", str(work))
    begun = time.perf_counter()
    run("read", letters, "read", *listed, "-o", read)
    run("label --by rules", letters, "label", read, "-o", labelled, "--by", "rules", *place)
    known = ("extract", read, "--labelled", labelled, "-o", str(work / f"known{suffix}"), *place)
    run("extract --by local --labelled", letters, *known)
    seconds = time.perf_counter() - begun
    tell(f"{'read | label | extract':40} {seconds:7.1f} s {letters / seconds:7.1f} letters/s")
    whole = ("extract", *listed, "-o", str(work / f"whole{suffix}"), *place)
    run("extract FILES (reads and labels itself)", letters, *whole)
    if engine == "ray":
        over_ray(listed, str(files[0]), work, letters, seconds)


def over_ray(listed: list[str], first: str, work: Path, letters: int, plain: float) -> None:
    """The three verbs over Ray, and how they compare with `plain` seconds without it."""
    read, labelled, known = (str(work / name) for name in ("letters", "labelled", "known"))
    ray = ("--engine", "ray")
    start = run("ray: a letter alone", 1, "read", first, "-o", str(work / "one"), *ray)
    begun = time.perf_counter()
    run("ray: read", letters, "read", *listed, "-o", read, *ray)
    run("ray: label --by rules", letters, "label", read, "-o", labelled, "--by", "rules", *ray)
    rest = ("extract", read, "--labelled", labelled, "-o", known, *ray)
    run("ray: extract --by local --labelled", letters, *rest)
    seconds = time.perf_counter() - begun
    work_alone = seconds - 3 * start
    tell(
        f"{'ray: read | label | extract':40} {seconds:7.1f} s {letters / seconds:7.1f} letters/s,"
        f" {plain / seconds:.0%} of the plain way; without its three starts {work_alone:.1f} s"
        f" {letters / work_alone:.1f} letters/s, {plain / work_alone:.0%}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=1000)
    parser.add_argument("--pdfs", type=Path)
    parser.add_argument("--out", default=".json", choices=(".json", ".csv", ".xlsx"))
    parser.add_argument("--engine", default="local", choices=("local", "ray"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        bench(chosen.pdfs or work / "pdfs", work, chosen.letters, chosen.out, chosen.engine)
