"""Tasks made of annotations and annotations made of tasks, without a server."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.regions import CARRIED, annotations_of, task_of
from core.records import Annotation, Json, Missing, Phrase, Span
from core.schema import View, default_schema

TEXT = "Ex fumatore 👩🏽‍⚕️, nega diabete. Lasix 25 mg."
PHRASE = Phrase("3fa2b1c09d12:0a1b2c3d.1", "3fa2b1c09d12", 10, 10 + len(TEXT), TEXT, "Anamnesi")
LABELS = frozenset(default_schema().labels("group"))


def spanned(quote: str, label: str, **more: Any) -> Span:
    start = TEXT.index(quote)
    return Span(start, start + len(quote), label, text=quote, **more)


SMOKE = spanned("fumatore", "risk", field="fumo", state="present", value=1, score=0.5)
DRUG = spanned("Lasix", "drugs", field="lasix", extra={"seen": [1]}, status="exact")


def pushed(*spans: Span) -> Json:
    """A task as the server hands it back: through JSON, numbered, without annotations."""
    task = json.loads(json.dumps(task_of(Annotation(PHRASE, spans, "rules", "rules/1"), None, "x")))
    return {**task, "id": 7, "annotations": []}


def submitted(task: Json, result: list[Json], **more: Any) -> Json:
    made = {"id": 1, "result": result, "completed_by": 1, "lead_time": 2.5, "updated_at": "1"}
    return {**task, "annotations": [*task["annotations"], made | more]}


def proposed(task: Json) -> list[Json]:
    """The prediction as the editor copies it: with the same regions, without what is ours."""
    items = json.loads(json.dumps(task["predictions"][0]["result"]))
    return [{key: value for key, value in item.items() if key != CARRIED} for item in items]


def the_one(task: Json, view: View = "group", labels: frozenset[str] = LABELS) -> Annotation:
    [annotation], refused = annotations_of(task, labels, view)
    assert refused == []
    return annotation


def test_a_task_tells_where_its_phrase_stands() -> None:
    data = pushed(SMOKE)["data"]
    assert (data["before"], data["after"]) == ("(inizio della lettera)", "x")
    assert data["place"] == "Sezione: Anamnesi · lettera 3fa2b1c09d12"


def test_a_phrase_is_as_sure_as_its_least_sure_span() -> None:
    assert pushed(SMOKE, DRUG)["predictions"][0]["score"] == 0.5
    assert pushed(DRUG)["predictions"][0]["score"] == 1.0
    assert pushed()["predictions"][0]["score"] == 1.0


def test_what_a_machine_said_beside_the_phrase_is_shown_and_looked_at_first() -> None:
    lost = (Missing("aspirina", "antiaggregante"), Missing("\ud83d"))
    task = task_of(Annotation(PHRASE, (SMOKE,), "llm", "x", missing=lost), None, None)
    assert task["data"]["lost"] == (
        "La macchina ha citato anche, ma nella frase non si trova: «aspirina» (antiaggregante), «?»"
    )
    assert task["predictions"][0]["score"] == 0.0
    task = task_of(Annotation(PHRASE, (), "llm", "x", comment="no usable answer"), None, None)
    assert task["data"]["lost"].startswith("La macchina non ha risposto su tutta la frase")
    assert task["predictions"][0]["score"] == 0.0
    assert pushed(SMOKE)["data"]["lost"] == ""


def test_what_is_left_alone_comes_back_whole() -> None:
    task = pushed(SMOKE, DRUG)
    annotation = the_one(submitted(task, proposed(task)))
    assert annotation.phrase == PHRASE
    assert (annotation.origin, annotation.source) == ("human", "person/1")
    assert annotation.seconds == 2.5
    assert annotation.spans == (
        spanned("fumatore", "risk", field="fumo", state="present", value=1, edit="kept"),
        spanned("Lasix", "drugs", field="lasix", extra={"seen": [1]}, edit="kept"),
    )


def relabelled(items: list[Json]) -> None:
    items[0]["value"]["labels"] = ["history"]


def moved(items: list[Json]) -> None:
    for item in items:
        item["value"]["start"] = 0


def negated(items: list[Json]) -> None:
    items[1]["value"]["choices"] = ["negato"]


def renamed(items: list[Json]) -> None:
    for item in items:
        item["id"] = "drawn-again"


EDITS = {
    "another label loses the field": (
        relabelled,
        spanned("fumatore", "history", state="present", edit="changed"),
    ),
    "another boundary keeps the field": (
        moved,
        spanned("Ex fumatore", "risk", field="fumo", state="present", edit="changed"),
    ),
    "another state keeps the field, not the value": (
        negated,
        spanned("fumatore", "risk", field="fumo", state="negated", edit="changed"),
    ),
    "deleted and drawn again just so": (
        renamed,
        spanned("fumatore", "risk", field="fumo", state="present", value=1, edit="kept"),
    ),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS.keys())
def test_an_edit_is_seen(edit: Any, expected: Span) -> None:
    task = pushed(SMOKE)
    items = proposed(task)
    edit(items)
    assert the_one(submitted(task, items)).spans == (expected,)


def test_in_the_field_view_the_field_follows_the_label() -> None:
    labels = frozenset(default_schema().labels("field"))
    task = pushed(spanned("Lasix", "lasix", field="lasix", value=True))
    items = proposed(task)
    items[0]["value"]["labels"] = ["lasix_dosaggio"]
    drawn = json.loads(json.dumps(items[0])) | {"id": "new", "origin": "manual"}
    drawn["value"] |= {"start": 0, "end": 11, "labels": ["fumo"]}
    spans = the_one(submitted(task, [*items, drawn]), "field", labels).spans
    assert spans == (
        spanned("Ex fumatore", "fumo", field="fumo", edit="added"),
        spanned("Lasix", "lasix_dosaggio", field="lasix_dosaggio", edit="changed"),
    )


@pytest.mark.parametrize(
    ("origin", "edit"),
    [("prediction", "kept"), ("prediction-changed", "changed"), ("manual", "added")],
)
def test_without_the_prediction_the_servers_word_is_taken(origin: str, edit: str) -> None:
    task = pushed(SMOKE)
    items = [item | {"origin": origin} for item in proposed(task)]
    bare = submitted({**task, "predictions": []}, items)
    assert the_one(bare).spans == (spanned("fumatore", "risk", state="present", edit=edit),)
    # What the annotation itself remembers of its prediction is as good as the prediction.
    kept = submitted({**task, "predictions": []}, items, prediction=task["predictions"][0])
    assert the_one(kept).spans[0].field == "fumo"


def test_each_person_speaks_once_with_the_latest_word() -> None:
    task = pushed(SMOKE)
    task = submitted(task, proposed(task), updated_at="2")
    task = submitted(task, [], updated_at="1")
    task = submitted(task, [], updated_at="3", completed_by={"id": 2})
    found, refused = annotations_of(task, LABELS, "group")
    assert {a.source: len(a.spans) for a in found} == {"person/1": 1, "person/2": 0}
    assert refused == []


def test_a_skip_and_a_note_are_told() -> None:
    task = pushed(SMOKE)
    note = {
        "from_name": "note",
        "to_name": "text",
        "type": "textarea",
        "value": {"text": ["a", "b"]},
    }
    annotation = the_one(submitted(task, [*proposed(task), note], was_cancelled=True))
    assert annotation.skipped and annotation.spans == () and annotation.comment == "a\nb"


UNUSABLE = {
    "beyond the end": ({"start": 0, "end": 999}, "the region 0-999 lies outside the phrase"),
    "upside down": ({"start": 5, "end": 2}, "the region 5-2 lies outside the phrase"),
    "empty": ({"start": 5, "end": 5}, "the region 5-5 lies outside the phrase"),
    "no start": ({"end": 5}, "a region without a start or an end"),
    "text offsets": ({"start": "0", "end": "4"}, "a region without a start or an end"),
    "unknown label": (
        {"start": 0, "end": 4, "labels": ["x"]},
        "the label of the region 0-4 is not in the label set",
    ),
}


@pytest.mark.parametrize(("value", "reason"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_region_that_is_no_span_is_listed(value: Json, reason: str) -> None:
    item = {"id": "x", "from_name": "label", "value": {"labels": ["risk"], **value}}
    [annotation], refused = annotations_of(submitted(pushed(), [item]), LABELS, "group")
    assert annotation.spans == ()
    assert [(r.id, r.reason) for r in refused] == [(PHRASE.id, reason)]


def test_somebody_elses_task_is_listed() -> None:
    found, [refused] = annotations_of({"id": 7, "data": {"text": "x"}}, LABELS, "group")
    assert found == [] and refused.id == "task 7"


def place(span: Span) -> tuple[int, int, str, str]:
    return span.start, span.end, span.label, span.field or ""


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    text = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    spans = {}
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        span = Span(
            start,
            end,
            draw(st.sampled_from(["risk", "devices"])),
            field=draw(st.sampled_from(["fumo", "REDO", None])),
            state=draw(st.sampled_from(["present", "negated", "uncertain", "family", None])),
            value=draw(st.one_of(st.none(), st.booleans(), st.integers(), st.text())),
            text=text[start:end],
        )
        spans[place(span)] = span
    marked = tuple(spans[key] for key in sorted(spans))
    return Annotation(Phrase("a:b.1", "a", 0, len(text), text), marked, "llm", "together/x/iob.v1")


@given(annotations())
def test_there_and_back_is_the_same(annotation: Annotation) -> None:
    task = json.loads(json.dumps(task_of(annotation, None, None))) | {"id": 1, "annotations": []}
    back = the_one(submitted(task, proposed(task)))
    assert back.phrase == annotation.phrase
    assert [(s.to_json() | {"edit": None}) for s in back.spans] == [
        (s.to_json() | {"edit": None}) for s in annotation.spans
    ]
    assert all(span.edit == "kept" for span in back.spans)
