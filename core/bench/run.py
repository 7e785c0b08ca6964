"""A recipe and a folder of data -> every system trained and scored as its paper did, and as we do.

Run by `lettera bench RECIPE --data DIR`. What is done is kept: a system that has its row is not
trained again unless its data or options are others, and a killed training goes on where it was.
"""

import json
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from time import monotonic

from core.bench.asked import Ask, answers_of
from core.bench.data import read_parts
from core.bench.learn import Learned, learned, told_by
from core.bench.lots import lots
from core.bench.measures import Told
from core.bench.recipe import Protocol, Recipe, System
from core.bench.result import Result, Row
from core.bench.weights import Weights
from core.errors import LetteraError
from core.files import private_folder, write_json
from core.learn.data.split import Split
from core.learn.networks.checkpoints import fingerprint
from core.learn.options import Options, Progress, options_for
from core.records import Annotation, Json

ROW = "row.json"
_UNASKED = (
    "a language model behind a service: it is asked where --system names it and TOGETHER_API_KEY "
    "is set; phrases leave the machine then, which the licence of the data may forbid"
)
Watch = Callable[[str], Progress | None]


def unwatched(_: str) -> None:
    """Shows nothing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """How to run a recipe beyond what it says. `limit`: letters of each part; `overrides`: options
    laid over the recipe's; `ask` makes the labeller of a language model, None asks nobody."""

    out: Path
    limit: int | None = None
    systems: tuple[str, ...] = ()
    overrides: Json = field(default_factory=dict)
    weights: Path | None = None
    ask: Ask | None = None
    seed: int = 0


def run(recipe: Recipe, data: Path, bench: Bench, progress: Watch = unwatched) -> Result:
    """One row a system and protocol, in the recipe's order; those that cannot run say why.

    `progress` is told what begins, and gives what training tells its steps to.
    """
    chosen = recipe.chosen(bench.systems)
    parts, left_out = read_parts(recipe.data, data, bench.limit)
    weights = Weights(bench.weights)
    rows = []
    for protocol in recipe.protocols:
        splits: list[Split] = []
        for system in recipe.under(protocol):
            if system not in chosen:
                continue
            row = Row(
                system.name, protocol.name, system.model, _paper(system, protocol), system.note
            )
            if reason := _reason(system, bench, weights):
                rows.append(replace(row, reason=reason))
                continue
            splits = splits or lots(parts, protocol, bench.seed)
            task = _Task(recipe, system, protocol, bench, splits, weights.model(system))
            try:
                row = task.kept() or task.run(row, progress(f"{system.name}, {protocol.name}"))
            except LetteraError as error:  # the other systems go on without it
                row = replace(row, reason=str(error))
            rows.append(row)
    return Result(
        recipe=recipe,
        rows=tuple(rows),
        left_out=tuple(left_out),
        limit=bench.limit,
        overrides=bench.overrides,
        seed=bench.seed,
        date=datetime.now(UTC).date().isoformat(),
        versions={name: version(name) for name in ("torch", "transformers", "python-crfsuite")}
        | {"python": platform.python_version()},
    )


def _paper(system: System, protocol: Protocol) -> Mapping[str, float]:
    """The figures printed, beside the protocol that they were printed for."""
    return system.paper if protocol.name in system.protocols[:1] or not system.protocols else {}


def _reason(system: System, bench: Bench, weights: Weights) -> str:
    """Why a system is not run; empty where it is."""
    if not system.asked:
        return weights.missing(system)
    return "" if bench.ask and system.name in bench.systems else _UNASKED


@dataclass(frozen=True, slots=True)
class _Task:
    """One system under one protocol."""

    recipe: Recipe
    system: System
    protocol: Protocol
    bench: Bench
    splits: Sequence[Split]
    model: str

    @property
    def folder(self) -> Path:
        name = f"{self.recipe.name} {self.system.name} {self.protocol.name}".lower()
        return self.bench.out / "systems" / re.sub(r"[^a-z0-9]+", "-", name).strip("-")

    @property
    def options(self) -> Options:
        told = self.recipe.arguments | self.system.options | self.bench.overrides
        known = {k: tuple(v.items()) if k == "network" else v for k, v in told.items()}
        own = {"seed": self.bench.seed, "allow_leaks": self.protocol.leaks}
        return options_for(self.model, **known | own)

    @property
    def mark(self) -> str:
        """Tells whether the same was asked for before."""
        every = chain.from_iterable((*s.train, *s.validation, *s.test) for s in self.splits)
        sizes = [(len(s.train), len(s.validation), len(s.test)) for s in self.splits]
        measures = [asdict(measure) for measure in self.recipe.measures]
        known = asdict(self.options) | {"protocol": asdict(self.protocol), "measures": measures}
        return fingerprint(list(every), known | {"sizes": sizes, "asked": self.system.asked})

    def kept(self) -> Row | None:
        """The row of an earlier run, with what the recipe says now."""
        try:
            row = Row.from_json(json.loads((self.folder / ROW).read_bytes()))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        same = row.mark == self.mark
        paper = _paper(self.system, self.protocol)
        return replace(row, paper=paper, note=self.system.note) if same else None

    def run(self, row: Row, progress: Progress | None) -> Row:
        private_folder(self.folder)
        begun = monotonic()
        if self.system.asked:
            told = self._asked()
            row = replace(row, seconds=round(monotonic() - begun, 1))
        else:
            models = self._models(progress)
            told = _pooled([told_by(m, s.test) for m, s in zip(models, self.splits, strict=True)])
            row = replace(
                row,
                options=json.loads(json.dumps(asdict(self.options))),
                epochs=tuple(model.epochs for model in models),
                seconds=round(sum(model.seconds for model in models), 1),
                leaks=models[0].records[0].leaks,
            )
        row = replace(
            row,
            strict=told.strict(),
            words=told.words(),
            accuracy=told.accuracy(),
            measures=told.figures(self.recipe.measures),
            lots={side: _letters(getattr(self.splits[0], side)) for side in Split.__slots__},
            phrases=len(told.gold),
            spans=sum(len(annotation.spans) for annotation in told.gold),
            mark=self.mark,
        )
        write_json(self.folder / ROW, row.to_json())
        return row

    def _models(self, progress: Progress | None) -> list[Learned]:
        made_by = {
            "recipe": self.recipe.name,
            "system": self.system.name,
            "protocol": self.protocol.name,
        }
        places = [private_folder(self.folder / f"{n}") for n, _ in enumerate(self.splits, 1)]
        rows = zip(self.splits, places, strict=True)
        return [
            learned(own, self.options, self.protocol, place, made_by, progress)
            for own, place in rows
        ]

    def _asked(self) -> Told:
        """Of the first split; a language model learns nothing, so that one will do."""
        ask, own = self.bench.ask, self.splits[0]
        assert ask is not None  # _reason has seen to it
        labels = sorted({s.label for a in (*own.train, *own.test) for s in a.spans})
        answers = answers_of(self.system.model, ask, self.recipe.data, own.train, own.test)
        return Told(own.test, answers, labels, nested=True)


def _pooled(told: Sequence[Told]) -> Told:
    """The answers of all folds as one; each letter was scored once."""
    if len(told) == 1:
        return told[0]
    labels = sorted({label for own in told for label in own.labels})
    gold = [annotation for own in told for annotation in own.gold]
    answers = [answer for own in told for answer in own.answers]
    return Told(gold, answers, labels, nested=any(own.nested for own in told))


def _letters(annotations: Sequence[Annotation]) -> int:
    return len({annotation.phrase.letter for annotation in annotations})
