"""A letter and its spans -> field values: aggregation, evidence, derived values, the JSON."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.extract import extract, letter_fields
from core.extract.result import LetterFields
from core.records import (
    Annotation,
    Evidence,
    FieldValue,
    Letter,
    Page,
    Phrase,
    Section,
    Span,
    phrase_ids,
)
from core.schema import default_schema

Told = tuple[str, str] | tuple[str, str, dict[str, Any]]
HEAD = """Sig.ra BIANCHI Anna nata il 17/02/1966
Ricovero 20/01/2025 - dimissione 27/01/2025
"""
STAY = [
    ("data_di_nascita", "17/02/1966"),
    ("data_ingresso_cch", "20/01/2025"),
    ("data_dimissione_cch", "27/01/2025"),
]


def letter_of(text: str, sections: dict[str, str] | None = None, **more: Any) -> Letter:
    """A letter of one page a form feed; `sections` are named by the text they hold."""
    pages, start = [], 0
    for number, page in enumerate(text.split("\f"), 1):
        pages.append(Page(number, start, start + len(page) + 1))
        start += len(page) + 1
    parts = [
        Section(name, text.index(body), text.index(body) + len(body))
        for name, body in (sections or {}).items()
    ]
    return Letter(
        "abc", "posta/lettera 7.pdf", True, text, tuple(pages), "text", tuple(parts), **more
    )


def told(letter: Letter, spans: Iterable[Told], origin: Any = "rules") -> list[Annotation]:
    """Annotations of the letter's lines; a span is (field, quote[, what else is known of it])."""
    lines = letter.text.splitlines(keepends=True)
    ids = list(phrase_ids(letter.id, lines))
    start, made = 0, []
    for number, line in enumerate(lines):
        section = next((s.name for s in letter.sections if s.start <= start < s.end), None)
        phrase = Phrase(ids[number], letter.id, start, start + len(line), line, section)
        here = [one for one in spans if one[1] in line]
        found = [
            Span(
                line.index(quote),
                line.index(quote) + len(quote),
                field,
                field,
                text=quote,
                **(rest[0] if rest else {}),
            )
            for field, quote, *rest in here
        ]
        if found:
            made.append(Annotation(phrase, tuple(found), origin, "test"))
        start += len(line)
    return made


def values(letter: Letter, spans: Iterable[Told] = ()) -> dict[str, Any]:
    return {value.field: value.value for value in extract(letter, told(letter, spans))}


def test_spans_become_typed_values_with_their_places() -> None:
    letter = letter_of(HEAD + "\fDiabetica, NYHA II-III. Nega BPCO.")
    spans: list[Told] = [
        *STAY,
        ("cognome", "BIANCHI"),
        ("nome", "Anna"),
        ("diabete", "Diabetica"),
        ("classe_nyha", "NYHA II-III"),
        ("BPCO", "BPCO", {"state": "negated"}),
    ]
    found = {value.field: value for value in extract(letter, told(letter, spans))}
    assert {name: value.value for name, value in found.items()} == {
        "cognome": "BIANCHI",
        "nome": "Anna",
        "data_di_nascita": "1966-02-17",
        "data_ingresso_cch": "2025-01-20",
        "data_dimissione_cch": "2025-01-27",
        "età al momento dell'intervento": 58,
        "Sesso": "F",
        "diabete": True,
        "classe_nyha": 3,
        "BPCO": False,
    }
    start = letter.text.index("NYHA")
    assert found["classe_nyha"].evidence == (Evidence(start, start + 11, "NYHA II-III", 2),)


def test_values_come_in_the_order_of_the_spreadsheet() -> None:
    letter = letter_of(HEAD + "Diabetica")
    found = extract(letter, told(letter, [("diabete", "Diabetica"), *STAY]))
    order = list(default_schema().fields)
    assert [v.field for v in found] == sorted((v.field for v in found), key=order.index)


def test_what_is_not_said_has_no_entry() -> None:
    assert extract(letter_of("Decorso regolare."), []) == []


# ---- several mentions of one field


def test_places_that_agree_are_all_kept() -> None:
    letter = letter_of("Diabete tipo 2\nEmoglobina glicata 8% in diabete noto")
    found = extract(letter, told(letter, [("diabete", "Diabete"), ("diabete", "diabete")]))
    assert [place.text for place in found[0].evidence] == ["Diabete", "diabete"]


def test_an_event_told_outweighs_a_denial_and_the_denial_stays_visible() -> None:
    letter = letter_of("Nega TIA\nNel 2019 episodio di TIA")
    spans = told(letter, [("TIA_pregresso", "TIA", {"state": "negated"})])
    spans = [spans[0], *told(letter, [("TIA_pregresso", "episodio di TIA")])]
    result = letter_fields(letter, spans)
    assert [(v.field, v.value) for v in result.fields] == [("TIA_pregresso", True)]
    (doubt,) = result.doubts
    assert (doubt.reason, doubt.value, doubt.evidence[0].text) == ("conflict", False, "Nega TIA")


def test_of_two_admissions_said_once_the_later_is_into_this_ward() -> None:
    letter = letter_of("In Medicina dal 10/01/2025\nGiunta a noi il 15/01/2025")
    spans: list[Told] = [
        ("data_ingresso_cch", "10/01/2025"),
        ("data_ingresso_cch", "15/01/2025"),
    ]
    assert values(letter, spans)["data_ingresso_cch"] == "2025-01-15"


def test_a_persons_correction_silences_the_labellers() -> None:
    letter = letter_of("Ipertensione, diabete")
    rules = told(letter, [("diabete", "diabete"), ("BPCO", "Ipertensione")])
    human = told(letter, [("ipertensione", "Ipertensione")], origin="human")
    found = extract(letter, [*rules, *human])
    assert [value.field for value in found] == ["ipertensione"]


def test_of_two_authors_on_one_place_the_one_who_knew_the_state_counts() -> None:
    letter = letter_of("Nega diabete mellito")
    rules = told(letter, [("diabete", "diabete", {"state": "negated"})])
    model = told(letter, [("diabete", "diabete mellito", {"score": 0.9})], origin="model")
    assert [v.value for v in extract(letter, [*rules, *model])] == [False]


def test_a_code_follows_the_author_and_a_date_follows_the_quote() -> None:
    letter = letter_of("FA dal 2010, nata il 17/02/1966")
    spans: list[Told] = [
        ("fibrillazione_atriale", "FA", {"value": 2}),
        ("data_di_nascita", "17/02/1966", {"value": "1966-02-18"}),
    ]
    assert values(letter, spans)["fibrillazione_atriale"] == 2
    assert values(letter, spans)["data_di_nascita"] == "1966-02-17"


def test_what_is_only_suspected_is_a_doubt_and_no_value() -> None:
    letter = letter_of("Sospetta endocardite")
    result = letter_fields(
        letter, told(letter, [("endocardite", "endocardite", {"state": "uncertain"})])
    )
    assert result.fields == ()
    assert [(d.field, d.reason) for d in result.doubts] == [("endocardite", "uncertain")]


@pytest.mark.parametrize(
    ("said", "shown"),
    {
        "Nega BPCO": "Nega BPCO",
        "Non diabete, BPCO o stroke": "Non diabete, BPCO",
        "BPCO: no; TIA: no": "BPCO: no",
        "Non TIA. Spirometria buona, BPCO esclusa": "BPCO esclusa",
        "BPCO (-)": "BPCO",
    }.items(),
)
def test_the_evidence_of_a_no_shows_the_words_that_deny(said: str, shown: str) -> None:
    letter = letter_of(said)
    (value,) = extract(letter, told(letter, [("BPCO", "BPCO", {"state": "negated"})]))
    assert (value.value, value.evidence[0].text) == (False, shown)


def test_a_relatives_disease_sets_only_the_family_history() -> None:
    letter = letter_of("Padre con infarto e diabete")
    spans: list[Told] = [
        ("familiarita_cardiovascolare", "infarto", {"state": "family"}),
        ("diabete", "diabete", {"state": "family"}),
    ]
    assert values(letter, spans) == {"familiarita_cardiovascolare": True}


def test_a_drug_prescribed_at_discharge_is_no_home_therapy() -> None:
    home, after = "ASA 100 mg\n", "Bisoprololo 2,5 mg\n"
    letter = letter_of(home + after, {"Terapia": home, "terapia_alla_dimissione": after})
    found = values(letter, [("antiaggregante", "ASA 100 mg"), ("betabloc", "Bisoprololo 2,5 mg")])
    assert found["antiaggregante"] is True and "betabloc" not in found


def test_doses_of_one_list_are_summed() -> None:
    home = "Lasix 25 mg 1 cp ore 8\nLasix 500 mg 1/4 cp ore 14\n"
    letter = letter_of(home, {"Terapia": home})
    spans: list[Told] = [("lasix_dosaggio", line) for line in home.splitlines()]
    found = values(letter, spans)
    assert (found["lasix_dosaggio"], found["lasix"]) == (150, True)


def test_an_alternate_day_dose_is_left_out_and_flagged() -> None:
    letter = letter_of("Lasix 25 mg a giorni alterni")
    result = letter_fields(letter, told(letter, [("lasix_dosaggio", letter.text)]))
    assert result.fields == ()
    assert [doubt.reason for doubt in result.doubts] == ["not daily"]


def test_of_two_telephones_the_patients_comes_first() -> None:
    letter = letter_of("Figlia 3331234567\nPaziente 3287351755")
    spans: list[Told] = [
        ("numero di telefono", "3331234567"),
        ("numero di telefono", "3287351755"),
    ]
    result = letter_fields(letter, told(letter, spans))
    assert (result.fields[0].value, result.doubts) == ("3287351755", ())


def test_a_name_marked_as_one_gives_both() -> None:
    letter = letter_of("Paziente: BIANCHI Anna")
    found = values(letter, [("cognome", "BIANCHI Anna")])
    assert (found["nome"], found["cognome"]) == ("Anna", "BIANCHI")


# ---- sections


def test_a_section_is_a_text_field_with_its_bullets() -> None:
    body = "  **- Lasix  25 mg**\n- ASA 100 mg\n"
    letter = letter_of("Terapia a domicilio\n" + body + "Altro", {"Terapia": body})
    (value,) = extract(letter, [])
    assert value.value == "- Lasix 25 mg - ASA 100 mg"
    assert value.evidence[0].text == "**- Lasix  25 mg**\n- ASA 100 mg"


def test_two_parts_of_a_section_are_one_text() -> None:
    letter = letter_of("Remota: nulla\nEsami\nProssima: dispnea")
    letter = replace(letter, sections=(Section("Anamnesi", 0, 13), Section("Anamnesi", 20, 37)))
    (value,) = extract(letter, [])
    assert value.value == "Remota: nulla Prossima: dispnea" and len(value.evidence) == 2


def test_lines_labelled_as_a_section_stand_in_for_a_missing_heading() -> None:
    letter = letter_of("Stenosi aortica severa")
    assert values(letter, [("Diagnosi", "Stenosi aortica severa")]) == {
        "Diagnosi": "Stenosi aortica severa"
    }


# ---- the day of operation, age and stay


@pytest.mark.parametrize(
    ("said", "stay"),
    {
        "In data 21/01/2025 intervento di sostituzione valvolare aortica.": 6,
        "In data 21.01.25 la paziente veniva sottoposta a triplice bypass.": 6,
        "Data intervento: 21 gennaio 2025": 6,
        "Operata il 21/01 di plastica mitralica.": 6,
        "Ingresso 20/01/2025 Intervento 21/01/2025 Uscita 27/01/2025": 6,
        "Ricoverata il 20/01/2025, operata il 21/01/2025, dimessa il 27/01/2025": 6,
        "Presso la nostra Unità Operativa dal 20/01/2025 al 27/01/2025.": None,
        "Coronarografia il 21/01/2025. Il 22/01/2025 intervento di BPAC.": 5,
        "Intervento di SVA del 21/01/2025; il 23/01/2025 revisione chirurgica: intervento.": 6,
        "Pregresso intervento di bypass il 21/01/2008. Operata il 22/01/2025.": 5,
        "Dopo angioplastica del 21/01/2025 sta bene.": None,
        "Estubata il 21/01/2025.": None,
        "Controllo il 15/02/2025 dopo l'intervento.": None,
    }.items(),
)
def test_the_stay_counts_from_the_operation(said: str, stay: int | None) -> None:
    assert values(letter_of(HEAD + said), STAY).get("H_Stay_giorni") == stay


def test_a_date_under_the_heading_of_the_operation_needs_no_other_word() -> None:
    letter = letter_of(HEAD + "21/01/2025 dr. Neri", {"Intervento": "21/01/2025 dr. Neri"})
    assert values(letter, STAY)["H_Stay_giorni"] == 6


def test_the_age_is_that_of_the_day_of_operation() -> None:
    birthday = HEAD.replace("17/02/1966", "22/01/1966")
    born: list[Told] = [("data_di_nascita", "22/01/1966"), *STAY[1:]]
    before = letter_of(birthday + "Intervento del 21/01/2025")
    after = letter_of(birthday + "Intervento del 22/01/2025")
    age = "età al momento dell'intervento"
    assert (values(before, born)[age], values(after, born)[age]) == (58, 59)
    # A birthday within the stay and no day of operation: nobody can say.
    assert age not in values(letter_of(birthday), born)


def test_age_and_stay_show_both_places_they_come_from() -> None:
    letter = letter_of(HEAD + "Intervento del 21/01/2025")
    found = {v.field: v for v in extract(letter, told(letter, STAY))}
    quotes = [place.text for place in found["H_Stay_giorni"].evidence]
    assert quotes == ["27/01/2025", "21/01/2025"]


def test_a_computed_age_replaces_a_stated_one_that_differs() -> None:
    letter = letter_of(HEAD + "Donna di 60 anni. Intervento del 21/01/2025")
    age = "età al momento dell'intervento"
    result = letter_fields(letter, told(letter, [*STAY, (age, "60 anni")]))
    assert {v.field: v.value for v in result.fields}[age] == 58
    assert [(d.field, d.value) for d in result.doubts] == [(age, 60)]


# ---- sex


@pytest.mark.parametrize(
    ("said", "sex"),
    {
        "Sesso: F": "F",
        "Sesso M": "M",
        "paziente di sesso femminile": "F",
        "Sig. ROSSI Mario": "M",
        "Sig.ra ROSSI Maria": "F",
        "La Signora Rossi": "F",
        "Egregio Collega, dimettiamo il Signor Rossi": "M",
        "ROSSI MARIA nata a Lodi": "F",
        "nato/a il 3/4/1950": None,
        "pz: Rossi / dn 09/01/1940 / M / 82aa": "M",
        "Sig./Sig.ra: MORETTO CARLO, nato il 22.01.1937": "M",
        "La paziente veniva sottoposta a intervento": "F",
        "uomo di 70 anni": "M",
        "Iperteso, dimesso in buone condizioni": "M",
        "Tel. 02 123456 (moglie, Sig.ra Anna)\nIl paziente è vigile": "M",
        "Decorso regolare": None,
    }.items(),
)
def test_sex_is_read_from_statement_address_and_participles(said: str, sex: str | None) -> None:
    assert values(letter_of(said)).get("Sesso") == sex


def test_sex_quotes_what_it_was_read_from() -> None:
    (value,) = extract(letter_of("Dimessa la Sig.ra Rossi"), [])
    assert value.evidence[0].text == "Sig.ra"


# ---- what values imply


def test_dapt_is_antiplatelet_and_crt_d_defibrillates() -> None:
    letter = letter_of("ASA e clopidogrel, portatore di CRT-D")
    found = values(letter, [("dapt", "ASA e clopidogrel"), ("crt", "CRT-D")])
    assert found["antiaggregante"] is True and found["icd"] is True


def test_a_crt_alone_is_no_defibrillator() -> None:
    assert "icd" not in values(letter_of("CRT-P dal 2019"), [("crt", "CRT-P")])


@pytest.mark.parametrize(
    ("said", "number"),
    {
        "Nessuna terapia domiciliare.": 9,
        "Non assume terapia a domicilio": 9,
        "Terapia domiciliare: nessuna": 9,
        "Non assume terapia anticoagulante": 0,
        "Terapia domiciliare: ASA": 0,
    }.items(),
)
def test_no_home_therapy_at_all_is_nine_times_no(said: str, number: int) -> None:
    drugs = [v for v in extract(letter_of(said), []) if v.value is False]
    assert len(drugs) == number


# ---- death


def test_who_died_has_no_discharge_and_no_stay() -> None:
    letter = letter_of(HEAD + "Intervento del 21/01/2025\nDeceduta il 25/01/2025 per sepsi")
    dead: list[Told] = [
        ("Morte", "Deceduta"),
        ("data_morte", "25/01/2025"),
        ("Causa_morte", "sepsi"),
    ]
    found = values(letter, [*STAY, *dead])
    assert (found["Morte"], found["data_morte"], found["Causa_morte"]) == (
        True,
        "2025-01-25",
        "sepsi",
    )
    assert "data_dimissione_cch" not in found and "H_Stay_giorni" not in found


def test_a_cause_of_death_without_a_death_is_shown_as_a_doubt() -> None:
    letter = letter_of("Padre morto di infarto")
    result = letter_fields(letter, told(letter, [("Causa_morte", "infarto")]))
    assert result.fields == () and result.doubts[0].field == "Causa_morte"


# ---- documents and results


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


def test_a_models_unsure_span_fills_no_cell_and_a_sure_one_does() -> None:
    letter = letter_of("Diabete mellito\nIpertensione arteriosa\n")
    spans = [
        ("diabete", "Diabete mellito", {"score": 0.2}),
        ("ipertensione", "Ipertensione arteriosa", {"score": 0.95}),
    ]
    found = extract(letter, told(letter, spans, "model"))
    assert [value.field for value in found] == ["ipertensione"]
    by_rules = extract(letter, told(letter, spans, "rules"))
    assert [value.field for value in by_rules] == ["diabete", "ipertensione"]
