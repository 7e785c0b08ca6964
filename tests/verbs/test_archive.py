"""Many files from the front door: in processes, in order, nothing read or labelled twice."""

import json
from pathlib import Path

import pytest

from tests.front_door import LETTER, Run

pytestmark = pytest.mark.slow

MANY = 12  # more than are worked on without further processes


def archive(folder: Path) -> list[str]:
    """Letters that differ in age, one that is no letter, and one twice."""
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number:02}.txt").write_text(f"{LETTER}\nVisita di controllo n. {number}\n")
    (folder / "20.txt").write_text("")
    (folder / "21.txt").write_bytes((folder / "03.txt").read_bytes())
    return [f"{number:02}.txt" for number in range(MANY)]


def test_extract_from_files_from_letters_and_from_labels_says_the_same(
    run: Run, tmp_path: Path
) -> None:
    names = archive(tmp_path / "lettere")
    code, _, complaint = run("extract", "lettere", "-o", "files.json")
    assert code == 1 and "20.txt: the file is empty" in complaint
    assert "21.txt: the same file as 03.txt" in complaint
    run("read", "lettere", "-o", "letters.jsonl")
    run("label", "letters.jsonl", "-o", "labelled.jsonl", "--by", "rules")
    assert run("extract", "letters.jsonl", "-o", "read.json")[0] == 0
    labelled = ("--labelled", "labelled.jsonl")
    assert run("extract", "letters.jsonl", *labelled, "-o", "labelled.json")[0] == 0
    told = [json.loads(Path(f"{name}.json").read_text()) for name in ("files", "read", "labelled")]
    assert [one["letter"] for one in told[0]] == names
    first, *others = [[(one["letter"], one["fields"]) for one in results] for results in told]
    assert others == [first, first] and first[0][1]
    assert told[2][0]["system"] == "local/labelled+rules/1"


def test_what_a_person_corrected_fills_the_cell(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LETTER)
    run("read", "a.txt", "-o", "letters.jsonl")
    run("label", "letters.jsonl", "-o", "labelled.jsonl", "--by", "rules")
    run("extract", "letters.jsonl", "-o", "before.json")
    (before,) = json.loads(Path("before.json").read_text())
    assert before["fields"]["diabete"]["value"] is False
    lines = [json.loads(line) for line in Path("labelled.jsonl").read_text().splitlines()]
    (mended,) = [line for line in lines if any(s["label"] == "diabete" for s in line["spans"])]
    spans = [s | {"state": "present", "value": True} for s in mended["spans"]]
    said = mended | {"spans": spans, "origin": "human", "source": "person/1"}
    Path("corrected.jsonl").write_text(json.dumps(said) + "\n")
    run("extract", "letters.jsonl", "--labelled", "corrected.jsonl", "-o", "after.json")
    (after,) = json.loads(Path("after.json").read_text())
    assert after["fields"]["diabete"]["value"] is True
    others = [one["fields"] | {"diabete": None} for one in (before, after)]
    assert others[0] == others[1]


def test_labels_of_another_kind_of_file_are_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LETTER)
    run("read", "a.txt", "-o", "letters.jsonl")
    words = ("extract", "letters.jsonl", "-o", "out.json", "--labelled")
    code, _, complaint = run(*words, "letters.jsonl")
    assert code == 1 and "letters.jsonl:1: no labelled phrase" in complaint
    code, _, complaint = run(*words, "x.jsonl", "--by", "llm")
    assert code == 1 and "--labelled is for --by local" in complaint
