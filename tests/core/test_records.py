"""Records survive the journey to JSON and back, and a span that lies is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.records import (
    Annotation,
    Box,
    Evidence,
    FieldValue,
    Letter,
    Missing,
    Page,
    Phrase,
    Section,
    Span,
    phrase_ids,
)

TEXT = st.text(min_size=1, max_size=60)
VALUE = st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=5)


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    text = draw(TEXT)
    spans = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        state = draw(st.sampled_from([None, "present", "negated", "uncertain", "family"]))
        score = draw(st.none() | st.floats(0, 1))
        span = Span(start, end, "fumo", "fumo", state, draw(VALUE), score, text=text[start:end])
        spans.append(span)
    phrase = Phrase("0f3a:11111111.1", "0f3a", 7, 7 + len(text), text, draw(st.none() | TEXT))
    missing = tuple(Missing(quote) for quote in draw(st.lists(TEXT, max_size=2)))
    skipped, seconds = draw(st.booleans()), draw(st.none() | st.floats(0, 9))
    return Annotation(phrase, tuple(spans), "human", "person/2", missing, seconds, skipped)


@given(annotations())
def test_an_annotation_comes_back_the_same_from_json(annotation: Annotation) -> None:
    assert Annotation.from_json(json.loads(json.dumps(annotation.to_json()))) == annotation


def test_a_letter_comes_back_the_same_from_json() -> None:
    letter = Letter(
        id="0f3a",
        source="x.pdf",
        discharge_letter=False,
        text="Diagnosi\nstenosi",
        pages=(Page(1, 0, 16),),
        reader="text",
        sections=(Section("Diagnosi", 9, 16),),
        boxes=(Box(0, 8, 1, (0.1, 0.2, 0.3, 0.4)),),
        map=((0, 3, 8), (8, 12, 8)),
        extra={"reason": "no heading"},
    )
    assert Letter.from_json(json.loads(json.dumps(letter.to_json()))) == letter
    assert letter.page_of(15) == 1 and letter.page_of(16) is None


def test_unknown_keys_are_carried_through() -> None:
    raw = {
        "id": "a:1.1",
        "letter": "a",
        "start": 0,
        "end": 4,
        "text": "fuma",
        "spans": [{"start": 0, "end": 4, "label": "fumo", "text": "fuma", "colour": "red"}],
        "origin": "rules",
        "source": "rules/1",
        "ward": "B",
    }
    assert Annotation.from_json(raw).to_json() == raw


def test_false_and_zero_are_values_and_nothing_is_not() -> None:
    said = Span(0, 2, "fumo", value=0, score=0.0, text="no").to_json()
    assert said == {"start": 0, "end": 2, "label": "fumo", "value": 0, "score": 0.0, "text": "no"}
    assert Span(0, 2, "diabete", value=False, text="no").to_json()["value"] is False
    value = FieldValue("fumo", 0, (Evidence(0, 2, "no"),))
    assert FieldValue.from_json("fumo", value.to_json()) == value


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [(0, 3, "nega"), (-1, 3, "neg"), (2, 2, ""), (3, 1, "g"), (2, 99, "ga")],
    ids=["other words", "before the text", "empty", "backwards", "beyond the end"],
)
def test_a_span_that_does_not_quote_its_phrase_is_refused(start: int, end: int, quote: str) -> None:
    phrase = Phrase("a:1.1", "a", 0, 4, "nega")
    with pytest.raises(BadInput, match="phrase a:1.1") as error:
        Annotation(phrase, (Span(start, end, "x", text=quote),), "rules", "rules/1")
    assert "nega" not in str(error.value)


def test_an_inserted_line_moves_no_other_key() -> None:
    before = list(phrase_ids("a", ["ciao", "fuma", "ciao"]))
    after = list(phrase_ids("a", ["ciao", "nuova", "fuma", "ciao"]))
    assert [after[0], after[2], after[3]] == before
    assert before[0][:-1] == before[2][:-1] and before[0] != before[2]
