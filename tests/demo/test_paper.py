"""Whether printed letters can be read back, scans hold no text, the examples are in order."""

import json
from pathlib import Path

import pypdfium2
import pytest

from core.read import read_file
from core.schema import default_schema
from demo.fictitious import FictitiousLetter, voices, write
from demo.letterhead import font_file
from demo.paper import EXAMPLES, TWELVE, lay_out, scan


def layer(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def bare(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def quotes(letter: FictitiousLetter) -> list[str]:
    return [gold.text for line in letter.lines for gold in line.gold if gold.text]


@pytest.mark.parametrize("voice", voices())
def test_the_text_layer_holds_every_gold_quote(voice: str, tmp_path: Path) -> None:
    letter = write(voice, 1)
    lay_out(letter, tmp_path / "letter.pdf", 1)
    text = bare(layer(tmp_path / "letter.pdf"))
    assert [quote for quote in quotes(letter) if bare(quote) not in text] == []


@pytest.mark.parametrize("voice", ["cortesia", "percutaneo", "casella"])
def test_a_printed_letter_is_read_as_a_discharge_letter(voice: str, tmp_path: Path) -> None:
    lay_out(write(voice, 2), tmp_path / "letter.pdf")
    (read,) = read_file(tmp_path / "letter.pdf", "text")
    assert read.discharge_letter
    assert {section.name for section in read.sections} >= {"Anamnesi", "terapia_alla_dimissione"}


def test_a_scan_is_only_pictures(tmp_path: Path) -> None:
    scan(write("scansione", 3), tmp_path / "scan.pdf")
    assert layer(tmp_path / "scan.pdf").strip() == ""
    document = pypdfium2.PdfDocument(tmp_path / "scan.pdf")
    width, height = document[0].get_size()
    grey = document[0].render(scale=1).to_pil().convert("L")
    document.close()
    assert abs(width - 595) < 2 and abs(height - 842) < 2
    assert grey.getextrema()[0] < 120 < grey.getextrema()[1]


def test_printing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        lay_out(write("babbo", 4), tmp_path / name, 7)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_every_face_is_found() -> None:
    for face in ("serif", "sans", "typewriter"):
        for weight in ("", "B", "I"):
            assert font_file(face, weight).suffix == ".ttf"


def test_the_twelve_examples_are_all_there() -> None:
    papers = sorted(EXAMPLES.glob("*.pdf"))
    assert [paper.name for paper in papers] == [f"lettera-{n:02}.pdf" for n in range(1, 13)]
    assert sum(paper.stat().st_size for paper in papers) < 3_000_000
    assert sum(not layer(paper).strip() for paper in papers) == 4
    shown = {voice for voice, _, _ in TWELVE}
    assert len(shown) == 12 and len(set(voices()) - shown) >= 2


def test_the_answers_are_what_the_papers_say() -> None:
    answers = json.loads((EXAMPLES / "answers.json").read_text(encoding="utf-8"))
    for (voice, seed, scanned), (name, said) in zip(TWELVE, answers.items(), strict=True):
        letter = write(voice, seed)
        assert (said["voice"], said["seed"], said["scan"]) == (voice, seed, scanned)
        assert said["fields"] == dict(letter.fields)
        assert set(said["fields"]) <= set(default_schema().fields)
        if not scanned:
            text = bare(layer(EXAMPLES / name))
            assert [quote for quote in quotes(letter) if bare(quote) not in text] == []
