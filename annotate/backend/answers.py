"""Label Studio's tasks in, one prediction a task out, under the project's own label set.

The regions themselves are made where all of them are made: in `annotate/screen/regions.py`.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import ParseError, fromstring

from annotate.backend.model import Newest
from annotate.screen.config import labels_of
from annotate.screen.regions import SURE, prediction_of
from annotate.screen.screen import is_unicode, phrases_of
from core.label import Labeller
from core.records import Annotation, Json, Phrase
from core.schema import VIEWS, Schema, View, default_schema

LONGEST = 10_000  # characters; what is longer is no phrase, and is answered without a span
AT_ONCE = 64  # phrases a step: another request waits for one step at the most
CHARACTERS = 16_000  # a step holds no more, so that it does not take long either
PATIENCE = 80.0  # seconds; Label Studio gives up after 100 (its ML_TIMEOUT_PREDICT)
UNANSWERED: list[Json] = []  # no prediction, not even an empty one: the task may be asked again


@dataclass(frozen=True, slots=True)
class LabelSet:
    """What a project can show: labels of a view, and regions of the controls that it has."""

    view: View
    labels: frozenset[str]
    controls: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.labels)


@lru_cache(maxsize=32)
def label_set(config: str) -> LabelSet:
    """The label set of a label config; false where it has none of our labels."""
    schema, offered = default_schema(), labels_of(config)
    shared = {view: offered.intersection(schema.labels(view)) for view in VIEWS}
    view = max(VIEWS, key=lambda view: len(shared[view]))
    return LabelSet(view, frozenset(shared[view]), frozenset(_names(config)))


def _names(config: str) -> Iterator[str]:
    try:
        yield from (tag.get("name") or "" for tag in fromstring(config).iter())
    except ParseError:
        return


@dataclass(slots=True)
class _Asked:
    """A task: its data, its phrases (none where it is no task of ours), what was said of them."""

    data: Json
    phrases: list[Phrase]
    said: list[Annotation] = field(default_factory=list)


class Answering:
    """Answers one request: one model, one label set."""

    def __init__(self, model: Newest, known: LabelSet) -> None:
        self._model = model
        self._labeller: Labeller = model.labeller  # the same for the whole request
        self._known = known
        self._schema: Schema = default_schema()

    def results(self, tasks: Sequence[Any], seconds: float = PATIENCE) -> list[Any]:
        """One result a task, in order; UNANSWERED for those that the time did not reach."""
        end = time.monotonic() + seconds
        asked = [_asked(task) for task in tasks]
        found: list[Any] = []
        for step in _steps(asked):
            if time.monotonic() > end:
                break
            self._label(step)
            found += [self._result(task) for task in step]
        return found + [UNANSWERED] * (len(asked) - len(found))

    def _label(self, asked: Sequence[_Asked]) -> None:
        """Says of each phrase of some tasks what there is to say; of an unusable one nothing."""
        phrases = [phrase for task in asked for phrase in task.phrases]
        usable = [phrase for phrase in phrases if self._known and _fit(phrase)]
        found = map(self._known_only, self._model.label(self._labeller, usable))
        said = dict(zip(map(id, usable), found, strict=True))
        for task in asked:
            task.said = [
                said.get(id(phrase)) or Annotation(phrase, (), "model", self._labeller.source)
                for phrase in task.phrases
            ]

    def _known_only(self, annotation: Annotation) -> Annotation:
        """The annotation in the project's view, without labels that the project does not have."""
        seen = self._schema.seen_as(annotation, self._known.view)
        spans = tuple(span for span in seen.spans if span.label in self._known.labels)
        return replace(seen, spans=spans)

    def _result(self, task: _Asked) -> Json:
        if not task.phrases:
            return {"model_version": self._labeller.source, "result": [], "score": SURE}
        prediction = prediction_of(task.data, task.said)
        # A project made by an older version of ours may lack some of today's controls.
        shown = [item for item in prediction["result"] if item["from_name"] in self._known.controls]
        return prediction | {"result": shown}


def _asked(task: Any) -> _Asked:
    """A task as it came; anybody may have imported it by hand, with anything in it."""
    try:
        phrases = phrases_of(task["data"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return _Asked({}, [])
    return _Asked(task["data"], phrases) if all(map(_sound, phrases)) else _Asked({}, [])


def _sound(phrase: Phrase) -> bool:
    words = (phrase.id, phrase.letter, phrase.text, phrase.section or "")
    return all(isinstance(word, str) for word in words)


def _fit(phrase: Phrase) -> bool:
    return bool(phrase.text) and len(phrase.text) <= LONGEST and is_unicode(phrase.text)


def _steps(asked: Sequence[_Asked]) -> Iterator[Sequence[_Asked]]:
    """The tasks in order, in groups of a bearable size: a task is never cut."""
    start = phrases = characters = 0
    for number, task in enumerate(asked):
        phrases += len(task.phrases)
        characters += sum(len(phrase.text) for phrase in task.phrases)
        if phrases >= AT_ONCE or characters >= CHARACTERS:
            yield asked[start : number + 1]
            start, phrases, characters = number + 1, 0, 0
    if start < len(asked):
        yield asked[start:]
