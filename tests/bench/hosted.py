"""How near we come to the ideal rate of a hosted model: python -m tests.bench.hosted.

Against a server in a process of its own that takes 300 ms for an answer and fails once in a
hundred, 64 at once: the whole labeller with a ledger on disk, the service alone, and beside them
the client as it comes (its default transport, its own retries, no ledger, nothing read). Each whole
(start and end, where places stand empty, in it) and the four fifths in the middle. With --memory,
instead: the peak memory of the labeller over so many phrases, answered at once.
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.label.asking import Asking
from core.label.formats import FORMATS, Asked, Format
from core.label.hosted.ledger import Ledger
from core.label.hosted.service import Request, Service
from core.label.hosted.stream import ordered
from core.label.together import Together
from core.records import Phrase
from core.schema import default_schema
from tests.bench.table import tell as row

DELAY = 0.3
AT_ONCE = 64
MODEL = "some/model"
LETTER = 50
_DIGITS = "zero uno due tre quattro cinque sei sette otto nove".split()


@contextmanager
def server(delay: float, faults: float) -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.together_server"]
    command += ["--delay", str(delay), "--faults", str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        yield f"http://127.0.0.1:{int(running.stdout.readline())}"
        running.terminate()


def phrases(count: int, first: int = 0) -> Iterator[Phrase]:
    """So many different phrases of fifteen words or so, fifty a letter."""
    for number in range(first, first + count):
        name = " ".join(_DIGITS[int(digit)] for digit in f"{number:06}")
        text = f"Stenosi aortica severa, FE 55%, diabete in terapia, controllo {name}."
        letter = str(number // LETTER)
        yield Phrase(f"{letter}:{number}", letter, 0, len(text), text)


def requests(count: int, form: Format, first: int = 0) -> Iterator[Request]:
    for phrase in phrases(count, first):
        asked = [Asked(phrase.text)]
        room, shape = form.tokens(asked), form.json_schema(asked)
        yield Request(MODEL, form.prompt, tuple(form.messages(asked)), room, shape)


Moments = list[float]


def labeller(address: str, count: int, ledger: Path, first: int = 0) -> Moments:
    how = Asking(model=MODEL, concurrency=AT_ONCE)
    asked = Together("target", how, base_url=address, ledger=ledger)
    answers = asked.label(phrases(count, first))
    told = [time.perf_counter() for annotation in answers if annotation.spans]
    assert len(told) == count, "every phrase has its answer"
    return told


def service(address: str, count: int, path: Path, first: int = 0) -> Moments:
    form: Format = FORMATS.get("iob")(default_schema(), "target")
    with Ledger(path) as ledger:
        asked = Service(address, "k", ledger, concurrency=AT_ONCE)
        found = ordered(requests(count, form, first), asked.ask, 2 * AT_ONCE, asked.close)
        return [time.perf_counter() for reply in found if reply.finish == "stop"]


def client(address: str, count: int, _: Path, first: int = 0) -> Moments:
    """The client as it comes."""
    from together import AsyncTogether, TogetherError

    form: Format = FORMATS.get("iob")(default_schema(), "target")

    async def go() -> Moments:
        todo = requests(count, form, first)
        answered: Moments = []
        async with AsyncTogether(api_key="k", base_url=address) as asked:

            async def worker() -> None:
                for request in todo:
                    try:
                        await asked.chat.completions.create(**request.body())
                        answered.append(time.perf_counter())
                    except TogetherError:
                        pass

            await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
        return answered

    return asyncio.run(go())


def rate(step: Callable[[str, int, Path, int], Moments], address: str, count: int) -> float:
    """Questions a second, the first ones (imports, connections) left out; told in a line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        step(address, AT_ONCE, path, 10**6 - AT_ONCE)
        begun, worked = time.perf_counter(), time.process_time()
        told = step(address, count, path, 0)
        seconds = time.perf_counter() - begun
        worked = time.process_time() - worked
    ideal, whole = AT_ONCE / DELAY, len(told) / seconds
    first, last = sorted(told)[len(told) // 10], sorted(told)[-len(told) // 10]
    middle = 0.8 * len(told) / (last - first)
    tell(
        f"{step.__name__:10} {whole:6.1f}/s  {whole / ideal:6.1%} of {ideal:.1f}, middle"
        f" {middle / ideal:6.1%}  {1000 * worked / count:5.2f} ms of CPU a question"
        f"  {len(told)} answered"
    )
    return whole


def speed(count: int) -> None:
    tell(f"{count} questions, {AT_ONCE} at once, {DELAY} s each, 1 % faults")
    with server(DELAY, 0.01) as address:
        ours = rate(labeller, address, count)
        rate(service, address, count)
        theirs = rate(client, address, count)
    row(
        "questions to a hosted model",
        f"{ours:.0f}/s",
        f"Together's SDK {theirs:.0f}/s",
        ours / theirs,
    )


def memory(count: int) -> None:
    """Flat means: ten times as many phrases take no more, the ledger of all of them included."""
    with server(0, 0) as address, tempfile.TemporaryDirectory() as folder:
        for share in (count // 10, count):
            answered = len(labeller(address, share, Path(folder) / f"{share}.sqlite"))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            tell(f"{answered} phrases: peak {peak:.0f} MB")


def tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--memory", type=int)
    chosen = parser.parse_args()
    memory(chosen.memory) if chosen.memory else speed(chosen.count)
