"""The rules over forms and telegrams: boxes, columns of yes and no, signs, organs in a row."""

import pytest

from core.label.rules.boxes import answered
from core.read.words.fold import fold
from tests.label.rules.letters import RULES, letter

HISTORY, COURSE = "Anamnesi", "Decorso_post_operatorio"
CASES = {
    "columns, yes": (HISTORY, "Diabete ☒ ☐ (metformina)", {"diabete": True}),
    "columns, no": (HISTORY, "BPCO ☐ ☒", {"BPCO": False}),
    "columns of brackets": (HISTORY, "Dialisi [ ] [x]", {"dialisi": False}),
    "neither": (HISTORY, "Dialisi ☐ ☐", {"dialisi": None}),
    "a choice": (COURSE, "IRA ☐ sì ☒ no. LCOS ☒ sì ☐ no.", {"IRA": False, "LCOS": True}),
    "a choice, no first": (COURSE, "IRA [x] no [ ] si", {"IRA": False}),
    "boxes behind": (HISTORY, "BPCO: si [ ] no [x]", {"BPCO": False}),
    "options": ("esami_all_ingresso", "ECG ☒ sinusale ☐ FA ☐ altro", {"ritmo_all_ingresso": 0}),
    "a class": (HISTORY, "Dispnea ☐ I ☐ II ☒ III ☐ IV NYHA.", {"classe_nyha": 3}),
    "a minus": (HISTORY, "DM−, BPCO−.", {"diabete": False, "BPCO": False}),
    "a plus": (HISTORY, "HTN+, DLP+", {"ipertensione": True, "dislipidemia": True}),
    "a row without its columns": (COURSE, "II run CEC NO", {"II_Run": False}),
    "a row with a time": (
        HISTORY, "Scompenso < 3 mesi NO", {"scompenso_cardiaco_nei_3_mesi_precedenti": False},
    ),
    "never admitted for it": (
        HISTORY, "Mai ricoverato per scompenso.",
        {"scompenso_cardiaco_nei_3_mesi_precedenti": False},
    ),
    "a sentence behind c'è": (
        HISTORY, "Il diabete non c'è. Ha la BPCO.", {"diabete": False, "BPCO": True},
    ),
    "used by nobody": (COURSE, "Inotropi controindicati e non usati.", {"Inotropi": False}),
    "not without": (
        COURSE, "Estubata, non senza insufficienza respiratoria.",
        {"Insufficienza_respiratoria": True},
    ),
    "organs in a row": (
        COURSE, "Nessun problema di reni, di respiro, di cervello.",
        {"IRA": False, "Insufficienza_respiratoria": False, "Stroke_TIA_post_op": False},
    ),
    "organs as they are called": (
        COURSE, "Non ha avuto problemi neurologici, renali o respiratori.",
        {"IRA": False, "Insufficienza_respiratoria": False, "Stroke_TIA_post_op": False},
    ),
    "an organ that is well": (COURSE, "Indenne il sistema nervoso.", {"Stroke_TIA_post_op": False}),
    "trouble of one organ": (COURSE, "Ha avuto problemi respiratori.", {}),
    "denied of another": (
        COURSE, "Nessuna complicanza infettiva, insufficienza renale acuta.", {"IRA": True},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("section", "text", "expected"), CASES.values(), ids=CASES.keys())
def test_a_form(section: str, text: str, expected: dict[str, object]) -> None:
    (annotation,) = RULES.label(letter((section, text)))
    assert {span.field: span.value for span in annotation.spans} == expected


def test_columns_may_name_no_first() -> None:
    lines = [(HISTORY, "FATTORI DI RISCHIO NO SI"), (HISTORY, "Diabete ☒ ☐")]
    *_, row = RULES.label(letter(*lines))
    assert [(span.field, span.value) for span in row.spans] == [("diabete", False)]


@pytest.mark.parametrize("text", ["M [X] F [ ] Nato a Urbania", "Diabete ☐ sì ☒ no", "no box"])
def test_a_form_keeps_its_length(text: str) -> None:
    assert len(answered(fold(text))) == len(text)
