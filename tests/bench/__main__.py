"""How fast each step is on this machine, in one table: `make bench`, or python -m tests.bench.

Each hot path stands beside what one would otherwise run, measured in the same run; medians. What
needs something that is not installed is said to be not run.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

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
from tests.bench.table import HEAD, row, tell, turns

LIMIT = 600
"""Seconds after which one of the others is given up."""
OTHERS = {
    "alignment": (),
    "hosted": ("--count", "1000"),
    "tagging": ("--phrases", "40"),
    "training": (),
    "studio": ("--count", "3000"),
}
"""Those that load a network, or start a server, in a process each; alone they tell more."""


def rate(what: str, number: int, noun: str, step: Callable[[], Any], asked: str = "") -> None:
    seconds = turns({"ours": step}, 3, time.perf_counter)["ours"].median
    tell(what, f"{number / seconds:,.0f} {noun}/s", asked=asked)


def bio(annotation: Annotation) -> list[str]:
    """The tags of a phrase's words, as seqeval wants them."""
    tags = []
    for start, end in words(annotation.phrase.text):
        span = next((s for s in annotation.spans if s.start <= start and end <= s.end), None)
        tags.append("O" if span is None else ("B-" if span.start == start else "I-") + span.label)
    return tags


def steps(folder: Path, gold: Sequence[Annotation]) -> None:
    """What nobody else does: alone."""
    files = []
    for seed, voice in enumerate(voices(), 500):
        files.append(folder / f"{voice}.pdf")
        lay_out(write(voice, seed), files[-1], seed)
    letters = [letter for path in files for letter in read_file(path)]
    cut = [phrases(letter) for letter in letters]
    flat = [phrase for some in cut for phrase in some]
    rate("read text-layer PDFs", len(files), "letters", lambda: [*map(read_file, files)])
    rules = Rules()
    rate("label by rules", len(flat), "phrases", lambda: list(rules.label(flat)))
    said = [list(rules.label(some)) for some in cut]
    pairs = list(zip(letters, said, strict=True))
    rate("extract the fields", len(letters), "letters", lambda: [letter_fields(*p) for p in pairs])
    train(gold, folder / "model", options_for("small", epochs=1))
    tagger, asked = Tagger.load(folder / "model"), [a.phrase for a in gold]
    rate("tag with `small`", len(asked), "phrases", lambda: [*tagger.label(asked)], "2,000")


def scores(gold: Sequence[Annotation], tokens: int = 1_000_000) -> None:
    """A million tokens scored strictly, from rows of tags as seqeval takes them."""
    known = [bio(a) for a in gold]
    lines = list(islice(cycle(known), 1 + tokens * len(known) // sum(map(len, known))))
    draw = random.Random(0)  # three rows in ten are answered with their tags in disorder
    said = [draw.sample(line, len(line)) if draw.random() < 0.3 else line for line in lines]
    same = strict_of_rows(lines, said).micro.f1 == f1_score(lines, said, mode="strict", scheme=IOB2)
    ways = {
        "ours": lambda: strict_of_rows(lines, said),
        "seqeval": lambda: f1_score(lines, said, mode="strict", scheme=IOB2),
    }
    found = turns(ways, 3)
    tell(
        f"strict score, 1,000,000 words, {'' if same else 'NOT '}the same",
        f"{found['ours'].median:.2f} s",
        f"seqeval {found['seqeval'].median:.1f} s",
        found["ours"].under(found["seqeval"]),
        "30",
    )


def helped() -> None:
    """The first thing that a person sees, in a process of its own."""
    command = [sys.executable, "-m", "lettera", "--help"]
    ways = {"ours": lambda: subprocess.run(command, capture_output=True, check=True)}
    taken = turns(ways, 5, time.perf_counter)["ours"]
    tell("lettera --help", f"{taken.median:.2f} s", asked="0.3 s")


def other(name: str, arguments: Sequence[str]) -> None:
    """One in a process of its own, which prints its rows itself."""
    command = [sys.executable, "-m", f"tests.bench.{name}", *arguments]
    try:
        done = subprocess.run(command, timeout=LIMIT, stderr=subprocess.PIPE, text=True)
    except subprocess.TimeoutExpired:
        tell(name, "not run", f"more than {LIMIT} s")
        return
    if done.returncode:
        tell(name, "not run", (done.stderr.strip().splitlines() or ["failed"])[-1][:60])


def main() -> None:
    row(*HEAD)
    helped()
    gold = [default_schema().seen_as(a, "field") for a in corpus(voices(), 2)]
    with tempfile.TemporaryDirectory() as name:
        steps(Path(name), gold)
    scores(gold)
    for name, arguments in OTHERS.items():
        other(name, arguments)


if __name__ == "__main__":
    main()
