"""Last month's spreadsheet, with what people did to it, gets this month's letters."""

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.table import Table

from core.errors import BadInput
from core.extract.result import Doubt, LetterFields
from core.extract.sheet import check_sheet, write_sheet
from core.records import Evidence, FieldValue
from core.schema import default_schema, read_schema

NAMES = list(default_schema().fields)
GREEN = PatternFill("solid", fgColor="C6EFCE")


def letter(name: str, id: str | None = None, doubts: Any = (), **values: Any) -> LetterFields:
    places = [
        FieldValue(field, value, (Evidence(n * 20, n * 20 + 6, "parola", 1),))
        for n, (field, value) in enumerate(values.items())
    ]
    return LetterFields(name, True, tuple(places), None, doubts, {} if id is None else {"id": id})


FIRST = letter("a.pdf", nome="Anna", diabete=True, data_ingresso_cch="2025-01-20", classe_nyha=2)
SECOND = letter("b.pdf", nome="Bruno", diabete=False, Anamnesi="testo lungo " * 40)
THIRD = letter("c.pdf", nome="Carla", data_ingresso_cch="2025-02-03")


class Book:
    """A workbook as a person works on it: by names, wherever they stand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = openpyxl.load_workbook(path)
        self.sheet = self.book.worksheets[0]

    def cell(self, letter: str, field: str) -> Any:
        rows = {self.sheet.cell(r, 1).value: r for r in range(2, self.sheet.max_row + 1)}
        titles = {cell.value: cell.column for cell in self.sheet[1]}
        return self.sheet.cell(rows[letter], titles[field])

    def letters(self) -> list[Any]:
        return [cell.value for cell in self.sheet["A"][1:] if cell.value is not None]

    def save(self) -> None:
        self.book.save(self.path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "campi.xlsx"
    assert write_sheet(made, [FIRST, SECOND]) is None
    return made


def test_new_letters_come_below_and_the_old_ones_stay(path: Path) -> None:
    done = write_sheet(path, [SECOND, THIRD])
    assert done is not None and (done.added, done.same, done.cells) == (1, 1, 0)
    assert done.notes == ["1 new row", "1 letter there already, unchanged"]
    assert Book(path).letters() == ["a.pdf", "b.pdf", "c.pdf"]
    evidence = [row[0].value for row in Book(path).book["Evidenze"].iter_rows(min_row=2)]
    assert {name: evidence.count(name) for name in set(evidence)} == {
        "a.pdf": 4, "b.pdf": 3, "c.pdf": 2,
    }  # fmt: skip


def test_what_a_clerk_changed_stays_and_the_rest_is_brought_up_to_date(path: Path) -> None:
    clerk = Book(path)
    clerk.cell("a.pdf", "nome").value = "Annamaria"
    clerk.cell("a.pdf", "diabete").value = None
    clerk.cell("a.pdf", "BPCO").value = 1
    clerk.save()
    again = letter("a.pdf", nome="Ann", diabete=True, BPCO=False, classe_nyha=3, angor=True)
    done = write_sheet(path, [again])
    assert done is not None and (done.kept, done.cells, done.updated) == (3, 3, 1)
    now = Book(path)
    values = {f: now.cell("a.pdf", f).value for f in ("nome", "diabete", "BPCO", "classe_nyha")}
    assert values == {"nome": "Annamaria", "diabete": None, "BPCO": 1, "classe_nyha": 3}
    assert now.cell("a.pdf", "angor").value == 1
    assert now.cell("a.pdf", "data_ingresso_cch").value is None  # no longer said, nobody touched it
    twice = write_sheet(path, [again])
    assert twice is not None and (twice.kept, twice.cells) == (3, 0)


def test_a_value_written_otherwise_is_no_change(path: Path) -> None:
    clerk = Book(path)
    clerk.cell("a.pdf", "diabete").value = "sì"
    clerk.cell("a.pdf", "data_ingresso_cch").value = "20/01/2025"
    clerk.cell("a.pdf", "classe_nyha").value = 2.0
    clerk.save()
    done = write_sheet(path, [FIRST])
    assert done is not None and (done.kept, done.same) == (0, 1)


def test_what_a_clerk_did_to_the_sheet_stays(path: Path) -> None:
    clerk = Book(path)
    sheet = clerk.sheet
    sheet.title = "Gennaio"
    sheet.cell(1, 76).value = "note della segreteria"
    sheet.cell(2, 76).value = "=1+1"
    sheet["B1"].value = "Cartella n."  # a heading renamed: its comment still says which it is
    clerk.cell("a.pdf", "nome").fill = GREEN
    clerk.cell("a.pdf", "nome").font = Font(bold=True)
    clerk.cell("a.pdf", "diabete").comment = Comment("chiesto al reparto", "Rita")
    clerk.cell("b.pdf", "data_ingresso_cch").number_format = "d mmm yyyy"
    clerk.cell("b.pdf", "nome").alignment = Alignment(horizontal="center")
    sheet.column_dimensions["E"].hidden = True
    sheet.auto_filter.add_filter_column(3, ["Anna"])
    sheet.conditional_formatting.add("M2:M99", CellIsRule("equal", ["4"], fill=GREEN))
    clerk.save()
    changed = letter("a.pdf", nome="Ann", n_cartella="0012", diabete=False, classe_nyha=2)
    assert write_sheet(path, [changed, THIRD]) is not None
    now = Book(path)
    assert now.sheet.title == "Gennaio" and now.sheet.cell(2, 76).value == "=1+1"
    assert now.sheet["B2"].value == "0012" and now.sheet["B1"].value == "Cartella n."
    name = now.cell("a.pdf", "nome")
    assert (name.value, name.fill.fgColor.rgb, name.font.b) == ("Ann", "00C6EFCE", True)
    assert now.cell("a.pdf", "diabete").comment.text == "chiesto al reparto"
    assert now.cell("a.pdf", "diabete").value == 0
    assert now.cell("c.pdf", "data_ingresso_cch").number_format == "d mmm yyyy"
    assert now.cell("c.pdf", "nome").alignment.horizontal == "center"
    assert now.cell("c.pdf", "nome").fill.fill_type is None
    assert now.sheet.column_dimensions["E"].hidden and len(now.sheet.conditional_formatting) == 1
    assert now.sheet.auto_filter.ref.endswith("4") and now.sheet.auto_filter.filterColumn


def test_columns_in_another_order_and_rows_sorted_are_found(path: Path) -> None:
    clerk = Book(path)
    rows = [[cell.value for cell in row] for row in clerk.sheet.iter_rows()]
    for number, row in enumerate([["Elenco"], rows[0], rows[2], rows[1]], 1):
        for column in range(1, 76):
            value = list(reversed(row))[column - 1] if len(row) > 1 else None
            clerk.sheet.cell(number, column).value = value
            clerk.sheet.cell(number, column).comment = None
    clerk.save()
    done = write_sheet(path, [FIRST, SECOND, letter("a2.pdf", nome="Zoe", IRA=True)])
    assert done is not None and (done.added, done.same, done.kept) == (1, 2, 0)
    sheet = Book(path).sheet
    titles = {cell.value: cell.column for cell in sheet[2]}
    assert sheet.cell(5, titles["letter"]).value == "a2.pdf"
    assert (sheet.cell(5, titles["nome"]).value, sheet.cell(5, titles["IRA"]).value) == ("Zoe", 1)


def test_a_clerks_column_of_a_like_name_is_not_taken_for_ours(path: Path) -> None:
    clerk = Book(path)
    clerk.sheet.insert_cols(2)
    clerk.sheet["B1"].value, clerk.sheet["B2"].value = "Nome", "della nipote"
    clerk.save()
    done = write_sheet(path, [FIRST, THIRD])
    assert done is not None and (done.same, done.kept) == (1, 0)
    assert [Book(path).sheet.cell(row, 2).value for row in (2, 4)] == ["della nipote", None]


def test_a_column_taken_out_stays_out(path: Path) -> None:
    clerk = Book(path)
    clerk.sheet.delete_cols(5)
    clerk.save()
    done = write_sheet(path, [FIRST, THIRD])
    assert done is not None and done.gone == (NAMES[3],)
    assert done.notes[-1] == f"no column any more for {NAMES[3]}"
    assert NAMES[3] not in [cell.value for cell in Book(path).sheet[1]]


def test_a_row_taken_out_stays_out_and_a_row_of_a_clerks_own_is_left(path: Path) -> None:
    clerk = Book(path)
    clerk.sheet.delete_rows(2)
    clerk.sheet.cell(3, 1).value = "z.pdf"
    clerk.sheet.cell(3, 5).value = "a mano"
    clerk.save()
    done = write_sheet(path, [FIRST, SECOND, letter("z.pdf", nome="Zita"), THIRD])
    assert done is not None
    assert (done.removed, done.strange, done.added, done.same) == (1, 1, 1, 1)
    now = Book(path)
    assert now.letters() == ["b.pdf", "z.pdf", "c.pdf"]
    assert now.sheet.cell(3, 5).value == "a mano"


def test_merged_cells_and_a_sum_below_are_no_trouble(path: Path) -> None:
    clerk = Book(path)
    clerk.sheet.merge_cells("E2:F2")
    clerk.sheet.merge_cells("A5:D5")
    clerk.sheet["A5"].value = None
    clerk.save()
    again = letter("a.pdf", nome="Ann", cognome="Rossi", diabete=True)
    done = write_sheet(path, [again, THIRD])
    assert done is not None and done.added == 1
    assert Book(path).sheet.cell(6, 1).value == "c.pdf"


def test_a_table_of_excels_grows_with_the_rows(path: Path) -> None:
    clerk = Book(path)
    clerk.sheet.auto_filter.ref = None
    clerk.sheet.add_table(Table(displayName="Lettere", ref="A1:BW3"))
    clerk.save()
    write_sheet(path, [THIRD])
    assert Book(path).sheet.tables["Lettere"].ref == "A1:BW4"


def test_a_file_name_that_comes_again_is_another_letter(tmp_path: Path) -> None:
    path = tmp_path / "campi.xlsx"
    write_sheet(path, [letter("scan.pdf", "aaa", nome="Anna"), letter("scan.pdf", "aab", nome="B")])
    assert Book(path).letters() == ["scan.pdf", "scan.pdf (2)"]
    done = write_sheet(path, [letter("scan.pdf", "bbb", nome="Carla")])
    assert done is not None and done.added == 1
    done = write_sheet(path, [letter("scan.pdf", "aab", nome="Bea"), letter("neu.pdf", "aaa")])
    now = Book(path)
    assert done is not None and (done.added, done.updated) == (0, 2)
    names = [now.cell(x, "nome").value for x in now.letters()]
    assert (now.letters()[-1], names) == ("scan.pdf (3)", [None, "Bea", "Carla"])


def test_without_our_memory_nothing_there_is_touched(path: Path) -> None:
    clerk = Book(path)
    del clerk.book["_lettera"]
    clerk.save()
    done = write_sheet(path, [letter("a.pdf", nome="X"), THIRD])
    assert done is not None and (done.strange, done.added) == (1, 1)
    assert Book(path).cell("a.pdf", "nome").value == "Anna"


def test_conflicts_and_low_scores_have_colours_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "campi.xlsx"
    place = (Evidence(0, 4, "nega", 1),)
    shaky = FieldValue("BPCO", True, place, 0.3)
    sure = FieldValue("IRA", True, place, 0.97)
    doubts = (
        Doubt("diabete", "conflict", place, False),
        Doubt("angor", "uncertain", place),
        Doubt("data_ingresso_cch", "order", place, None, "Ingresso dopo la dimissione"),
    )
    write_sheet(path, [LetterFields("a.pdf", True, (shaky, sure), None, doubts)])
    now = Book(path)
    colours = [now.cell("a.pdf", f).fill.fgColor.rgb for f in ("diabete", "angor", "BPCO", "IRA")]
    assert len(set(colours)) == 4
    assert now.cell("a.pdf", "data_ingresso_cch").fill.fgColor.rgb == colours[0]
    assert "Ingresso dopo" in now.cell("a.pdf", "data_ingresso_cch").comment.text
    legend = [row[3].value for row in now.book["Codici"].iter_rows()][-4:]
    assert any("contraddice" in str(line) for line in legend)


def test_codes_are_chosen_from_lists_in_new_rows_too(path: Path) -> None:
    rules = Book(path).sheet.data_validations.dataValidation
    nyha = next(rule for rule in rules if rule.formula1 == '"1,2,3,4"')
    assert "N5000" in nyha.sqref and nyha.showErrorMessage
    link = Book(path).sheet["A3"].hyperlink
    assert link.location == "'Evidenze'!A6"


def _locked(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)


def _open_elsewhere(path: Path) -> None:
    path.with_name(f".~lock.{path.name}#").write_text(",rita,reparto;", encoding="utf-8")


def _of_another_kind(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "paziente"
    book.save(path)


def _spoilt(path: Path) -> None:
    book = Book(path)
    book.book["_lettera"]["C2"].value = "{"
    book.save()


def _nameless(path: Path) -> None:
    book = Book(path)
    book.sheet["A1"].comment = None
    book.sheet["A1"].value, book.sheet["A2"].value, book.sheet["A3"].value = "n.", 1, 2
    book.save()


REFUSED = {
    "no names of letters any more": (_nameless, "call it 'letter' again"),
    "locked with a password": (_locked, "locked with a password"),
    "open in a spreadsheet program": (_open_elsewhere, "close it there first"),
    "no workbook at all": (lambda path: path.write_text("ciao"), "not an Excel workbook"),
    "another table": (_of_another_kind, "no sheet with a column 'letter'"),
    "a hidden sheet somebody changed": (_spoilt, "the hidden sheet '_lettera' was changed"),
}


@pytest.mark.parametrize(("spoil", "message"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_added_to_is_left_as_it_is(
    path: Path, spoil: Any, message: str
) -> None:
    spoil(path)
    before = path.read_bytes()
    for refused in (check_sheet, lambda path: write_sheet(path, [THIRD])):
        with pytest.raises(BadInput, match=message):
            refused(path)
    assert path.read_bytes() == before


def test_what_cannot_be_kept_is_told_and_the_file_as_it_was_is_kept(path: Path) -> None:
    with ZipFile(path, "a", ZIP_DEFLATED) as archive, warnings.catch_warnings():
        archive.writestr("xl/slicers/slicer1.xml", "<slicers/>")
    before = path.read_bytes()
    done = write_sheet(path, [THIRD])
    assert done is not None and done.lost == ["slicers"] and done.before is not None
    assert done.before.read_bytes() == before and done.before.stat().st_mode & 0o777 == 0o600


OWN = """
[groups.note]
it = "Note"
en = "Notes"
colour = "#4C78A8"
[[field]]
name = "peso"
kind = "mention"
type = "number"
group = "note"
it = "Peso in kg."
en = "Weight in kg."
[[field]]
name = "reparto"
kind = "mention"
type = "code"
group = "note"
codes = { A = "cardiologia", B = "chirurgia" }
it = "Reparto."
en = "Ward."
"""


def test_a_schema_of_ones_own_has_its_own_columns(tmp_path: Path) -> None:
    fields, path = tmp_path / "fields.toml", tmp_path / "campi.xlsx"
    fields.write_text(OWN, encoding="utf-8")
    schema = read_schema(fields)
    write_sheet(path, [letter("a.pdf", peso=70.5, reparto="A")], schema)
    done = write_sheet(path, [letter("b.pdf", peso=81), letter("a.pdf", peso=71)], schema)
    assert done is not None and (done.added, done.cells) == (1, 2)
    rows = list(Book(path).sheet.iter_rows(values_only=True))
    assert rows == [("letter", "peso", "reparto"), ("a.pdf", 71, None), ("b.pdf", 81, None)]


def test_of_many_letters_the_later_have_comments_only_where_there_is_a_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.extract.book.columns.COMMENTED", 1)
    path = tmp_path / "campi.xlsx"
    doubt = Doubt("IRA", "uncertain", (Evidence(0, 4, "dubb"),))
    doubted = letter("b.pdf", doubts=(doubt,), nome="Bruno", data_ingresso_cch="2025-01-20")
    for more in (letter("a.pdf", nome="Anna"), doubted), (letter("c.pdf", nome="Carla"),):
        write_sheet(path, more)
    now = Book(path)
    noted = [one for one in "abc" if now.cell(f"{one}.pdf", "nome").comment]
    assert noted == ["a"] and now.cell("b.pdf", "IRA").comment
    assert now.cell("b.pdf", "data_ingresso_cch").value == datetime(2025, 1, 20)
