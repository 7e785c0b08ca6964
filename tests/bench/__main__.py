"""How fast each step is on this machine: `make bench`, or python -m tests.bench.

Medians of several rounds. Speeds of a shared machine say little by themselves, so each hot path is
measured beside what one would otherwise run, in the same run.
"""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from core.extract import letter_fields
from core.label.rules.rules import Rules
from core.learn.options import options_for
from core.learn.scoring.sequences import strict_of_rows
from core.learn.tagger import Tagger
from core.learn.tags import words
from core.learn.train import train
from core.read import read_file
from core.read.phrases import phrases
from core.records import Annotation
from core.schema import default_schema
from demo.fictitious import corpus, voices, write
from demo.paper import lay_out

ROUNDS = 5


def median(step: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Seconds of a step, the first (cold) run left out."""
    step()
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def tell(what: str, number: int, noun: str, seconds: float, more: str = "") -> None:
    print(f"{what:34} {number / seconds:10,.0f} {noun}/s   {more}", flush=True)  # noqa: T201


def bio(annotation: Annotation) -> list[str]:
    """The tags of a phrase's words, as seqeval wants them."""
    tags = []
    for start, end in words(annotation.phrase.text):
        span = next((s for s in annotation.spans if s.start <= start and end <= s.end), None)
        tags.append("O" if span is None else ("B-" if span.start == start else "I-") + span.label)
    return tags


def bench(folder: Path) -> None:
    schema = default_schema()
    files = []
    for seed, voice in enumerate(voices(), 500):
        files.append(folder / f"{voice}.pdf")
        lay_out(write(voice, seed), files[-1], seed)
    letters = [letter for path in files for letter in read_file(path)]
    cut = [phrases(letter) for letter in letters]
    flat = [phrase for some in cut for phrase in some]
    tell("read text-layer PDFs", len(files), "letters", median(lambda: [*map(read_file, files)]))
    rules = Rules()
    tell("label by rules", len(flat), "phrases", median(lambda: list(rules.label(flat))))
    said = [list(rules.label(some)) for some in cut]
    fields = median(lambda: [letter_fields(x, y) for x, y in zip(letters, said, strict=True)])
    tell("extract the fields", len(letters), "letters", fields)

    gold = [schema.seen_as(a, "field") for a in corpus(voices(), 2)]
    train(gold, folder / "model", options_for("small", epochs=1))
    tagger = Tagger.load(folder / "model")
    asked = [a.phrase for a in gold]
    tell(
        "tag with the small network", len(asked), "phrases", median(lambda: [*tagger.label(asked)])
    )

    scores(gold)


def scores(gold: list[Annotation], tokens: int = 1_000_000) -> None:
    """A million tokens scored strictly, from rows of tags as seqeval takes them."""
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    known = [bio(a) for a in gold]
    lines = list(islice(cycle(known), 1 + tokens * len(known) // sum(map(len, known))))
    draw = random.Random(0)  # three rows in ten are answered with their tags in disorder
    said = [draw.sample(row, len(row)) if draw.random() < 0.3 else row for row in lines]
    ours = median(lambda: strict_of_rows(lines, said), 3)
    begun = time.perf_counter()
    theirs = f1_score(lines, said, mode="strict", scheme=IOB2)
    taken = time.perf_counter() - begun
    same = "the same F1" if theirs == strict_of_rows(lines, said).micro.f1 else "ANOTHER F1"
    more = f"{taken / ours:.1f} x seqeval, from strings; {same} to the last digit"
    tell("strict score", sum(map(len, lines)), "words", ours, more)


def helped() -> None:
    """The first thing that a person sees, in a process of its own."""
    command = [sys.executable, "-m", "lettera", "--help"]
    taken = median(lambda: subprocess.run(command, capture_output=True, check=True))
    print(f"{'lettera --help':34} {taken:10.2f} s           wanted: 0.3")  # noqa: T201


OTHERS = {
    "tagging": "BERT-base: transformers' pipeline one by one, and ours",
    "training": "BERT-base: Trainer's defaults, and ours",
    "alignment": "quotes to places: langextract's aligner where it is installed, and ours",
    "hosted": "questions to a hosted model: the SDK as it comes, and ours",
}
"""Those that load a network, or start a server, in a process each."""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        helped()
        bench(Path(name))
    for name, what in OTHERS.items():
        print(f"\n{what} (python -m tests.bench.{name})", flush=True)  # noqa: T201
        subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=True)
