"""How to train: one frozen dataclass, with the paper's defaults, and what each network wants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.learn.tags import Scheme

Method = Literal["stratified", "random"]
Imbalance = Literal["none", "downsample", "weighted", "clamped", "oversample"]
Precision = Literal["auto", "fp32", "bf16"]
Thresholds = Literal["shared", "each"]
Keep = Literal["best", "last"]

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps there are (early stopping may leave some out)."""

METHODS: tuple[Method, ...] = get_args(Method)
IMBALANCES: tuple[Imbalance, ...] = get_args(Imbalance)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
REPORTERS = ("tensorboard", "wandb")

SMALL = "small"
CRFSUITE = "crfsuite"
BASE = "emilyalsentzer/Bio_ClinicalBERT"
_WINDOWS: dict[str, Any] = {
    "learning_rate": 3e-3,
    "epochs": 12,
    "warmup": 0.05,
    "patience": 4,
    "max_length": 192,
    "distinct": True,
    "exchange": 0.7,
}
_CRF: dict[str, Any] = {
    "head": "crf",
    "epochs": 60,
    "keep": "last",
    "distinct": True,
    "exchange": 0.7,
}
_OWN: dict[str, dict[str, Any]] = {
    SMALL: _CRF,
    CRFSUITE: _CRF,
    "windows": _WINDOWS,
    "transformer": _WINDOWS | {"learning_rate": 1e-3},
    "cnn-bilstm-crf": _WINDOWS | {"head": "crf", "epochs": 8},
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to train. The defaults are the paper's (Table 3); `options_for` knows each network's own.

    `labels`: the only ones to learn; None learns all that the annotations carry. `plain`: under
    "downsample", the share of phrases without a span that is left. `accumulate`: batches that make
    one step. `warmup`: a share of the steps, or from 1 on a number of steps. `patience`: epochs
    without a better F1 before it stops; None trains them all. `keep`: the epoch with the best
    strict F1 on the validation letters, or the last one, for which there need be no such letters.
    `distinct`, `exchange`: see `data.variety`. `start`: the folder of a model to go on from.
    `network`: what a network from scratch is told beyond its head. `threads`: None takes half the
    processors for an encoder and one for a network from scratch, which more would only slow down.
    """

    model: str = BASE
    head: str = "linear"
    scheme: Scheme = "bio"
    labels: tuple[str, ...] | None = None
    imbalance: Imbalance = "none"
    plain: float = 0.2
    learning_rate: float = 5e-5
    batch_size: int = 32
    accumulate: int = 1
    epochs: int = 20
    weight_decay: float = 0.01
    warmup: float = 0.0
    patience: int | None = None
    keep: Keep = "best"
    max_length: int = 512
    precision: Precision = "auto"
    checkpointing: bool = False
    distinct: bool = False
    exchange: float = 0.0
    thresholds: Thresholds = "shared"
    split: Method = "stratified"
    allow_leaks: bool = False
    start: str | None = None
    network: tuple[tuple[str, str | int | float], ...] = ()
    report_to: str | None = None
    seed: int = 0
    threads: int | None = None


def options_for(model: str = BASE, **changes: Any) -> Options:
    """The defaults of a model: the paper's for an encoder, measured ones for a network of ours."""
    return Options(**{"model": model} | _OWN.get(model, {}) | changes)


def is_crf(model: str) -> bool:
    """Whether a model is the feature CRF, which `small` is: the best that was measured on voices it
    had not read, in a ninth of the time of the best network from scratch."""
    return model in (SMALL, CRFSUITE)
