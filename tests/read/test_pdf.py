"""PDFs: text layers in reading order, scans, mixed files, and every way a PDF can be bad."""

import io
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import monotonic

import pypdfium2
import pytest
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from PIL import Image

from core.errors import BadInput, MissingExtra
from core.read import read_file
from core.read.phrases import phrases
from core.records import Letter

SANS = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
TITLE = "RELAZIONE CLINICA ALLA DIMISSIONE – DEFINITIVA"
PROSE = (
    "Il paziente, portatore di stenosi valvolare aortica severa sintomatica per dispnea, veniva "
    "sottoposto a intervento di sostituzione valvolare con protesi biologica, con decorso "
    "regolare, estubato dopo circa sei ore dall'arrivo in Terapia Intensiva."
)


def paper() -> FPDF:
    file = FPDF()
    file.add_font("Sans", "", SANS)
    file.set_font("Sans", size=11)
    file.add_page()
    return file


def line(file: FPDF, text: str, height: float = 6) -> None:
    file.cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def saved(file: FPDF, path: Path) -> Path:
    file.output(str(path))
    return path


def letter_of(file: FPDF, path: Path, reader: str = "auto") -> Letter:
    (letter,) = read_file(saved(file, path), reader)
    return letter


def written(letter: Letter) -> list[str]:
    return [phrase.text for phrase in phrases(letter)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "letter.pdf"


def test_a_text_layer_is_read_with_pages_boxes_and_joined_lines(path: Path) -> None:
    file = paper()
    line(file, TITLE)
    line(file, "Diagnosi")
    file.multi_cell(0, 6, PROSE)
    file.add_page()
    line(file, "Terapia alla dimissione")
    line(file, "Bisoprololo 2,5 mg 1 cp ore 8")
    letter = letter_of(file, path)
    assert letter.reader == "text" and letter.discharge_letter
    assert PROSE in written(letter)
    start = letter.text.index("Bisoprololo")
    assert letter.page_of(start) == 2
    box = next(box for box in letter.boxes if box.start <= start < box.end)
    left, top, right, bottom = box.box
    assert box.page == 2 and letter.text[box.start : box.end].startswith("Bisoprololo")
    assert left == pytest.approx(10 / 210, abs=0.01) and top == pytest.approx(16 / 297, abs=0.02)
    assert left < right < 0.5 and top < bottom < top + 0.03


def test_a_table_comes_out_row_by_row(path: Path) -> None:
    file = paper()
    for row in [("Farmaco", "Dose", "Orario"), ("Lasix", "25 mg", "8"), ("Eliquis", "5 mg", "8")]:
        for cell in row:
            file.cell(60, 8, cell, border=1)
        file.ln()
    assert written(letter_of(file, path)) == [
        "Farmaco Dose Orario",
        "Lasix 25 mg 8",
        "Eliquis 5 mg 8",
    ]


def test_a_patient_block_in_two_columns_comes_out_label_by_label(path: Path) -> None:
    file = paper()
    rows = [
        ("Cognome: ROSSI", "Nome: MARIO"),
        ("Nato il: 27/03/1939", "Sesso: M"),
        ("Ricovero: 27/08/2019", "Cartella: 2019034139"),
    ]
    for left, right in rows:
        file.cell(95, 6, left)
        line(file, right)
    assert sorted(written(letter_of(file, path))) == sorted(cell for row in rows for cell in row)


def test_labels_and_values_in_two_columns_stay_together(path: Path) -> None:
    file = paper()
    for label, value in [("Cognome", "ROSSI"), ("Nome", "MARIO"), ("Sesso", "M"), ("Età", "71")]:
        file.cell(60, 6, label)
        line(file, value)
    assert written(letter_of(file, path)) == ["Cognome ROSSI", "Nome MARIO", "Sesso M", "Età 71"]


def test_prose_in_two_columns_is_read_down_each(path: Path) -> None:
    file = paper()
    for x, text in ((10, PROSE), (110, PROSE.replace("Il paziente", "La signora"))):
        file.set_xy(x, 20)
        file.multi_cell(88, 6, text)
    assert written(letter_of(file, path)) == [PROSE, PROSE.replace("Il paziente", "La signora")]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_the_file_turns_is_read_as_it_is_seen(path: Path, turn: int) -> None:
    file = paper()
    line(file, TITLE)
    line(file, "Stenosi aortica severa, ipertensione arteriosa")
    plain = letter_of(file, path)
    document = pypdfium2.PdfDocument(path)
    document[0].set_rotation(turn)
    document.save(path)
    document.close()
    (letter,) = read_file(path)
    # Turned by the file, lines run down or upside down on the page as it is seen.
    places = [box.box for box in letter.boxes]
    assert len(plain.boxes) == 2 and all(0 <= value <= 1 for place in places for value in place)
    if turn == 180:
        assert places[0][1] > 0.8


def test_a_word_broken_at_the_line_s_end_is_whole_again(path: Path) -> None:
    file = paper()
    line(file, "Il paziente è portatore di fibrillazione atriale parossi-")
    line(file, "stica in terapia anticoagulante.")
    assert written(letter_of(file, path)) == [
        "Il paziente è portatore di fibrillazione atriale parossistica in terapia anticoagulante."
    ]


def scanned(file: FPDF, out: FPDF, angle: float = 0.0) -> None:
    """Adds every page of `file` to `out` as a picture."""
    document = pypdfium2.PdfDocument(bytes(file.output()))
    for page in document:
        image = page.render(scale=200 / 72, grayscale=True).to_pil()
        image = image.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
        content = io.BytesIO()
        image.save(content, "JPEG", quality=80)
        out.add_page()
        out.image(content, x=0, y=0, w=210, h=297)
    document.close()


def page_with(*lines: str) -> FPDF:
    file = paper()
    file.set_font("Sans", size=12)
    for text in lines:
        line(file, text, 9)
    return file


def test_a_skewed_scan_is_straightened_and_read_with_boxes_where_it_was_scanned(path: Path) -> None:
    scan = FPDF()
    lines = (TITLE, "Diagnosi", "Stenosi aortica severa", "Terapia domiciliare", "Furosemide 25 mg")
    scanned(page_with(*lines), scan, angle=3)
    letter = letter_of(scan, path)
    assert letter.reader == "tesseract" and letter.discharge_letter
    assert written(letter)[1:] == list(lines[1:])
    assert [section.name for section in letter.sections] == ["Diagnosi", "Terapia"]
    assert letter.extra["confidence"]["1"] > 70
    box = letter.boxes[0].box
    # 3 degrees over the title's length is about two per cent of the page's height.
    assert box[3] - box[1] > 0.025 and box[0] < 0.15


def test_only_the_pages_without_text_are_recognised(path: Path) -> None:
    mixed = page_with(TITLE, "Diagnosi", "Stenosi aortica severa")
    scanned(page_with("Terapia alla dimissione", "Bisoprololo 2,5 mg"), mixed)
    mixed.add_page()
    letter = letter_of(mixed, path)
    assert letter.reader == "text+tesseract"
    assert written(letter)[3:] == ["Terapia alla dimissione", "Bisoprololo 2,5 mg"]
    assert list(letter.extra["confidence"]) == ["2"] and letter.extra["empty_pages"] == [3]


def test_a_stamp_over_a_scan_is_no_text_layer(path: Path) -> None:
    scan = FPDF()
    scanned(page_with(TITLE, "Stenosi aortica severa"), scan)
    scan.set_font("Helvetica", size=8)
    scan.text(10, 292, "Copia conforme stampata il 02/09/2019 alle 10:30")
    assert letter_of(scan, path).discharge_letter


def test_a_picture_is_read_and_turned_upright(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(bytes(page_with(TITLE, "Diagnosi", PROSE[:70]).output()))
    image = document[0].render(scale=200 / 72).to_pil().rotate(90, expand=True)
    document.close()
    image.save(tmp_path / "letter.png")
    (letter,) = read_file(tmp_path / "letter.png")
    assert letter.discharge_letter and written(letter)[1] == "Diagnosi"
    assert letter.boxes[0].box[3] - letter.boxes[0].box[1] > 0.3  # the title runs up the page


def blank(path: Path) -> None:
    saved(paper(), path)


def picture_of_nothing(path: Path) -> None:
    scan = FPDF()
    scanned(paper(), scan)
    saved(scan, path)


def locked(path: Path) -> None:
    file = page_with(TITLE)
    file.set_encryption(owner_password="a", user_password="b")
    saved(file, path)


def cut(path: Path) -> None:
    content = bytes(page_with(TITLE).output())
    path.write_bytes(content[: len(content) // 2])


def without_pages(path: Path) -> None:
    document = pypdfium2.PdfDocument.new()
    document.save(path)
    document.close()


def rubbish(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\nrubbish\n%%EOF\n")


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "locked": (locked, "locked with a password; save a copy without one"),
    "cut short": (cut, "cut short; copy it again"),
    "no PDF": (lambda path: path.write_text("Gentile collega"), "not a PDF"),
    "a PDF in name": (rubbish, "damaged; print it to a new PDF"),
    "no pages": (without_pages, "has no pages|damaged"),
    "blank pages": (blank, "no text on any page"),
    "pictures of nothing": (picture_of_nothing, "no text on any page"),
}


@pytest.mark.parametrize(("make", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_pdf_is_one_clear_line(path: Path, make: Callable[[Path], object], said: str) -> None:
    make(path)
    with pytest.raises(BadInput, match=said) as error:
        read_file(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


def test_the_text_reader_refuses_a_scan_and_names_the_page(path: Path) -> None:
    mixed = page_with(TITLE, "Stenosi aortica severa")
    scanned(page_with("Terapia"), mixed)
    with pytest.raises(BadInput, match="no text on page 2; try --reader tesseract"):
        letter_of(mixed, path, "text")


def test_a_missing_model_names_debian_s_package(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(MissingExtra, match="apt-get install tesseract-ocr-ita"):
        letter_of(page_with(TITLE), path, "tesseract")


def test_a_broken_picture_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    with pytest.raises(BadInput, match="save it again as PNG"):
        read_file(tmp_path / "a.png")


def test_five_hundred_pages_are_read_quickly(path: Path) -> None:
    file = paper()
    for number in range(500):
        if number:
            file.add_page()
        for text in (f"Riga {number}", "Stenosi aortica severa sintomatica per dispnea"):
            line(file, text)
    saved(file, path)
    begun = monotonic()
    (letter,) = read_file(path)
    assert monotonic() - begun < 30
    assert len(letter.pages) == 500
    assert letter.page_of(letter.text.index("Riga 499")) == 500


def test_several_threads_may_read_at_once(path: Path) -> None:
    file = paper()
    for _ in range(8):
        file.multi_cell(0, 6, PROSE)
        file.add_page()
    saved(file, path)
    found: list[Letter] = []
    threads = [Thread(target=lambda: found.extend(read_file(path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len({letter.text for letter in found}) == 1
