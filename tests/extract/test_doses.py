"""Quotes of letters -> milligrams a day."""

import pytest

from core.extract.doses import entry, mg_a_day, not_daily
from tests.extract.quotes import cases


@cases(
    {
        "Lasix 25 mg 1 cp x 2": 50,
        "Lasix 25: 2+1½+0": 87.5,
        "Lasix 500 mezza compressa al dì (250 mg)": 250,
        "Lasix cp 25 mg ........: 2 cp ore 8, 1 cp ore 16": 75,
        "Lasix 25 mg 1 cp ore 8": 25,
        "25 mg, 1 cp alle 8 e alle 16": 50,
        "Lasix 25 mg 1/2 cp": 12.5,
        "Lasix 25 mg ½ cp": 12.5,
        "Lasix 25 mg 1½ cp": 37.5,
        "Lasix 25 mg 1 e 1/2 cp": 37.5,
        "Lasix 25 mg 1 compressa e mezza": 37.5,
        "Lasix 25 mg mezza compressa al mattino": 12.5,
        "Lasix 500 mg 1/4 cp": 125,
        "furosemide 125 mg (1/4 di cp da 500 mg)": 125,
        "furosemide 25 mg x 2/die": 50,
        "furosemide 25 mg BID": 50,
        "furosemide 25 mg 1x2": 50,
        "furosemide mg 25, due compresse al mattino ed una al vespro": 75,
        "Lasix 25   1   1/2   -": 37.5,
        "Lasix 25   -   1   -": 25,
        "furosemide 25 mg 1-0-1": 50,
        "furosemide 25 mg due volte al dì": 50,
        "furosemide 20 mg ogni 12 ore": 40,
        "furosemide 50 mg/die": 50,
        "furosemide 25 mg die": 25,
        "Lasix 25 mg 2 cp/die": 50,
        "Lasix 25 mg 1 cp h 8 + 1 cp h 16": 50,
        "Lasix 25 mg 1 cp ore 8, 1/2 cp ore 16": 37.5,
        "ore 8: 1 cp, ore 16: 1/2 cp di Lasix 25 mg": 37.5,
        "Lasix 25 mg ore 8 1/2 cp": 12.5,
        "Lasix 25 mg 1 cpr al mattino, mezza alle 16": 37.5,
        "Lasix 25 mg, 2 compresse la mattina e 1 il pomeriggio": 75,
        "Furosemide 25 mg, una compressa al mattino e una alla sera": 50,
        "Lasix 25 mg 1 cp mattina e sera": 50,
        "Lasix 25 mg 1 cp x 2 (ore 8 e ore 16)": 50,
        "Lasix 25 mg: 1 cp ore 8.00; 1 cp ore 14.00": 50,
        "Furosemide 25 mg h 8-14-20": 75,
        "Lasix 25 mg 8-16": 50,
        "40 mg alle ore 8 e 20 mg alle ore 16": 60,
        "Lasix 2 fl da 20 mg": 40,
        "Lasix 25 1 cp": 25,
        "furo 25x2": 50,
        "Lasix 12,5 mg": 12.5,
        "Lasix": None,
        "furosemide 25-50 mg": None,
        "Lasix 25 mg a giorni alterni": None,
        "Lasix 25 mg 1 cp a gg alterni": None,
        "Lasix 25 mg lun-mer-ven": None,
        "Lasix 25 mg 3 volte a settimana": None,
        "Lasix 25 mg al bisogno": None,
    }
)
def test_a_dose_in_milligrams_a_day(quote: str, value: float | None) -> None:
    assert mg_a_day(quote) == value


@cases(
    {
        "Lasix 25 mg a giorni alterni": True,
        "Lasix 25 mg un giorno sì e uno no": True,
        "Lasix 25 mg 1 cp ogni 48 ore": True,
        "Lasix 25 mg 1 cp ore 8": False,
        "Lasix 25 mg ogni 12 ore": False,
    }
)
def test_a_dose_not_taken_every_day_is_known_as_such(quote: str, value: bool) -> None:
    assert not_daily(quote) is value


@pytest.mark.parametrize(
    ("quote", "after", "dose"),
    [
        ("25 mg", " 1 cp x 2, ASA 100 mg 1 cp", 50),
        ("25 mg", ", due compresse alle ore 8 e una alle ore 16, bisoprololo 2,5 mg", 75),
        ("25 mg", " (1 cp ore 8, 1 cp ore 16); ASA 100", 50),
        ("25 mg", " 1 cp ore 8 e bisoprololo 2,5 mg x 2", 25),
        ("20 mg", " 1 fl ev x 2\n", 40),
        ("25", " 2 cp h8 bisoprololo 2,5 1 cp", 50),
        ("25 mg", " una compressa a giorni alterni, digossina", None),
        ("25 mg 1 cp", ", pantoprazolo 20 mg 1 cp x 2", 25),
    ],
)
def test_a_dose_ends_where_the_next_drug_begins(quote: str, after: str, dose: float | None) -> None:
    assert mg_a_day(entry(quote, after)) == dose
