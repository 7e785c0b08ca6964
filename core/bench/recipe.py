"""A page of TOML -> what a paper did: its data, how it split them, its systems, its figures.

Our own recipes stand in core/learn/recipes/; a path leads to any other.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from core.bench.units import Unit
from core.errors import BadInput, UnknownName
from core.learn.options import Options
from core.records import Json

RECIPES = Path(__file__).parent.parent / "learn" / "recipes"

Over = Literal["spans", "words", "tags", "marks"]
Average = Literal["micro", "macro", "weighted"]
Kind = Literal["given", "shares", "folds", "twice"]


@dataclass(frozen=True, slots=True)
class Data:
    """Where the letters lie under the user's folder. `parts`: "all", or "train" and "test", each a
    file or a folder; `groups`: label -> the label that it is seen as, all others left out; `one`:
    what all are seen as; `labels`: the only ones that count then, none for all; `definitions`: what
    each means, for a language model. `source`: where the user gets it."""

    format: str
    parts: Mapping[str, str]
    licence: str
    source: str
    unit: Unit = "line"
    labels: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    one: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How letters are parted, always whole. "given": as they lie, a share of those to learn from
    for validation; "shares": validation and test by share; "folds": `folds` times, each letter
    tested once; "twice": every letter taken twice and then parted at random, as a corpus that holds
    two releases of the same letters is. `retrain`: once the number of epochs is known, all letters
    but those of the test are learned from."""

    name: str
    kind: Kind
    validation: float = 0.1
    test: float = 0.1
    folds: int = 5
    method: Literal["random", "stratified"] = "random"
    retrain: bool = False
    says: str = ""

    @property
    def leaks(self) -> bool:
        return self.kind == "twice"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure as a paper counts it. Over "spans": strict; "words": labels of words, without B and
    I; "tags": BIO tags of words; "marks": each word and label by itself, as a multilabel network
    says them. `outside`: O is a class like any other. `on_test`: the threshold of a multilabel
    network is the best one on the test letters."""

    name: str
    over: Over
    average: Average
    outside: bool = False
    without: tuple[str, ...] = ()
    merge: Mapping[str, str] = field(default_factory=dict)
    on_test: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """A row under each of its `protocols` (none named: the recipe's first). `options` go over the
    recipe's arguments; `paper`: measure -> the figure printed for the first of its protocols;
    `asked`: a language model behind a service, never trained."""

    name: str
    model: str
    options: Json = field(default_factory=dict)
    protocols: tuple[str, ...] = ()
    paper: Mapping[str, float] = field(default_factory=dict)
    asked: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """See `core/learn/recipes/`."""

    name: str
    title: str
    paper: str
    differs: tuple[str, ...]
    data: Data
    arguments: Json
    protocols: tuple[Protocol, ...]
    measures: tuple[Measure, ...]
    systems: tuple[System, ...]

    def under(self, protocol: Protocol) -> tuple[System, ...]:
        """The systems that run under a protocol."""
        first = (self.protocols[0].name,)
        return tuple(s for s in self.systems if protocol.name in (s.protocols or first))

    def chosen(self, names: tuple[str, ...]) -> tuple[System, ...]:
        """The systems of these names, in the recipe's order; all where none is named."""
        known = {system.name.casefold(): system for system in self.systems}
        if strange := [name for name in names if name.casefold() not in known]:
            raise UnknownName(
                f"no system named '{strange[0]}' in the recipe {self.name}; choose from: "
                f"{', '.join(system.name for system in self.systems)}"
            )
        wanted = {name.casefold() for name in names}
        return tuple(s for s in self.systems if not wanted or s.name.casefold() in wanted)


def read_recipe(name: str) -> Recipe:
    """Of ours by name, or any by the path of its file. Raises UnknownName or BadInput."""
    path = RECIPES / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
        if not path.is_file():
            known = ", ".join(sorted(found.stem for found in RECIPES.glob("*.toml")))
            raise UnknownName(f"no recipe named '{name}', and no such file; ours are: {known}")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return _recipe(path.stem, raw, path.parent)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(f"{path}: not a recipe ({type(error).__name__}: {error})") from error


def _recipe(name: str, raw: Json, folder: Path) -> Recipe:
    measures = tuple(_made(Measure, {"name": n, **m}) for n, m in raw.get("measure", {}).items())
    systems = tuple(_system(row) for row in raw["system"])
    protocols = tuple(_made(Protocol, row) for row in raw["protocol"])
    known = {m.name for m in measures} | {p.name for p in protocols}
    for system in systems:
        if strange := sorted({*system.paper, *system.protocols} - known):
            raise ValueError(f"{system.name}: no measure or protocol {', '.join(strange)}")
    _check_options([raw.get("arguments", {}), *(system.options for system in systems)])
    return Recipe(
        name,
        raw["title"],
        raw["paper"],
        tuple(raw["differs"]),
        _data(raw["data"], folder),
        raw.get("arguments", {}),
        protocols,
        measures,
        systems,
    )


def _data(row: Json, folder: Path) -> Data:
    """`groups` may name a file of its own, seen from the recipe: [group] and its labels."""
    groups = row.get("groups", {})
    if isinstance(groups, str):
        table = tomllib.loads((folder / groups).read_text(encoding="utf-8"))
        groups = {label: group for group, labels in table.items() for label in labels}
    data: Data = _made(Data, row | {"groups": groups})
    return data


def _system(row: Json) -> System:
    own = {f.name for f in fields(System)} - {"options"}
    options = {key: value for key, value in row.items() if key not in own}
    known = {key: value for key, value in row.items() if key in own}
    system: System = _made(System, known | {"options": options})
    return system


def _check_options(rows: list[Json]) -> None:
    known = {option.name for option in fields(Options)}
    for row in rows:
        if strange := sorted(set(row) - known):
            raise ValueError(f"no option of training named {', '.join(strange)}")


def _made(cls: Any, row: Json) -> Any:
    """A dataclass from a table of TOML: lists become tuples."""
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})
