"""Results -> .xlsx, .csv, .json, opened again as a clerk or a program would."""

import csv
import gc
import io
import json
import stat
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.extract.cell import from_cell, in_cell
from core.extract.result import Doubt, LetterFields
from core.extract.sheet import check_sheet, write_sheet
from core.extract.values import read_phone
from core.records import Evidence, FieldValue
from core.schema import Field, default_schema

NAMES = list(default_schema().fields)
FORMULA = '=HYPERLINK("http://x.example","apri")'


def said(field: str, value: Any, quote: str = "citazione", page: int | None = 2) -> FieldValue:
    return FieldValue(field, value, (Evidence(3, 3 + len(quote), quote, page),))


LETTER = LetterFields(
    "lettera 7.pdf",
    True,
    (
        said("n_cartella", "0012345678"),
        said("data_ingresso_cch", "2025-01-20", "20/01/2025"),
        said("numero di telefono", "0276543210"),
        said("Sesso", "F", "Sig.ra"),
        said("diabete", True),
        said("BPCO", False),
        said("Anno REDO", "2008"),
        said("lasix_dosaggio", 12.5),
        said("Terapia", "- ASA 100 mg - Lasix"),
    ),
    None,
    (
        Doubt("diabete", "conflict", (Evidence(9, 13, "nega", 1),), False),
        Doubt("endocardite", "uncertain", (Evidence(20, 28, "sospetta", 1),)),
    ),
)
AWAY = LetterFields("verbale.pdf", False, (), "no heading")


@pytest.fixture
def sheet(tmp_path: Path) -> Any:
    path = tmp_path / "campi.xlsx"
    write_sheet(path, [LETTER, AWAY])
    return openpyxl.load_workbook(path)


def cell(book: Any, field: str, row: int = 2) -> Any:
    return book["Lettere"].cell(row, 2 + NAMES.index(field))


def test_a_sheet_that_is_not_to_be_leaves_no_row_and_no_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def results() -> Iterator[LetterFields]:
        yield LETTER
        raise BadInput("no more letters")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BadInput, match="no more letters"):
        write_sheet(tmp_path / "out.xlsx", results())
    gc.collect()  # an exception in a destructor is a warning, and that an error
    assert list(tmp_path.iterdir()) == []


def test_the_columns_are_the_papers(sheet: Any) -> None:
    titles = [title.value for title in sheet["Lettere"][1]]
    assert titles == ["letter", *NAMES] and len(titles) == 75


def test_cells_have_the_type_of_their_field(sheet: Any) -> None:
    assert cell(sheet, "data_ingresso_cch").value == datetime(2025, 1, 20)
    assert cell(sheet, "data_ingresso_cch").number_format == "dd/mm/yyyy"
    assert cell(sheet, "n_cartella").value == "0012345678"
    assert cell(sheet, "numero di telefono").value == "0276543210"
    assert (cell(sheet, "diabete").value, cell(sheet, "BPCO").value) == (1, 0)
    assert (cell(sheet, "Anno REDO").value, cell(sheet, "lasix_dosaggio").value) == (2008, 12.5)
    assert cell(sheet, "Sesso").value == "F"
    assert cell(sheet, "angor").value is None


def test_each_cell_says_where_its_value_stands(sheet: Any) -> None:
    assert cell(sheet, "data_ingresso_cch").comment.text == "«20/01/2025» (p. 2)"
    assert cell(sheet, "angor").comment is None


def test_doubts_are_coloured_and_explained_also_without_a_value(sheet: Any) -> None:
    disputed, suspected = cell(sheet, "diabete"), cell(sheet, "endocardite")
    assert disputed.comment.text.endswith("La lettera dice anche no: «nega» (p. 1)")
    assert suspected.value is None and "Solo sospetto: «sospetta»" in suspected.comment.text
    colours = {one.fill.fgColor.rgb for one in (disputed, suspected, cell(sheet, "BPCO"))}
    assert len(colours) == 3


def test_a_document_turned_away_has_a_row_with_its_reason(sheet: Any) -> None:
    first = sheet["Lettere"]["A3"]
    assert first.value == "verbale.pdf" and "no heading" in first.comment.text
    assert all(other.value is None for other in sheet["Lettere"][3][1:])


def test_every_place_has_a_row_in_the_evidence(sheet: Any) -> None:
    rows = list(sheet["Evidenze"].iter_rows(min_row=2, values_only=True))
    assert ("lettera 7.pdf", "Sesso", "F", 2, "Sig.ra", 3, 9, None) in rows
    assert sum(row[1] == "diabete" for row in rows) == 2
    assert len(rows) == len(LETTER.fields) + len(LETTER.doubts) + 1


def test_the_codes_are_explained(sheet: Any) -> None:
    rows = list(sheet["Codici"].iter_rows(min_row=2, values_only=True))
    assert (None, None, 1, "ex fumatore") in rows
    assert {row[0] for row in rows} - {None} == set(NAMES)


def test_the_header_stays_in_sight_and_columns_can_be_read(sheet: Any) -> None:
    table = sheet["Lettere"]
    assert table.freeze_panes == "B2"
    assert all(dimension.width >= 8 for dimension in table.column_dimensions.values())


@pytest.mark.parametrize("start", ["=1+1", "+39 02", "-2", "@SUM(A1)", FORMULA, "\t=1", "- ASA"])
def test_no_text_becomes_a_formula(tmp_path: Path, start: str) -> None:
    result = LetterFields(start, True, (said("Diagnosi", start, start),), None)
    xlsx, comma = tmp_path / "a.xlsx", tmp_path / "a.csv"
    write_sheet(xlsx, [result])
    write_sheet(comma, [result])
    book = openpyxl.load_workbook(xlsx)
    shown = [book["Lettere"]["A2"], cell(book, "Diagnosi"), book["Evidenze"]["E2"]]
    assert [one.data_type for one in shown] == ["s", "s", "s"]
    assert shown[1].value == start and shown[1].quotePrefix
    (_, row) = csv.reader(io.StringIO(comma.read_bytes().decode("utf-8-sig")))
    assert row[0] == "'" + start and row[1 + NAMES.index("Diagnosi")] == "'" + start


def test_csv_has_the_same_columns_and_plain_values(tmp_path: Path) -> None:
    path = tmp_path / "campi.csv"
    write_sheet(path, [LETTER, AWAY])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert list(first) == ["letter", *NAMES]
    assert first["data_ingresso_cch"] == "2025-01-20" and first["n_cartella"] == "0012345678"
    assert (first["diabete"], first["BPCO"], first["angor"]) == ("1", "0", "")
    assert first["lasix_dosaggio"] == "12.5" and first["Terapia"] == "'- ASA 100 mg - Lasix"
    assert second["letter"] == "verbale.pdf" and not any(list(second.values())[1:])


def test_json_is_the_results(tmp_path: Path) -> None:
    path = tmp_path / "campi.json"
    write_sheet(path, [LETTER, AWAY])
    read = [LetterFields.from_json(raw) for raw in json.loads(path.read_text(encoding="utf-8"))]
    assert read == [LETTER, AWAY]


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".json", ".XLSX"])
def test_no_results_still_give_a_file_that_only_its_owner_reads(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"vuoto{suffix}"
    write_sheet(path, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if suffix == ".csv":
        assert path.read_text(encoding="utf-8-sig").strip().split(",")[:2] == [
            "letter",
            "n_cartella",
        ]
    if suffix.lower() == ".xlsx":
        assert openpyxl.load_workbook(path)["Lettere"].max_column == 75


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "campi.xlsx"
    write_sheet(path, [LETTER])
    before = path.read_bytes()
    broken = LetterFields("b.pdf", True, (said("data_morte", "ieri"),), None)
    with pytest.raises(ValueError):
        write_sheet(path, [broken])
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_another_suffix_is_refused_with_the_choice(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"choose \.xlsx, \.csv, \.json"):
        check_sheet(tmp_path / "campi.ods")
    with pytest.raises(BadInput, match="campi"):
        write_sheet(tmp_path / "campi", [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["a\x00b\x0bc", "\ud800 solo", "x" * 40_000, "🙂 İ", "  "])
def test_any_text_can_be_written(tmp_path: Path, text: str) -> None:
    for suffix in (".xlsx", ".csv", ".json"):
        path = tmp_path / f"a{suffix}"
        write_sheet(path, [LetterFields("a.pdf", True, (said("Anamnesi", text, text),), None)])
        assert path.stat().st_size > 0
    shown = cell(openpyxl.load_workbook(tmp_path / "a.xlsx"), "Anamnesi").value
    assert len(shown or "") <= 32_767


def test_dates_in_json_stay_iso(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_sheet(path, [LETTER])
    value = json.loads(path.read_text(encoding="utf-8"))[0]["fields"]["data_ingresso_cch"]["value"]
    assert date.fromisoformat(value) == date(2025, 1, 20)


def _values(field: Field) -> st.SearchStrategy[Any]:
    if field.codes:
        return st.sampled_from(list(field.codes))
    return {
        "boolean": st.booleans(),
        "number": st.integers(0, 10**6) | st.integers(0, 9999).map(lambda n: n / 8),
        "digits": st.text("0123456789", min_size=1, max_size=12),
        "date": st.dates(date(1900, 3, 1), date(2199, 12, 31)).map(date.isoformat),
        "year": st.integers(1900, 2099).map(str),
        "text": st.text(min_size=1).map(lambda text: " ".join(text.split())).filter(bool),
    }[field.type]


@given(
    st.sampled_from(list(default_schema().fields.values())).flatmap(
        lambda field: st.tuples(st.just(field), _values(field))
    )
)
def test_what_goes_into_a_cell_comes_out_of_it(pair: tuple[Field, Any]) -> None:
    field, value = pair
    read = from_cell(in_cell(value, field), field)
    assert read == (read_phone(value) or value if field.name == "numero di telefono" else value)


TYPED = {
    "a yes in words": ("diabete", "Sì", True),
    "a cross": ("diabete", "x", True),
    "a day as Excel counts them": ("data_morte", 45677, "2025-01-20"),
    "a day as text": ("data_morte", "20.1.25", "2025-01-20"),
    "a code's meaning": ("fumo", "Ex fumatore", 1),
    "a record number typed as a number": ("n_cartella", 2019034139.0, "2019034139"),
    "a decimal comma": ("lasix_dosaggio", "12,5", 12.5),
    "blanks only": ("nome", "  ", None),
}


@pytest.mark.parametrize(("field", "shown", "value"), TYPED.values(), ids=TYPED)
def test_what_a_person_types_is_read(field: str, shown: Any, value: Any) -> None:
    assert from_cell(shown, default_schema().field(field)) == value


@pytest.mark.parametrize(
    ("field", "shown"),
    [("diabete", "forse"), ("fumo", 7), ("fumo", True), ("data_morte", "mai"), ("data_morte", -3)],
)
def test_what_is_no_value_is_not_taken(field: str, shown: Any) -> None:
    with pytest.raises(ValueError, match="not a"):
        from_cell(shown, default_schema().field(field))
