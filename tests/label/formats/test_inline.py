"""Entities marked inside the repeated phrase come back as spans of the phrase as it is."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.label.formats import Asked, Example
from core.label.formats.answers import LONGEST, Unusable
from core.label.formats.inline import Inline
from core.records import Span
from core.schema import default_schema
from tests.places import DATA

TARGET = Inline(default_schema(), "target")
FIELD = Inline(default_schema(), "field")
TEXT = "Ex fumatore, diabete mellito; nega diabete."
GOOD = "@@Ex fumatore##{fumo}, @@diabete mellito##{diabete}; nega diabete."
SHAPES = {
    "as asked": GOOD,
    "in a fence": f"```\n{GOOD}\n```",
    "after a sentence": f"Ecco la riga con i segni:\n\n{GOOD}",
    "a remark behind it": f"{GOOD}\n\nNota: il diabete negato non è stato segnato.",
    "after thinking aloud": f"<think>@@nega##{{pm}} forse?</think>{GOOD}",
    "a draft before it": f"{TEXT}\n{GOOD}",
    "in quotes": f'"{GOOD}"',
    "with its heading": f"Risposta: {GOOD}",
    "no braces": GOOD.replace("{", "").replace("}", ""),
    "brackets for braces": GOOD.replace("{", "[").replace("}", "]"),
    "one brace lost": GOOD.replace("}", ""),
    "spaces inside the marks": GOOD.replace("@@", "@@ ").replace("##", " ##"),
    "spaces around the name": GOOD.replace("{", " { ").replace("}", " }"),
    "capital letters": GOOD.replace("fumo", "FUMO"),
    "an alias": GOOD.replace("{diabete}", "{Diabete}"),
    "broken into lines": GOOD.replace("; ", ";\n"),
    "a word dropped elsewhere": GOOD.replace(" nega", ""),
    "a word put right elsewhere": GOOD.replace("nega", "Negato"),
    "white space changed": GOOD.replace(" ", "  ").replace("Ex  ", "Ex ").replace("e  m", "e m"),
    "a stray mark": GOOD.replace("nega", "nega ##"),
}


@pytest.mark.parametrize("reply", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_gives_the_same_spans(reply: str) -> None:
    answer = FIELD.read(reply, TEXT)
    assert [(s.start, s.text, s.label, s.field, s.status, s.edits) for s in answer.spans] == [
        (0, "Ex fumatore", "fumo", "fumo", "exact", 0),
        (13, "diabete mellito", "diabete", "diabete", "exact", 0),
    ]
    assert not answer.missing
    assert answer.unanswered <= 1


UNUSABLE = {
    "nothing": "",
    "prose": "Mi dispiace, non posso aiutarti.",
    "another phrase": "Il paziente nega @@dolore toracico##{angor}.",
    "only an entity": "@@Ex fumatore##{fumo}",
    "far too long": "@" * (LONGEST + 1),
    "far more than the phrase": "diabete " * 10_000,
    "more marks than words": TEXT + "@@x##{fumo}" * 60,
}


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_does_not_repeat_the_phrase_is_not_read(reply: str) -> None:
    with pytest.raises(Unusable) as caught:
        FIELD.read(reply, TEXT)
    assert "diabete" not in str(caught.value)


def spans_of(reply: str, text: str) -> list[tuple[int, str, str | None, str | None]]:
    answer = FIELD.read(reply, text)
    return [(s.start, s.text, s.field, s.status) for s in answer.spans]


PLACED = {
    "a repeated word, marked the second time": (
        "Nega diabete; madre con diabete.",
        "Nega diabete; madre con @@diabete##{familiarita_cardiovascolare}.",
        [(24, "diabete", "familiarita_cardiovascolare", "exact")],
    ),
    "the first of two left out of the copy": (
        "Nega diabete; madre con diabete.",
        "Nega; madre con @@diabete##{familiarita_cardiovascolare}.",
        [(24, "diabete", "familiarita_cardiovascolare", "exact")],
    ),
    "nested": (
        "Restenosi del DES prossimale.",
        "@@Restenosi del @@DES##{pci_pregressa} prossimale##{angor}.",
        [(0, "Restenosi del DES prossimale", "angor", "exact"),
         (14, "DES", "pci_pregressa", "exact")],
    ),
    "two names": (
        "ASA e clopidogrel.",
        "@@ASA e clopidogrel##{dapt, antiaggregante}.",
        [(0, "ASA e clopidogrel", "dapt", "exact"),
         (0, "ASA e clopidogrel", "antiaggregante", "exact")],
    ),
    "a word put right inside": (
        "Nota fibrilazione atriale cronica.",
        "Nota @@fibrillazione atriale##{fibrillazione_atriale} cronica.",
        [(5, "fibrilazione atriale", "fibrillazione_atriale", "fuzzy")],
    ),
    "accents and decimal comma": (
        "E' iperteso, FE 2,5.",
        "È @@iperteso##{ipertensione}, @@FE 2.5##{angor}.",
        [(3, "iperteso", "ipertensione", "exact"), (13, "FE 2,5", "angor", "normalised")],
    ),
    "inside a word": (
        "Terapia:furosemide25mg al di.",
        "Terapia:@@furosemide##{lasix}25mg al di.",
        [(8, "furosemide", "lasix", "exact")],
    ),
    "marks of the phrase itself": (
        "Vedi @@nota##{pm} e fumo.",
        "Vedi ＠＠nota＃＃{pm} e @@fumo##{fumo}.",
        [(20, "fumo", "fumo", "exact")],
    ),
    "braces of the phrase itself": (
        "Fumo {sic} e #1 @casa.",
        "@@Fumo##{fumo} {sic} e #1 @casa.",
        [(0, "Fumo", "fumo", "exact")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reply", "wanted"), PLACED.values(), ids=PLACED.keys())
def test_a_marked_stretch_stands_where_the_copy_has_it(
    text: str, reply: str, wanted: list[tuple[int, str, str, str]]
) -> None:
    assert spans_of(reply, text) == wanted


LOST = {
    "words that are not there": ("nega @@ipertensione##{ipertensione} diabete", "ipertensione"),
    "a mark never closed": ("nega @@diabete", "diabete"),
    "a mark never opened": ("nega diabete##{diabete}", "nega diabete"),
    "an unknown name": ("nega @@diabete##{piede}", "diabete"),
    "no name": ("nega @@diabete##", "diabete"),
}


@pytest.mark.parametrize(("end", "quote"), LOST.values(), ids=LOST.keys())
def test_what_cannot_be_placed_is_reported(end: str, quote: str) -> None:
    answer = FIELD.read(f"Ex fumatore, diabete mellito; {end}.", TEXT)
    assert not answer.spans
    assert len(answer.missing) == 1
    assert answer.missing[0].quote.strip(" .").endswith(quote)


def test_the_target_needs_no_name() -> None:
    answer = TARGET.read("@@Ex fumatore##, @@diabete mellito##{TARGET}; nega diabete.", TEXT)
    assert [(s.text, s.label, s.field) for s in answer.spans] == [
        ("Ex fumatore", "TARGET", None),
        ("diabete mellito", "TARGET", None),
    ]


def test_marks_that_the_phrase_had_do_not_count_without_a_name() -> None:
    text = "Vedi @@nota## e fumo."
    answer = TARGET.read(text.replace("fumo", "@@fumo##{TARGET}"), text)
    assert [s.text for s in answer.spans] == ["fumo"]
    assert answer.strangers == 1


SPANS = (
    Span(0, 11, "fumo", "fumo", text="Ex fumatore"),
    Span(13, 28, "diabete", "diabete", text="diabete mellito"),
)


def test_the_perfect_answer_is_the_phrase_with_its_marks() -> None:
    assert FIELD.answer(TEXT, SPANS) == GOOD
    assert FIELD.answer(TEXT, ()) == TEXT
    crossing = (*SPANS, Span(3, 20, "pm", "pm", text=TEXT[3:20]))
    assert FIELD.answer(TEXT, crossing) == GOOD


@given(st.text("abcè İ🙂'’-.,()@#{}0\r\n", min_size=1, max_size=40), st.data())
def test_spans_to_marks_to_spans_is_the_identity(text: str, data: st.DataObject) -> None:
    starts = [i for i in range(len(text)) if not text[i].isspace()]
    if not any(char.isalnum() for char in text):
        return
    planted: list[Span] = []
    at = 0
    while at < len(text) and len(planted) < 4:
        free = [i for i in starts if i >= at]
        if not free:
            break
        start = data.draw(st.sampled_from(free))
        end = data.draw(st.sampled_from([i + 1 for i in starts if i >= start]))
        planted.append(Span(start, end, "fumo", "fumo", text=text[start:end]))
        at = end
    answer = FIELD.read(FIELD.answer(text, planted), text)
    found = {(s.start, s.end) for s in answer.spans}
    wordy = {(s.start, s.end) for s in planted if any(c.isalnum() for c in s.text)}
    assert wordy <= found <= {(s.start, s.end) for s in planted}
    assert not answer.missing


BATCHES: dict[str, tuple[str, Sequence[str | None]]] = {
    "as asked": ("[1] uno\n[2] due", ["uno", "due"]),
    "after a sentence, in a fence": ("Ecco:\n```\n[1] uno\n[2] due\n```", ["uno", "due"]),
    "in another order": ("[2] due\n[1] uno", ["uno", "due"]),
    "numbers with full stops": ("1. uno\n2. due", ["uno", "due"]),
    "lines with their name": ("Riga 1: uno\nRiga 2: due", ["uno", "due"]),
    "in bold": ("**[1]** uno\n\n**[2]** due", ["uno", "due"]),
    "one left out": ("[2] due", [None, "due"]),
    "one given twice": ("[1] uno\n[1] altro\n[2] due", [None, "due"]),
    "a list inside a line": ("[1] uno\n[2] 1) ASA\n2) due", ["uno", "1) ASA\n2) due"]),
    "no numbers": ("uno\ndue", [None, None]),
}


@pytest.mark.parametrize(("reply", "wanted"), BATCHES.values(), ids=BATCHES.keys())
def test_several_phrases_are_answered_by_number(reply: str, wanted: Sequence[str | None]) -> None:
    assert FIELD.split(reply, 2) == wanted


def test_several_phrases_differ_in_text_section_and_examples() -> None:
    example = Example("Nega fumo.", (Span(5, 9, "fumo", "fumo", text="fumo"),))
    one, two = FIELD.messages([Asked("Iper\nteso.", "Anamnesi", (example,)), Asked("@@Fumo.")])
    assert one == FIELD.messages([Asked("Altro.")])[0]
    assert two["content"].splitlines() == [
        "Altri esempi, corretti dal reparto:",
        "Riga: Nega fumo.",
        "Risposta: Nega @@fumo##{fumo}.",
        "",
        "Da segnare:",
        "Sezione della lettera: Anamnesi",
        "[1] Iper teso.",
        "[2] ＠＠Fumo.",
    ]


def test_recorded_replies_of_a_real_model() -> None:
    """Real slips: a word put right, white space put right, a nested mark, fences, lead-ins."""
    lines = (DATA / "inline_replies.jsonl").read_text(encoding="utf-8").splitlines()
    missing, spans = [], 0
    for raw in map(json.loads, lines):
        answer = TARGET.read(raw["reply"], raw["text"])
        missing += [raw["n"]] * len(answer.missing)
        spans += len(answer.spans)
        assert all(raw["text"][s.start : s.end] == s.text for s in answer.spans)
    assert (len(lines), missing, spans) == (14, [6], 28)
