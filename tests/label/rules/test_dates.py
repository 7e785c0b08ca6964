"""Dates, names and stays as letters write them."""

import pytest

from tests.label.rules.letters import RULES, letter

HEADS = {
    "all in small letters": ("de santis aldo n.7/1/58", "de santis", "aldo", "1958-01-07"),
    "a month between dashes": ("SIG. LODI UGO NATO IL 04-NOV-1979", "LODI", "UGO", "1979-11-04"),
    "in the order of its label": ("Cognome e nome: Trevisol Swami", "Trevisol", "Swami", None),
    "a date behind a dash": ("ESPOSITO CARMELA - 07/08/1939", "ESPOSITO", "CARMELA", "1939-08-07"),
    "parted by a comma": ("Nominativo: Lodi, Ugo", "Lodi", "Ugo", None),
    "labels behind": ("Lodi (cognome) Ugo (nome)", "Lodi", "Ugo", None),
    "a town and a birth": ("Il Sig. Ugo LODI (Trento, 30.11.1943)", "LODI", "Ugo", "1943-11-30"),
    "a birth in words": (
        "la signora Ida Lodi, nata il tre maggio millenovecentoquarantadue",
        "Lodi",
        "Ida",
        "1942-05-03",
    ),
    "a row without labels": ("Lodi Ugo - 14/03/1948 - 347 5512908", "Lodi", "Ugo", "1948-03-14"),
    "told by its day": ("la signora Ida Lodi, del 3 maggio 1942", "Lodi", "Ida", "1942-05-03"),
    "endings of surnames": ("Paziente     Zambelletti Oriolda", "Zambelletti", "Oriolda", None),
    "two labels in one": ("Cognome / Nome   Lodi / Ugo", "Lodi", "Ugo", None),
    "it is she that was born": ("Ida Lodi è nata il 3/5/1942.", "Lodi", "Ida", "1942-05-03"),
    "particles in a row": ("Sig. Van Der Berg Johannes", "Van Der Berg", "Johannes", None),
}


@pytest.mark.parametrize(("text", "family", "given", "born"), HEADS.values(), ids=HEADS.keys())
def test_who_the_patient_is(text: str, family: str, given: str, born: str | None) -> None:
    (annotation,) = RULES.label(letter((None, text)))
    said = {s.field: s.text for s in annotation.spans}
    days = [s.value for s in annotation.spans if s.field == "data_di_nascita"]
    assert (said["cognome"], said["nome"], days) == (family, given, [born] if born else [])


STAYS = {
    "days of the week": "Ricoverato da lunedì 4 marzo 2024 a venerdì 15 marzo 2024.",
    "a stroke between days": "Degenza: 4-15/03/2024",
    "in and out": "In: lun 04/03/2024 | Out: ven 15/03/2024",
    "a place in brackets": "Ricovero dal 2024-03-04 (dal PS, ivi dal 2024-03-02) al 2024-03-15.",
    "told to the patient": "Il soggiorno è iniziato il 4 marzo 2024 e termina oggi, 15 marzo 2024.",
    "entered and left": "Entrata il: 4 marzo '24    Uscita il: 15 marzo '24",
    "hurried": "ricoverata il 04.03.2024   dimesa il 15.03.2024",
    "labels behind": "04/03/2024 ingresso - 06/03/2024 sala - 15/03/2024 uscita",
    "with us": "Lo abbiamo avuto con noi dal 4 al 15 marzo 2024.",
    "at an hour": "Entrato in reparto alle ore 1.40 del 4 marzo 2024; dimesso alle 11 del 15/3/24.",
    "in words": "Accolta il quattro marzo 2024, torna a casa il quindici marzo 2024.",
    "of this year": "È stato con noi dal 4 al 15 marzo di quest'anno, il 2024.",
    "the same month": "Entrato il 4/3/2024 e uscito il 15 dello stesso mese.",
    "sent on": "Ric. 4.3.24; trasf. 15.3.24 a Riab. Lonedo",
    "in the ward from a day": "In reparto dal giorno 4/3/2024 al giorno 15/3/2024.",
    "its beginning and end": "Inizio ricovero: 04/03/2024   Fine ricovero: 15/03/2024",
    "left, then entered": "Ha lasciato il nostro reparto il 15/3/2024. Vi era entrato il 4/3/2024.",
    "of a software": "EPI.INGRESSO=20240304T1530\nEPI.DIMISSIONE=20240315",
    "a colon bent by OCR": "Data ingresso; 04/03/2024   Data dimissione. 15/03/2024",
    "months bent by OCR": "Ricoverato il 4 rnarzo 2024, dimesso il 15 rnarzo 2024",
    "Roman months": "Ingresso 4/III/24, dimissione 15/III/24",
    "a row of a table": "Data ricovero   Data dimissione\n04/03/2024   15/03/2024",
}


@pytest.mark.parametrize("text", STAYS.values(), ids=STAYS.keys())
def test_the_days_of_the_stay(text: str) -> None:
    lines = [(None, line) for line in text.split("\n")]
    spans = [span for a in RULES.label(letter(*lines)) for span in a.spans]
    days = {span.field: span.value for span in spans if str(span.field).startswith("data_")}
    assert days == {"data_ingresso_cch": "2024-03-04", "data_dimissione_cch": "2024-03-15"}


DEATHS = {
    "found dead": "Alle ore 3.40 del 14/03/2024 se ne constatava il decesso.",
    "gone": "La paziente è mancata il 14 marzo 2024.",
    "died": "Il 14 marzo 2024 il paziente moriva.",
}


@pytest.mark.parametrize("text", DEATHS.values(), ids=DEATHS.keys())
def test_the_day_of_death(text: str) -> None:
    (annotation,) = RULES.label(letter(("Decorso_post_operatorio", text)))
    said = {span.field: span.value for span in annotation.spans}
    assert (said.get("Morte"), said.get("data_morte")) == (True, "2024-03-14")


def test_a_birth_goes_on_in_the_line_below() -> None:
    _, below = RULES.label(letter((None, "Sig. Ugo Lodi    nato a"), (None, "Rieti il 26/01/1987")))
    assert ("data_di_nascita", "1987-01-26") in {(s.field, s.value) for s in below.spans}


def test_a_name_stands_alone_above_its_birth() -> None:
    name, _ = RULES.label(letter((None, "FERRI LUIGI"), (None, "nato a Lecce il 12/12/1944")))
    assert {s.field: s.text for s in name.spans} == {"cognome": "FERRI", "nome": "LUIGI"}


def test_a_letter_that_sends_the_patient_off_is_dated_on_the_day() -> None:
    sent = letter((None, "Torino, 9 dicembre 2020"), (None, "Le affido il Sig. Ugo Lodi."))
    dates = [s.value for a in RULES.label(sent) for s in a.spans]
    assert "2020-12-09" in dates
