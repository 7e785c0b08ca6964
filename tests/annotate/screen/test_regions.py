"""Tasks made of annotations and annotations made of tasks, without a server."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.screen.marks import CARRIED
from annotate.screen.regions import annotations_of, prediction_of, task_of
from annotate.screen.screen import keys_of, phrases_of
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
        "La macchina ha citato anche, ma nel testo non si trova: «aspirina» (antiaggregante), «?»"
    )
    assert task["predictions"][0]["score"] == 0.0
    task = task_of(Annotation(PHRASE, (), "llm", "x", comment="no usable answer"), None, None)
    assert task["data"]["lost"].startswith("La macchina non ha risposto su tutto il testo")
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


FIELDS = frozenset(default_schema().labels("field"))
CODED = spanned("fumatore", "fumo", field="fumo", state="present", value=1)
SAID = spanned("diabete", "diabete", field="diabete", state="present", value=True)


def chosen(items: list[Json], control: str, *words: str) -> list[Json]:
    """The items with another choice under a control for their region, or none."""
    first = items[0]
    rest = [item for item in items if item["from_name"] != control]
    return rest + [
        {**first, "from_name": control, "type": "choices", "value": {"choices": [word]}}
        for word in words
    ]


VALUES = {
    "a code left alone": (CODED, (), CODED, "kept"),
    "another code": (CODED, [("value-fumo", "2")], replace(CODED, value=2), "changed"),
    "a code taken away": (CODED, [("value-fumo",)], replace(CODED, value=None), "changed"),
    "a code of another state is none": (
        CODED, [("state", "dubbio")], replace(CODED, state="uncertain", value=None), "changed",
    ),
    "a code chosen with the state": (
        CODED,
        [("state", "negato"), ("value-fumo", "0")],
        replace(CODED, state="negated", value=0),
        "changed",
    ),
    "a negated yes is a no": (
        SAID, [("state", "negato")], replace(SAID, state="negated", value=False), "changed",
    ),
    "a doubtful yes is neither": (
        SAID, [("state", "dubbio")], replace(SAID, state="uncertain", value=None), "changed",
    ),
    "a no said outright": (SAID, [("value-angor", "no")], replace(SAID, value=False), "changed"),
    "a value of another label is none": (SAID, [("value-fumo", "2")], SAID, "kept"),
    "a yes said outright of what is there": (SAID, [("value-angor", "yes")], SAID, "kept"),
    "a no where the state says yes, taken away": (
        replace(SAID, value=False), [("value-angor",)], SAID, "changed",
    ),
    "a yes of no state": (
        replace(SAID, state="uncertain"), (), replace(SAID, state="uncertain"), "kept",
    ),
    "a letter is a code too": (
        spanned("Ex", "Sesso", field="Sesso", value="M"),
        [("value-Sesso", "F")],
        spanned("Ex", "Sesso", field="Sesso", value="F"),
        "changed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "choices", "after", "edit"), VALUES.values(), ids=VALUES.keys())
def test_a_value_comes_back_as_it_was_chosen(
    before: Span, choices: Any, after: Span, edit: Any
) -> None:
    task = pushed(before)
    items = proposed(task)
    for control, *words in choices:
        items = chosen(items, control, *words)
    [span] = the_one(submitted(task, items), "field", FIELDS).spans
    assert span == replace(after, edit=edit)


def test_in_a_view_that_shows_no_value_a_negated_yes_is_still_a_no() -> None:
    task = pushed(spanned("diabete", "risk", field="diabete", state="present", value=True))
    [span] = the_one(submitted(task, chosen(proposed(task), "state", "negato"))).spans
    assert (span.state, span.value, span.field) == ("negated", False, "diabete")


def test_what_stood_on_the_screen_is_told() -> None:
    task = pushed(SMOKE)
    said = {"source": "rules/1", "spans": [SMOKE.to_json()]}
    extra = the_one(submitted(task, [])).extra
    assert extra == {"made": "1", "before": said}
    newer = [{**task["predictions"][0], "id": 1, "created_at": "0"}]
    newer.append({"id": 2, "model_version": "model/x#2", "result": [], "created_at": "2"})
    task["predictions"] = newer
    assert the_one(submitted(task, [], parent_prediction=1)).extra["before"] == said
    assert the_one(submitted(task, [])).extra["before"] == said  # the newer came later
    later = the_one(submitted(task, [], created_at="3"))
    assert later.extra["before"] == {"source": "model/x", "spans": []}
    gone = submitted({**task, "predictions": newer[1:]}, [])
    assert "before" not in the_one(gone).extra
    kept = submitted({**task, "predictions": newer[1:]}, [], prediction=newer[0])
    assert the_one(kept).extra["before"] == said


def test_a_bare_task_shows_nothing_and_says_so() -> None:
    annotation = Annotation(PHRASE, (SMOKE,), "rules", "rules/1", missing=(Missing("x"),))
    task = json.loads(json.dumps(task_of(annotation, None, None, bare=True, guideline="0a1b")))
    assert task["data"]["lost"] == "" and task["data"]["bare"] is True
    assert task["predictions"] == [{"model_version": "rules/1", "result": [], "score": 0.0}]
    back = the_one(submitted({**task, "id": 7, "annotations": []}, []))
    assert back.extra["before"] == {"source": None, "spans": []}
    assert back.extra["guideline"] == "0a1b"


def test_an_equal_phrase_gets_the_answer_but_not_the_time() -> None:
    copy = Phrase("b:0a1b2c3d.1", "b", 70, 70 + len(TEXT), TEXT, "Anamnesi")
    annotation = Annotation(PHRASE, (SMOKE,), "rules", "rules/1", extra={"view": "group"})
    task = json.loads(json.dumps(task_of(annotation, None, None, copies=[copy])))
    assert keys_of(task["data"]) == [PHRASE.id, copy.id] and phrases_of(task["data"]) == [PHRASE]
    task = {**task, "id": 7, "annotations": []}
    note = {"from_name": "note", "value": {"text": ["a"]}}
    [first, second], _ = annotations_of(submitted(task, [*proposed(task), note]), LABELS, "group")
    assert second.phrase == copy and second.spans == first.spans
    assert (first.seconds, first.comment) == (2.5, "a")
    assert (second.seconds, second.comment) == (None, None)
    assert "carried" not in first.extra
    assert second.extra == {**first.extra, "carried": PHRASE.id}


def test_a_prediction_for_a_task_that_is_there_is_the_one_it_would_have_had() -> None:
    task = pushed(SMOKE, DRUG)
    annotation = Annotation(PHRASE, (SMOKE, DRUG), "rules", "rules/1")
    assert prediction_of(task["data"], [annotation]) == task["predictions"][0]
    assert prediction_of(task["data"], [replace(annotation, spans=())])["result"] == []


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
    "beyond the end": ({"start": 0, "end": 999}, "the region 0-999 lies outside the text"),
    "upside down": ({"start": 5, "end": 2}, "the region 5-2 lies outside the text"),
    "empty": ({"start": 5, "end": 5}, "the region 5-5 lies outside the text"),
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
