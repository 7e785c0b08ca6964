"""What a push has to send: phrases that a project lacks, and newer pre-labels for the others."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

from label_studio_sdk import LabelStudio

from annotate.screen.fold import Folding, folded, furniture
from annotate.screen.letter import letter_task
from annotate.screen.regions import Refused, prediction_of, task_of
from annotate.screen.screen import keys_of, phrases_of, shown
from annotate.screen.words import Language
from annotate.sync.bulk import bases, versions
from annotate.sync.drift import expect_letters, expect_texts, fitting
from annotate.sync.studio import tasks
from core.records import Annotation, Json, Phrase

_LETTER = attrgetter("phrase.letter")
_PLACE = attrgetter("phrase.letter", "phrase.start", "phrase.end")
# The names of all versions in one line, for half of what it costs to list the predictions.
_VERSIONS = "predictions_model_versions"
_LISTED = f"id,data,is_labeled,{_VERSIONS}"
CUT = 400  # Label Studio cuts that line at 500 characters, some of which it then leaves out


@dataclass(frozen=True, slots=True)
class Standing:
    """A task as it stands on the server: the phrases it shows, all it stands for, its versions.

    `open`: it still waits for somebody.
    """

    number: int
    data: Json
    phrases: tuple[Phrase, ...]
    keys: tuple[str, ...]
    versions: frozenset[str]
    open: bool


@dataclass(frozen=True, slots=True)
class Manner:
    """How phrases are shown. `bare`: the share that comes without pre-labels, drawn by `seed`.

    `shown`: the model version that people begin with as it is.
    """

    unit: str
    labels: Sequence[str]
    guideline: str = ""
    shown: str = ""
    language: Language = "it"
    bare: float = 0.0
    seed: int = 0
    pages: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def is_bare(self, key: str) -> bool:
        """Drawn by the key, so that every push of a phrase draws the same."""
        drawn = int.from_bytes(sha256(f"{self.seed} {key}".encode()).digest()[:8], "big")
        return drawn < self.bare * 2**64

    def version(self, source: str) -> str:
        """The model version of a labeller's new work: that of the queue, if its older work runs."""
        return self.shown if bases([self.shown]) == {source} else source

    def versioned(self, task: Json) -> Json:
        """A new task with its predictions under that version."""
        for prediction in task["predictions"]:
            prediction["model_version"] = self.version(prediction["model_version"])
        return task


@dataclass(frozen=True, slots=True)
class Plan:
    """New tasks are made as they are sent; `versions` has the model version of each.

    `already`, `hidden` and `carried` count phrases: known there, headings, equal to another.
    """

    tasks: Iterator[Json]
    versions: tuple[str, ...]
    bare: int
    predictions: tuple[Json, ...]
    already: int
    hidden: int
    carried: int
    refused: tuple[Refused, ...]


def standing(client: LabelStudio, project: int) -> list[Standing]:
    """The tasks of a project that Lettera pushed."""
    found = list(tasks(client, project, _LISTED))
    if any(len(task[_VERSIONS] or "") >= CUT for task in found):
        said: Mapping[int, frozenset[str]] = versions(client, project)
    else:
        said = {task["id"]: _names(task[_VERSIONS]) for task in found}
    there = []
    for task in found:
        data, number = task["data"], task["id"]
        try:
            phrases, keys = tuple(phrases_of(data)), tuple(keys_of(data))
        except (KeyError, TypeError):
            continue
        waits = not task["is_labeled"]
        there.append(Standing(number, data, phrases, keys, said.get(number, frozenset()), waits))
    return there


def _names(told: str | None) -> frozenset[str]:
    # On PostgreSQL each `/` comes as `\/`.
    names = (told or "").replace("\\/", "/").split(",")
    return frozenset(name.strip() for name in names) - {""}


def plan(annotations: Iterable[Annotation], there: Sequence[Standing], how: Manner) -> Plan:
    """What is to be sent. Raises BadInput where texts there are not those of the annotations."""
    annotations = sorted(annotations, key=_PLACE)
    fit, refused = fitting(annotations, how.labels)
    texts = {phrase.id: phrase.text for task in there for phrase in task.phrases}
    expect_texts((annotation.phrase for annotation in fit), texts)
    known = {key for task in there for key in task.keys}
    if how.unit == "letter":
        visible, hidden = furniture(fit)
        new = [annotation for annotation in visible if annotation.key not in known]
        expect_letters({task.data["key"] for task in there}, new)
        first = {_LETTER(annotation): annotation.source for annotation in reversed(new)}
        made, carried = _letters(fit, first, hidden, how), 0
    else:
        folding = folded(fit, known)
        first = {annotation.key: annotation.source for annotation in folding.shown}
        made = _phrases(folding, neighbours(annotations), how)
        hidden, carried = list(folding.hidden), sum(map(len, folding.copies.values()))
    predictions, stale = _newer(fit, there, how)
    return Plan(
        tasks=made,
        versions=tuple(map(how.version, first.values())),
        bare=sum(map(how.is_bare, first)),
        predictions=tuple(predictions),
        already=sum(annotation.key in known for annotation in fit),
        hidden=len(hidden),
        carried=carried,
        refused=(*refused, *stale),
    )


def _phrases(
    folding: Folding, near: Mapping[str, tuple[str | None, str | None]], how: Manner
) -> Iterator[Json]:
    for annotation in folding.shown:
        key = annotation.key
        yield how.versioned(task_of(
            annotation, *near[key], bare=how.is_bare(key), guideline=how.guideline,
            copies=folding.copies.get(key, ()), language=how.language,
        ))  # fmt: skip


def neighbours(annotations: Iterable[Annotation]) -> dict[str, tuple[str | None, str | None]]:
    """The line above and the line below each phrase, letter by letter."""
    found = {}
    for _, group in groupby(annotations, _LETTER):
        letter = list(group)
        lines = [None, *(shown(annotation.phrase.text) for annotation in letter), None]
        for annotation, before, after in zip(letter, lines, lines[2:], strict=False):
            found[annotation.key] = before, after
    return found


def _letters(
    annotations: Iterable[Annotation],
    names: Collection[str],
    hidden: Iterable[Annotation],
    how: Manner,
) -> Iterator[Json]:
    """The letters of these names: those that have phrases to show and are not there yet."""
    left = {annotation.key for annotation in hidden}
    for name, letter in groupby(annotations, _LETTER):
        if name in names:
            yield how.versioned(letter_task(
                list(letter), hidden=left, bare=how.is_bare(name), guideline=how.guideline,
                pages=how.pages.get(name, ()), language=how.language,
            ))  # fmt: skip


def _newer(
    annotations: Iterable[Annotation], there: Iterable[Standing], how: Manner
) -> tuple[list[Json], list[Refused]]:
    """Predictions for the tasks there that this labeller has said nothing about yet."""
    ours = {annotation.key: annotation for annotation in annotations}
    found: list[Json] = []
    refused: list[Refused] = []
    for task in there:
        said = [ours[phrase.id] for phrase in task.phrases if phrase.id in ours]
        if not said or said[0].source in bases(task.versions):
            continue
        if len(said) < len(task.phrases):
            part = f"{len(said)} of its {len(task.phrases)} phrases"
            refused.append(
                Refused(task.data["key"], f"gets no newer pre-labels: the file has {part}")
            )
        else:
            version = how.version(said[0].source)
            made = prediction_of(task.data, said) | {"model_version": version}
            found.append({"task": task.number, **made})
    return found, refused
