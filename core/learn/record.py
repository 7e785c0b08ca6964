"""What a model folder holds and says of itself: `lettera.json`, without a word of any letter."""

import dataclasses
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from core.errors import BadInput
from core.learn.scores import Scores
from core.records import Json
from core.schema import View

FILE = "lettera.json"
NETWORK = "model.onnx"
TOKENIZER = "tokenizer.json"
_OPAQUE = re.compile(r"[0-9a-f]{12}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Record:
    """How a model came to be. `phrases` counts them by origin; `split` names letters by opaque id.

    `scores`: "validation" and "test", and "test human", "test fictitious", ... where the test
    letters have several origins. `fingerprint` tells whether the same training was asked for again.
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


def opaque(letter: str) -> str:
    """The id of a letter as a record may hold it; one not 12 hex (a file name?) is hashed."""
    return letter if _OPAQUE.fullmatch(letter) else sha256(letter.encode()).hexdigest()[:12]
