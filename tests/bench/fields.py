"""How right `extract --by local` is on hand-written letters: python -m tests.bench.fields GOLD.

GOLD is JSON Lines: {"id", "hand", "text", "fields": {NAME: value}, "open": [NAME]}; what is open
is not scored. All letters are scored as if admitted; how many lack the heading of a definitive
discharge letter, and would be turned away, is told apart. `--scan` prints the letters on paper,
scans them crooked and noisy, reads them by Tesseract and tells the loss. `--errors` lists each
difference (for letters to learn from only).
"""

import argparse
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.extract import letter_fields
from core.label import Labeller
from core.label.rules.rules import Rules
from core.learn.tagger import Tagger
from core.read import read_file, read_text
from core.read.phrases import phrases
from core.records import Letter, Value
from core.schema import Field, default_schema
from tests.bench.paper import scan

SCHEMA = default_schema()
DRAWS = 1000
ENOUGH = 0.6  # token F1 at which a told text (a cause, a kind of operation) counts as found
SAID, GOLD, HIT = range(3)


@dataclass(frozen=True, slots=True)
class Known:
    """A letter and what it says."""

    id: str
    text: str
    fields: Mapping[str, Value]
    open: frozenset[str]


@dataclass(slots=True)
class Tally:
    """Counts by field (values said, gold, right) a letter, and how like each section's text is."""

    letters: list[dict[str, list[int]]] = field(default_factory=list)
    likeness: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


def read_gold(path: Path) -> list[Known]:
    lines = path.read_text(encoding="utf-8").splitlines()
    raw: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    return [Known(x["id"], x["text"], x["fields"], frozenset(x.get("open", ()))) for x in raw]


def kind_of(named: Field) -> str:
    """section; told (a text that no two clerks write alike); typed for all others."""
    if named.kind == "section":
        return "section"
    identity = named.group == "identity"
    return "told" if named.type == "text" and not identity else "typed"


def tokens(value: Value) -> Counter[str]:
    return Counter(re.findall(r"\w+", str(value).casefold()))


def likeness(one: Value, other: Value) -> float:
    """F1 of the words of two texts."""
    a, b = tokens(one), tokens(other)
    return 2 * (a & b).total() / max(a.total() + b.total(), 1)


def same(named: Field, said: Value, gold: Value) -> bool:
    if named.name == "numero di telefono":
        one, other = (re.sub(r"\D", "", str(v)).removeprefix("0039")[-9:] for v in (said, gold))
        return one == other
    if named.type == "text":
        if kind_of(named) == "typed":
            return "".join(tokens(said).elements()) == "".join(tokens(gold).elements())
        return likeness(said, gold) >= ENOUGH
    if named.type == "number":
        return abs(float(said) - float(gold)) < 0.01
    return str(said).casefold() == str(gold).casefold()


def score(known: Sequence[Known], answers: Iterable[Mapping[str, Value]]) -> Tally:
    tally = Tally()
    for letter, said in zip(known, answers, strict=True):
        counts: dict[str, list[int]] = {}
        for named in SCHEMA.fields.values():
            name = named.name
            if name in letter.open:
                continue
            mine, gold = said.get(name), letter.fields.get(name)
            both = mine is not None and gold is not None
            right = both and same(named, mine, gold)  # type: ignore[arg-type]
            counts[name] = [int(mine is not None), int(gold is not None), int(right)]
            if both and kind_of(named) == "section":
                tally.likeness[name].append(likeness(mine, gold))  # type: ignore[arg-type]
            if not right and (mine is not None or gold is not None):
                tally.errors.append(f"{letter.id}  {name}: said {mine!r}, gold {gold!r}")
        tally.letters.append(counts)
    return tally


def f1(counts: Any) -> tuple[float, float, float]:
    """Precision, recall, F1 of (said, gold, right)."""
    said, gold, right = (float(n) for n in counts)
    return right / max(said, 1), right / max(gold, 1), 2 * right / max(said + gold, 1)


def summed(tally: Tally, names: Iterable[str]) -> np.ndarray[Any, Any]:
    """(letters, 3): what each letter's counts come to over some fields."""
    wanted = list(names)
    return np.array([np.sum([c.get(n, (0, 0, 0)) for n in wanted], axis=0) for c in tally.letters])


def interval(counts: np.ndarray[Any, Any], seed: int = 0) -> tuple[float, float]:
    """Bounds of F1 that hold 95 of 100 drawings of the letters."""
    drawn = np.random.default_rng(seed).integers(len(counts), size=(DRAWS, len(counts)))
    values = [f1(counts[draw].sum(axis=0))[2] for draw in drawn]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def table(tally: Tally) -> Iterator[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for named in SCHEMA.fields.values():
        kind = kind_of(named)
        groups[kind].append(named.name)
        if kind == "typed":
            groups[f"  {named.type}"].append(named.name)
        counts = summed(tally, [named.name]).sum(axis=0)
        p, r, f = f1(counts)
        like = tally.likeness.get(named.name)
        more = f"  word F1 {np.mean(like):.3f}" if like else ""
        if counts.any():
            told = f"{named.name:42} P {p:.3f} R {r:.3f} F1 {f:.3f}"
            yield f"{told}  said {counts[SAID]:3} gold {counts[GOLD]:3}{more}"
    for name, names in groups.items():
        counts = summed(tally, names)
        low, high = interval(counts)
        p, r, f = f1(counts.sum(axis=0))
        yield f"== {name:12} P {p:.3f} R {r:.3f} F1 {f:.3f} [{low:.3f}, {high:.3f}]"


def values_of(letter: Letter, labellers: Sequence[Labeller]) -> dict[str, Value]:
    letter = replace(letter, discharge_letter=True)
    cut = phrases(letter)
    said = [a for labeller in labellers for a in labeller.label(cut)]
    return {value.field: value.value for value in letter_fields(letter, said).fields}


def scanned(known: Sequence[Known], folder: Path) -> Iterator[Letter]:
    """The letters as Tesseract reads them from crooked, noisy scans."""
    for number, letter in enumerate(known):
        path = folder / f"{letter.id}.pdf"
        scan(letter.text, path, seed=number)
        yield read_file(path, "tesseract")[0]


def main(asked: argparse.Namespace) -> None:
    known = [letter for path in asked.gold for letter in read_gold(path)]
    labellers: list[Labeller] = [Rules(), *map(Tagger.load, asked.model or ())]
    with tempfile.TemporaryDirectory() as name:
        ways: dict[str, Iterable[Letter]] = {"clean": (read_text(x.text, x.id) for x in known)}
        if asked.scan:
            ways["scan"] = scanned(known, Path(name))
        for way, letters in ways.items():
            read = list(letters)
            away = sum(not letter.discharge_letter for letter in read)
            tally = score(known, (values_of(letter, labellers) for letter in read))
            told = f"---- {way}, {len(known)} letters, {away} without the heading"
            lines = [told, *table(tally)]
            if asked.errors:
                lines += tally.errors
            print("\n".join(lines), flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("gold", type=Path, nargs="+")
    parser.add_argument("--model", action="append")
    parser.add_argument("--scan", action="store_true")
    parser.add_argument("--errors", action="store_true")
    main(parser.parse_args())
