"""How fast each step is on this machine: `make bench`, or python -m tests.bench.

Medians of several rounds. Speeds of a shared machine say little by themselves, so the score is
measured beside seqeval in the same run.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
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

    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    lines = [bio(a) for a in gold]
    draw = random.Random(0)  # three rows in ten are answered with their tags in disorder
    said_rows = [draw.sample(row, len(row)) if draw.random() < 0.3 else row for row in lines]
    theirs = median(lambda: f1_score(lines, said_rows, mode="strict", scheme=IOB2), 3)
    ours = median(lambda: strict_of_rows(lines, said_rows), 3)
    tokens = sum(map(len, lines))
    tell("strict score", tokens, "words", ours, f"{theirs / ours:.1f} x seqeval, from strings")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.exit(bench(Path(name)))
