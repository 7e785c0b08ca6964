"""The front door: what each verb writes and says, and one clear line for each mistake."""

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lettera
from core.jsonl import read_records, write_records
from core.records import Annotation, Letter, Phrase
from core.schema import default_schema
from tests.front_door import LETTER, Run
from tests.loopback.together import LoopbackTogether, labelled

OTHER = "Referto di ecocardiogramma\nFE 55 %, non versamento.\n"


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    folder = tmp_path / "lettere"
    folder.mkdir()
    (folder / "a.txt").write_text(LETTER)
    (folder / "b.txt").write_text(OTHER)
    return folder


def read(path: Path) -> list[Letter]:
    return list(read_records(path, Letter))


def test_files_become_letters_and_other_documents_are_turned_away(letters: Path, run: Run) -> None:
    code, said, _ = run("read", "lettere", "-o", "letters.jsonl")
    assert code == 0 and "read 1 letter, 1 turned away" in said and "letters.jsonl" in said
    first, second = read(Path("letters.jsonl"))
    assert first.discharge_letter and first.source == "a.txt"
    assert not second.discharge_letter and not second.text and second.extra["reason"]
    code, said, _ = run("read", "lettere", "-o", "letters.jsonl", "--all")
    assert code == 0 and "read 2 letters:" in said
    assert read(Path("letters.jsonl"))[1].text.startswith("Referto")


def test_one_bad_file_is_named_and_the_others_are_read(letters: Path, run: Run) -> None:
    (letters / "rotto.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (letters / "vuoto.txt").write_bytes(b"")
    code, said, complaint = run("read", "lettere", "missing.pdf", "-o", "letters.jsonl", "--all")
    assert code == 1 and "read 2 letters" in said
    lines = complaint.strip().splitlines()
    assert len(lines) == 3 and all(line.startswith("lettera: ") for line in lines)
    for name in ("rotto.pdf", "vuoto.txt", "missing.pdf"):
        assert sum(name in line for line in lines) == 1


def test_the_same_letter_twice_and_a_letter_without_phrases_are_said(
    letters: Path, run: Run
) -> None:
    (letters / "copia.txt").write_text(LETTER)
    (letters / "bianca.txt").write_text("   \n\n\t\n")
    code, said, complaint = run("read", "lettere", "-o", "letters.jsonl", "--all")
    assert code == 1 and "the same file as a.txt" in complaint and "bianca.txt" in complaint


@pytest.mark.slow
def test_the_loop_of_files_from_letters_to_fields(letters: Path, run: Run) -> None:
    run("read", "lettere", "-o", "letters.jsonl")
    code, said, _ = run("label", "letters.jsonl", "-o", "labelled.jsonl", "--by", "rules")
    assert code == 0 and "by rules/1: labelled.jsonl" in said
    spans = {
        span.label: (span.text, span.state, span.value)
        for a in read_records(Path("labelled.jsonl"), Annotation)
        for span in a.spans
    }
    assert spans["data_di_nascita"][0] == "14/11/1943"
    assert spans["fumo"][2] == 1 and spans["diabete"][1] == "negated"
    assert "Motivo ricovero" not in spans, "a section is no label of the field view"
    before = Path("labelled.jsonl").read_bytes()
    code, _, _ = run("label", "letters.jsonl", "-o", "labelled.jsonl")
    assert code == 0 and Path("labelled.jsonl").read_bytes() == before
    run("label", "letters.jsonl", "-o", "labelled.jsonl", "--labels", "group")
    seen = list(read_records(Path("labelled.jsonl"), Annotation))
    labels = {span.label for annotation in seen for span in annotation.spans}
    assert default_schema().view_of(labels) == "group" and "diagnosis" in labels

    code, said, _ = run("extract", "lettere", "-o", "out.json")
    assert code == 0 and "1 letter," in said and "1 turned away" in said
    known, away = json.loads(Path("out.json").read_text())
    assert known["letter"] == "a.txt" and away["discharge_letter"] is False
    assert away["fields"] == {} and away["reason"]
    values = {name: field["value"] for name, field in known["fields"].items()}
    assert values["fumo"] == 1 and values["diabete"] is False and values["lasix_dosaggio"] == 25
    assert values["data_di_nascita"] == "1943-11-14" and values["cognome"] == "CERASUOLO"
    assert run("extract", "lettere", "-o", "out.xlsx")[0] == 0
    assert Path("out.xlsx").stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "says"),
    {
        "no such file": (("read", "none.pdf"), "none.pdf: no such file"),
        "an unknown reader": (("read", "x.txt", "--reader", "ocr"), "choose one of: auto, text"),
        "no letters to label": (("label", "none.jsonl"), "none.jsonl: cannot be read"),
        "an unknown label set": (("label", "x.txt", "--labels", "all"), "target, group, field"),
        "an unknown labeller": (("label", "x.txt", "--by", "gpt"), "choose rules, together"),
        "no key for the model": (("label", "l.jsonl", "--by", "together"), "TOGETHER_API_KEY"),
        "not JSON Lines": (("label", "x.txt", "--by", "rules"), "x.txt:1: not a letter"),
        "nothing to look through": (("review", "empty.jsonl"), "empty.jsonl: holds no phrases"),
        "not JSON Lines, and whose": (("label", "x.txt", "--by", "rules"), "lettera read"),
        "no model": (("tag", "./none", "x.txt"), "none"),
        "a sheet of no kind": (("extract", "x.txt", "-o", "x.ods"), ".xlsx"),
        "an unknown way": (("extract", "x.txt", "--by", "gpt"), "choose local, llm or hybrid"),
        "no server at the address": (
            ("push", "ok.jsonl", "--project", "Lettere", "--url", "http://127.0.0.1:9"),
            "no server answers",
        ),
        "not an address": (("pull", "--project", "Lettere", "--url", "ward"), "no web address"),
        "nothing to begin with": (("up", "other.txt", "--workspace", "ws"), "no discharge letter"),
        "a workspace in the way of a file": (
            ("up", "x.txt", "--workspace", "x.txt"),
            "--workspace",
        ),
        "too little to learn from": (("train", "ok.jsonl", "--model", "small"), "too few"),
        "a folder that is no model": (
            ("publish", "model", ".", "--to", "a/b", "--dry-run"),
            "no model of ours",
        ),
    }.items(),
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_mistake_is_one_line_and_exit_code_1(run: Run, words: str, says: tuple) -> None:
    Path("x.txt").write_text(LETTER)
    Path("other.txt").write_text(OTHER)
    phrase = Annotation(Phrase("a:1.1", "a", 0, 4, "fuma"), (), "rules", "rules/1")
    write_records(Path("ok.jsonl"), [phrase])
    write_records(Path("empty.jsonl"), [])
    write_records(Path("l.jsonl"), [Letter("a", "a.txt", True, "Fuma.", (), "text")])
    command, expected = says
    code, _, complaint = run(*command)
    assert code == 1
    assert complaint.startswith("lettera: ") and complaint.count("\n") == 1
    assert expected in complaint and "CERASUOLO" not in complaint


def test_a_reader_nobody_knows_costs_no_letter_read_before(letters: Path, run: Run) -> None:
    run("read", "lettere", "-o", "letters.jsonl")
    before = Path("letters.jsonl").read_bytes()
    assert run("read", "lettere", "-o", "letters.jsonl", "--reader", "txet")[0] == 1
    assert Path("letters.jsonl").read_bytes() == before != b""


def test_a_full_disk_is_one_line_and_loses_nothing_done(letters: Path) -> None:
    """A limit on the size of files stands for the disk: both end a write in the middle."""
    for number in range(40):
        (letters / f"c{number}.txt").write_text(LETTER.replace("EMILIO", f"EMILIO {number}"))

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000))

    command = [sys.executable, "-m", "lettera", "read", "lettere", "-o", "letters.jsonl"]
    root = str(Path(lettera.__file__).parent)
    # No byte code is written: the limit would cut that too, and spoil it for later runs.
    quiet = {"PYTHONPATH": root, "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    here = {"cwd": letters.parent, "env": quiet, "text": True}
    full = subprocess.run(command, preexec_fn=small, capture_output=True, **here)
    assert full.returncode == 1
    assert full.stderr.count("\n") == 1 and "letters.jsonl: cannot be written" in full.stderr
    lines = (letters.parent / "letters.jsonl").read_bytes().splitlines(keepends=True)
    assert len([line for line in lines if line.endswith(b"\n")]) > 5
    done = subprocess.run(command, capture_output=True, **here)
    assert done.returncode == 0 and "read 41 letters" in done.stdout
    assert len(read(letters.parent / "letters.jsonl")) == 42


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["read", "label"])
def test_a_killed_step_goes_on_and_ends_as_if_it_had_not_been(letters: Path, verb: str) -> None:
    for number in range(400 if verb == "read" else 100):  # labelling takes longer
        (letters / f"c{number:03}.txt").write_text(LETTER.replace("EMILIO", f"E{number}") * 3)
    root = str(Path(lettera.__file__).parent)
    base = [sys.executable, "-m", "lettera"]
    here = {"cwd": letters.parent, "env": {"PYTHONPATH": root, "PATH": ""}}
    read_all = [*base, "read", "lettere", "-o", "letters.jsonl"]
    if verb == "label":
        subprocess.run(read_all, check=True, capture_output=True, **here)
        step, out = (
            [*base, "label", "letters.jsonl", "-o", "out.jsonl"],
            letters.parent / "out.jsonl",
        )
    else:
        step, out = read_all, letters.parent / "letters.jsonl"

    run = subprocess.Popen(step, stdout=subprocess.PIPE, **here)
    while run.poll() is None and not (out.exists() and out.stat().st_size > 40_000):
        time.sleep(0.005)
    run.kill()
    run.communicate()
    assert run.returncode == -signal.SIGKILL, "it was done before it could be killed"
    cut = out.read_bytes()
    subprocess.run(step, check=True, capture_output=True, **here)
    went_on = out.read_bytes()
    out.unlink()
    subprocess.run(step, check=True, capture_output=True, **here)
    assert went_on == out.read_bytes() and len(went_on) > len(cut)


def test_a_space_is_listed_file_by_file_and_nothing_is_sent(run: Run) -> None:
    code, said, _ = run("publish", "space", "--to", "ward/lettera", "--dry-run")
    assert code == 0 and "nothing was sent" in said
    for name in ("app.py", "README.md", "requirements.txt", "core/fields.toml", "demo/app.py"):
        assert f"  {name}\n" in said
    assert "torch" not in said


def test_help_is_instant_because_it_imports_nothing_heavy() -> None:
    heavy = "torch|transformers|gradio|spacy|label_studio_sdk|together|numpy|onnxruntime|pypdfium2"
    code = (
        "import sys, lettera\n"
        "try: lettera.app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print('HEAVY', *(set({heavy.split('|')}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("HEAVY\n")


def test_a_model_is_scored_and_pre_labels_are_no_gold(
    run: Run, tiny_model: Path, letters: Path
) -> None:
    run("read", "lettere", "-o", "letters.jsonl")
    run("label", "letters.jsonl", "-o", "labelled.jsonl")
    code, _, warned = run("evaluate", str(tiny_model), "labelled.jsonl", "-o", "report")
    assert code == 0 and "agreement with a labeller, not a score" in warned
    assert "agreement with a labeller" in Path("report/report.html").read_text()
    assert "CERASUOLO" not in Path("report/report.json").read_text()
    code, said, _ = run("tag", str(tiny_model), "lettere", "-o", "spans.jsonl")
    assert code == 0 and "by model/" in said
    found = list(read_records(Path("spans.jsonl"), Annotation))
    assert found and {a.origin for a in found} == {"model"}


def test_a_hosted_model_labels_at_the_door_and_what_it_said_is_not_asked_again(
    run: Run, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("read", "lettere", "-o", "letters.jsonl")
    with LoopbackTogether(labelled("fumatore", "diabete")).running() as server:
        monkeypatch.setenv("TOGETHER_API_KEY", "k")
        monkeypatch.setenv("TOGETHER_BASE_URL", server.address)
        words = ("label", "letters.jsonl", "--labels", "target", "-o")
        code, said, complaint = run(*words, "labelled.jsonl")
        assert code == 0 and "by together/" in said, complaint
        assert "/iob.v1.it: labelled.jsonl" in said
        asked = len(server.sent())
        assert run(*words, "again.jsonl")[0] == 0 and len(server.sent()) == asked
    found = list(read_records(Path("labelled.jsonl"), Annotation))
    assert {a.origin for a in found} == {"llm"}
    assert {"fumatore", "diabete"} <= {span.text for a in found for span in a.spans}
    assert Path("labelled.jsonl").read_bytes() == Path("again.jsonl").read_bytes()
