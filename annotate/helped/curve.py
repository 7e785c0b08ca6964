"""The learning curve: how good a model gets with so many corrected phrases, on held-out letters.

Each point is written down as soon as it is known, and a training that was cut short goes on.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.files import private_folder, replacing
from core.learn.data.split import Split
from core.learn.networks.checkpoints import fingerprint
from core.learn.options import SMALL, Options, options_for
from core.learn.scoring.intervals import agreement
from core.learn.tagger import Tagger
from core.learn.train import train
from core.records import Annotation
from core.steps import Watch, unwatched

HELD_OUT, VALIDATION = 0.2, 0.1


@dataclass(frozen=True, slots=True)
class Point:
    """Strict F1 on the held-out letters, with its interval, after so many corrected phrases."""

    phrases: int
    letters: int
    f1: float
    low: float
    high: float
    model: str
    mark: str


def curve(
    annotations: Sequence[Annotation],
    folder: Path,
    model: str = SMALL,
    points: int = 5,
    seed: int = 0,
    watch: Watch = unwatched,
) -> list[Point]:
    """Trains on growing lots of letters, each holding the one before, and scores each on the same
    letters that none of them holds. The points are kept in `folder`/curve.jsonl."""
    path = private_folder(folder) / "curve.jsonl"
    known = {point.mark: point for point in read_points(path)}
    found = []
    grown = lots_of(annotations, points, seed)
    for lots in watch(grown, "training", len(grown)):
        options = _options(model, seed, len(grown[-1].train) / len(lots.train))
        phrases = [*lots.train, *lots.validation, *lots.test]
        mark = fingerprint(phrases, asdict(options))
        if mark not in known:
            known[mark] = _point(lots, folder / ".curve", options, mark)
            with replacing(path) as file:
                for point in known.values():
                    file.write(json.dumps(asdict(point)).encode() + b"\n")
        found.append(known[mark])
    return found


def read_points(path: Path) -> Iterator[Point]:
    """The points written down so far. Raises BadInput where the file is something else."""
    for number, line in enumerate(path.read_bytes().splitlines() if path.exists() else (), 1):
        try:
            yield Point(**json.loads(line))
        except (ValueError, TypeError):
            raise BadInput(f"{path}:{number}: no point of a learning curve; move it away") from None


def lots_of(annotations: Sequence[Annotation], points: int, seed: int) -> list[Split]:
    """Lots of letters that double from one point to the next; test letters are the same for all."""
    usable = settled(annotations)
    letters = sorted({annotation.phrase.letter for annotation in usable})
    held, checked = (max(1, round(len(letters) * share)) for share in (HELD_OUT, VALIDATION))
    if len(letters) < held + checked + 1:
        raise BadInput(
            f"{len(letters)} letters are too few for a learning curve; it needs at least 3"
        )
    order = [letters[n] for n in np.random.default_rng(seed).permutation(len(letters))]
    test, validation, rest = order[:held], order[held : held + checked], order[held + checked :]
    sizes = dict.fromkeys(max(1, round(len(rest) / 2**n)) for n in reversed(range(points)))

    def of(names: Sequence[str]) -> tuple[Annotation, ...]:
        chosen = set(names)
        return tuple(a for a in usable if a.phrase.letter in chosen)

    return [Split(of(rest[:size]), of(validation), of(test)) for size in sizes]


def settled(annotations: Iterable[Annotation]) -> list[Annotation]:
    """One line a phrase: gold where there is gold, else what a person said last."""
    kept: dict[str, Annotation] = {}
    for one in sorted(annotations, key=lambda a: (a.source.startswith("gold/"), _made(a))):
        if not one.skipped:
            kept[one.phrase.id] = one
    return list(kept.values())


def _made(annotation: Annotation) -> str:
    return str(annotation.extra.get("made", ""))


def _options(model: str, seed: int, rounds: float) -> Options:
    """Those of `lettera train`, but few phrases are gone through so much more often that every
    point takes as many steps, and none stops early: a network from scratch says nothing at all for
    a while. Else the curve would tell how long the trainings were."""
    own = options_for(model, seed=seed)
    return replace(own, epochs=round(own.epochs * rounds), patience=None)


def _point(lots: Split, work: Path, options: Options, mark: str) -> Point:
    out = work / mark[:12]
    train(lots, out, options)
    answers = list(Tagger.load(out).label(a.phrase for a in lots.test))
    strict = agreement(lots.test, answers).strict
    shutil.rmtree(work)
    return Point(
        phrases=sum("carried" not in a.extra for a in lots.train),
        letters=len({a.phrase.letter for a in lots.train}),
        f1=round(strict.value, 4),
        low=round(strict.low, 4),
        high=round(strict.high, 4),
        model=options.model,
        mark=mark,
    )
