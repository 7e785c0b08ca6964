"""What a bench found: one row for each system under each protocol, and its JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from core.bench.recipe import Measure, Protocol, Recipe
from core.learn.scoring.intervals import Interval
from core.records import Json


@dataclass(frozen=True, slots=True)
class Row:
    """A system that ran, or why not (`reason`). `measures` and `paper` by measure; `words`: micro
    F1 over words, O no class; `accuracy`: O a class; `lots`: letters learned from, chosen by,
    scored on; `leaks`: what stands on both sides of the split; `mark` tells whether it must run
    again."""

    system: str
    protocol: str
    model: str
    paper: Mapping[str, float]
    note: str = ""
    reason: str = ""
    strict: Interval | None = None
    words: Interval | None = None
    accuracy: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    lots: Mapping[str, int] = field(default_factory=dict)
    phrases: int = 0
    spans: int = 0
    leaks: Mapping[str, int] = field(default_factory=dict)
    epochs: tuple[float, ...] = ()
    seconds: float = 0.0
    options: Json = field(default_factory=dict)
    mark: str = ""

    @property
    def ran(self) -> bool:
        return not self.reason

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        known: dict[str, Any] = dict(raw)
        for name in ("strict", "words"):
            known[name] = None if raw[name] is None else Interval(**raw[name])
        return cls(**known | {"epochs": tuple(raw["epochs"])})


@dataclass(frozen=True, slots=True)
class Result:
    """A recipe's rows. `left_out`: what reading the data did not take; `limit`: letters of each
    part, where not all were taken; `overrides`: options laid over the recipe's."""

    recipe: Recipe
    rows: tuple[Row, ...]
    left_out: tuple[str, ...]
    limit: int | None
    overrides: Json
    seed: int
    date: str
    versions: Mapping[str, str]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those that some row has a figure for."""
        told = {name for row in self.rows for name in (*row.paper, *row.measures)}
        return tuple(m for m in self.recipe.measures if m.name in told)

    def protocol(self, name: str) -> Protocol:
        return next(p for p in self.recipe.protocols if p.name == name)

    def to_json(self) -> Json:
        return {
            "recipe": asdict(self.recipe),
            "rows": [row.to_json() for row in self.rows],
            "left_out": list(self.left_out),
            "limit": self.limit,
            "overrides": self.overrides,
            "seed": self.seed,
            "date": self.date,
            "versions": dict(self.versions),
        }
