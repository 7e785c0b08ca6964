"""What reaches the best strict F1 without a download, in three minutes of one processor?

    LETTERA_DATA=DIR python -m tests.bench.embedded [multicardioner|maccrobat|ward ...] [--folds N]

DIR holds `multicardioner_it` and `maccrobat2020`; the ward's letters are generated. Every system
learns the same phrases on one thread, for a number of epochs fixed beforehand (see `SYSTEMS`); its
seconds are of processor time, vocabulary, checks on the validation letters and export included.
"""

import argparse
import os
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.bench.data import read_parts
from core.bench.lots import lots
from core.bench.recipe import read_recipe
from core.learn.data.split import Split, folds
from core.learn.engines import files_of
from core.learn.options import options_for
from core.learn.scoring.intervals import agreement
from core.learn.tagger import Tagger
from core.learn.train import train
from core.records import Annotation
from demo.lessons import lessons

FOLDERS = {"multicardioner": "multicardioner_it", "maccrobat": "maccrobat2020"}
_NETWORK = {
    "learning_rate": 3e-3,
    "warmup": 0.05,
    "max_length": 192,
    "distinct": True,
    "exchange": 0.7,
    "threads": 1,
}
_NARROW = (("width", 128), ("layers", 3), ("attention_heads", 4))
SYSTEMS: dict[str, dict[str, Any]] = {
    "crfsuite": {},
    "windows": {"epochs": 12},
    "windows-crf": {"model": "windows", "head": "crf", "epochs": 8},
    "cnn-bilstm-crf": {"head": "crf", "epochs": 5},
    "transformer-crf": {
        "model": "transformer",
        "head": "crf",
        "epochs": 6,
        "learning_rate": 1e-3,
        "network": _NARROW,
    },
}
"""Three layers of 128 for the transformer: with six of 768 three minutes are part of an epoch."""
_FEWER = {"multicardioner": {"imbalance": "downsample", "plain": 0.2}}
"""Of the sentences of DrugTEMIST one in seven holds a medication, and a network that reads them all
gets through too few epochs in three minutes; the feature CRF has the time to read them all."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one system reached: phrases learned from, processor seconds, bytes, phrases a second."""

    phrases: int
    seconds: float
    size: int
    speed: float
    answers: list[Annotation]


def measured(lot: Split, system: str, data: str, folder: Path) -> Row:
    """Trains on one split and tags its test letters."""
    told = SYSTEMS[system]
    base = {} if system == "crfsuite" else _NETWORK | _FEWER.get(data, {})
    options = options_for(**{"model": system, "allow_leaks": True} | base | told)
    begun = _cpu()
    # Scored on the validation letters by `train`, whose seconds they would be otherwise.
    record = train(Split(lot.train, lot.validation, lot.validation), folder, options)
    taken = _cpu() - begun
    tagger = Tagger.load(folder, threads=1)
    begun = _cpu()
    answers = list(tagger.label(a.phrase for a in lot.test))
    speed = len(lot.test) / (_cpu() - begun)
    size = sum((folder / name).stat().st_size for name in files_of(record))
    return Row(len(lot.train), taken, size, speed, answers)


def splits(data: str, root: Path, count: int) -> Iterator[Split]:
    """`count` folds where there are letters of one kind, else the one split."""
    if data == "ward":
        yield lessons([], [], "field")[0]
        return
    recipe = read_recipe(data)
    parts, _ = read_parts(recipe.data, root / FOLDERS[data])
    if data == "multicardioner":
        yield from lots(parts, recipe.protocols[0])
        return
    every = [annotation for part in parts.values() for annotation in part]
    yield from folds(every, 5, 0)[:count]


def tell(data: str, system: str, found: list[tuple[Split, Row]]) -> None:
    gold = [annotation for lot, _ in found for annotation in lot.test]
    strict = agreement(gold, [a for _, row in found for a in row.answers]).strict
    rows = [row for _, row in found]

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    phrases, speed = mean([row.phrases for row in rows]), mean([row.speed for row in rows])
    seconds, size = mean([row.seconds for row in rows]), mean([row.size for row in rows]) / 1e6
    print(  # noqa: T201
        f"{data:15} {system:16} folds {len(rows)}  phrases {phrases:7,.0f}"
        f"  strict F1 {strict.value:.3f} ({strict.low:.3f}-{strict.high:.3f})"
        f"  CPU {seconds:4.0f} s  {size:5.1f} MB  {speed:6,.0f} phrases/s",
        flush=True,
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", default=["ward", *FOLDERS])
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=list(SYSTEMS))
    parser.add_argument("--folds", type=int, default=5)
    asked = parser.parse_args()
    root = Path(os.environ.get("LETTERA_DATA", ""))
    for data in asked.data:
        every = list(splits(data, root, asked.folds))
        for system in asked.systems:
            with tempfile.TemporaryDirectory() as name:
                found = [
                    (lot, measured(lot, system, data, Path(name) / str(n)))
                    for n, lot in enumerate(every)
                ]
            tell(data, system, found)


if __name__ == "__main__":
    main()
