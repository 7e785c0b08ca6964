"""What follows from other values: the day of operation, age and stay, sex, implied drugs, death."""

import pytest

from core.extract import letter_fields
from tests.extract.told_letter import HEAD, STAY, Told, extract, letter_of, told, values


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
