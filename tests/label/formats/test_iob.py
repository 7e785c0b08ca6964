"""Replies in the IOB format, in all the shapes that models type, become the same spans."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.label.formats import Asked, Example
from core.label.formats.answers import LONGEST, Unusable
from core.label.formats.iob import Iob
from core.label.formats.tagged import words
from core.records import Span
from core.schema import default_schema
from tests.places import DATA

TARGET = Iob(default_schema(), "target")
FIELD = Iob(default_schema(), "field")
TEXT = "Ex fumatore, diabete mellito; nega diabete."
LABELS = ["B", "I", "O", "B", "I", "O", "O", "O", "O"]
PAIRS = [
    {"parola": word.text, "label": label if label == "O" else f"{label}-TARGET"}
    for word, label in zip(words(TEXT), LABELS, strict=True)
]
GOOD = json.dumps({"parole": PAIRS})
BY_SPACE = {"frase": TEXT, "label": ["B-TARGET", "I-TARGET", "B-TARGET", "I-TARGET", "O", "O"]}
SHAPES = {
    "as asked": GOOD,
    "a bare list": json.dumps(PAIRS),
    "in a fence": f"```json\n{GOOD}\n```",
    "prose around it": f"Ecco il risultato [JSON]:\n{GOOD}\nSpero sia utile {{davvero}}.",
    "after thinking aloud": f'<think>{{"parole": []}} forse...</think>{GOOD}',
    "a draft before it": '{"parole": [{"parola": "Ex", "label": "O"}]}\nMeglio:\n' + GOOD,
    "zero for O": GOOD.replace('"O"', '"0"'),
    "the number zero for O": GOOD.replace('"O"', "0"),
    "labels in small letters": GOOD.replace("TARGET", "target").replace('"O"', '"o"'),
    "underscores": GOOD.replace("B-", "B_").replace("I-", "I_"),
    "single quotes": str({"parole": PAIRS}),
    "trailing commas": GOOD.replace("}]", "},]").replace("]}", "],}"),
    "pairs": json.dumps([[p["parola"], p["label"]] for p in PAIRS]),
    "two lists": json.dumps(
        {"parole": [p["parola"] for p in PAIRS], "label": [p["label"] for p in PAIRS]}
    ),
    "English keys": json.dumps([{"token": p["parola"], "tag": p["label"]} for p in PAIRS]),
    "wrapped once more": json.dumps({"risposta": {"parole": PAIRS}}),
    "the paper's shape": json.dumps(BY_SPACE),
    "the paper's shape in a list": json.dumps([BY_SPACE]),
    "the paper's shape, without the list": "[" + json.dumps(BY_SPACE) + ",",
    "I where B belongs": GOOD.replace("B-", "I-"),
    "names without B or I": GOOD.replace("B-", "").replace("I-", ""),
    "punctuation left out": json.dumps([p for p in PAIRS if p["parola"].isalpha()]),
    "words written together": json.dumps(
        [
            {"parola": "Ex fumatore,", "label": "B-TARGET"},
            {"parola": "diabete mellito;", "label": "B-TARGET"},
            {"parola": "nega diabete.", "label": "O"},
        ]
    ),
    "BIOES": GOOD.replace("I-", "E-"),
    "braces forgotten between the words": GOOD.replace("}, {", ", "),
    "cut off after the last word": GOOD[:-3],
    "a JSON string": json.dumps(GOOD),
}


@pytest.mark.parametrize("reply", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_gives_the_same_spans(reply: str) -> None:
    answer = TARGET.read(reply, TEXT)
    assert [(s.start, s.text, s.label, s.field, s.status) for s in answer.spans] == [
        (0, "Ex fumatore", "TARGET", None, "exact"),
        (13, "diabete mellito", "TARGET", None, "exact"),
    ]
    assert not answer.missing
    assert answer.unanswered == 0


UNUSABLE = {
    "nothing": "",
    "prose": "Mi dispiace, non posso aiutarti.",
    "broken off": GOOD[:60],
    "an empty list": '{"parole": []}',
    "labels alone, as many as words": json.dumps([p["label"] for p in PAIRS]),
    "the paper's shape, one label too many": json.dumps(
        BY_SPACE | {"label": [*BY_SPACE["label"], "O"]}
    ),
    "two lists of two lengths": json.dumps({"parole": ["Ex", "fumatore"], "label": ["O"]}),
    "other words": json.dumps({"parole": [{"parola": "Il", "label": "O"}] * 9}),
    "numbers": "[1, 2, 3]",
    "far too long": "[" * (LONGEST + 1),
    "brackets only": "[" * 5000,
}


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_answer_without_words_of_its_own_is_never_counted_off(reply: str) -> None:
    with pytest.raises(Unusable) as caught:
        TARGET.read(reply, TEXT)
    assert "diabete" not in str(caught.value)


def test_a_word_left_out_shifts_no_label() -> None:
    reply = json.dumps({"parole": PAIRS[1:]})
    answer = TARGET.read(reply, TEXT)
    assert [(s.start, s.text) for s in answer.spans] == [(3, "fumatore"), (13, "diabete mellito")]
    assert answer.unanswered == 1


def test_a_word_too_many_shifts_no_label() -> None:
    reply = json.dumps({"parole": [{"parola": "Paziente", "label": "O"}, *PAIRS]})
    assert [s.start for s in TARGET.read(reply, TEXT).spans] == [0, 13]


def test_a_repeated_word_is_labelled_where_the_model_labelled_it() -> None:
    pairs = [p | {"label": "O"} for p in PAIRS]
    pairs[7] = {"parola": "diabete", "label": "B-TARGET"}
    (span,) = TARGET.read(json.dumps(pairs[1:]), TEXT).spans
    assert span.start == TEXT.rindex("diabete")


def test_a_corrected_word_keeps_its_place() -> None:
    text = "E' dispnoico, PA 2,5"
    said = [("È", "O"), ("dispnoico", "B-TARGET"), (",", "O"), ("PA", "B-TARGET"), ("2.5", "I")]
    said[-1] = ("2.5", "I-TARGET")
    reply = json.dumps([{"parola": word, "label": label} for word, label in said])
    spans = TARGET.read(reply, text).spans
    assert [(s.text, s.status) for s in spans] == [
        ("dispnoico", "exact"),
        ("PA 2,5", "normalised"),
    ]


def test_an_invented_entity_is_reported() -> None:
    reply = json.dumps([*PAIRS, {"parola": "ipertensione", "label": "B-TARGET"}])
    answer = TARGET.read(reply, TEXT)
    assert len(answer.spans) == 2
    assert [lost.quote for lost in answer.missing] == ["ipertensione"]


def test_fields_are_known_by_name_and_alias_and_others_are_reported() -> None:
    labels = ["B-fumatore", "I-fumatore", "O", "B-Diabete", "I-Diabete", "O", "O", "B-piede", "O"]
    pairs = zip((w.text for w in words(TEXT)), labels, strict=True)
    reply = json.dumps([{"parola": word, "label": label} for word, label in pairs])
    answer = FIELD.read(reply, TEXT)
    assert [(s.text, s.label, s.field) for s in answer.spans] == [
        ("Ex fumatore", "fumo", "fumo"),
        ("diabete mellito", "diabete", "diabete"),
    ]
    assert [(lost.quote, lost.field) for lost in answer.missing] == [("diabete", None)]


def test_a_name_that_is_no_label_counts_as_a_stranger() -> None:
    reply = json.dumps([{"parola": "Ex", "label": "B-piede"}, *PAIRS[1:]])
    answer = FIELD.read(reply.replace("TARGET", "fumo"), TEXT)
    assert answer.strangers == 1


def test_a_reply_cut_off_gives_only_the_words_it_finished() -> None:
    """A repair would make lasix of half a lasix_dosaggio."""
    text = "furosemide 50 mg, bisoprololo, torasemide 10 mg"
    said = [(w.text, "O") for w in words(text)]
    said[0] = ("furosemide", "B-lasix")
    said[-1] = ("mg", "B-lasix_dosaggio")
    reply = json.dumps({"parole": [{"parola": w, "label": b} for w, b in said]})
    answer = FIELD.read(reply[: reply.rindex("_dosaggio")], text)
    assert [(s.text, s.field) for s in answer.spans] == [("furosemide", "lasix")]
    assert answer.unanswered == 1


def test_a_word_without_a_label_has_no_answer() -> None:
    pairs = [*PAIRS[:-2], {"parola": "diabete", "label": ""}, {"parola": ".", "label": None}]
    assert TARGET.read(json.dumps(pairs), TEXT).unanswered == 1


def test_groups_are_labels_too() -> None:
    reply = GOOD.replace("TARGET", "risk")
    spans = Iob(default_schema(), "group").read(reply, TEXT).spans
    assert [(s.label, s.field) for s in spans] == [("risk", None)] * 2


def test_punctuation_at_the_edges_is_left_out_but_brackets_stay_whole() -> None:
    text = "(ASA 100 mg (1-0-0)), stop."
    pairs = [{"parola": w.text, "label": "I-TARGET"} for w in words(text)]
    (span,) = TARGET.read(json.dumps(pairs), text).spans
    assert span.text == "(ASA 100 mg (1-0-0)), stop"
    (span,) = TARGET.read(json.dumps(pairs[:-3]), text).spans
    assert span.text == "(ASA 100 mg (1-0-0))"


def test_recorded_replies_of_a_real_model() -> None:
    """Real slips: white space put right, counts that do not match, fences, lead-in sentences."""
    lines = (DATA / "iob_replies.jsonl").read_text(encoding="utf-8").splitlines()
    unusable, spans = [], 0
    for raw in map(json.loads, lines):
        try:
            answer = TARGET.read(raw["reply"], raw["text"])
        except Unusable:
            unusable.append(raw["n"])
            continue
        spans += len(answer.spans)
        assert not answer.missing
        assert answer.unanswered == 0
        assert all(raw["text"][s.start : s.end] == s.text for s in answer.spans)
    assert (len(lines), unusable, spans) == (17, [16, 99], 58)


TOKEN = st.text("abcdeèìò🙂İ'’-.,()/0123456789", min_size=1, max_size=6)


@given(st.lists(TOKEN, min_size=1, max_size=12, unique=True), st.data())
def test_spans_to_labels_to_spans_is_the_identity(tokens: list[str], data: st.DataObject) -> None:
    text = "  ".join(tokens)
    shown = words(text)
    spoken = [w for w in shown if any(c.isalnum() for c in w.text)]
    chosen = data.draw(st.sets(st.sampled_from(spoken))) if spoken else set()
    pairs = [{"parola": w.text, "label": "B-TARGET" if w in chosen else "O"} for w in shown]
    answer = TARGET.read(json.dumps(pairs), text)
    assert [(s.start, s.end) for s in answer.spans] == [
        (w.start, w.end) for w in shown if w in chosen
    ]


@given(st.lists(st.sampled_from(["B-TARGET", "I-TARGET", "O"]), min_size=8, max_size=8), st.data())
def test_a_label_never_moves_to_another_word(labels: list[str], data: st.DataObject) -> None:
    text = "uno due tre quattro cinque sei sette otto"
    said = list(zip(text.split(), labels, strict=True))
    lost = data.draw(st.sets(st.integers(0, 7), max_size=3))
    kept = [pair for number, pair in enumerate(said) if number not in lost]
    kept.insert(data.draw(st.integers(0, len(kept))), ("nove", "O"))
    answer = TARGET.read(json.dumps([{"parola": w, "label": b} for w, b in kept]), text)
    labelled = {word for word, label in kept if label != "O"}
    assert {w for span in answer.spans for w in span.text.split()} <= labelled
    found = [w for s in answer.spans for w in s.text.split()]
    found += [w for missing in answer.missing for w in missing.quote.split()]
    assert sorted(found) == sorted(labelled)


def test_words_are_cut_where_entities_may_end() -> None:
    text = "dell'aorta (2,5 mg 1-0-0), IABP/ECMO il 12/03/2019; po' cosi\u0300..."
    assert [word.text for word in words(text)] == [
        *("dell'", "aorta", "(", "2,5", "mg", "1-0-0", ")", ",", "IABP", "/", "ECMO"),
        *("il", "12/03/2019", ";", "po'", "cosi\u0300", "..."),
    ]
    assert all(text[w.start : w.end] == w.text for w in words(text))


@given(st.text())
def test_a_word_alone_is_cut_as_it_was_in_its_phrase(text: str) -> None:
    assert all([w.text for w in words(word.text)] == [word.text] for word in words(text))


PLANTED = (
    Span(0, 11, "fumo", "fumo", text="Ex fumatore"),
    Span(13, 28, "diabete", "diabete", text="diabete mellito"),
    Span(35, 42, "diabete", "diabete", text="diabete"),
)


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_perfect_answer_is_read_as_the_spans_it_says(language: str) -> None:
    asked = Iob(default_schema(), "field", language)  # type: ignore[arg-type]
    answer = asked.read(asked.answer(TEXT, PLANTED), TEXT)
    assert [(s.start, s.end, s.field) for s in answer.spans] == [
        (s.start, s.end, s.field) for s in PLANTED
    ]


def test_several_phrases_are_answered_by_number() -> None:
    other = FIELD.answer("Nega fumo.", ())
    parts = [json.loads(GOOD) | {"n": 2}, json.loads(other) | {"n": 1}]
    assert [
        part and json.loads(part)["parole"][0]["parola"]
        for part in FIELD.split("Ecco:\n" + json.dumps({"answers": parts}), 3)
    ] == ["Nega", "Ex", None]
    assert FIELD.split(GOOD, 1) == [GOOD]


def test_several_phrases_differ_in_text_section_and_examples() -> None:
    example = Example("Nega fumo.", (Span(5, 9, "fumo", "fumo", text="fumo"),))
    one, two = FIELD.messages([Asked("Iperteso.", "Anamnesi", (example,)), Asked("Fumatore.")])
    assert one == FIELD.messages([Asked("Altro.")])[0]
    assert two["content"].splitlines() == [
        "Altri esempi, corretti dal reparto:",
        'Parole: ["Nega", "fumo", "."]',
        'Risposta: {"parole": [{"parola": "Nega", "label": "O"}, '
        '{"parola": "fumo", "label": "B-fumo"}, {"parola": ".", "label": "O"}]}',
        "",
        "Da segnare:",
        "Sezione della lettera: Anamnesi",
        'Riga 1, parole (2): ["Iperteso", "."]',
        'Riga 2, parole (2): ["Fumatore", "."]',
    ]


def test_the_schema_of_the_answer_allows_the_labels_of_the_view() -> None:
    shape = FIELD.json_schema([Asked("uno")])
    pair = shape["properties"]["parole"]["items"]["properties"]["label"]
    assert {"O", "B-fumo", "I-numero di telefono"} <= set(pair["enum"])
    assert "B-Diagnosi" not in pair["enum"]
    several = FIELD.json_schema([Asked("uno"), Asked("due")])
    assert set(several["properties"]["answers"]["items"]["properties"]) == {"n", "parole"}
