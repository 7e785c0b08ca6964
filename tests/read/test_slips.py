"""Slips of OCR undone in place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.read.words.slips import mended

SLIPS = {
    "insufficienza mitra1ica": "insufficienza mitralica",
    "Fibri1lazione atria1e": "Fibrillazione atriale",
    "nato i1 O8/O3/1966": "nato il 08/03/1966",
    "Dimissione: l0/03/2022": "Dimissione: 10/03/2022",
    "5 marz0": "5 marzo",
    "Cardioaspirin lO0 mg": "Cardioaspirin 100 mg",
    "Furosemide 25 mg l cp": "Furosemide 25 mg 1 cp",
    "Diabete me1lito tipo l": "Diabete mellito tipo 1",
    "al1'ingresso": "all'ingresso",
    "DEFINITlVA": "DEFINITIVA",
    "ANAMNESl": "ANAMNESI",
    "2o run di cec": "2o run di cec",
    "dall'aItro": "dall'altro",
    "creatinina l,3": "creatinina 1,3",
    "lnsufficienza, stadio lV": "Insufficienza, stadio IV",
    "Endocardlte": "Endocardite",
    "lCD": "ICD",
}
KEPT = [
    "HbA1c 7%",
    "NYHA1",
    "P2Y12",
    "LIMA1",
    "18.II.2024",
    "MRCLNE57H06I608N",
    "10 o 15 mg",
    "lcos, ldl, lvad",
    "5 l/min",
]


@pytest.mark.parametrize(("read", "meant"), SLIPS.items(), ids=SLIPS.keys())
def test_what_allows_one_reading_is_mended(read: str, meant: str) -> None:
    assert mended(read) == meant


@pytest.mark.parametrize("text", KEPT)
def test_codes_stay_as_they_are(text: str) -> None:
    assert mended(text) == text


@given(st.text(alphabet="abclioOI015 /.,'àLI|", max_size=40))
def test_every_character_keeps_its_place(text: str) -> None:
    assert len(mended(text)) == len(text)
