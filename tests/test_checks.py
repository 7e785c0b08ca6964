"""Values of one letter against each other: each conflict is a doubt, no value changes."""

from datetime import date
from typing import Any

import pytest

from core.extract.checks import check
from core.records import Evidence, FieldValue

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
    operated = OPERATED if "data_ingresso_cch" in said else None
    doubts = list(check(values(said), operated))
    assert [(doubt.field, doubt.reason) for doubt in doubts] == expected
    assert all(doubt.evidence and doubt.note for doubt in doubts)
