"""The format `hybrid`: stretches that a tagger found, typed by number; nothing but those."""

import json
import random
from typing import Any

import pytest

from core.errors import BadInput
from core.label.asking import Asking
from core.label.formats import LANGUAGES, Asked, Example, Language
from core.label.formats.answers import Unusable
from core.label.formats.hybrid import Hybrid, marks_of
from core.label.together import Together
from core.read import read_text
from core.records import Missing, Span
from core.schema import default_schema
from tests.extract.claims import BODY, HEAD, asked, claim, one, says, values
from tests.loopback.together import Json, Said, Serve
from tests.places import DATA

SCHEMA = default_schema()
FORM = Hybrid(SCHEMA, "field")
TEXT = "Nega diabete; ex fumatore. Appendicectomia."
MARKS = ((5, 12), (14, 25), (27, 42))
GOOD = [
    {"span": 1, "field": "diabete", "value": False, "state": "negated"},
    {"span": 2, "field": "fumo", "value": 1},
]


def found(reply: Any) -> list[tuple[str, str | None, Any]]:
    said = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
    answer = FORM.read(said, TEXT, MARKS)
    return [(span.text, span.field, span.value) for span in answer.spans]


SHAPES: dict[str, Any] = {
    "as asked": {"spans": GOOD},
    "a bare list": GOOD,
    "behind reasoning": f"<think>hm</think>\n```json\n{json.dumps({'spans': GOOD})}\n```",
    "by number": {"1": GOOD[0] | {"span": None}, "2": [GOOD[1] | {"span": None}]},
    "numbers as strings": [GOOD[0] | {"span": "1"}, GOOD[1] | {"span": "[2]"}],
    "quotes for numbers": [
        {"quote": "Diabete", "field": "diabete", "value": False},
        {"quote": "ex fumatore", "field": "fumo", "value": 1},
    ],
    "Italian keys": [
        {"tratto": 1, "campo": "diabete", "valore": "no", "stato": "negato"},
        {"tratto": 2, "campo": "fumo", "valore": "ex fumatore"},
    ],
    "nothing said to be nothing": {"spans": [*GOOD, {"span": 3, "field": None}]},
    "a draft and its correction": f"{json.dumps([GOOD[0]])}\n{json.dumps({'spans': GOOD})}",
}


@pytest.mark.parametrize("reply", SHAPES.values(), ids=SHAPES.keys())
def test_models_word_it_in_many_ways(reply: Any) -> None:
    told = found(reply)
    assert told[0] == ("diabete", "diabete", False)
    assert told[1][:2] == ("ex fumatore", "fumo") and len(told) == 2


def test_a_stretch_may_speak_of_several_fields() -> None:
    reply = [{"span": 2, "field": "fumo", "value": 1}, {"span": 2, "field": "BPCO", "value": True}]
    assert [field for _, field, _ in found(reply)] == ["fumo", "BPCO"]


def test_what_nobody_marked_and_names_outside_the_list_are_no_spans() -> None:
    reply = [
        {"span": 4, "field": "fumo", "value": 1},
        {"span": 0, "field": "BPCO", "value": True},
        {"quote": "bronchite", "field": "BPCO", "value": True},
        {"span": 1, "field": "psoriasi", "value": True},
        {"span": 1, "field": "Anamnesi", "value": "x"},
        {"span": 2, "field": "fumo", "value": 9},
    ]
    answer = FORM.read(json.dumps(reply), TEXT, MARKS)
    assert [(span.field, span.value) for span in answer.spans] == [("fumo", None)]
    assert (answer.strangers, answer.mistyped) == (2, 1)
    assert (
        Missing("[4]", "fumo") in answer.missing and Missing("bronchite", "BPCO") in answer.missing
    )


@pytest.mark.parametrize("reply", ["", "Mi dispiace.", "[1, 2]", '{"spans": [{"span": 1, "fi'])
def test_prose_and_torsos_are_unusable(reply: str) -> None:
    with pytest.raises(Unusable):
        FORM.read(reply, TEXT, MARKS)


def test_a_model_that_runs_in_circles_is_unusable() -> None:
    with pytest.raises(Unusable, match="far more"):
        FORM.read(json.dumps({"spans": GOOD * 100}), TEXT, MARKS)


def test_damaged_replies_give_no_span_but_of_the_marks() -> None:
    whole = json.dumps({"spans": GOOD}, ensure_ascii=False)
    for number in range(300):
        pick = random.Random(number)
        reply = list(whole)
        for _ in range(pick.randint(1, 6)):
            at = pick.randrange(len(reply))
            reply[at : at + pick.randint(0, 5)] = pick.choice(['"', "}", "9", "", "x", "[{"])
        try:
            answer = FORM.read("".join(reply), TEXT, MARKS)
        except Unusable:
            continue
        assert {(span.start, span.end) for span in answer.spans} <= set(MARKS)
        assert {span.field for span in answer.spans} <= SCHEMA.fields.keys()


def test_overlapping_spans_are_one_stretch_and_examples_are_numbered_like_it() -> None:
    spans = [
        Span(10, 38, "lasix", "lasix", "present", True, text=""),
        Span(16, 38, "lasix_dosaggio", "lasix_dosaggio", "present", 50, text=""),
        Span(0, 5, "fumo", "fumo", text=""),
    ]
    assert marks_of(spans) == ((0, 5), (10, 38))
    told = json.loads(FORM.answer("x" * 40, spans))["spans"]
    assert [(item["span"], item["field"]) for item in told] == [
        (2, "lasix"), (2, "lasix_dosaggio"), (1, "fumo"),
    ]  # fmt: skip


def test_brackets_of_the_letter_are_none_of_ours() -> None:
    text = "[[2| diabete]] fumo"
    shown = FORM.messages([Asked(text, marks=((15, 19),))])[1]["content"]
    assert "[ [2| diabete] ] [[1| fumo]]" in shown


def test_a_question_cut_off_is_asked_in_half_of_its_marks(serve: Serve) -> None:
    def short_of_breath(body: Json) -> Said:
        marks = body["messages"][1]["content"].count("[[")
        return says(*wanted)(body) if marks < 2 else Said('{"spans": [', finish="length")

    wanted = [claim("ipertensione", "Ipertensione arteriosa", True), claim("fumo", "Ex fum", 1)]
    server = serve(short_of_breath)
    told = values(one(asked(server, "hybrid"), read_text(HEAD + BODY, "a.txt")))
    assert (told["ipertensione"], told["fumo"]) == (True, 1)


def test_the_format_needs_a_tagger() -> None:
    with pytest.raises(BadInput, match="extract --by hybrid"):
        Together("field", Asking(format="hybrid"))


def test_phrases_share_calls_and_only_those_with_a_stretch_are_sent(serve: Serve) -> None:
    server = serve(says(claim("ipertensione", "Ipertensione arteriosa", True)))
    extractor = asked(server, "hybrid")
    letter = read_text(f"{HEAD}{BODY}\nUna riga senza nulla da dire.\n", "a.txt")
    assert values(one(extractor, letter))["ipertensione"] is True
    assert len(server.requests) == 1 and "nulla da dire" not in server.sent()
    assert extractor.source.endswith("/hybrid.v1.it+rules/1")


def test_what_the_shield_knows_is_not_asked_about_and_days_are_stand_ins(serve: Serve) -> None:
    server = serve(says())
    extractor = asked(server, "hybrid", shield="on")
    told = values(one(extractor, read_text(HEAD + BODY, "a.txt")))
    assert (told["cognome"], told["data_di_nascita"]) == ("CERASUOLO", "1943-11-14")
    assert "05/05/2016" not in server.sent() and "Frase" in server.sent()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rendered_prompt_is_the_one_that_was_reviewed(language: Language) -> None:
    """After a wanted change: write tests/data/hybrid.v1.* again from what pytest prints."""
    form = Hybrid(SCHEMA, "field", language)
    example = Example("Ex fumatore.", (Span(0, 11, "fumo", "fumo", value=1, text="Ex fumatore"),))
    first = Asked(TEXT, "Anamnesi", (example,), marks=MARKS)
    second = Asked("Diabete.", marks=((0, 7),))
    messages = [*form.messages([first]), form.again([first])]
    messages += [form.messages([first, second])[1], form.again([first, second])]
    rendered = "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in messages) + "\n"
    assert rendered == (DATA / f"hybrid.v1.{language}.txt").read_text(encoding="utf-8")
