"""A row corrected in the spreadsheet comes back: values, and spans to learn from."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.errors import BadInput
from core.extract.compare.compare import compare
from core.extract.corrections import Corrections, read_corrections, write_corrections
from core.extract.result import Doubt, LetterFields, quote
from core.extract.sheet import write_sheet
from core.jsonl import read_records, write_records
from core.label.examples import Examples
from core.read import read_text
from core.records import Annotation, FieldValue, Letter
from core.schema import default_schema
from tests.places import DATA

TEXT = """RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA
Si dimette in data 02/09/2019
il Sig. BERTOLOTTI FRANCO ricoverato dal 27/08/2019 al 02/09/2019
Nato il 27/03/1939 telefono 3479927663 oppure 0276543210
Ex fumatore, stop nel 1990.
Diabete mellito in terapia orale. Nega BPCO.
Sospetta endocardite.
Furosemide 25 mg, 1 cp al giorno. 🙂 Pregresso TIA nel 2012.
"""


def letter_of(text: str = TEXT) -> Letter:
    return replace(read_text(text, "lettera.pdf"), discharge_letter=True)


LETTER = letter_of()


def at(words: str, nth: int = 0) -> tuple[int, int]:
    start = -1
    for _ in range(nth + 1):
        start = LETTER.text.index(words, start + 1)
    return start, start + len(words)


def said(field: str, value: Any, words: str, nth: int = 0) -> FieldValue:
    return FieldValue(field, value, (quote(LETTER, *at(words, nth)),))


FOUND = LetterFields(
    "lettera.pdf",
    True,
    (
        said("data_dimissione_cch", "2019-08-27", "27/08/2019"),
        said("nome", "FRANCO", "FRANCO"),
        said("Sesso", "M", "Sig."),
        said("numero di telefono", "3479927663", "3479927663"),
        said("data_di_nascita", "1939-03-27", "27/03/1939"),
        said("Anamnesi", "Ex fumatore", "Ex fumatore"),
        said("fumo", 2, "Ex fumatore, stop nel 1990"),
        said("diabete", True, "Diabete mellito"),
        said("BPCO", True, "BPCO"),
        said("lasix", True, "Furosemide 25 mg"),
    ),
    None,
    (Doubt("endocardite", "uncertain", (quote(LETTER, *at("endocardite")),)),),
    {"id": LETTER.id},
)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    write_records(tmp_path / "letters.jsonl", [LETTER])
    return tmp_path / "letters.jsonl"


def corrected(shelf: Path, **cells: Any) -> Corrections:
    """What comes back when a person writes these cells."""
    path = shelf.with_name("campi.xlsx")
    write_sheet(path, [FOUND])
    book = openpyxl.load_workbook(path)
    titles = {cell.value: cell.column for cell in book["Lettere"][1]}
    for field, value in cells.items():
        book["Lettere"].cell(2, titles[field]).value = value
    book.save(path)
    return read_corrections(path, shelf)


def spans(found: Corrections) -> set[tuple[Any, ...]]:
    return {
        (span.field, span.text, span.state, span.value, span.edit)
        for annotation in found.annotations
        for span in annotation.spans
    }


def test_nothing_changed_is_nothing_learned(shelf: Path) -> None:
    found = corrected(shelf)
    assert (found.changes, found.annotations, found.rows, found.unread) == ([], [], [], [])


def test_a_day_corrected_moves_its_span(shelf: Path) -> None:
    found = corrected(shelf, data_dimissione_cch="02/09/2019")
    (one,) = found.annotations
    assert one.phrase.text.startswith("il Sig.") and one.origin == "human"
    assert one.source == "person/sheet" and one.extra["view"] == "field"
    assert spans(found) == {
        ("data_dimissione_cch", "02/09/2019", "present", None, "changed"),
        ("nome", "FRANCO", "present", None, "kept"),
        ("Sesso", "Sig.", "present", "M", "kept"),
    }
    # It stands twice in the letter; the one in the line of the wrong day is taken.
    assert one.phrase.start + one.spans[-1].start == at("02/09/2019", 1)[0]


def test_a_yes_turned_into_no_keeps_the_place_and_turns_the_state(shelf: Path) -> None:
    found = corrected(shelf, BPCO=0)
    assert ("BPCO", "BPCO", "negated", None, "changed") in spans(found)
    assert ("diabete", "Diabete mellito", "present", None, "kept") in spans(found)


def test_a_code_corrected_keeps_the_place(shelf: Path) -> None:
    found = corrected(shelf, fumo=1)
    assert spans(found) == {("fumo", "Ex fumatore, stop nel 1990", "present", 1, "changed")}


def test_a_cell_emptied_takes_its_span_away(shelf: Path) -> None:
    found = corrected(shelf, diabete=None)
    (one,) = found.annotations
    assert {span.field for span in one.spans} == {"BPCO"}
    (change,) = found.changes
    assert (change.now, change.why) == (None, None)
    assert "diabete" not in found.rows[0]["fields"]


def test_the_only_span_of_a_phrase_emptied_leaves_the_phrase_without(shelf: Path) -> None:
    (one,) = corrected(shelf, fumo=None).annotations
    assert one.phrase.text.startswith("Ex fumatore") and one.spans == ()


ADDED = {
    "a doubt settled": ({"endocardite": 1}, ("endocardite", "endocardite", "present", None)),
    "a number": ({"lasix_dosaggio": 25}, ("lasix_dosaggio", "25", "present", None)),
    "a text": ({"cognome": "Bertolotti"}, ("cognome", "BERTOLOTTI", "present", None)),
    "a yes that the rules see": ({"TIA_pregresso": "sì"}, ("TIA_pregresso", None, "present", None)),
    "a second telephone": (
        {"numero di telefono": "02 76543210"},
        ("numero di telefono", "0276543210", "present", None),
    ),
}


@pytest.mark.parametrize(("cells", "span"), ADDED.values(), ids=ADDED)
def test_a_value_written_in_is_found_in_the_letter(
    shelf: Path, cells: dict[str, Any], span: tuple[Any, ...]
) -> None:
    found = corrected(shelf, **cells)
    assert found.unplaced == []
    (new,) = [s for a in found.annotations for s in a.spans if s.field == span[0]]
    assert (new.state, new.value) == span[2:] and new.edit in ("added", "changed")
    assert span[1] in (None, new.text)


UNPLACED = {
    "nowhere": ({"cognome": "Rossi"}, "stands nowhere in the letter"),
    "several places": ({"data_ingresso_cch": "2019-09-02"}, "in the letter 2x, none for sure"),
    "a number of nobody knows what": ({"H_Stay_giorni": 25}, "in the letter 1x, none for sure"),
    "a section": ({"Anamnesi": "altro testo"}, "a section's text is no span"),
    "nothing speaks of it": ({"crt": 1}, "nothing in the letter speaks of it"),
    "derived": ({"Sesso": "F"}, "stands nowhere in the letter"),
}


@pytest.mark.parametrize(("cells", "why"), UNPLACED.values(), ids=UNPLACED)
def test_a_value_without_a_place_is_kept_and_listed(
    shelf: Path, cells: dict[str, Any], why: str
) -> None:
    found = corrected(shelf, **cells)
    (change,) = found.unplaced
    assert change.why == why
    field = found.rows[0]["fields"][change.field]
    assert field == {"value": change.now, "evidence": []}


def test_what_is_no_value_and_formulas_not_reckoned_are_listed(shelf: Path) -> None:
    found = corrected(shelf, diabete="forse", fumo="=1+1", nome="FRANCO ")
    assert found.changes == []
    assert found.unread == [
        "row 2, fumo: a formula without a value; save it in Excel",
        "row 2, diabete: no boolean that can be read",
    ]


def test_every_span_quotes_its_phrase_and_the_files_are_private(shelf: Path) -> None:
    found = corrected(shelf, fumo=1, BPCO=0, cognome="Bertolotti", lasix_dosaggio=25)
    out = shelf.with_name("corrected_fields.jsonl")
    values = write_corrections(found, out)
    back = list(read_records(out, Annotation))
    assert back == found.annotations and len(back) == 4
    for one in back:
        assert LETTER.text[one.phrase.start : one.phrase.end] == one.phrase.text
    assert {stat.S_IMODE(path.stat().st_mode) for path in (out, values)} == {0o600}


def test_the_corrected_rows_are_gold_for_the_comparison(shelf: Path) -> None:
    found = corrected(shelf, fumo=1, diabete=None)
    values = write_corrections(found, shelf.with_name("c.jsonl"))
    before = shelf.with_name("local.json")
    write_sheet(before, [FOUND])
    rates = compare([before], gold=values).scored[0].rates
    assert rates["fumo"].f1 == 0 and rates["nome"].f1 == 1 and rates["diabete"].precision == 0
    assert rates["all"].said == 10 and rates["all"].gold == 9


def test_corrections_are_examples_for_the_next_question(shelf: Path) -> None:
    found = corrected(shelf, fumo=1)
    pool = Examples(found.annotations, default_schema(), "field", None)
    (example,) = pool.nearest("Ex fumatore da anni", "other", 1)
    assert "fumatore" in str(example)


def test_a_letter_read_anew_otherwise_gives_no_wrong_spans(shelf: Path) -> None:
    moved = letter_of("Una riga in più.\n" + TEXT)
    write_records(shelf, [Letter(LETTER.id, *[getattr(moved, n) for n in _REST])])
    found = corrected(shelf, fumo=1, data_di_nascita="27/03/1939")
    for one in found.annotations:
        assert all(span.text in TEXT for span in one.spans)
    assert json.dumps(found.rows)


_REST = ("source", "discharge_letter", "text", "pages", "reader", "sections", "boxes", "map")


def test_a_letter_that_is_not_there_keeps_its_values(shelf: Path) -> None:
    write_records(shelf, [])
    found = corrected(shelf, fumo=1)
    assert found.annotations == [] and found.rows[0]["fields"]["fumo"]["value"] == 1
    assert found.unread == ["row 2: its letter is not among the letters; no spans"]


def test_rows_of_a_clerks_own_are_counted(shelf: Path) -> None:
    path = shelf.with_name("campi.xlsx")
    write_sheet(path, [FOUND])
    book = openpyxl.load_workbook(path)
    book["Lettere"]["A3"] = "a mano.pdf"
    book.save(path)
    assert read_corrections(path, shelf).strange == 1


def test_other_files_are_refused_with_the_way_out(shelf: Path) -> None:
    comma = shelf.with_name("campi.csv")
    write_sheet(comma, [FOUND])
    with pytest.raises(BadInput, match=r"only an \.xlsx remembers"):
        read_corrections(comma, shelf)
    path = shelf.with_name("campi.xlsx")
    write_sheet(path, [FOUND])
    book = openpyxl.load_workbook(path)
    del book["_lettera"]
    book.save(path)
    with pytest.raises(BadInput, match="does not remember what Lettera wrote"):
        read_corrections(path, shelf)


def test_a_file_that_libreoffice_saved_still_knows_what_was_changed(
    shelf: Path, tmp_path: Path
) -> None:
    """`tests/data/libreoffice.xlsx` is FOUND, opened and saved by LibreOffice 7.4."""
    path = tmp_path / "campi.xlsx"
    path.write_bytes((DATA / "libreoffice.xlsx").read_bytes())
    assert read_corrections(path, shelf).changes == []
    book = openpyxl.load_workbook(path)
    titles = {cell.value: cell.column for cell in book["Lettere"][1]}
    book["Lettere"].cell(2, titles["BPCO"]).value = 0
    book.save(path)
    assert ("BPCO", "BPCO", "negated", None, "changed") in spans(read_corrections(path, shelf))
    done = write_sheet(path, [FOUND, replace(FOUND, letter="altra.pdf", extra={"id": "b"})])
    assert done is not None and (done.added, done.same, done.kept) == (1, 1, 1)
    assert openpyxl.load_workbook(path)["Lettere"].cell(2, titles["BPCO"]).value == 0
