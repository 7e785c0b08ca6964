"""The marker program, by a small one that takes its options and writes its files."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF

from core.errors import BadInput, MissingExtra
from core.read import read_file
from core.read.phrases import phrases
from core.read.readers.marker import plain

CHUNKS: dict[str, Any] = {
    "blocks": [
        {
            "id": "/page/0/SectionHeader/0",
            "block_type": "SectionHeader",
            "html": "<h1>RELAZIONE CLINICA ALLA DIMISSIONE – <b>DEFINITIVA</b></h1>",
            "page": 0,
            "polygon": [[50, 40], [550, 40], [550, 60], [50, 60]],
            "bbox": [50, 40, 550, 60],
        },
        {
            "id": "/page/0/Text/1",
            "block_type": "Text",
            "html": "<p block-type='Text'>Ipertensione &amp; diabete<br/>FE &lt;40%</p>",
            "page": 0,
            "bbox": [50, 80, 300, 160],
        },
        {
            "id": "/page/1/Table/0",
            "block_type": "Table",
            "html": "<table><tbody><tr><th>Farmaco</th><th>Dose</th></tr>"
            "<tr><td>Bisoprololo</td><td>2,5 mg<br>ore 8</td></tr></tbody></table>",
            "page": 1,
            "bbox": [0, 0, 600, 400],
        },
        {
            "id": "/page/1/ListGroup/1",
            "block_type": "ListGroup",
            "html": "<ul><li>Controllo tra un mese</li><li>Ecocardiogramma</li></ul>",
            "page": 1,
            "bbox": [0, 400, 600, 800],
        },
    ],
    "page_info": {"0": {"bbox": [0, 0, 600, 800]}, "1": {"bbox": [0, 0, 600, 800]}},
    "metadata": {},
}

PROGRAM = """#!{python}
import json, sys
from pathlib import Path
source, *options = sys.argv[1:]
said = dict(option.removeprefix("--").partition("=")[::2] for option in options)
assert Path(source).read_bytes().startswith(b"%PDF-")
Path({log!r}).write_text(json.dumps([source, said]))
print("Saved markdown of the patient")
folder = Path(said["output_dir"], Path(source).stem)
folder.mkdir(parents=True)
(folder / (Path(source).stem + ".json")).write_text({output!r})
(folder / (Path(source).stem + "_meta.json")).write_text("{{}}")
sys.exit({code})
"""


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    file = FPDF()
    file.add_page()
    path = tmp_path / "Rossi Mario.pdf"
    file.output(str(path))
    return path


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a program in marker's place; returns what it was called with."""
    log = tmp_path / "call.json"

    def install(output: str = json.dumps(CHUNKS), code: int = 0) -> Path:
        program = tmp_path / "marker_single"
        program.write_text(
            PROGRAM.format(python=sys.executable, log=str(log), output=output, code=code)
        )
        program.chmod(0o755)
        monkeypatch.setenv("LETTERA_MARKER", str(program))
        return log

    return install


def test_marker_s_blocks_become_pages_with_boxes(pdf: Path, marker: Any) -> None:
    log = marker()
    (letter,) = read_file(pdf, "marker")
    assert letter.reader == "marker" and letter.discharge_letter
    assert [phrase.text for phrase in phrases(letter)] == [
        "RELAZIONE CLINICA ALLA DIMISSIONE – DEFINITIVA",
        "Ipertensione & diabete",
        "FE <40%",
        "Farmaco Dose",
        "Bisoprololo 2,5 mg ore 8",
        "- Controllo tra un mese",
        "- Ecocardiogramma",
    ]
    assert [(box.page, box.box) for box in letter.boxes] == [
        (1, (0.0833, 0.05, 0.9167, 0.075)),
        (1, (0.0833, 0.1, 0.5, 0.2)),
        (2, (0.0, 0.0, 1.0, 0.5)),
        (2, (0.0, 0.5, 1.0, 1.0)),
    ]
    assert letter.page_of(letter.text.index("Bisoprololo")) == 2
    source, options = json.loads(log.read_text())
    assert "Rossi" not in source and options["output_format"] == "chunks"
    assert not Path(source).exists() and not Path(options["output_dir"]).exists()


def test_a_missing_marker_says_how_to_get_it(
    pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTERA_MARKER", str(tmp_path / "nowhere"))
    with pytest.raises(MissingExtra, match="make marker"):
        read_file(pdf, "marker")


FAULTS = {
    "a failure": ("{}", 3, r"marker gave up \(exit 3\)"),
    "no JSON": ("Saved", 0, "must be marker 2"),
    "another version's files": ('{"children": []}', 0, "not that of marker 2"),
    "a list": ("[]", 0, "not that of marker 2"),
    "no text": ('{"blocks": [], "page_info": {"0": {"bbox": [0, 0, 1, 1]}}}', 0, "found no text"),
}


@pytest.mark.parametrize(("output", "code", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_marker_s_faults_are_one_line(
    pdf: Path, marker: Any, output: str, code: int, said: str
) -> None:
    marker(output, code)
    with pytest.raises(BadInput, match=said) as error:
        read_file(pdf, "marker")
    assert "patient" not in str(error.value) and "\n" not in str(error.value)


def test_marker_is_not_asked_for_texts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Diagnosi")
    with pytest.raises(BadInput, match="try --reader text"):
        read_file(tmp_path / "a.txt", "marker")


def test_nested_lists_and_cells_come_out_as_lines() -> None:
    html = "<ul><li>uno<ul><li>due</li></ul></li></ul><p>tre <math>m^2</math></p><img src='x'>"
    assert plain(html) == "- uno\n- due\ntre m^2"
    assert plain("<table><tr><td>a<p>b</p></td><td></td><td>c</td></tr></table>") == "a b\t\tc"
