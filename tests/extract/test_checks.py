"""Values of one letter against each other: each conflict is a doubt, no value changes."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from core.extract import letter_fields
from core.extract.checks import check, check_letter
from core.extract.derived import operation_day
from core.extract.result import LetterFields
from core.extract.sheet import write_sheet
from core.label.rules.rules import Rules
from core.read import read_text
from core.read.phrases import phrases
from core.records import Evidence, FieldValue, Letter
from tests.places import DATA

STAY = {
    "data_di_nascita": "1950-05-01",
    "data_ingresso_cch": "2024-01-10",
    "data_dimissione_cch": "2024-01-20",
}
OPERATED = date(2024, 1, 12)
AGE = "età al momento dell'intervento"
CASES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nothing amiss": (STAY | {AGE: 73, "H_Stay_giorni": 8}, []),
    "discharged before admitted": (
        STAY | {"data_dimissione_cch": "2024-01-02"},
        [("data_dimissione_cch", "order")],
    ),
    "born after admission": (
        STAY | {"data_di_nascita": "2024-01-15"},
        [("data_ingresso_cch", "order")],
    ),
    "older than anybody": (
        STAY | {"data_di_nascita": "1900-01-01"},
        [("data_di_nascita", "order")],
    ),
    "a year in the ward": (
        STAY | {"data_dimissione_cch": "2025-03-01"},
        [("data_ingresso_cch", "order")],
    ),
    "a stated age that the dates deny": (STAY | {AGE: 68}, [(AGE, "mismatch")]),
    "a stated stay that the dates deny": (
        STAY | {"H_Stay_giorni": 3},
        [("H_Stay_giorni", "mismatch")],
    ),
    "a dose without its drug": ({"lasix_dosaggio": 25}, [("lasix_dosaggio", "mismatch")]),
    "DAPT and no antiplatelet": ({"dapt": True, "antiaggregante": False}, [("dapt", "mismatch")]),
    "a pacemaker before and after": (
        {"pm": True, "Impianto_PM_post_intervento": True},
        [("Impianto_PM_post_intervento", "mismatch")],
    ),
    "never fibrillation, yet on admission": (
        {"fibrillazione_atriale": 0, "ritmo_all_ingresso": 1},
        [("fibrillazione_atriale", "mismatch")],
    ),
    "permanent fibrillation in sinus rhythm": (
        {"fibrillazione_atriale": 2, "ritmo_all_ingresso": 0},
        [("fibrillazione_atriale", "mismatch")],
    ),
    "known fibrillation told as new": (
        {"fibrillazione_atriale": 1, "FA_di_nuova_insorgenza": True},
        [("FA_di_nuova_insorgenza", "mismatch")],
    ),
    "fibrillation on admission told as new": (
        {"ritmo_all_ingresso": 1, "FA_di_nuova_insorgenza": True},
        [("FA_di_nuova_insorgenza", "mismatch")],
    ),
    "paroxysmal fibrillation in sinus rhythm": (
        {"fibrillazione_atriale": 1, "ritmo_all_ingresso": 0},
        [],
    ),
    "never fibrillation, first after the operation": (
        {"fibrillazione_atriale": 0, "ritmo_all_ingresso": 0, "FA_di_nuova_insorgenza": True},
        [],
    ),
    "born on the day of admission": (
        STAY | {"data_di_nascita": "2024-01-10"},
        [("data_ingresso_cch", "order")],
    ),
    "a day in the ward": (STAY | {"data_dimissione_cch": "2024-01-10"}, []),
    "dead before admitted": (
        {"data_ingresso_cch": "2024-01-10", "Morte": True, "data_morte": "2024-01-04"},
        [("data_morte", "order")],
    ),
    "dead on the day of admission": (
        {"data_ingresso_cch": "2024-01-10", "Morte": True, "data_morte": "2024-01-10"},
        [],
    ),
    "older than anybody, by the discharge": (
        {"data_di_nascita": "1880-05-01", "data_dimissione_cch": "2024-01-20"},
        [("data_di_nascita", "order")],
    ),
    "an age against the discharge alone": (
        {"data_di_nascita": "1950-05-01", "data_dimissione_cch": "2024-01-20", AGE: 61},
        [(AGE, "mismatch")],
    ),
    "an age that the birthday in the stay explains": (
        {"data_di_nascita": "1950-01-15", "data_dimissione_cch": "2024-01-20", AGE: 73},
        [],
    ),
    "a stay longer than the ward's": (
        {
            "data_ingresso_cch": "2024-01-10",
            "data_dimissione_cch": "2024-01-20",
            "H_Stay_giorni": 31,
        },
        [("H_Stay_giorni", "mismatch")],
    ),
    "an earlier operation after this one": (
        STAY | {"Anno REDO": "2031"},
        [("Anno REDO", "order")],
    ),
    "an earlier operation before the birth": (
        STAY | {"Anno REDO": "1938"},
        [("Anno REDO", "order")],
    ),
    "an earlier operation in the same year": (STAY | {"Anno REDO": "2024"}, []),
    "a second operation denied and described": (
        {"secondo_intervento": False, "Tipo_secondo_intervento": "revisione"},
        [("Tipo_secondo_intervento", "mismatch")],
    ),
    "a defibrillator and a pacemaker before": ({"pm": True, "icd": True}, []),
    "a death without a day": ({"Morte": True}, [("Morte", "mismatch")]),
    "an earlier operation and no redo": (
        {"REDO": False, "Anno REDO": "2008"},
        [("Anno REDO", "mismatch")],
    ),
}


def values(said: dict[str, Any]) -> dict[str, FieldValue]:
    return {
        name: FieldValue(name, value, (Evidence(place, place + 1, "x"),))
        for place, (name, value) in enumerate(said.items())
    }


@pytest.mark.parametrize(("said", "expected"), CASES.values(), ids=CASES.keys())
def test_values_that_do_not_fit_are_shown(
    said: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    operated = OPERATED if STAY.items() <= said.items() else None
    doubts = list(check(values(said), operated))
    assert [(doubt.field, doubt.reason) for doubt in doubts] == expected
    assert all(doubt.evidence and doubt.note for doubt in doubts)


def test_a_doubt_shows_both_places() -> None:
    """Also that of the operation, which has no field."""
    told = (Evidence(90, 100, "12/01/2024"),)
    said = values(STAY | {AGE: 68, "H_Stay_giorni": 3})
    age, stay = check(said, OPERATED, told)
    assert [place.start for place in age.evidence] == [0, 3, 90]
    assert [place.start for place in stay.evidence] == [2, 4, 90]


TITLE = "RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA"


def written(
    history: str = "Ipertensione arteriosa.",
    home: str = "Ramipril 5 mg.",
    operated: str = "10/01/2024",
    course: str = "Regolare.",
    days: str = "ricoverato dal 08/01/2024 al 20/01/2024",
    end: str = "",
) -> Letter:
    return read_text(
        f"{TITLE}\n\nSig. GALLO Piero, nato a Lodi il 01/02/1950, {days}.\n\n"
        f"Diagnosi\nStenosi aortica severa.\n\nAnamnesi\n{history}\n\n"
        f"Terapia domiciliare\n{home}\n\n"
        f"Intervento\nIn data {operated} sostituzione valvolare aortica.\n\n"
        f"Decorso post-operatorio\n{course}\n\n"
        f"Terapia alla dimissione\nBisoprololo 2,5 mg.\n{end}"
    )


RULES = Rules()


def extracted(letter: Letter) -> LetterFields:
    return letter_fields(letter, list(RULES.label(phrases(letter))))


LETTERS: dict[str, tuple[dict[str, str], list[tuple[str, set[str]]]]] = {
    "nothing amiss": ({}, []),
    "operated before the admission": (
        {"operated": "05/01/2024"},
        [("data_ingresso_cch", {"08/01/2024", "05/01/2024"})],
    ),
    "operated in another year": (
        {"operated": "10/01/2023"},
        [("data_ingresso_cch", {"08/01/2024", "10/01/2023"})],
    ),
    "operated after the discharge": (
        {"operated": "25/01/2024"},
        [("data_dimissione_cch", {"20/01/2024", "25/01/2024"})],
    ),
    "another operation is planned": (
        {"end": "Verrà sottoposto a sostituzione mitralica il 15/03/2024."},
        [],
    ),
    "an operation of long ago": ({"history": "Operato di bypass il 03/02/2010."}, []),
    "discharged before admitted": (
        {"days": "ricoverato dal 08/01/2024, dimesso il 02/01/2024"},
        [("data_dimissione_cch", {"08/01/2024", "02/01/2024"})],
    ),
    "DAPT with one drug": (
        {"home": "In DAPT. Cardioaspirina 100 mg."},
        [("dapt", {"DAPT", "Cardioaspirina"})],
    ),
    "DAPT with two drugs": ({"home": "In DAPT: cardioaspirina 100 mg e clopidogrel 75 mg."}, []),
    "a pacemaker before and after": (
        {
            "history": "Portatore di pacemaker dal 2015.",
            "course": "Impianto di pacemaker definitivo in quinta giornata.",
        },
        [("Impianto_PM_post_intervento", {"pacemaker", "Impianto di pacemaker definitivo"})],
    ),
    "persistent fibrillation brought back to sinus rhythm": (
        {"history": "Fibrillazione atriale persistente. Ritmo sinusale all'ingresso."},
        [],
    ),
    "dead before admitted": (
        {"days": "ricoverato il 08/01/2024", "course": "Exitus il 03/01/2024 per shock."},
        [("data_morte", {"08/01/2024", "03/01/2024"})],
    ),
}


@pytest.mark.parametrize(("said", "expected"), LETTERS.values(), ids=LETTERS.keys())
def test_letters_that_contradict_themselves_show_both_places(
    said: dict[str, str], expected: list[tuple[str, set[str]]]
) -> None:
    letter = written(**said)
    doubts = [d for d in extracted(letter).doubts if d.reason in ("order", "mismatch")]
    found = [(doubt.field, {place.text for place in doubt.evidence}) for doubt in doubts]
    assert [field for field, _ in found] == [field for field, _ in expected]
    for (_, shown), (_, wanted) in zip(found, expected, strict=True):
        assert all(any(text in place for place in shown) for text in wanted)
    for doubt in doubts:
        assert all(letter.text[p.start : p.end] == p.text for p in doubt.evidence)


def test_who_died_and_was_discharged_shows_both_days() -> None:
    result = extracted(written(course="Il paziente decede il 15/01/2024 per shock cardiogeno."))
    assert not {"data_dimissione_cch", "H_Stay_giorni"} & {v.field for v in result.fields}
    (doubt,) = [d for d in result.doubts if d.field == "data_dimissione_cch"]
    assert doubt.value == "2024-01-20"
    shown = [place.text for place in doubt.evidence]
    assert shown[0] == "20/01/2024"
    assert len(shown) == 2


def test_a_conflict_is_in_the_json_and_in_the_sheet_with_both_places(tmp_path: Path) -> None:
    letter = written(days="ricoverato dal 08/01/2024, dimesso il 02/01/2024")
    result = replace(extracted(letter), letter="gallo.txt")
    write_sheet(tmp_path / "a.json", [result])
    write_sheet(tmp_path / "a.xlsx", [result])
    (raw,) = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    (doubt,) = [d for d in raw["doubts"] if d["reason"] == "order"]
    assert {place["text"] for place in doubt["evidence"]} == {"08/01/2024", "02/01/2024"}
    assert raw["fields"]["data_ingresso_cch"]["value"] == "2024-01-08"  # neither is changed
    assert raw["fields"]["data_dimissione_cch"]["value"] == "2024-01-02"
    sheet = load_workbook(tmp_path / "a.xlsx").worksheets[0]
    column = next(c.column for c in sheet[1] if c.value == "data_dimissione_cch")
    comment = sheet.cell(2, column).comment
    assert comment is not None
    assert "08/01/2024" in comment.text
    assert "02/01/2024" in comment.text


def test_two_patients_in_one_text_are_a_conflict() -> None:
    """No second heading, so the file cannot be cut: both names and births are shown."""
    second = "\n\nSig. PINTO Aldo, nato a Como il 07/09/1944, cartella 2024/0099.\n"
    result = extracted(written(end=second))
    others = {doubt.field: doubt.value for doubt in result.doubts if doubt.reason == "conflict"}
    assert others["data_di_nascita"] == "1944-09-07"
    assert str(others["cognome"]).casefold() == "pinto"


def test_a_letter_in_another_language_gets_no_invented_value() -> None:
    letter = read_text(
        f"{TITLE}\n\nPast history\nFormer smoker with diabetes, no stroke, no dialysis.\n"
        + "The patient was admitted to the ward with chest pain and was discharged home.\n" * 5
    )
    assert letter.extra["language"] == "English"
    right = {"fumo": 1, "diabete": True, "stroke_pregresso": False, "dialisi": False}
    found = extracted(letter).fields
    assert {value.field: value.value for value in found}.items() <= right.items()
    assert all(letter.text[p.start : p.end] == p.text for v in found for p in v.evidence)


def test_another_kind_of_document_gets_its_reason_and_no_value() -> None:
    result = extracted(read_text("VERBALE OPERATORIO\nSig. GALLO Piero, iperteso, diabetico.\n"))
    assert not result.discharge_letter
    assert result.fields == ()
    assert result.reason


HELD_FOR_LEARNING = sorted(DATA.glob("fields_dev*.jsonl"))


@pytest.mark.parametrize("path", HELD_FOR_LEARNING, ids=lambda path: path.stem)
def test_right_values_raise_no_alarm(path: Path) -> None:
    alarms = []
    for line in path.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        gold = {
            name: FieldValue(name, v, (Evidence(0, 1, "x"),)) for name, v in raw["fields"].items()
        }
        letter = read_text(raw["text"])
        found = check_letter(letter, gold, operation_day(letter, gold))
        alarms += [(raw["id"], doubt.field, doubt.note) for doubt in found]
    assert alarms == []
