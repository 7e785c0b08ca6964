"""A letter is forgotten: no byte of a workspace says any more what only this letter said."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from annotate.keeping.backup import make
from annotate.keeping.forget import forget
from annotate.keeping.trace import PIECE, Trace
from annotate.server.server import LabelStudioServer
from annotate.sync.push import push
from annotate.sync.studio import connect
from core.errors import BadInput
from core.jsonl import write_records
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.reply import Reply
from core.records import Annotation, Letter, Page, Phrase, Span, phrase_ids
from core.schema import default_schema
from tests.annotate.ward import clone
from tests.model_record import record
from tests.studio import free_port

GONE, STAYS = "0a1b2c3d4e5f", "f5e4d3c2b1a0"
SHARED = "Nega diabete mellito e ipertensione."
BJORK = "Pregressa sternotomia à la Björk per «pectus» & deformità"
IOB = json.dumps({"parole": [{"parola": word, "label": "O"} for word in BJORK.split()]})
WORDS = {
    GONE: [
        "Paz. CERASUOLO EMILIO",
        "Pregressa sternotomia à la Björk per «pectus» & deformità",
        SHARED,
    ],
    STAYS: ["Paz. BIANCHI LUCA", "Sostituzione valvolare aortica con protesi biologica", SHARED],
}
TELLING = ("cerasuolo", "sternotomia", "björk", "deformità", GONE)


def letter(name: str) -> Letter:
    text = "\n".join(WORDS[name])
    return Letter(name, f"{name[:3]} letter.pdf", True, text, (Page(1, 0, len(text)),), "text")


def annotations(name: str, **how: Any) -> list[Annotation]:
    at, found = 0, []
    for key, line in zip(phrase_ids(name, WORDS[name]), WORDS[name], strict=True):
        phrase = Phrase(key, name, at, at + len(line), line, "Anamnesi")
        spans = (Span(5, len(line), "nome", field="nome", text=line[5:]),) if at == 0 else ()
        known: dict[str, Any] = {"origin": "rules", "source": "rules/1"} | how
        found.append(Annotation(phrase, spans, **known))
        at += len(line) + 1
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Two letters, and all that the verbs make of them."""
    folder = tmp_path / "workspace"
    human = {"origin": "human", "source": "person/2"}
    write_records(folder / "letters.jsonl", [letter(GONE), letter(STAYS)])
    write_records(folder / "labelled.jsonl", annotations(GONE) + annotations(STAYS))
    carried = Annotation.from_json(
        annotations(STAYS, **human)[2].to_json() | {"carried": annotations(GONE)[2].key}
    )
    write_records(folder / "corrected.jsonl", [*annotations(GONE, **human), carried])
    (folder / "gold").mkdir()
    write_records(folder / "gold" / "gold.jsonl", annotations(GONE, **human))
    stand_in = {"phrase": f"{GONE}:1.1", "original": "EMILIO", "stand_in": "UGO", "kind": "name"}
    (folder / "shield.jsonl").write_text(
        json.dumps({"letter": GONE, "stand_ins": [stand_in]}) + "\n"
    )
    with Ledger(folder / "ledger.db") as ledger:
        for request, text in {
            "gone": IOB,
            "quoted": '["Pregressa sternotomia \\u00e0 la Bj\\u00f6rk"]',
            "stays": "Sostituzione valvolare aortica",
            "shared": SHARED,
        }.items():
            ledger.record(Call(request, "m", "p", "ok", 1.0), {request: Reply(text, "stop")})
    reviewed = sqlite3.connect(folder / "review.db")
    reviewed.execute("PRAGMA journal_mode = WAL")
    reviewed.execute("CREATE TABLE decisions (phrase TEXT PRIMARY KEY, kept) WITHOUT ROWID")
    with reviewed:
        rows = [(a.key, 1) for name in WORDS for a in annotations(name)]
        reviewed.executemany("INSERT INTO decisions VALUES (?, ?)", rows)
    reviewed.close()
    for name in WORDS:
        image = folder / "labelstudio" / "files" / "pages" / name / "1.png"
        image.parent.mkdir(parents=True)
        image.write_bytes(b"a picture of the page")
    report = folder / "report"
    report.mkdir()
    (report / "gone.html").write_text("<p>la Bj&ouml;rk <b>per</b> &laquo;pectus&raquo; &amp;</p>")
    (report / "gone.json").write_text(json.dumps({"quote": "CERASUOLO EMILIO"}))
    (report / "stays.html").write_text(f"<p>{SHARED} Sostituzione valvolare</p>")
    (folder / "out.spacy").write_bytes(zlib.compress(WORDS[GONE][1].encode()))
    with zipfile.ZipFile(folder / "out.xlsx", "w", zipfile.ZIP_DEFLATED) as sheet:
        sheet.writestr("xl/sheet1.xml", f"<t>{WORDS[GONE][0]}</t>")
    (folder / ".labelled.jsonl.ab12cd34").write_text(WORDS[GONE][1] + " cut by a k")
    (folder / "labelstudio" / "credentials.toml").write_text('username = "CERASUOLO EMILIO"\n')
    model = folder / "model"
    model.mkdir()
    split = {"train": [GONE], "validation": [], "test": [STAYS]}
    (model / "lettera.json").write_text(json.dumps(record(split=split).to_json()))
    return folder


def says(folder: Path) -> dict[str, list[str]]:
    """Which telling words stand in which files, backups and models left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_dir() or parts[0] in ("backups", "model") or path.name == "credentials.toml":
            continue
        text = path.read_bytes().decode("utf-8", "replace").casefold()
        text += json.dumps(text) + " ".join(parts).casefold()
        if told := [word for word in TELLING if word in text]:
            found[path.name] = told
    return found


def test_no_file_says_any_more_what_only_that_letter_said(workspace: Path) -> None:
    assert len(says(workspace)) > 8
    (done,) = forget(GONE, workspace)
    carried_only = {"corrected.jsonl": [GONE]}
    assert says(workspace) == carried_only, "an id that says where a person looked"
    assert done.left == []
    counts = {str(path.relative_to(workspace)): n for path, n in done.lines.items()}
    assert counts == {
        "letters.jsonl": 1,
        "labelled.jsonl": 3,
        "corrected.jsonl": 3,
        "gold/gold.jsonl": 3,
        "shield.jsonl": 1,
    }
    assert {path.name: n for path, n in done.rows.items()} == {"ledger.db": 2, "review.db": 3}
    assert {path.name for path in done.files} == {
        GONE, "gone.html", "gone.json", "out.spacy", "out.xlsx", ".labelled.jsonl.ab12cd34",
    }  # fmt: skip


def test_the_other_letter_keeps_all_it_has(workspace: Path) -> None:
    forget(GONE, workspace)
    kept = (workspace / "letters.jsonl").read_text()
    assert json.loads(kept)["id"] == STAYS
    assert (workspace / "labelled.jsonl").read_text().count(STAYS + ":") == 3
    assert (workspace / "corrected.jsonl").read_text().count(f'"id": "{STAYS}') == 1
    with Ledger(workspace / "ledger.db") as ledger:
        assert [r for r in ("gone", "quoted", "stays", "shared") if ledger.find(r)] == [
            "stays",
            "shared",
        ], "what another letter says too stays"
    assert (workspace / "report" / "stays.html").exists()
    assert (workspace / "labelstudio" / "files" / "pages" / STAYS / "1.png").exists()


def test_a_dry_run_tells_the_same_and_changes_nothing(workspace: Path) -> None:
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    (told,) = forget(GONE, workspace, dry=True)
    kept = {path: content for path, content in before.items() if not path.name.endswith("-shm")}
    assert {path: path.read_bytes() for path in kept} == kept
    (done,) = forget(GONE, workspace)
    assert (told.lines, told.rows, told.files) == (done.lines, done.rows, done.files)
    assert not told.nothing


def test_models_and_backups_that_know_it_are_named(workspace: Path) -> None:
    older = make(workspace)
    (done,) = forget(GONE, workspace)
    assert done.models == {workspace / "model": "train"} and done.backups == [older.path]
    newer = make(workspace)
    (done,) = forget(STAYS, workspace)
    assert done.models == {workspace / "model": "test"}
    assert done.backups == [older.path, newer.path]


def test_run_again_it_has_nothing_left_to_do(workspace: Path) -> None:
    forget(GONE, workspace)
    files = [path for path in workspace.rglob("*") if path.is_file() and ".db" not in path.name]
    before = {path: path.read_bytes() for path in files}
    (done,) = forget(GONE, workspace)
    assert done.nothing and done.models, "who knows it is still told"
    assert {path: path.read_bytes() for path in before} == before


def test_a_letter_goes_by_its_file_name_too(workspace: Path) -> None:
    (done,) = forget("somewhere/0a1 letter.pdf", workspace)
    assert done.letter == GONE and says(workspace) == {"corrected.jsonl": [GONE]}
    with pytest.raises(BadInput, match="no letter has this id or file name"):
        forget("0a1 letter.pdf", workspace)


def test_files_elsewhere_are_named_by_hand(workspace: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    write_records(away / "labelled.jsonl", annotations(GONE) + annotations(STAYS))
    with pytest.raises(BadInput, match="not there: not there; nothing was forgotten yet"):
        forget(GONE, workspace, [away, tmp_path / "not there"])
    forget(GONE, workspace, [away])
    assert says(away) == {}
    assert (away / "labelled.jsonl").read_text().count("\n") == 3


FORGETTING = """
import sys
from pathlib import Path
from annotate.keeping.forget import forget
print("go", flush=True)
forget(sys.argv[2], Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_can_be_run_again(workspace: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", FORGETTING, workspace, GONE], stdout=subprocess.PIPE
    )
    assert run.stdout is not None and run.stdout.readline() == b"go\n"
    time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    if "letters.jsonl" in says(workspace):
        forget(GONE, workspace)
    assert says(workspace) == {"corrected.jsonl": [GONE]}


def test_a_database_in_use_is_told(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotate.keeping.state.PATIENCE", 0.1)
    busy = sqlite3.connect(workspace / "ledger.db", isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(BadInput, match="ledger.db: cannot be changed .*run this again"):
            forget(GONE, workspace)
    finally:
        busy.close()
    assert GONE in (workspace / "letters.jsonl").read_text(), "so it can be run again"
    forget(GONE, workspace)
    assert says(workspace) == {"corrected.jsonl": [GONE]}


TEXTS = {
    "three words in a row": ("sternotomia à la", True),
    "in capitals, over tags": ("<b>STERNOTOMIA</b> À <i>la</i>", True),
    "escaped for HTML": ("sternotomia &agrave; la", True),
    "escaped for JSON": ("sternotomia \\u00e0 la", True),
    "over a line break": ("sternotomia\nà\n la", True),
    "an answer word by word": (IOB, True),
    "a table of words and labels": ("Pregressa\tO\nsternotomia\tB-anamnesi\nà\tI-anamnesi", True),
    "its id": (f"see {GONE}:0011.1", True),
    "the id of the file's second letter": (f"see {GONE}.2:0011.1", False),
    "a longer id": (f"see a{GONE}", False),
    "two of its words": ("sternotomia Björk", False),
    "what another letter says too": (SHARED, False),
    "nothing": ("", False),
}


@pytest.mark.parametrize(("text", "found"), TEXTS.values(), ids=TEXTS.keys())
def test_what_only_the_letter_says_is_known_again(text: str, found: bool) -> None:
    own, others = ([{"id": n, "text": "\n".join(WORDS[n])}] for n in (GONE, STAYS))
    assert Trace(GONE, own, others).in_text(text) is found


@pytest.mark.parametrize("before", [PIECE - 40, PIECE - 1, PIECE, 2 * PIECE - 9])
def test_it_is_known_again_in_the_middle_of_a_large_file(before: int) -> None:
    own = [{"id": GONE, "text": BJORK}]
    content = b"." * before + " sternotomia à la ".encode() + b"." * PIECE
    trace = Trace(GONE, own, ())
    assert trace.in_bytes(content) and trace.words_in(content)
    assert not trace.in_bytes(content.replace(b"sternotomia", b"stenosi"))


@pytest.mark.server
def test_label_studio_forgets_it_too(
    label_studio: LabelStudioServer, workspace: Path, tmp_path: Path
) -> None:
    """Tasks, predictions and what people made of them; other letters' equal phrases stay."""
    home = clone(label_studio, tmp_path)
    with LabelStudioServer.start(home, free_port()) as server:
        client = connect(server.url, server.token)
        both = [a for name in (GONE, STAYS) for a in annotations(name)]
        how: dict[str, Any] = {"unit": "phrase", "bare": 0.0}
        report = push(client, "Forgetting", both, default_schema(), "field", **how)
        there = list(client.tasks.list(project=report.project, fields="all"))
        for task in there:
            client.annotations.create(id=task.id, result=[], lead_time=1.0)
        (shared,) = [task for task in there if task.data.get("copies")]
        assert shared.data["letter"] == GONE
        write_records(home / "letters.jsonl", [letter(GONE), letter(STAYS)])
        assert says(home / "labelstudio")
        (told,) = forget(GONE, home, client=client, dry=True)
        assert len(list(client.tasks.list(project=report.project))) == len(there)
        (done,) = forget(GONE, home, client=client)
        assert (done.tasks, done.handed_on) == (told.tasks, told.handed_on) == (2, 1)
        assert says(home / "labelstudio") == {} and done.left == []
        left = list(client.tasks.list(project=report.project, fields="all"))
        assert {task.data["letter"] for task in left} == {STAYS}
        (handed_on,) = [task for task in left if task.id == shared.id]
        assert handed_on.data["key"] == annotations(STAYS)[2].key
        assert handed_on.total_annotations == 1, "the work on the equal phrase stays"
        again = push(client, "Forgetting", annotations(STAYS), default_schema(), "field", **how)
        assert again.added == 0
