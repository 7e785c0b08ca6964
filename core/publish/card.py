"""The model card, filled from the training record alone: no word of a letter can get into it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.learn.data.split import KNOWN
from core.learn.data.vocabulary import LETTERS_NEEDED
from core.learn.record import Record
from core.learn.scoring.scores import Scores
from core.learn.scratch import NETWORKS, SCRATCH
from core.learn.told import meanings_of, needs_an_eye, score_of, verdict
from core.schema import Schema, default_schema

ORIGINS = {
    "human": "corrected by people",
    "rules": "labelled by rules, checked by nobody",
    "llm": "labelled by a language model, checked by nobody",
    "model": "labelled by an earlier model, checked by nobody",
    "fictitious": "of invented letters, whose labels are known",
}
TEMPLATE = Path(__file__).with_name("card.md")
_KINDS = {
    "linear": "a token classifier",
    "crf": "a token classifier with a CRF",
    "multilabel": "a token classifier in which labels may overlap",
}
_OTHERWISE = {
    "crfsuite": "A feature CRF, which `transformers` does not know; Lettera runs it on crfsuite.",
    "multilabel": "A word may have several labels, each with its own threshold (`lettera.json`), "
    "which the pipeline of `transformers` cannot say; Lettera runs it.",
    "scratch": "A network of Lettera's own, which `transformers` does not know; Lettera runs it.",
}


def write_card(
    path: Path,
    record: Record,
    repo: str,
    tag: str,
    *,
    model_type: str | None = None,
    licence: str = "apache-2.0",
    examples: Mapping[str, str] | None = None,
) -> Path:
    """Writes the card of a version of a model that will be called `repo`. `model_type` is what its
    config.json says, if it has one; `examples`: of labels, from invented letters."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    schema = default_schema()
    test = record.scores.get("test")
    text = pages.get_template(TEMPLATE.name).render(
        header=_header(record, repo, licence, model_type),
        repo=repo,
        tag=tag,
        licence=licence,
        record=record,
        base=record.base,
        base_terms=record.engine == "onnx" and record.base not in SCRATCH,
        kind="a feature CRF" if record.engine == "crfsuite" else _KINDS[record.head],
        known=sum(record.phrases.values()),
        corrected=record.phrases.get("human", 0),
        learned=[(ORIGINS.get(name, name), count) for name, count in record.phrases.items()],
        private=any(n for origin, n in record.phrases.items() if origin != "fictitious"),
        needed=LETTERS_NEEDED,
        sources=_sources(record),
        labels=[
            (label, _definition(label, schema), test.labels.get(label) if test else None)
            for label in record.labels
        ],
        examples=examples or {},
        lots={name: len(letters) for name, letters in record.split.items()},
        leaks=_leaks(record),
        test=test,
        headline=score_of(record) if test else "",
        scored_on=_letters_of(record),
        scores=[(name, found, _within(record, name)) for name, found in record.scores.items()],
        verdict=verdict(record),
        meanings=list(meanings_of(record)),
        taught=_taught(record),
        weak=list(needs_an_eye(record)) if test else [],
        use=_use(record, model_type),
    )
    path.write_text(text, encoding="utf-8")
    return path


def _letters_of(record: Record, lot: str = "test") -> str:
    """Whose the letters of a lot are. Those that nobody checked are scored on where there are no
    others (`core.learn.data.split`)."""
    people, fiction = (bool(record.phrases.get(origin)) for origin in KNOWN)
    if lot == "test human" or (people and not fiction):
        return "corrected by people"
    if lot == "test fictitious" or (fiction and not people):
        return "invented"
    if people and fiction:
        both = any(name.startswith("test ") for name in record.scores)
        return f"corrected by people {'and' if both else 'or'} invented"
    return "labelled by a machine and checked by nobody"


def _sources(record: Record) -> list[tuple[str, int]]:
    """Who said how many of the spans; voices of invented letters are one."""
    voices = {name: n for name, n in record.sources.items() if name.startswith("fictitious/")}
    rows = [(name, n) for name, n in record.sources.items() if name not in voices]
    if voices:
        rows.append((f"invented letters, in {len(voices)} voices", sum(voices.values())))
    return rows


def _use(record: Record, model_type: str | None) -> str:
    """How `transformers` runs it: pipeline, the loader of a CRF, or a sentence why it cannot."""
    if record.engine != "onnx":
        return _OTHERWISE[record.engine]
    if model_type is None or model_type in NETWORKS or record.base in SCRATCH:
        return _OTHERWISE["scratch"]
    if record.head == "multilabel":
        return _OTHERWISE["multilabel"]
    return "crf" if record.head == "crf" else "pipeline"


def _taught(record: Record) -> int:
    """How many spans taught it states and values."""
    counts = [record.meanings.get("states", {}), *record.meanings.get("codes", {}).values()]
    return sum(int(count) for each in counts for count in each.values())


def _leaks(record: Record) -> dict[str, int]:
    known = record.leaks
    if not known:
        return {}
    letters = sum(count for name, count in known.items() if name.startswith("letters"))
    phrases, repeated = known.get("phrases", 0), known.get("phrases repeated", 0)
    return {"letters": letters, "phrases": phrases, "repeated": repeated}


def _within(record: Record, name: str) -> str:
    bounds = _bounds(record, name)
    return "" if bounds is None else f" ({bounds['low']:.3f} to {bounds['high']:.3f})"


def _bounds(record: Record, name: str) -> dict[str, float] | None:
    """Of one letter there is nothing to draw."""
    found: dict[str, float] | None = record.intervals.get(name)
    return found if record.scores[name].letters > 1 else None


def _definition(label: str, schema: Schema) -> str:
    if label in schema.fields:
        return schema.fields[label].en
    if label in schema.groups:
        fields = [field.name for field in schema.fields.values() if field.group == label]
        return f"{schema.groups[label].en}: {', '.join(fields)}"
    return "any clinical entity of interest"


def _header(record: Record, repo: str, licence: str, model_type: str | None) -> str:
    """The card's YAML. A score is claimed only where letters were kept for it."""
    test = record.scores.get("test")
    known = _use(record, model_type) in ("pipeline", "crf")
    data = ModelCardData(
        language="it",
        license=licence,
        pipeline_tag="token-classification",
        library_name="transformers" if known else "lettera",
        tags=["medical", "clinical-nlp", "discharge-letters", "lettera"],
        base_model=record.base if "/" in record.base else None,
        model_name=repo.split("/")[1] if test else None,
        metrics=["f1", "precision", "recall"] if test else None,
        eval_results=[
            result
            for name, found in record.scores.items()
            if name.startswith("test")
            for result in _results(record, name, found)
        ]
        if test
        else None,
    )
    return str(data.to_yaml())


def _results(record: Record, name: str, found: Scores) -> list[EvalResult]:
    """Of one lot of letters. The interval stands in the metric's arguments and in its name."""
    bounds = _bounds(record, name)
    letters = f"{found.letters:,} letter{'' if found.letters == 1 else 's'}"
    known: dict[str, Any] = {
        "task_type": "token-classification",
        "dataset_type": "private",
        "dataset_name": f"{letters} not trained on, {_letters_of(record, name)}",
        "dataset_split": "test",
    }
    rows = [
        EvalResult(
            **known,
            metric_type=kind,
            metric_name=f"strict span {kind}",
            metric_value=round(getattr(found.micro, kind), 4),
        )
        for kind in ("precision", "recall")
    ]
    told, args = "strict span f1", None
    if bounds is not None:
        told += f" (95 %: {bounds['low']:.3f} to {bounds['high']:.3f})"
        args = {"low": round(bounds["low"], 4), "high": round(bounds["high"], 4), "level": 0.95}
    f1 = EvalResult(
        **known,
        metric_type="f1",
        metric_name=told,
        metric_value=round(found.micro.f1, 4),
        metric_args=args,
    )
    return [f1, *rows]
