"""A recipe's row of a language model: asked through core/label, with the recipe's own labels."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.bench.recipe import Data
from core.label import Labeller
from core.records import Annotation
from core.schema import Field, Group, Schema

Ask = Callable[[str, Schema, Sequence[Annotation]], Labeller]
"""A model's name, the labels as fields, corrected phrases to pick examples from -> who answers."""

_ALL = Group("entities", "entità", "entities", "#4C78A8")


def schema_of(labels: Sequence[str], data: Data) -> Schema:
    """The labels as a table of fields, so that prompts and formats can speak of them."""
    told = {label: data.definitions.get(label, label) for label in labels}
    fields = [
        Field(label, "mention", "text", _ALL.name, text, text, (), {})
        for label, text in told.items()
    ]
    return Schema(fields, [_ALL])


def answers_of(
    model: str,
    ask: Ask,
    data: Data,
    pool: Sequence[Annotation],
    gold: Sequence[Annotation],
) -> list[Annotation]:
    """What the model says of the gold phrases, in the recipe's labels."""
    labels = sorted({span.label for annotation in pool for span in annotation.spans})
    labeller = ask(model, schema_of(labels, data), pool)
    said = labeller.label([annotation.phrase for annotation in gold])
    return [
        replace(answer, spans=tuple(span for span in answer.spans if span.label in labels))
        for answer in said
    ]
