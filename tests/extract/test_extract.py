"""A letter and its spans -> field values: typed, aggregated, with the places that say them."""

from dataclasses import replace

import pytest

from core.extract import letter_fields
from core.records import (
    Evidence,
    Section,
)
from core.schema import default_schema
from tests.extract.told_letter import HEAD, STAY, Told, extract, letter_of, told, values


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
