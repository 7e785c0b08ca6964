"""The fields of one letter as JSON: documents turned away, evidence, what comes back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.extract import letter_fields
from core.extract.result import LetterFields
from core.records import (
    Annotation,
    FieldValue,
    Phrase,
    Span,
)
from core.schema import default_schema
from tests.extract.told_letter import HEAD, STAY, Told, extract, letter_of, told


def test_a_document_turned_away_has_a_reason_and_no_fields() -> None:
    letter = letter_of("Verbale", extra={"reason": "no heading"})
    letter = replace(letter, discharge_letter=False)
    result = letter_fields(letter, told(letter, [("diabete", "Verbale")]))
    assert result.to_json() == {
        "letter": "lettera 7.pdf",
        "discharge_letter": False,
        "reason": "no heading",
        "fields": {},
        "id": "abc",
    }


def test_a_value_without_evidence_cannot_be_part_of_a_result() -> None:
    with pytest.raises(BadInput, match="no evidence for diabete"):
        LetterFields("a.pdf", True, (FieldValue("diabete", True, ()),))


def test_annotations_of_another_text_are_refused_without_quoting_it() -> None:
    letter = letter_of("Diabete")
    spans = told(letter_of("Ipertensione"), [("ipertensione", "Ipertensione")])
    with pytest.raises(BadInput, match="label the letter again") as refused:
        extract(letter, spans)
    assert "Ipertensione" not in str(refused.value)


def test_the_json_is_the_designs_and_comes_back_the_same() -> None:
    letter = letter_of(HEAD + "Sospetta endocardite\nRedo (2008)\nLasix 12,5 mg")
    spans: list[Told] = [
        *STAY,
        ("endocardite", "endocardite", {"state": "uncertain"}),
        ("Anno REDO", "2008"),
        ("lasix_dosaggio", "Lasix 12,5 mg", {"score": 0.75}),
    ]
    result = letter_fields(letter, told(letter, spans))
    raw = json.loads(json.dumps(result.to_json()))
    assert raw["letter"] == "lettera 7.pdf" and raw["discharge_letter"] is True
    assert raw["fields"]["Anno REDO"]["value"] == "2008"
    assert raw["fields"]["lasix_dosaggio"]["score"] == 0.75
    born = raw["fields"]["data_di_nascita"]
    start = letter.text.index("17/02")
    assert born == {
        "value": "1966-02-17",
        "evidence": [{"start": start, "end": start + 10, "text": "17/02/1966", "page": 1}],
    }
    assert LetterFields.from_json(raw) == result


def test_unknown_keys_of_a_result_are_carried_through() -> None:
    raw = {"letter": "a.pdf", "discharge_letter": True, "fields": {}, "seconds": 3}
    assert LetterFields.from_json(raw).to_json() == raw


FIELDS = st.sampled_from(default_schema().labels("field"))
STATES = st.sampled_from(["present", "negated", "uncertain", "family", None])
LINES = st.lists(
    st.sampled_from(
        ["Sig.ra İnci 🙂", "21/01/2025 intervento", "Lasix 25 mg", "NYHA II", "O2O", "=1+1"]
    ),
    min_size=1,
    max_size=8,
)


@given(
    LINES, st.lists(st.tuples(FIELDS, STATES, st.integers(0, 20), st.integers(1, 9)), max_size=9)
)
def test_evidence_always_quotes_the_letter(
    lines: list[str], marks: list[tuple[str, Any, int, int]]
) -> None:
    letter = letter_of("\n".join(lines))
    phrase = Phrase("abc:1.1", "abc", 0, len(letter.text), letter.text)
    spans = tuple(
        Span(
            at,
            min(at + long, len(letter.text)),
            field,
            field,
            state,
            text=letter.text[at : at + long],
        )
        for field, state, at, long in marks
        if at < len(letter.text)
    )
    result = letter_fields(letter, [Annotation(phrase, spans, "model", "test")])
    for said in (*result.fields, *result.doubts):
        assert said.evidence
        for place in said.evidence:
            assert letter.text[place.start : place.end] == place.text
    assert LetterFields.from_json(json.loads(json.dumps(result.to_json()))) == result
