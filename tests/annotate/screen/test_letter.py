"""A letter as one task, and what people marked in it as spans of its phrases."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.screen.letter import letter_task
from annotate.screen.marks import CARRIED
from annotate.screen.regions import annotations_of
from annotate.screen.screen import keys_of, phrases_of
from core.records import Annotation, Json, Missing, Phrase, Span, phrase_ids
from core.schema import default_schema

LABELS = frozenset(default_schema().labels("field"))
ROWS = (
    ("Ospedale di Prova", None),
    ("ANAMNESI:", None),
    ("Ex fumatore 👩🏽‍⚕️, nega diabete.", "Anamnesi"),
    ("Iperteso.", "Anamnesi"),
    ("Lasix 25 mg", "Terapia_in_atto"),
    ("Cordiali saluti", None),
)


def phrased(rows: Any) -> list[Phrase]:
    texts = [text for text, _ in rows]
    found, at = [], 0
    for key, (text, section) in zip(phrase_ids("3fa2b1c09d12", texts), rows, strict=True):
        found.append(Phrase(key, "3fa2b1c09d12", at, at + len(text), text, section))
        at += len(text) + 1
    return found


PHRASES = phrased(ROWS)
SMOKE = Span(3, 11, "fumo", field="fumo", state="present", value=1, text="fumatore", score=0.5)
LETTER = [
    Annotation(
        phrase,
        (SMOKE,) if number == 2 else (),
        "rules",
        "rules/1",
        missing=(Missing("aspirina"),) if number == 4 else (),
        extra={"view": "field"},
    )
    for number, phrase in enumerate(PHRASES)
]


def pushed(letter: list[Annotation], **how: Any) -> Json:
    task = json.loads(json.dumps(letter_task(letter, **how)))
    return {**task, "id": 7, "annotations": []}


def drawn(text: str, start: int, end: int, label: str = "fumo", **more: Any) -> Json:
    value = {"start": start, "end": end, "text": "?", "labels": [label]}
    return {"id": f"{start}-{end}", "from_name": "label", "value": value, "origin": "manual"} | more


def read(task: Json, result: list[Json], **more: Any) -> tuple[list[Annotation], list[str]]:
    made = {"id": 1, "result": result, "completed_by": 1, "lead_time": 60.0, "updated_at": "1"}
    found, refused = annotations_of({**task, "annotations": [made | more]}, LABELS, "field")
    return found, [one.reason for one in refused]


def test_a_letter_is_shown_line_by_line_under_its_headings() -> None:
    task = pushed(LETTER, hidden={PHRASES[1].id, PHRASES[5].id}, guideline="0a", pages=["/1.png"])
    data = task["data"]
    assert data["text"] == (
        "Ospedale di Prova\n\n— ANAMNESI —\nEx fumatore 👩🏽‍⚕️, nega diabete.\nIperteso.\n"
        "\n— Terapia in atto —\nLasix 25 mg"
    )
    assert (data["key"], data["letter"], data["pages"]) == ("3fa2b1c09d12",) * 2 + (["/1.png"],)
    assert data["place"] == "Lettera 3fa2b1c09d12" and "«aspirina»" in data["lost"]
    shown = [PHRASES[0], *PHRASES[2:5]]
    assert phrases_of(data) == shown and keys_of(data) == [phrase.id for phrase in shown]
    assert task["predictions"][0]["score"] == 0.0


def test_a_letter_left_alone_comes_back_phrase_by_phrase() -> None:
    task = pushed(LETTER, guideline="0a")
    items = [{k: v for k, v in i.items() if k != CARRIED} for i in task["predictions"][0]["result"]]
    note = {"from_name": "note", "value": {"text": ["ricontrollare"]}}
    found, reasons = read(task, [*items, note])
    assert reasons == [] and [one.phrase for one in found] == PHRASES
    assert found[2].spans[0].to_json() == {
        k: v for k, v in SMOKE.to_json().items() if k != "score"
    } | {"edit": "kept"}
    assert sum(one.seconds or 0 for one in found) == pytest.approx(60.0)
    assert (found[2].seconds or 0) > (found[3].seconds or 0)
    assert [one.comment for one in found] == ["ricontrollare", *[None] * 5]
    assert found[2].extra == {
        "view": "field", "made": "1", "guideline": "0a",
        "before": {"source": "rules/1", "spans": [SMOKE.to_json()]},
    }  # fmt: skip
    assert found[3].extra["before"] == {"source": "rules/1", "spans": []}


def test_a_skipped_letter_is_skipped_phrase_by_phrase() -> None:
    found, _ = read(pushed(LETTER), [], was_cancelled=True)
    assert all(one.skipped for one in found) and len(found) == 6


def test_a_mark_over_a_line_end_becomes_one_span_a_phrase() -> None:
    task = pushed(LETTER, hidden={PHRASES[1].id})
    text = task["data"]["text"]
    start, end = text.index("diabete"), text.index("mg")
    found, [reason] = read(task, [drawn(text, start, end)])
    quotes = [[span.text for span in one.spans] for one in found]
    assert quotes == [[], ["diabete."], ["Iperteso."], ["Lasix 25 "], []]
    assert reason == f"the region {start}-{end} ran over a phrase's end and was cut into 3"
    assert all(span.edit == "added" for one in found for span in one.spans)


def test_a_line_end_dragged_over_by_chance_is_no_cut() -> None:
    task = pushed(LETTER)
    start = task["data"]["text"].index("Iperteso")
    found, reasons = read(task, [drawn(task["data"]["text"], start, start + 10)])
    assert reasons == [] and [span.text for span in found[3].spans] == ["Iperteso."]


def test_a_mark_on_a_heading_is_refused() -> None:
    task = pushed(LETTER, hidden={PHRASES[1].id})
    start = task["data"]["text"].index("ANAMNESI")
    found, [reason] = read(task, [drawn(task["data"]["text"], start, start + 8)])
    assert reason == f"the region {start}-{start + 8} lies on a heading, not on a phrase"
    assert not any(one.spans for one in found)


def test_a_pre_label_drawn_into_the_next_line_is_changed_here_and_added_there() -> None:
    task = pushed(LETTER)
    items = task["predictions"][0]["result"]
    for item in items:
        item["value"]["end"] = task["data"]["text"].index("Iperteso") + 8
    found, _ = read(task, items)
    assert [(span.text[:8], span.edit, span.value) for span in found[2].spans] == [
        ("fumatore", "changed", 1)
    ]
    assert [(span.text, span.edit) for span in found[3].spans] == [("Iperteso", "added")]


NASTY = st.text(
    st.one_of(
        st.sampled_from("a b<>&;\r\n\t\u00a0\u2028\u0301\u200d👩🏽⚕️İ"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=12,
)
LETTERS = st.lists(st.tuples(NASTY, st.sampled_from(["Anamnesi", "Terapia", None])), min_size=1)


@given(LETTERS, st.data())
def test_every_mark_returns_at_the_phrases_own_code_points(rows: Any, data: st.DataObject) -> None:
    phrases = phrased(rows)
    letter = [Annotation(phrase, _spans(data, phrase), "llm", "x") for phrase in phrases]
    task = pushed(letter)
    found, reasons = read(task, task["predictions"][0]["result"])
    assert reasons == [] and [one.phrase for one in found] == phrases
    for before, after in zip(letter, found, strict=True):
        assert [s.to_json() | {"edit": None} for s in after.spans] == [
            s.to_json() | {"edit": None} for s in before.spans
        ]
    text = task["data"]["text"]
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    marked, _ = read(task, [drawn(text, start, end)])
    covered = [one.phrase.text[s.start : s.end] for one in marked for s in one.spans]
    assert "".join(covered) == _inside(task["data"], start, end)


def _spans(data: st.DataObject, phrase: Phrase) -> tuple[Span, ...]:
    if not data.draw(st.booleans()):
        return ()
    start = data.draw(st.integers(0, len(phrase.text) - 1))
    end = data.draw(st.integers(start + 1, len(phrase.text)))
    state = data.draw(st.sampled_from(["present", "negated", None]))
    return (Span(start, end, "diabete", "diabete", state, text=phrase.text[start:end]),)


def _inside(data: Json, start: int, end: int) -> str:
    """The characters of the stretch that belong to phrases."""
    mine = {at for p in data["phrases"] for at in range(p["at"], p["at"] + p["length"])}
    return "".join(data["text"][at] for at in range(start, end) if at in mine)
