"""Somebody else's project in Label Studio, as its JSON export: labels on texts.

Label Studio counts code points, as we do, but has kept whatever it was sent: each region is held
against the text. What people submitted is one format, what models predicted another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, StrictInt, TypeAdapter, ValidationError

from core.convert import Converted
from core.convert.document import Documents, Mark
from core.errors import BadInput
from core.files import reading
from core.records import Annotation, Json


class _Made(BaseModel):
    """What one author said of a task: an annotation or a prediction."""

    model_config = ConfigDict(protected_namespaces=())

    result: list[Json] = []
    completed_by: StrictInt | Json | None = None
    was_cancelled: bool | None = False
    lead_time: float | None = None
    updated_at: str | None = None
    model_version: str | None = None

    @property
    def author(self) -> str:
        """A person's number, or a model's version; never a name or an address."""
        if self.model_version:
            return f"import/{self.model_version}"
        by = self.completed_by
        number = by.get("id") if isinstance(by, dict) else by
        return f"person/{'unknown' if number is None else number}"


class _Task(BaseModel):
    """A quick export holds only the numbers of predictions."""

    id: int
    data: Json
    annotations: list[_Made] = []
    predictions: list[_Made | int] = []


class People:
    """The latest word of each person on each task; a cancelled one makes skipped phrases."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        documents = Documents(report)
        for task, where in _tasks(source, report):
            made = sorted(task.annotations, key=lambda made: made.updated_at or "")
            latest = {one.author: one for one in made}
            report.told["older annotations by the same person, left out"] += len(made) - len(latest)
            report.told["tasks without an annotation, left out"] += not made
            for one in latest.values():
                yield from _annotations(task, one, documents, where, report)

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        raise BadInput(f"{target}: Label Studio takes phrases by 'lettera push', not from a file")


class Predictions(People):
    """What models said, each version an author of its own."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        documents = Documents(report, origin="model")
        for task, where in _tasks(source, report):
            made = [one for one in task.predictions if isinstance(one, _Made)]
            bare = len(task.predictions) - len(made)
            report.told["predictions of which the export holds only the number"] += bare
            report.told["tasks without a prediction, left out"] += not task.predictions
            for one in made:
                version = one.model_copy(update={"model_version": one.model_version or "unnamed"})
                yield from _annotations(task, version, documents, where, report)


def _tasks(source: Path, report: Converted) -> Iterator[tuple[_Task, str]]:
    """The tasks of an export and what to call each. Raises BadInput without quoting them."""
    try:
        with reading(source):
            tasks = TypeAdapter(list[_Task]).validate_json(source.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise BadInput(
            f"{source}: no JSON export of Label Studio ({first['type']} at {place}); "
            "choose JSON there, not JSON-MIN"
        ) from None
    for task in tasks:
        where = f"{source}: task {task.id}"
        if "key" in task.data and "letter" in task.data:
            report.refused.append(f"{where}: pushed by Lettera; get it with 'lettera pull'")
        else:
            yield task, where


def _annotations(
    task: _Task, made: _Made, documents: Documents, where: str, report: Converted
) -> Iterator[Annotation]:
    regions = [item for item in made.result if item.get("type") == "labels"]
    for item in made.result:
        if item.get("type") != "labels":
            report.told[f"items of type {item.get('type')}, left out"] += 1
    key = _text_key(task.data, regions)
    if key is None:
        names = ", ".join(sorted(task.data))
        report.refused.append(f"{where}: no telling which of its data is the text: {names}")
        return
    for name in task.data.keys() - {key}:
        report.told[f"'{name}' of tasks, left out"] += 1
    marks = [] if made.was_cancelled else [mark for item in regions for mark in _marks(item)]
    if not made.model_version:  # a score is the model's, not of a person who let its span stand
        marks = [replace(mark, score=None) for mark in marks]
    report.told["spans of skipped tasks, left out"] += len(regions) if made.was_cancelled else 0
    phrases = list(documents.cut(task.data[key], marks, where, made.author))
    # The time that a whole document took says nothing of one of its lines.
    seconds = made.lead_time if len(phrases) == 1 else None
    report.told["lead times of several phrases together, left out"] += bool(
        made.lead_time and len(phrases) > 1
    )
    for annotation in phrases:
        yield replace(annotation, seconds=seconds, skipped=bool(made.was_cancelled))


def _text_key(data: Json, regions: Sequence[Json]) -> str | None:
    """The text's name in the data: the tag's own, `text`, or the only string there is."""
    texts = [key for key, value in data.items() if isinstance(value, str)]
    named = {item.get("to_name") for item in regions}
    if len(named) > 1:
        return None
    wanted = [key for key in (*named, "text") if key in texts]
    return wanted[0] if wanted else texts[0] if len(texts) == 1 else None


def _marks(item: Json) -> Iterator[Mark]:
    raw = item.get("value")
    value = raw if isinstance(raw, dict) else {}
    quote, score = value.get("text"), item.get("score")
    labels = value.get("labels")
    for label in labels if isinstance(labels, list) and labels else [None]:
        yield Mark(
            value.get("start"),
            value.get("end"),
            label,
            quote if isinstance(quote, str) else None,
            score=score if isinstance(score, int | float) else None,
        )
