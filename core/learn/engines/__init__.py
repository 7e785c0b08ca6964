"""What runs a trained model without torch: the folder of a model in, the spans of phrases out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from core.errors import BadInput
from core.learn.record import FILE, Record
from core.records import Phrase, Span
from core.registry import Registry

QUANTISED = "model.int8.onnx"
TRANSITIONS = "transitions.json"
MEANINGS = "meanings.crfsuite"


class Engine(Protocol):
    """Reads phrases with one model. A row of `ENGINES` and a file."""

    @property
    def form(self) -> str:
        """What it computes with, in words: the precision, the threads."""

    @classmethod
    def files(cls, record: Record) -> tuple[str, ...]:
        """What it takes from the model's folder beside the record."""

    @classmethod
    def load(cls, folder: Path, record: Record, threads: int | None = None) -> Self:
        """`threads` of the processor; None: as many as help, or a GPU where there is one. Raises
        BadInput where a file of the folder is missing or broken."""

    def read(self, phrases: Sequence[Phrase]) -> list[tuple[Span, ...]]:
        """The spans of each phrase, in order, with label and score; fields, states and values are
        not its business."""


ENGINES = Registry(
    "engine",
    {
        "onnx": "core.learn.engines.onnx:OnnxEngine",
        "crfsuite": "core.learn.engines.crfsuite:CrfsuiteEngine",
    },
)


def files_of(record: Record) -> tuple[str, ...]:
    """All that tagging with a model takes from its folder."""
    files: tuple[str, ...] = ENGINES.get(record.engine).files(record)
    return (FILE, *files, *([MEANINGS] if record.meanings else []))


def unfit(folder: Path, reason: str) -> BadInput:
    """What is raised for a folder that holds no whole model."""
    return BadInput(
        f"{folder}: the model cannot be loaded ({reason}); train it again or fetch it again"
    )
