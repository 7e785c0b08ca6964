"""The model card, filled from the training record alone: no word of a letter can get into it."""

from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.learn.record import Record
from core.learn.scores import Scores
from core.schema import Schema, default_schema

ORIGINS = {
    "human": "corrected by people",
    "rules": "labelled by rules, checked by nobody",
    "llm": "labelled by a language model, checked by nobody",
    "model": "labelled by an earlier model, checked by nobody",
    "fictitious": "of invented letters, whose labels are known",
}


def write_card(path: Path, record: Record, repo: str) -> Path:
    """Writes the card of a model that will be called `repo`."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    schema = default_schema()
    text = pages.get_template("card.md").render(
        header=_header(record, repo),
        repo=repo,
        record=record,
        learned=[(ORIGINS.get(name, name), count) for name, count in record.phrases.items()],
        corrected=record.phrases.get("human", 0),
        labels=[(label, _definition(label, schema)) for label in record.labels],
        lots={name: len(letters) for name, letters in record.split.items()},
        test=record.scores.get("test"),
        scores=record.scores,
    )
    path.write_text(text, encoding="utf-8")
    return path


def _definition(label: str, schema: Schema) -> str:
    if label in schema.fields:
        return schema.fields[label].en
    if label in schema.groups:
        fields = [field.name for field in schema.fields.values() if field.group == label]
        return f"{schema.groups[label].en}: {', '.join(fields)}"
    return "any clinical entity of interest"


def _header(record: Record, repo: str) -> str:
    """The card's YAML. A score is claimed only where letters were kept for it."""
    test = record.scores.get("test")
    data = ModelCardData(
        language="it",
        license="apache-2.0",
        pipeline_tag="token-classification",
        library_name="transformers",
        tags=["medical", "clinical-nlp", "discharge-letters", "lettera"],
        base_model=record.base if "/" in record.base and not Path(record.base).exists() else None,
        model_name=repo.split("/")[1] if test else None,
        metrics=["f1", "precision", "recall"] if test else None,
        eval_results=_results(test) if test else None,
    )
    return str(data.to_yaml())


def _results(test: Scores) -> list[EvalResult]:
    return [
        EvalResult(
            task_type="token-classification",
            dataset_type="private",
            dataset_name=f"{test.letters} letters not trained on",
            dataset_split="test",
            metric_type=name,
            metric_name=f"strict span {name}",
            metric_value=round(getattr(test.micro, name), 4),
        )
        for name in ("f1", "precision", "recall")
    ]
