"""How doctors say yes, no and nothing of each field: `data/sayings.txt`, through extraction."""

import json
from collections.abc import Iterator

import pytest

from core.extract import letter_fields
from core.read import read_text
from core.read.phrases import phrases
from core.records import Value
from tests.label.rules.letters import RULES
from tests.places import DATA

_HEADINGS = {
    "Anamnesi": "ANAMNESI",
    "Motivo ricovero": "MOTIVO DEL RICOVERO",
    "Terapia": "TERAPIA DOMICILIARE",
    "esami_all_ingresso": "ESAMI ALL'INGRESSO",
    "Decorso_post_operatorio": "DECORSO POST-OPERATORIO",
    "esami_alla_dimissione": "ESAMI ALLA DIMISSIONE",
}
_FRAME = """OSPEDALE CIVILE
RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA

Paziente: Rossi Mario nato il 01/02/1950
Data ricovero: 02/05/2023  Data dimissione: 12/05/2023

DIAGNOSI
Stenosi aortica severa. In data 04/05/2023 sostituzione valvolare aortica con bioprotesi.

"""


def groups() -> Iterator[tuple[str, str, Value | None, list[str]]]:
    text = (DATA / "sayings.txt").read_text(encoding="utf-8")
    for block in text.removeprefix("# ").split("\n\n# "):
        head, *sayings = block.splitlines()
        field, section, value = head.split(" | ")
        yield field, section, None if value == "none" else json.loads(value), sayings


GROUPS = list(groups())


def said(field: str, section: str, saying: str) -> Value | None:
    letter = read_text(f"{_FRAME}{_HEADINGS[section]}\n{saying}\n", "letter")
    spans = list(RULES.label(phrases(letter)))
    return next((v.value for v in letter_fields(letter, spans).fields if v.field == field), None)


@pytest.mark.parametrize(
    ("field", "section", "value", "sayings"),
    GROUPS,
    ids=[f"{field} {value}" for field, _, value, _ in GROUPS],
)
def test_sayings(field: str, section: str, value: Value | None, sayings: list[str]) -> None:
    wrong = [saying for saying in sayings if said(field, section, saying) != value]
    assert not wrong
