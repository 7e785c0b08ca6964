"""A list of drugs with one column for home and one for the discharge: only the first counts."""

import pytest

from core.label.rules.columns import home_columns
from core.read.words.fold import fold

LISTS = {
    "blanks": (
        "Farmaco A domicilio Alla dimissione\n"
        "Lobivon 5 mg 1/2 cp h 8 1 cp h 8\n"
        "Blopress 16 mg 1 cp h 8 SOSPESO\n"
        "Cardioaspirina 100 mg - 1 cp a pranzo",
        ["lobivon 5 mg 1/2 cp h 8", "blopress 16 mg 1 cp h 8", ""],
    ),
    "bars": (
        "| FARMACO | DOMICILIO | DIMISSIONE |\n"
        "| Lasix 25 | 1 cp x 2 | 2 cp |\n"
        "| ASA 100 | - | 1 cp |",
        ["| lasix 25 | 1 cp x 2", ""],
    ),
    "no such header": ("Terapia domiciliare\nLasix 25 1 cp", []),
}


@pytest.mark.parametrize(("listed", "home"), LISTS.values(), ids=LISTS)
def test_home_column(listed: str, home: list[str]) -> None:
    lines = [fold(line) for line in listed.split("\n")]
    rows = home_columns(lines)
    assert [lines[number][:reach].strip() for number, reach in rows.items()] == home
