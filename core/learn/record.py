"""What a model folder holds and says of itself: `lettera.json`, without a word of any letter."""

import dataclasses
import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Self

from core.errors import BadInput
from core.learn.scoring.scores import Scores
from core.records import Json
from core.schema import View

FILE = "lettera.json"
NETWORK = "model.onnx"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
Engine = Literal["onnx", "crfsuite"]
_OPAQUE = re.compile(r"[0-9a-f]{12}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Record:
    """How a model came to be. `phrases` counts them by origin; `split` names letters by opaque id.

    `scores`: "validation" and "test", and "test human", "test fictitious", ... where the test
    letters have several origins; `intervals`: by the same names, bounds of 95 % of strict F1.
    `spans`: those learned, and those that cannot be said as they are. `sources`: how many of the
    spans learned each source said. `data`: the SHA-256 of the phrases learned from and their spans;
    `fingerprint` tells whether the same training was asked for again. `recipe`: the one it was made
    by. `leaks`: letters and phrases on two sides of the split. `history`: loss and strict F1 on
    validation by epoch. `distribution`: spans by label before and after sampling.
    `thresholds`: of a multilabel head one, or one per label; of a feature CRF one, where validation
    letters chose it. `meanings`: how many spans taught each state ("states") and each code of a
    coded field ("codes"), and how well both are told of the gold spans of the other lots
    ("scores"). `int8_cost`: the strict F1 on validation that the smaller form loses. `compared`:
    the paired test against the model before; `offered`: whether it may be published unforced.
    Old folders lack what has a default.
    """

    labels: tuple[str, ...]
    view: View | None
    base: str
    limit: int
    options: Json
    versions: dict[str, str]
    phrases: dict[str, int]
    spans: dict[str, int]
    split: dict[str, list[str]]
    scores: dict[str, Scores]
    epochs: float
    best_epoch: float
    resumed_from: float | None
    seconds: float
    date: str
    weights: str
    fingerprint: str
    engine: Engine = "onnx"
    head: str = "linear"
    scheme: str = "bio"
    thresholds: list[float] | None = None
    quantised: bool = False
    int8_cost: float | None = None
    precision: str = "fp32"
    recipe: Json | None = None
    data: str = ""
    sources: dict[str, int] = field(default_factory=dict)
    intervals: Json = field(default_factory=dict)
    leaks: dict[str, int] = field(default_factory=dict)
    history: list[Json] = field(default_factory=list)
    distribution: Json = field(default_factory=dict)
    compared: Json | None = None
    offered: bool = True
    meanings: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        raw: dict[str, Any] = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return raw | {"scores": {name: found.to_json() for name, found in self.scores.items()}}

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        names = {f.name for f in dataclasses.fields(cls)}
        known = {name: value for name, value in raw.items() if name in names}
        scores = {name: Scores.from_json(found) for name, found in raw["scores"].items()}
        return cls(**known | {"labels": tuple(raw["labels"]), "scores": scores})


def read_record(folder: Path) -> Record:
    """The record of a model folder. Raises BadInput where there is none, or a broken one."""
    path = folder / FILE
    try:
        return Record.from_json(json.loads(path.read_bytes()))
    except OSError as error:
        raise BadInput(
            f"{folder}: no model of ours ({FILE}: {error.strerror}); make one with lettera train"
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(
            f"{path}: not a training record ({type(error).__name__}); train the model again"
        ) from error


def write_record(folder: Path, record: Record) -> None:
    """Writes the record into a model folder."""
    text = json.dumps(record.to_json(), indent=1, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def opaque(letter: str) -> str:
    """The id of a letter as a record may hold it; one not 12 hex (a file name?) is hashed."""
    return letter if _OPAQUE.fullmatch(letter) else sha256(letter.encode()).hexdigest()[:12]
