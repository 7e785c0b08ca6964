"""Letters through the two ways that ask: python -m tests.bench.asked [--by llm] [--letters 100].

Against a server in a process of its own that takes 300 ms for an answer, 64 at once; the letters
are fictitious ones, shielded, with a ledger on disk. The ideal is as many calls a second as places
and delay allow, or the limit of `--rpm` requests a minute. Told: the whole run, its middle (without
the start and the end, where places stand empty), and what this machine does for one letter.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from core.extract.asked import asking
from core.extract.asked.extractor import Asked
from core.label.rules.rules import Rules
from core.label.together import Together
from core.read import read_text
from core.records import Letter
from demo.fictitious import voices, write
from tests.bench.hosted import AT_ONCE, DELAY, MODEL, server, tell


def letters(count: int, seed: int) -> list[Letter]:
    """Fictitious letters in all voices by turns."""
    named = islice(enumerate(cycle(voices())), count)
    return [read_text(write(voice, seed + n).text, f"{n}.txt") for n, voice in named]


def extractor(by: str, address: str, ledger: Path, rpm: float | None = None) -> Asked:
    rules = Rules()
    how = asking(by, model=MODEL, concurrency=AT_ONCE, shield="on", rpm=rpm)
    finder = rules if by == "hybrid" else None
    return Asked(
        Together("field", how, base_url=address, ledger=ledger, identity=rules, finder=finder)
    )


def timed(found: Iterator[object]) -> list[float]:
    return [time.perf_counter() for _ in found]


def rate(by: str, count: int, rpm: float | None) -> None:
    read = letters(count, 5000)
    with server(DELAY, 0.0) as address, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        timed(extractor(by, address, path).extract(letters(8, 100)))  # imports, connections
        asked = extractor(by, address, path, rpm)
        begun, worked = time.perf_counter(), time.process_time()
        told = timed(asked.extract(read))
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    calls = asked.usage.calls
    ideal = min(AT_ONCE / DELAY, rpm / 60 if rpm else AT_ONCE / DELAY)
    first, last = told[count // 10], told[-count // 10]
    middle = 0.8 * calls / (last - first)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell(
        f"{by}: {len(told)} letters, {calls} calls in {seconds:.2f} s: {calls / seconds:.1f}/s,"
        f" {calls / seconds / ideal:.1%} of {ideal:.1f}; middle {middle / ideal:.1%};"
        f" {count / seconds:.1f} letters a second; {1000 * worked / count:.1f} ms of CPU a letter;"
        f" peak {peak:.0f} MB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--by", default="llm", choices=("llm", "hybrid"))
    parser.add_argument("--letters", type=int, default=100)
    parser.add_argument("--rpm", type=float)
    chosen = parser.parse_args()
    rate(chosen.by, chosen.letters, chosen.rpm)
