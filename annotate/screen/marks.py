"""Spans to the result items of Label Studio and back.

A predicted item carries beside it the span it was made of (`lettera`), which the editor leaves
alone. Label Studio counts code points, as we do. Its own quotes are never used: they escape line
breaks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from annotate.screen.codes import VALUE, known_word, scale_of, value_of, word_of
from annotate.screen.config import LABEL, NOTE, STATE, STATES, TEXT, VERSION
from annotate.screen.screen import Place
from core.records import Json, Span, State, Value
from core.schema import View

CARRIED = "lettera"
Edit = Literal["kept", "changed", "added"]
_EDIT_OF: dict[str | None, Edit] = {"prediction": "kept", "prediction-changed": "changed"}
_IMPLIED: dict[State, Value] = {"present": True, "negated": False}
_STATE_OF = {word: state for state, word in STATES.items()}


@dataclass(frozen=True, slots=True)
class Region:
    """One stretch a person marked, as it stands in Label Studio; `value`: the word of a scale."""

    id: str
    start: int
    end: int
    label: str
    state: State | None
    value: str | None
    origin: str | None


def items_of(span: Span, at: int, region: str) -> Iterator[Json]:
    """A span as Label Studio's result items: the label, and state and value where they are known.

    Only the code points count for the editor; the quote is for people who read the JSON.
    """
    place = {"start": at + span.start, "end": at + span.end, "text": span.text}
    item = {"id": region, "to_name": TEXT, "origin": "prediction"}
    score = {} if span.score is None else {"score": span.score}
    yield {
        **item, **score, "from_name": LABEL, "type": "labels",
        "value": {**place, "labels": [span.label]}, CARRIED: span.to_json(),
    }  # fmt: skip
    scale, word = scale_of(span.label), _word(span)
    chosen = {STATE: STATES[span.state]} if span.state is not None else {}
    if scale is not None and word is not None:
        chosen[scale.name] = word
    for name, choice in chosen.items():
        value = {**place, "choices": [choice]}
        yield {**item, "from_name": name, "type": "choices", "value": value}


def regions_in(result: Iterable[Json]) -> Iterator[Region]:
    items = list(result)
    states = {key: _STATE_OF.get(word) for key, word in _chosen(items, STATE)}
    values = dict(_chosen(items, VALUE))
    for item in items:
        if item.get("from_name") == LABEL:
            value = item["value"]
            for label in value.get("labels") or ("",):
                yield Region(
                    id=item["id"],
                    start=value.get("start"),
                    end=value.get("end"),
                    label=label,
                    state=states.get(item["id"]),
                    value=values.get(item["id"]),
                    origin=item.get("origin"),
                )


def _chosen(items: Iterable[Json], control: str) -> Iterator[tuple[str, str]]:
    """What was chosen for each region under a control: region, word."""
    for item in items:
        if str(item.get("from_name")).startswith(control):
            yield item["id"], next(iter(item["value"].get("choices") or ()), "")


def span_of(region: Region, text: str, pushed: Mapping[str, Span], view: View) -> Span:
    """The span of a region, with what the machine knew of it as far as the person let it stand."""
    bare = Span(
        region.start,
        region.end,
        region.label,
        field=region.label if view == "field" else None,
        state=region.state,
        # A choice of another label, made before this one, counts not.
        value=value_of(known_word(region.label, region.value)),
        text=text[region.start : region.end],
    )
    before = pushed.get(region.id) or _same_place(bare, pushed.values())
    if before is None:
        # The pushed span is gone from the server: only Label Studio's own word is left.
        return replace(bare, edit=_EDIT_OF.get(region.origin, "added"))
    if _alike(bare, before):
        return replace(before, edit="kept", score=None, status=None)
    field = before.field if bare.label == before.label else bare.field
    return replace(
        bare, field=field, value=_value(bare, before), edit="changed", extra=before.extra
    )


def _value(span: Span, before: Span) -> Value | None:
    """The value of a changed span. A code that was left as it stood under another state is gone."""
    same = span.label == before.label or known_word(span.label, word_of(True)) is not None
    if span.value is None and isinstance(before.value, bool) and same:
        return _IMPLIED.get(span.state or "present")
    left = span.state != before.state and _word(span) == _word(before)
    return None if left else span.value


def _same_place(span: Span, pushed: Iterable[Span]) -> Span | None:
    """A pushed span that a person deleted and made again just so: nothing of it was changed."""
    return next((before for before in pushed if _alike(span, before)), None)


def _alike(span: Span, before: Span) -> bool:
    return (span.start, span.end, span.label, span.state, _word(span)) == (
        before.start, before.end, before.label, before.state, _word(before),
    )  # fmt: skip


def _word(span: Span) -> str | None:
    """The value of a span as a choice of its label's scale, where it is one.

    A yes or no that the state says already is not shown: it would stand there when the state goes.
    """
    if isinstance(span.value, bool) and span.value == _IMPLIED.get(span.state or "present"):
        return None
    return known_word(span.label, word_of(span.value))


def spans_in(prediction: Json, places: Sequence[Place]) -> Iterator[tuple[str, str, Span]]:
    """The spans a prediction was made of: phrase, region, span."""
    for item in prediction.get("result") or ():
        if CARRIED in item:
            span = Span.from_json(item[CARRIED])
            at = item["value"]["start"] - span.start
            place = next((place for place in places if place.at == at), None)
            if place is not None:
                yield place.phrase.id, item["id"], span


def version_in(result: Iterable[Json]) -> str | None:
    """The version that an adjudicator chose, by name."""
    return next((word for _, word in _chosen(list(result), VERSION)), None)


def note_in(result: Iterable[Json]) -> str | None:
    lines = [
        line
        for item in result
        if item.get("from_name") == NOTE
        for line in item["value"].get("text") or ()
    ]
    return "\n".join(lines) or None
