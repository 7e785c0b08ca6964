"""What a verb has not come to need it has not imported, in one process that never restarts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.jsonl import write_records
from tests.places import ROOT
from tests.tiny_model import four_letters

HEAVY = ("torch", "transformers", "gradio", "label_studio_sdk", "spacy", "ray")
"""What takes seconds to import. spaCy itself imports torch wherever it is installed."""
LETTER = "Paziente ricoverato per stenosi aortica.\n\nTERAPIA\nBisoprololo 2,5 mg 1 cp ore 8\n"
EACH = {
    "read": "read letter.txt --all -o letters.jsonl",
    "label": "label letters.jsonl --by rules -o labelled.jsonl",
    "extract": "extract letters.jsonl --by local -o fields.json",
    "train": "train gold.jsonl --model small -o model --epochs 5 --split random",
    "tag": "tag model letter.txt --all -o spans.jsonl",
    "evaluate": "evaluate model gold.jsonl -o report",
    "status": "status",
}
SCRIPT = f"""
import sys, lettera
from typer.main import get_command

def said(arguments):
    try:
        lettera.app(arguments)
    except SystemExit as ended:
        if ended.code:
            print("ENDED", arguments, ended.code, file=sys.stderr)
    except Exception as error:
        print("ENDED", arguments, error, file=sys.stderr)
    heavy = sorted(set({HEAVY}) & set(sys.modules))
    print("HEAVY", arguments[0], arguments[-1], heavy)

def helped(command, path):
    said([*path, "--help"])
    for name, child in getattr(command, "commands", {{}}).items():
        helped(child, [*path, name])

helped(get_command(lettera.app), [])
for line in sys.argv[1:]:
    said(line.split())
"""


@pytest.mark.slow
def test_no_verb_imports_what_it_does_not_need_yet(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER, encoding="utf-8")
    write_records(tmp_path / "gold.jsonl", four_letters())
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *EACH.values()],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("HEAVY")]
    assert len(told) > 25 + len(EACH), done.stderr
    assert "ENDED" not in done.stderr, done.stderr
    assert [line for line in told if not line.endswith("[]")] == []
