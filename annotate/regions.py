"""Annotations to Label Studio's tasks and back: its JSON is born and dies in this module.

A task carries all that a later pull needs: the phrase and its place in its letter in `data`, and
beside each predicted region the span it was made of (`lettera`), which the editor leaves alone.
Label Studio counts code points, as we do, but believes whatever it is sent, so each region that
comes back is checked against the phrase. Its own quotes are never used: they escape line breaks.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from annotate.config import LABEL, NOTE, STATE, STATES, TEXT
from core.records import Annotation, Json, Phrase, Span, State
from core.schema import View

CARRIED = "lettera"
SURE = 1.0
START, END = "(inizio della lettera)", "(fine della lettera)"
Edit = Literal["kept", "changed", "added"]
_EDIT_OF: dict[str | None, Edit] = {"prediction": "kept", "prediction-changed": "changed"}
_STATE_OF = {word: state for state, word in STATES.items()}


@dataclass(frozen=True, slots=True)
class Refused:
    """What could not be sent or read: the phrase's id (or the task's number) and the reason."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Region:
    """One stretch a person or a machine marked, as it stands in Label Studio."""

    id: str
    start: int
    end: int
    label: str
    state: State | None
    origin: str | None


def task_of(annotation: Annotation, before: str | None, after: str | None) -> Json:
    """The task of a phrase: its text, its neighbouring lines and, as a prediction, its spans."""
    phrase = annotation.phrase
    section = f"Sezione: {phrase.section} · " if phrase.section else ""
    data = {
        "key": phrase.id,
        "text": phrase.text,
        "before": before or START,
        "after": after or END,
        "lost": _lost(annotation),
        "place": f"{section}lettera {phrase.letter}",
        "letter": phrase.letter,
        "start": phrase.start,
        "end": phrase.end,
        "section": phrase.section,
    }
    if annotation.extra:
        data["extra"] = dict(annotation.extra)
    return {"data": data, "predictions": [_prediction(annotation)]}


def _lost(annotation: Annotation) -> str:
    """What the machine said and nobody can see in the phrase, in a line for the annotator."""
    quotes = [
        f"«{shown(lost.quote)}»" + (f" ({lost.field})" if lost.field else "")
        for lost in annotation.missing
    ]
    told = [f"La macchina ha citato anche, ma nella frase non si trova: {', '.join(quotes)}"]
    if annotation.comment and annotation.origin != "human":
        told.append("La macchina non ha risposto su tutta la frase: guardatela con cura")
    return ". ".join(told[not quotes :])


def shown(text: str) -> str:
    """A text as it can be sent: half a character (a lone surrogate) becomes a question mark."""
    return text if is_unicode(text) else text.encode("utf-8", "replace").decode()


def is_unicode(text: str) -> bool:
    """Whether a text holds whole characters only."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def certainty(annotation: Annotation) -> float | None:
    """How sure the machine is of a phrase: as of its least certain span; None where it never said.

    It is not sure at all of a phrase that it answered in part, or with words that are not there.
    """
    if annotation.missing or annotation.comment:
        return 0.0
    scores = [span.score for span in annotation.spans if span.score is not None]
    return min(scores) if scores else None


def _prediction(annotation: Annotation) -> Json:
    seed = f"{annotation.phrase.id} {annotation.source}"
    result = [
        item
        for number, span in enumerate(annotation.spans)
        for item in _items(span, sha256(f"{seed} {number}".encode()).hexdigest()[:10])
    ]
    score = certainty(annotation)
    # Without one a phrase would come before all others in a queue by uncertainty.
    return {
        "model_version": annotation.source,
        "result": result,
        "score": SURE if score is None else score,
    }


def _items(span: Span, region: str) -> Iterator[Json]:
    """A span as Label Studio's result items: the label, and the state where one is known."""
    place = {"start": span.start, "end": span.end, "text": span.text}
    item = {"id": region, "to_name": TEXT, "origin": "prediction"}
    score = {} if span.score is None else {"score": span.score}
    yield {
        **item, **score, "from_name": LABEL, "type": "labels",
        "value": {**place, "labels": [span.label]}, CARRIED: span.to_json(),
    }  # fmt: skip
    if span.state is not None:
        choice = {**place, "choices": [STATES[span.state]]}
        yield {**item, "from_name": STATE, "type": "choices", "value": choice}


def annotations_of(
    task: Json, labels: Collection[str], view: View
) -> tuple[list[Annotation], list[Refused]]:
    """What people said of one task, one annotation a person (the latest), and what was unusable."""
    try:
        phrase = _phrase(task["data"])
    except (KeyError, TypeError):
        return [], [Refused(f"task {task['id']}", "not a task that Lettera pushed")]
    refused: list[Refused] = []
    latest: dict[str, Json] = {}
    for made in sorted(task.get("annotations") or (), key=lambda made: str(made["updated_at"])):
        latest[_person(made["completed_by"])] = made
    found = []
    for person, made in latest.items():
        pushed = _pushed(task, made)
        annotation, bad = _annotation(phrase, made, pushed, labels, view)
        found.append(replace(annotation, source=person, extra=task["data"].get("extra") or {}))
        refused += bad
    return found, refused


def _phrase(data: Json) -> Phrase:
    return Phrase(
        id=data["key"],
        letter=data["letter"],
        start=data["start"],
        end=data["end"],
        text=data["text"],
        section=data["section"],
    )


def _person(completed_by: int | Json | None) -> str:
    number = completed_by["id"] if isinstance(completed_by, Mapping) else completed_by
    return f"person/{'unknown' if number is None else number}"


def _pushed(task: Json, made: Json) -> dict[str, Span]:
    """The spans pushed with a task, by region. A prediction deleted since lives on in `made`."""
    predictions = [*(task.get("predictions") or ()), made.get("prediction") or {}]
    items = [item for prediction in predictions for item in prediction.get("result") or ()]
    return {item["id"]: Span.from_json(item[CARRIED]) for item in items if CARRIED in item}


def _annotation(
    phrase: Phrase, made: Json, pushed: Mapping[str, Span], labels: Collection[str], view: View
) -> tuple[Annotation, list[Refused]]:
    skipped = bool(made.get("was_cancelled"))
    result: list[Json] = made.get("result") or []
    # Two fields may stand in one place under one label; the same thing marked twice is once.
    spans: dict[tuple[int, int, str, str], Span] = {}
    refused = []
    for region in () if skipped else _regions(result):
        reason = _unusable(region, phrase.text, labels)
        if reason:
            refused.append(Refused(phrase.id, reason))
        else:
            span = _span(region, phrase.text, pushed, view)
            spans.setdefault((span.start, span.end, span.label, span.field or ""), span)
    annotation = Annotation(
        phrase=phrase,
        spans=tuple(spans[place] for place in sorted(spans)),
        origin="human",
        source="",
        seconds=made.get("lead_time"),
        skipped=skipped,
        comment=_note(result),
    )
    return annotation, refused


def _regions(result: Iterable[Json]) -> Iterator[_Region]:
    items = list(result)
    states = {
        item["id"]: _STATE_OF.get(next(iter(item["value"].get("choices") or ()), ""))
        for item in items
        if item.get("from_name") == STATE
    }
    for item in items:
        if item.get("from_name") == LABEL:
            value = item["value"]
            for label in value.get("labels") or ("",):
                yield _Region(
                    id=item["id"],
                    start=value.get("start"),
                    end=value.get("end"),
                    label=label,
                    state=states.get(item["id"]),
                    origin=item.get("origin"),
                )


def _unusable(region: _Region, text: str, labels: Collection[str]) -> str | None:
    """Why a region is no span of the phrase, or None. Never quotes the text."""
    if not (isinstance(region.start, int) and isinstance(region.end, int)):
        return "a region without a start or an end"
    if not 0 <= region.start < region.end <= len(text):
        return f"the region {region.start}-{region.end} lies outside the phrase"
    if region.label not in labels:
        return f"the label of the region {region.start}-{region.end} is not in the label set"
    return None


def _span(region: _Region, text: str, pushed: Mapping[str, Span], view: View) -> Span:
    """The span of a region, with what the machine knew of it as far as the person let it stand."""
    bare = Span(
        region.start,
        region.end,
        region.label,
        field=region.label if view == "field" else None,
        state=region.state,
        text=text[region.start : region.end],
    )
    before = pushed.get(region.id) or _same_place(bare, pushed.values())
    if before is None:
        # The pushed span is gone from the server: only Label Studio's own word is left.
        return replace(bare, edit=_EDIT_OF.get(region.origin, "added"))
    if _alike(bare, before):
        return replace(before, edit="kept", score=None, status=None)
    field = before.field if bare.label == before.label else bare.field
    return replace(bare, field=field, edit="changed", extra=before.extra)


def _same_place(span: Span, pushed: Iterable[Span]) -> Span | None:
    """A pushed span that a person deleted and made again just so: nothing of it was changed."""
    return next((before for before in pushed if _alike(span, before)), None)


def _alike(span: Span, before: Span) -> bool:
    return (span.start, span.end, span.label, span.state) == (
        before.start, before.end, before.label, before.state,
    )  # fmt: skip


def _note(result: Iterable[Json]) -> str | None:
    lines = [
        line
        for item in result
        if item.get("from_name") == NOTE
        for line in item["value"].get("text") or ()
    ]
    return "\n".join(lines) or None
