"""How long the demo's visitors wait: `python -m tests.bench.page [MODEL]`, a folder or nothing.

The page runs in a process of its own; a visitor is a request, from its first byte to the last of
its answer. Prints seconds from start to the first answer, the median of thirty
visitors one after the other, the slowest of twenty at once, and the memory of all processes.
"""

import os
import statistics
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import typer

from tests.demo_page import LETTER, running

SERVE = (
    "import sys; from demo.app import launch_options, open_page;"
    "open_page(*(sys.argv[1:] or [None])).launch(**launch_options())"
)
EXAMPLE = Path(__file__).parents[2] / "demo" / "examples" / "lettera-04.pdf"


def waited(url: str, body: bytes) -> float:
    begun = time.perf_counter()
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=120) as reply:
        assert b'"kind": "done"' in reply.read()
    return time.perf_counter() - begun


def main() -> None:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    begun = time.perf_counter()
    command = [sys.executable, "-c", SERVE, *sys.argv[1:]]
    with TemporaryDirectory() as folder, running(command, Path(folder), env) as address:
        url = f"{address}/read?ways=" + _way(address)
        waited(url, LETTER.encode())
        typer.echo(f"start to first answer {time.perf_counter() - begun:.1f} s")
        one = [waited(url, LETTER.encode()) for _ in range(30)]
        typer.echo(f"a short pasted letter: median {statistics.median(one):.3f} s")
        pdf = [waited(f"{url}&name=a.pdf", EXAMPLE.read_bytes()) for _ in range(10)]
        typer.echo(f"PDF of one page with its picture: median {statistics.median(pdf):.3f} s")
        with ThreadPoolExecutor(20) as crowd:
            crowded = list(crowd.map(lambda _: waited(url, LETTER.encode()), range(20)))
        typer.echo(f"twenty at once: slowest {max(crowded):.2f} s, none failed")
        typer.echo(f"memory {_memory() / 1e6:.0f} MB")


def _memory() -> int:
    """Bytes of all our processes, a shared page counted once; a child may end meanwhile."""
    held = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            held += process.memory_full_info().pss
    return held


def _way(address: str) -> str:
    """The way that the page asks first: its model, where it has one."""
    with urllib.request.urlopen(address, timeout=30) as reply:
        html = reply.read().decode()
    return html.split('"ways": [{"name": "')[1].split('"')[0]


if __name__ == "__main__":
    main()
