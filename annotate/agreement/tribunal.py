"""The Label Studio project of phrases in dispute: every version stands there as a prediction.

Each version stands below the phrase in words, and one key takes it as it is. What is highlighted is
all versions at once, so that making another one is mostly deleting.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Any

from label_studio_sdk import LabelStudio

from annotate.agreement.versions import Meaning, Place, Shared, meaning, place_of, places
from annotate.screen.config import choice_of, label_config
from annotate.screen.guide import guideline
from annotate.screen.regions import prediction_of, task_of
from annotate.screen.words import WORDS, Language, named
from annotate.sync.bulk import import_tasks, sending, show_version
from annotate.sync.plan import neighbours
from annotate.sync.studio import IN_ORDER, again, errors, find, make, request, tasks
from core.records import Annotation, Json, Span
from core.schema import TARGET, Schema, View

ALL = "tutte"  # the model version of what the adjudicator begins with


@dataclass(frozen=True, slots=True)
class PutUp:
    """A project brought up to date; the counts are tasks."""

    project: int
    added: int
    renewed: int
    withdrawn: int


def put_up(
    client: LabelStudio,
    title: str,
    disputed: Sequence[Shared],
    lines: Iterable[Annotation],
    schema: Schema,
    view: View,
    *,
    blind: bool,
    language: Language,
) -> PutUp:
    """Makes the project hold the disputed phrases, in their order. `lines`: all phrases, as they
    stand in their letters, for the lines above and below.

    Tasks that nobody began are taken away where their phrase is in dispute no more, and made anew
    where a version changed.
    """
    guide = guideline(schema, view, "phrase", language, decide=True)
    near = neighbours(lines)
    wanted = {
        phrase.phrase.id: _task(phrase, near, guide.version, schema, blind, language)
        for phrase in disputed
    }
    with errors():
        project: Any = find(client, title) or make(
            client, title, label_config(schema, view, "phrase", language, decide=True),
            guide.html, IN_ORDER,
        )  # fmt: skip
        with sending(client, project.id):
            there = _standing(client, project.id)
            stale = [
                task
                for key, task in there.items()
                if not _begun(task) and not _same(task, wanted.get(key))
            ]
            _delete(client, project.id, [task["id"] for task in stale])
            kept = there.keys() - {task["data"]["key"] for task in stale}
            new = [task for key, task in wanted.items() if key not in kept]
            import_tasks(client, project.id, new)
            if new and project.model_version != ALL:
                show_version(client, project.id, ALL)
    renewed = sum(task["data"]["key"] in wanted for task in stale)
    return PutUp(project.id, len(new) - renewed, renewed, len(stale) - renewed)


def _task(
    phrase: Shared,
    near: Mapping[str, tuple[str | None, str | None]],
    version: str,
    schema: Schema,
    blind: bool,
    language: Language,
) -> Json:
    """A disputed phrase with one prediction a person, and one of all their spans together."""
    named_as = _blinded(phrase) if blind else dict(phrase.versions)
    union: dict[Place, Span] = {}
    for said in named_as.values():
        union = {**places(said), **union}
    every = Annotation(phrase.phrase, tuple(union[place] for place in sorted(union)), "human", ALL)
    task = task_of(every, *near[phrase.phrase.id], guideline=version, language=language)
    data = task["data"]
    told = _told(named_as, schema, language)
    data["choices"] = [choice_of(n, name, told[name]) for n, name in enumerate(named_as)]
    data["versions"] = _digest(named_as)
    for name, said in named_as.items():
        plain = Annotation(phrase.phrase, said.spans, "human", name)
        task["predictions"].append(prediction_of(data, [plain]))
    return task


def _blinded(phrase: Shared) -> dict[str, Annotation]:
    """The versions as A, B, ... in an order drawn by the phrase's id."""
    key = phrase.phrase.id
    drawn = sorted(phrase.versions, key=lambda who: sha256(f"{key} {who}".encode()).digest())
    return {chr(ord("A") + n): phrase.versions[who] for n, who in enumerate(drawn)}


def _told(versions: Mapping[str, Annotation], schema: Schema, language: Language) -> dict[str, str]:
    """What each version has that not all have, in words for the adjudicator."""
    words = WORDS[language]
    everybody = [{_said(span) for span in version.spans} for version in versions.values()]
    common, named_ones = set.intersection(*everybody), set.union(*everybody)
    told = {}
    for name, version in versions.items():
        own = [
            _in_words(span, schema, language, _values(named_ones, span) > 1)
            for span in version.spans
            if _said(span) not in common
        ]
        if version.comment:
            own.append(f"{words.noted}: {version.comment}")
        told[name] = ", ".join(own) or words.nothing_more
    return told


def _values(everybody: Iterable[tuple[Place, Meaning]], span: Span) -> int:
    """How many values a span's place is given."""
    where, _ = _said(span)
    return len({value for place, (_, value) in everybody if place == where})


def _said(span: Span) -> tuple[Place, Meaning]:
    return place_of(span), meaning(span)


def _in_words(span: Span, schema: Schema, language: Language, with_value: bool) -> str:
    words = WORDS[language]
    label = words.target if span.label == TARGET else span.label
    if span.label in schema.groups:
        label = named(schema.groups[span.label], language)
    state = words.states[span.state] if span.state and span.state != "present" else None
    value = f"= {span.value}" if with_value and span.value is not None else None
    more = ", ".join(filter(None, (state, value)))
    return f"«{span.text}» {label}" + (f" ({more})" if more else "")


def _digest(versions: Mapping[str, Annotation]) -> str:
    """What tells one set of versions from another, whoever is named how."""
    told = {
        name: [sorted(map(repr, map(_said, said.spans))), said.comment]
        for name, said in versions.items()
    }
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _standing(client: LabelStudio, project: int) -> dict[str, Json]:
    """The tasks of the project by their phrase."""
    include = "id,data,drafts,total_annotations,cancelled_annotations,total_predictions"
    found = tasks(client, project, include)
    return {task["data"]["key"]: task for task in found if "versions" in task["data"]}


def _begun(task: Json) -> bool:
    return bool(task["drafts"] or task["total_annotations"] or task["cancelled_annotations"])


def _same(task: Json, wanted: Json | None) -> bool:
    if wanted is None or not task["total_predictions"]:  # cut short, it may have come without
        return False
    return bool(task["data"]["versions"] == wanted["data"]["versions"])


def _delete(client: LabelStudio, project: int, numbers: Sequence[int]) -> None:
    rest = iter(numbers)
    while batch := list(islice(rest, 1000)):
        chosen = {"selectedItems": {"all": False, "included": batch}}
        again(
            partial(
                request, client, "POST", "api/dm/actions", body=chosen, id="delete_tasks",
                project=project,
            )
        )  # fmt: skip
