"""The doors of reading: text files, pasted text, names of readers."""

from pathlib import Path

import pytest

from core.errors import BadInput, UnknownName
from core.read import READERS, read_file, read_text
from core.read.phrases import phrases
from core.records import Letter

TEXT = """# RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA

Si dimette in data 02/09/2019 la Sig.ra **VERDI ADA**, età 71 anni

## Diagnosi
Stenosi aortica severa
Stenosi aortica severa
Ipertensione: nota
"""


def written(path: Path, content: bytes) -> Letter:
    path.write_bytes(content)
    (letter,) = read_file(path)
    return letter


def test_a_text_file_becomes_a_letter(tmp_path: Path) -> None:
    letter = written(tmp_path / "Verdi.md", TEXT.encode())
    assert letter.source == "Verdi.md" and letter.reader == "text"
    assert len(letter.id) == 12 and "Verdi" not in letter.id
    assert letter.discharge_letter and dict(letter.extra) == {}
    assert [page.page for page in letter.pages] == [1]
    assert [section.name for section in letter.sections] == ["Diagnosi"]
    assert Letter.from_json(letter.to_json()) == letter


def test_phrases_are_the_written_lines_with_stable_ids() -> None:
    found = phrases(read_text(TEXT, letter_id="abc"))
    assert [phrase.text for phrase in found] == [
        "RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA",
        "Si dimette in data 02/09/2019 la Sig.ra VERDI ADA, età 71 anni",
        "Diagnosi",
        "Stenosi aortica severa",
        "Stenosi aortica severa",
        "Ipertensione: nota",
    ]
    assert found[3].id.endswith(".1") and found[4].id == found[3].id.replace(".1", ".2")
    again = phrases(read_text(TEXT.replace("## Diagnosi", "Nuova riga\n\n## Diagnosi"), "", "abc"))
    assert {phrase.id for phrase in found} < {phrase.id for phrase in again}


def test_the_same_words_have_the_same_id_pasted_or_in_a_file(tmp_path: Path) -> None:
    assert read_text(TEXT).id == written(tmp_path / "a.txt", TEXT.encode()).id


def test_the_map_leads_back_to_the_words_of_the_file() -> None:
    letter = read_text(TEXT)
    start = letter.text.index("VERDI")
    row = next(row for row in letter.map if row[0] <= start < row[0] + row[2])
    there = row[1] + start - row[0]
    assert TEXT[there : there + 9] == "VERDI ADA"


ENCODINGS = {
    "UTF-8": ("utf-8", None),
    "UTF-8 with a mark": ("utf-8-sig", "utf-8-sig"),
    "UTF-16 with a mark": ("utf-16", "utf-16"),
    "Windows": ("cp1252", "cp1252"),
}


@pytest.mark.parametrize(("encoding", "said"), ENCODINGS.values(), ids=ENCODINGS.keys())
def test_encodings_are_understood_and_said(tmp_path: Path, encoding: str, said: str | None) -> None:
    text = "Età 71 anni – familiarità “positiva”, è dislipidemica\r\nPerché è così\r\n"
    letter = written(tmp_path / "a.txt", text.encode(encoding))
    assert letter.text == text.replace("\r\n", "\n").strip()
    assert letter.extra.get("encoding") == said


def test_form_feeds_part_pages(tmp_path: Path) -> None:
    letter = written(tmp_path / "a.txt", b"Diagnosi\n\fTerapia")
    assert [letter.text[p.start : p.end].strip() for p in letter.pages] == ["Diagnosi", "Terapia"]


BAD = {
    "empty": ("a.txt", b"", "the file is empty"),
    "only blanks": ("a.txt", b" \n\t\n", "only blanks"),
    "a program": ("a.txt", b"\x7fELF\x00\x00\x01", "not a text file"),
    "an unknown kind": ("a.docx", b"PK", "files of this kind cannot be read"),
    "cut UTF-16": ("a.txt", b"\xff\xfea", "save it as UTF-8"),
}


@pytest.mark.parametrize(("name", "content", "said"), BAD.values(), ids=BAD.keys())
def test_unreadable_files_are_one_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=said) as error:
        read_file(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name)) and "\n" not in str(error.value)


def test_readers_are_known_by_name() -> None:
    assert list(READERS) == ["auto", "text", "marker", "tesseract"]
    with pytest.raises(UnknownName, match="choose one of: auto, text, marker, tesseract"):
        read_file(Path("a.txt"), "ocr")


def test_an_empty_paste_is_a_letter_without_phrases() -> None:
    letter = read_text("")
    assert phrases(letter) == [] and not letter.discharge_letter
    assert [(page.start, page.end) for page in letter.pages] == [(0, 0)]
