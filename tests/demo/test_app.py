"""The page without a browser: what it answers, what it takes home, what it says before the box."""

import ast
import asyncio
import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from core.errors import BadInput, MissingExtra
from core.extract import checks
from core.extract.corrections import read_corrections
from core.jsonl import write_records
from core.label import LABELLERS, Labeller
from core.records import Annotation, Json, Letter
from core.schema import default_schema
from demo.analysis import MAX_CHARACTERS, Analysis, analyse, letter_of_text, to_recognise
from demo.app import EXAMPLES, launch_options
from demo.corrected import Marked, annotations_of, human_spans, typed_values
from demo.faults import fault_of
from demo.files import FORMATS, file_of
from demo.front import facts_of, ink, page_html
from demo.room import Room
from demo.words import words
from tests.demo_page import LETTER, MODEL, OTHER, Finds
from tests.places import ROOT

RULES = Finds("rules/1", ("ipertensione arteriosa", "ipertensione", None))
DIABETES = Finds("model/tiny@0", ("Non diabete", "diabete", None))


def test_entities_come_from_the_model_and_fields_from_both() -> None:
    found = analyse(letter_of_text(LETTER), RULES, DIABETES)
    quotes = [found.letter.text[span.start : span.end] for span in found.entities]
    assert quotes == ["Non diabete"]
    assert {"ipertensione", "diabete"} <= {value.field for value in found.result.fields}


def test_a_text_without_the_heading_is_read_all_the_same() -> None:
    found = analyse(letter_of_text("Anamnesi: ipertensione arteriosa."), RULES)
    assert not found.letter.discharge_letter
    assert "ipertensione" in {value.field for value in found.result.fields}


@pytest.mark.parametrize("text", ["", " \n\t", "a " * MAX_CHARACTERS])
def test_no_text_and_too_much_text_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no text yet|too long"):
        letter_of_text(text)


def test_a_pdf_with_too_many_pages_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pypdfium2.PdfDocument.new() as pdf:
        for _ in range(31):
            pdf.new_page(100, 100).close()
        pdf.save(tmp_path / "long.pdf")
    with pytest.raises(BadInput, match="too long: 31 pages; 30 at most"):
        to_recognise(tmp_path / "long.pdf")


# --- what is taken home ---


@pytest.fixture(scope="module")
def rules() -> Labeller:
    made: Labeller = LABELLERS.get("rules")()
    return made


@pytest.fixture(scope="module")
def read(rules: Labeller) -> Analysis:
    return analyse(letter_of_text(LETTER), rules)


def marks_of(found: Analysis, **changes: Json) -> list[Json]:
    """The marks as the page sends them; `changes` by field."""
    return [
        span.to_json() | {"edit": "kept"} | changes.get(span.field or "", {})
        for span in found.entities
    ]


def test_corrected_spans_and_values_become_a_persons_phrases(read: Analysis) -> None:
    raw = marks_of(read, diabete={"state": "present", "edit": "changed"})
    start = LETTER.index("dispnea")
    raw.append({"start": start, "end": start + 7, "field": "classe_nyha", "edit": "added"})
    found = annotations_of(read.letter, read.result, Marked.all_of(raw), {"fumo": 2})
    assert {(one.origin, one.source, one.extra["view"]) for one in found} == {
        ("human", "person/demo", "field")
    }
    said = {(s.field, s.text, s.state, s.value, s.edit) for one in found for s in one.spans}
    assert ("diabete", "diabete", "present", None, "changed") in said
    assert ("classe_nyha", "dispnea", "present", None, "added") in said
    assert ("ipertensione", "ipertensione arteriosa", "present", None, "kept") in said
    assert {(s[3], s[4]) for s in said if s[0] == "fumo"} == {(2, "changed")}
    assert [Annotation.from_json(json.loads(json.dumps(one.to_json()))) for one in found] == found


def test_a_removed_mark_is_gone_and_its_phrase_stays(read: Analysis) -> None:
    removed = Marked.all_of(marks_of(read, ipertensione={"edit": "removed"}))
    (one,) = human_spans(read.letter, removed)
    assert {span.field for span in one.spans} == {"fumo", "diabete"}


def test_a_corrected_mark_moves_the_fields(read: Analysis, rules: Labeller) -> None:
    human = human_spans(
        read.letter,
        Marked.all_of(marks_of(read, diabete={"state": "present", "edit": "changed"})),
    )
    again = analyse(read.letter, rules, human=human)
    values = {value.field: value.value for value in again.result.fields}
    assert values["diabete"] is True and values["ipertensione"] is True
    assert len(again.entities) == len(read.entities)


def test_a_changed_value_is_in_every_file_and_corrections_finds_it(
    read: Analysis, tmp_path: Path
) -> None:
    values = typed_values({"fumo": "2", "cognome": "=1+1", "diabete": None})
    files = {suffix: file_of(suffix, read.result, values, tmp_path)[1] for suffix in FORMATS}
    (row,) = csv.DictReader(io.StringIO(files[".csv"].decode("utf-8-sig")))
    assert (row["fumo"], row["cognome"], row["diabete"]) == ("2", "'=1+1", "")
    (raw,) = json.loads(files[".json"])
    assert raw["fields"]["fumo"] == {"value": 2, "evidence": [], "origin": "human"}
    assert "diabete" not in raw["fields"]
    (tmp_path / "home.xlsx").write_bytes(files[".xlsx"])
    write_records(tmp_path / "letters.jsonl", [read.letter])
    home = read_corrections(tmp_path / "home.xlsx", tmp_path / "letters.jsonl")
    now = {change.field: change.now for change in home.changes}
    assert now == {"fumo": 2, "cognome": "=1+1", "diabete": None}


def test_what_is_no_value_of_a_field_is_refused() -> None:
    with pytest.raises(BadInput, match="data_di_nascita: no date that can be read"):
        typed_values({"data_di_nascita": "domani"})


# --- children ---


async def told(room: Room, job: Json, upload: bytes | None = None) -> list[Json]:
    return [message async for message in room.ask(job, upload)]


@pytest.mark.slow
def test_jobs_run_in_children_and_leave_nothing(tmp_path: Path) -> None:
    room = Room({OTHER: MODEL}, at_once=1, waiting=2)
    read_it: Json = {"do": "read", "ways": [OTHER, "rules"], "text": LETTER}
    slow: Json = {"do": "read", "ways": ["rules"], "name": "scan.pdf"}
    scan = (EXAMPLES / "lettera-02.pdf").read_bytes()

    async def day() -> None:
        said = await told(room, read_it)
        kinds = [message["kind"] for message in said if message["kind"] != "step"]
        assert kinds == ["letter", "reading", "reading", "done"]
        # A visitor who leaves in the middle of a recognition frees the place at once.
        async for message in (leaving := room.ask(slow, scan)):
            if message["kind"] == "page":
                break
        await leaving.aclose()
        crowd = await asyncio.gather(*(told(room, read_it) for _ in range(4)))
        ends = [one[-1] for one in crowd]
        assert ends.count({"kind": "done"}) == 3
        assert ends.count({"kind": "fault", "fault": "busy"}) == 1
        assert any(m == {"kind": "waiting", "place": 2} for one in crowd for m in one)
        assert (await told(room, {**slow, "name": "x.pdf"}, b"%PDF-1.7"))[-1]["fault"] == "broken"

    try:
        asyncio.run(day())
    finally:
        room.close()
    assert list(Path("/dev/shm").glob(f"lettera-{os.getpid()}-*")) == []


KILLED = """
import asyncio, sys
from pathlib import Path
from demo.room import Room
async def visit():
    job = {"do": "read", "ways": ["rules"], "name": "scan.pdf"}
    async for message in Room().ask(job, Path(sys.argv[1]).read_bytes()):
        print(message["kind"], flush=True)
asyncio.run(visit())
"""


@pytest.mark.slow
def test_a_page_that_is_killed_leaves_no_file() -> None:
    command = [sys.executable, "-c", KILLED, str(EXAMPLES / "lettera-07.pdf")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as page:
        assert page.stdout is not None
        assert any(line == "page\n" for line in page.stdout)  # in the middle of a recognition
        mine = f"lettera-{page.pid}-*"
        assert list(Path("/dev/shm").glob(f"{mine}/*/letter.pdf"))
        page.kill()
    until = time.monotonic() + 30
    while list(Path("/dev/shm").glob(mine)) and time.monotonic() < until:
        time.sleep(0.1)
    assert list(Path("/dev/shm").glob(mine)) == []


@pytest.mark.parametrize(
    ("error", "fault"),
    {
        "a locked PDF": (BadInput("a.pdf: the PDF is locked with a password; save"), "locked"),
        "a cut PDF": (BadInput("a.pdf: the PDF is cut short; copy it"), "broken"),
        "a picture without words": (BadInput("a.png: no text found on any page; scan"), "blank"),
        "a film": (BadInput("a.mp4: files of this kind cannot be read; use .pdf"), "kind"),
        "no Tesseract": (MissingExtra("Tesseract's Italian model is missing"), "recognition"),
        "a value of another kind": (BadInput("fumo: no code that can be read"), "value"),
        "a fault of ours": (KeyError("text"), "other"),
    }.values(),
)
def test_each_fault_has_its_sentence(error: Exception, fault: str) -> None:
    assert fault_of(error) == fault
    assert len(words()[f"fault_{fault}"]) == 2


# --- the page's HTML ---


def html(monkeypatch: pytest.MonkeyPatch, space: str | None = None) -> str:
    monkeypatch.delenv("SPACE_ID", raising=False)
    if space:
        monkeypatch.setenv("SPACE_ID", space)
    return page_html(facts_of(default_schema(), {"rules": None}, EXAMPLES, {}), "it")


def test_on_a_space_the_warning_stands_before_the_box(monkeypatch: pytest.MonkeyPatch) -> None:
    said = html(monkeypatch, "ward/demo")
    warning = (
        "This page runs on Hugging Face&#x27;s servers: do not paste real patients&#x27; letters; "
        "for those run it on your own machine."
    )
    assert 0 < said.index(warning) < said.index("<textarea")
    assert "Hugging Face&#x27;s" not in html(monkeypatch)


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    folder = ROOT / "demo" / "screen"
    assert all(len(pair) == 2 and all(pair) for pair in words().values())
    asked = set(
        re.findall(r'data-(?:w|aria|placeholder)="(\w+)"', (folder / "index.html").read_text())
    )
    for script in folder.glob("*.js"):
        asked |= set(re.findall(r'\bword\("([\w ]+)"', script.read_text()))
    assert asked <= set(words())


def noted(source: str) -> Iterator[str]:
    """The notes of doubts in a module's source, `{}` where something is put in."""
    nodes = list(ast.walk(ast.parse(source)))
    joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    apart = {part for node in joined for part in node.values}
    apart |= {node.value for node in nodes if isinstance(node, ast.Expr)}  # docstrings
    for one in joined:
        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in one.values)
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in apart:
            yield node.value


def test_the_note_of_every_doubt_is_said_in_english_too() -> None:
    names = {field.name for field in default_schema().fields.values()}
    source = Path(checks.__file__).read_text(encoding="utf-8")
    said = {s for s in noted(source) if re.match(r"[A-Z{]\S* ", s) and s not in names}
    notes = [pair[0] for key, pair in words().items() if key.startswith("note_")]
    known = [re.sub(r"\{\d\}", ".+", note) for note in notes]
    assert len(said) > 15
    assert [s for s in said if not any(re.fullmatch(one, s) for one in known)] == []


def test_names_read_well_on_their_colours() -> None:
    assert (ink("#EECA3B"), ink("#4C78A8")) == ("#000000", "#ffffff")


def test_nothing_is_kept_or_shared() -> None:
    options = launch_options()
    off = ("run_history", "enable_monitoring", "share", "show_error", "ssr_mode", "pwa")
    assert [options[name] for name in off] == [False] * len(off)


def test_a_letter_goes_to_the_page_and_back_unchanged(read: Analysis) -> None:
    sent: Json = json.loads(json.dumps(read.letter.to_json()))
    assert replace(Letter.from_json(sent), map=read.letter.map) == read.letter
