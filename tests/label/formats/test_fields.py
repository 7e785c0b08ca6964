"""A whole letter, its fields in turn: chunks, prompts, and values that fit their field."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core.label.formats import LANGUAGES, Asked, Example, Language
from core.label.formats.answers import Unusable
from core.label.formats.fields import MOST, Fields
from core.records import Missing, Span, Value
from core.schema import Schema, default_schema
from tests.places import DATA

SCHEMA = default_schema()
FORM = Fields(SCHEMA, "field")
LETTER = """Sig.ra Ornella Bravetti, cartella 20417, nata il 9 marzo 1948.
NYHA II-III. Nega diabete, ex fumatrice; bypass nel 2004.
Terapia: Lasix 25 mg
1 cp ore 8 e 16, bisoprololo."""


def test_chunks_hold_every_field_but_sections_once_and_groups_together() -> None:
    chunks = FORM.chunks()
    asked = [name for chunk in chunks for name in chunk]
    assert sorted(asked) == sorted(f.name for f in SCHEMA.fields.values() if f.kind != "section")
    assert all(8 <= len(chunk) <= MOST for chunk in chunks)
    for group in SCHEMA.groups:
        assert sum(any(SCHEMA.field(n).group == group for n in chunk) for chunk in chunks) == 1


def test_a_group_too_long_for_one_chunk_is_cut() -> None:
    (group, *_), (field, *_) = SCHEMA.groups.values(), SCHEMA.fields.values()
    many = [replace(field, name=f"campo_{k}") for k in range(30)]
    assert [len(chunk) for chunk in Fields(Schema(many, [group]), "field").chunks()] == [12, 12, 6]


VALUES: dict[str, tuple[str, str, Any, Value | None]] = {
    "true": ("diabete", "diabete", True, True),
    "yes in Italian": ("diabete", "diabete", "Sì", True),
    "no": ("diabete", "diabete", "no", False),
    "one for true": ("diabete", "diabete", 1, True),
    "no Boolean": ("diabete", "diabete", "tipo 2", None),
    "a code": ("fumo", "ex fumatrice", 1, 1),
    "a code as a string": ("fumo", "ex fumatrice", "1", 1),
    "a code's meaning": ("fumo", "ex fumatrice", "Ex fumatore", 1),
    "a code that does not exist": ("fumo", "ex fumatrice", 7, None),
    "true is no code": ("fumo", "ex fumatrice", True, None),
    "a letter as a code": ("Sesso", "Sig.ra", "f", "F"),
    "an ISO date": ("data_di_nascita", "9 marzo 1948", "1948-03-09", "1948-03-09"),
    "a date in another order": ("data_di_nascita", "9 marzo 1948", "09/03/1948", None),
    "a date that does not exist": ("data_di_nascita", "9 marzo 1948", "1948-02-30", None),
    "digits": ("n_cartella", "20417", "20417", "20417"),
    "digits as a number": ("n_cartella", "20417", 20417, "20417"),
    "digits and letters": ("n_cartella", "20417", "n. 20417", None),
    "a year": ("Anno REDO", "2004", 2004, "2004"),
    "a number": ("lasix_dosaggio", "Lasix 25 mg 1 cp ore 8 e 16", 50, 50),
    "a number without a fraction": ("lasix_dosaggio", "Lasix 25 mg", 50.0, 50),
    "a decimal comma": ("lasix_dosaggio", "Lasix 25 mg", "12,5", 12.5),
    "a number with its unit": ("lasix_dosaggio", "Lasix 25 mg", "50 mg", None),
    "not a number": ("lasix_dosaggio", "Lasix 25 mg", float("nan"), None),
    "a number beyond all bounds": ("lasix_dosaggio", "Lasix 25 mg", 10**40, None),
    "words of the quote": ("nome", "Sig.ra Ornella", "Ornella", "Ornella"),
    "words of the model's own": ("Tipo di REDO", "bypass", "sostituzione valvolare", None),
    "a list": ("diabete", "diabete", [True], None),
    "an object": ("diabete", "diabete", {"value": True}, None),
    "null": ("diabete", "diabete", None, None),
}


@pytest.mark.parametrize(("name", "quote", "value", "wanted"), VALUES.values(), ids=VALUES.keys())
def test_a_value_is_kept_where_it_surely_fits(
    name: str, quote: str, value: Any, wanted: Value | None
) -> None:
    reply = json.dumps({"fields": [{"field": name, "quote": quote, "value": value}]})
    (span,) = FORM.read(reply, LETTER).spans
    assert (span.field, span.value, type(span.value)) == (name, wanted, type(wanted))


def test_a_quote_may_go_on_over_the_end_of_a_line() -> None:
    item = {"field": "lasix", "quote": "Lasix 25 mg 1 cp ore 8 e 16", "value": True}
    (span,) = FORM.read(json.dumps([item]), LETTER).spans
    assert (span.text, span.status) == ("Lasix 25 mg\n1 cp ore 8 e 16", "normalised")


def test_a_value_alone_is_no_span() -> None:
    items = [
        {"field": "BPCO", "value": True},
        {"field": "classe_nyha", "value": 3, "quote": None},
        {"field": "angor", "quote": "", "value": False},
        {"field": "dialisi", "value": None},
        {"field": "Anno REDO", "quote": "2019", "value": "2019"},
    ]
    answer = FORM.read(json.dumps({"fields": items}), LETTER)
    assert answer.spans == ()
    assert answer.missing == (
        Missing("true", "BPCO"),
        Missing("3", "classe_nyha"),
        Missing("2019", "Anno REDO"),
    )


SHAPES = {
    "field to object": {"diabete": {"quote": "diabete", "value": False, "state": "negated"}},
    "field to objects": {"diabete": [{"quote": "diabete", "value": "no", "state": "negato"}]},
    "Italian keys": [
        {"campo": "diabete", "citazione": "diabete", "valore": False, "stato": "negato"}
    ],
}


@pytest.mark.parametrize("reply", SHAPES.values(), ids=SHAPES.keys())
def test_other_shapes_say_the_same(reply: Any) -> None:
    (span,) = FORM.read(json.dumps(reply), LETTER).spans
    assert (span.text, span.field, span.value, span.state) == (
        "diabete",
        "diabete",
        False,
        "negated",
    )


def test_sections_are_not_asked_for_and_not_heard() -> None:
    answer = FORM.read('{"fields": [{"field": "Terapia", "quote": "bisoprololo"}]}', LETTER)
    assert (answer.spans, answer.strangers) == ((), 1)


def test_a_view_chooses_the_label_and_the_field_survives() -> None:
    reply = '{"fields": [{"field": "diabete", "quote": "diabete"}]}'
    for view, label in (("target", "TARGET"), ("group", "risk"), ("field", "diabete")):
        (span,) = Fields(SCHEMA, view).read(reply, LETTER).spans  # type: ignore[arg-type]
        assert (span.label, span.field) == (label, "diabete")


def test_a_table_of_values_without_quotes_is_no_answer() -> None:
    with pytest.raises(Unusable):
        FORM.read("Mi dispiace.", LETTER)


def test_the_schema_of_the_answer_gives_each_field_its_values() -> None:
    schema = FORM.json_schema([Asked(LETTER, fields=("fumo", "diabete", "angor", "Sesso"))])
    shapes = schema["properties"]["fields"]["items"]["anyOf"]
    assert [(s["properties"]["field"]["enum"], s["properties"]["value"]) for s in shapes] == [
        (["fumo"], {"enum": [0, 1, 2]}),
        (["diabete", "angor"], {"type": "boolean"}),
        (["Sesso"], {"enum": ["M", "F"]}),
    ]
    one = FORM.json_schema([Asked(LETTER, fields=("diabete",))])["properties"]["fields"]["items"]
    assert one["properties"]["field"]["enum"] == ["diabete"]


def test_the_room_grows_with_the_fields() -> None:
    few, more = (FORM.tokens([Asked(LETTER, fields=c)]) for c in (("fumo",), ("fumo", "BPCO")))
    assert 500 < few < more < 2_000


def test_an_example_shows_the_fields_that_are_asked_for_and_no_others() -> None:
    start = LETTER.index("diabete")
    spans = (Span(start, start + 7, "diabete", "diabete", "negated", False, text="diabete"),)
    for fields, shown in ((("diabete",), '"quote": "diabete"'), (("BPCO",), '{"fields": []}')):
        asked = Asked("Iperteso.", examples=(Example(LETTER, spans),), fields=fields)
        assert shown in FORM.messages([asked])[1]["content"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rendered_prompt_is_the_one_that_was_reviewed(language: Language) -> None:
    """After a wanted change: write tests/data/fields.v1.* again from what pytest prints."""
    form = Fields(SCHEMA, "field", language)
    parts = []
    for chunk in form.chunks():
        asked = [Asked(LETTER, fields=chunk)]
        parts += [*form.messages(asked), form.again(asked)]
    rendered = "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in parts) + "\n"
    golden = DATA / f"fields.v1.{language}.txt"
    assert rendered == golden.read_text(encoding="utf-8")
