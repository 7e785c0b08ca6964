"""How far the work is, told from the files of a workspace."""

from pathlib import Path

from core.jsonl import write_records
from core.records import Annotation, Phrase
from tests.front_door import LETTER, Run


def test_an_empty_workspace_says_what_to_begin_with(run: Run) -> None:
    code, said, _ = run("status")
    assert code == 0
    assert "none yet: lettera read" in said and "backups:       none" in said


def test_each_step_has_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LETTER)
    (tmp_path / "b.txt").write_text("Fattura n. 12\n")
    workspace = tmp_path / "workspace"
    run("read", "a.txt", "b.txt", "-o", "workspace/letters.jsonl")
    run("label", "workspace/letters.jsonl", "-o", "workspace/labelled.jsonl", "--by", "rules")
    phrase = Phrase("a:1.1", "a", 0, 4, "Nega")
    corrections = [
        Annotation(phrase, (), "human", "person/1", extra={"made": "2026-11-20T10:30:00Z"}),
        Annotation(phrase, (), "human", "person/2", skipped=True),
    ]
    write_records(workspace / "corrected.jsonl", corrections)
    run("backup")
    code, told, complaint = run("status")
    assert code == 0, complaint
    lines = dict(line.split(":", 1) for line in told.splitlines())
    assert lines["letters"].strip() == "1, 1 turned away"
    assert lines["pre-labelled"].strip().endswith("by rules/1")
    assert (
        lines["corrected"].strip() == "1 phrase by 2 people, 1 skipped, last 2026-11-20 10:30 UTC"
    )
    assert lines["backups"].strip().startswith("1, the newest lettera-")
    assert "CERASUOLO" not in told
