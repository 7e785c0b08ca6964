"""A clinic's own three fields in place of the 74, from the letter to the sheet and the project."""

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from core.jsonl import read_records
from core.records import Annotation
from tests.front_door import Run
from tests.loopback.together import Json, LoopbackTogether, Said
from tests.places import DATA

THREE = DATA / "three_fields.toml"
NAMES = ["piede_diabetico", "emoglobina_glicata", "prossimo_controllo"]
LETTER = """RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA
Paziente: CERASUOLO Emilio, nato il 14/11/1943

Anamnesi
Diabete mellito tipo 2, ex fumatore. Nega piede diabetico.
HbA1c 7,4 % a marzo.
Conclusioni
Prossimo controllo il 12/03/2025 presso il nostro ambulatorio.
"""
VALUES = {
    "piede_diabetico": False,
    "emoglobina_glicata": 7.4,
    "prossimo_controllo": "2025-03-12",
}


@pytest.fixture
def labelled(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "lettera.txt").write_text(LETTER)
    run("read", "lettera.txt", "-o", "letters.jsonl")
    code, said, _ = run(
        *("label", "letters.jsonl", "-o", "labelled.jsonl", "--by", "rules"),
        *("--labels", "field", "--fields", str(THREE)),
    )
    assert code == 0 and "3 spans" in said
    return tmp_path / "labelled.jsonl"


def test_rules_find_the_three_and_no_other(labelled: Path) -> None:
    spans = [s for a in read_records(labelled, Annotation) for s in a.spans]
    found = {span.label: (span.text, span.state) for span in spans}
    assert found == {
        "piede_diabetico": ("piede diabetico", "negated"),
        "emoglobina_glicata": ("7,4", "present"),
        "prossimo_controllo": ("12/03/2025", "present"),
    }


def test_the_sheet_has_their_columns_and_values(run: Run, labelled: Path) -> None:
    for out in ("out.json", "out.xlsx"):
        assert run("extract", "lettera.txt", "-o", out, "--fields", str(THREE))[0] == 0
    (result,) = json.loads((labelled.parent / "out.json").read_bytes())
    assert {name: said["value"] for name, said in result["fields"].items()} == VALUES
    head = next(load_workbook(labelled.parent / "out.xlsx").worksheets[0].iter_rows())
    assert [cell.value for cell in head][-3:] == NAMES


def test_a_model_is_asked_for_the_three_alone(
    run: Run, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(body: Json) -> Said:
        asked.append("\n".join(message["content"] for message in body["messages"]))
        here = "7,4" in body["messages"][-1]["content"]
        spans = [{"quote": "7,4", "field": "emoglobina_glicata"}] if here else []
        return Said(json.dumps({"spans": spans}))

    with LoopbackTogether(answer).running() as server:
        monkeypatch.setenv("TOGETHER_API_KEY", "k")
        monkeypatch.setenv("TOGETHER_BASE_URL", server.address)
        code, said, complaint = run(
            *("label", "letters.jsonl", "-o", "asked.jsonl", "--by", "together"),
            *("--format", "spans", "--labels", "field", "--fields", str(THREE)),
        )
    assert code == 0, complaint
    assert all(name in asked[0] for name in NAMES) and "classe_nyha" not in "".join(asked)
    spans = [
        s.text for a in read_records(labelled.parent / "asked.jsonl", Annotation) for s in a.spans
    ]
    assert spans == ["7,4"], said


def test_a_table_that_is_none_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[[field]]\nname = 'a'\n")
    code, _, complaint = run("read", "x", "--fields", "mine.toml")
    assert code == 1 and "mine.toml: not a table of fields" in complaint


@pytest.mark.server
def test_annotators_see_the_three_in_label_studio(
    run: Run, labelled: Path, label_studio: LabelStudioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_TOKEN", label_studio.token)
    where = ("--project", "Diabetologia", "--url", label_studio.url, "--fields", str(THREE))
    code, said, complaint = run("push", str(labelled), *where)
    assert code == 0, complaint
    client = connect(label_studio.url, label_studio.token)
    project = next(p for p in client.projects.list() if p.title == "Diabetologia")
    config = client.projects.get(id=project.id).label_config or ""
    assert all(f'value="{name}"' in config for name in NAMES) and "classe_nyha" not in config
    task = next(iter(client.tasks.list(project=project.id, fields="all")))
    client.annotations.create(id=task.id, result=task.predictions[0].result, lead_time=2.0)
    code, said, complaint = run("pull", "-o", "corrected.jsonl", *where)
    assert code == 0, complaint
    back = [
        s
        for a in read_records(labelled.parent / "corrected.jsonl", Annotation)
        if a.origin == "human"
        for s in a.spans
    ]
    assert {span.label for span in back} == set(NAMES)
