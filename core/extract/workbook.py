"""Results -> an Excel workbook for the ward: the table, the places behind it, what the codes mean.

In Italian, like the people who read it. A cell that the letter leaves in doubt is coloured, and its
comment says why; a document turned away has a grey row with the reason.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.extract.cell import FORMULA_STARTS, LETTER, in_cell
from core.extract.result import Doubt, LetterFields
from core.records import Evidence, FieldValue
from core.schema import Field, Schema

MOST = 32_767  # characters that Excel allows in a cell
QUOTE = 220
WIDTHS = {"boolean": 11, "code": 11, "number": 11, "date": 13, "year": 9, "digits": 15, "text": 24}
LONG_TEXT = 46
DOUBTS = {
    "conflict": "La lettera dice anche",
    "uncertain": "Solo sospetto",
    "unreadable": "Valore non leggibile",
    "not daily": "Non tutti i giorni",
}
TYPES = {
    "boolean": "sì/no (1/0)",
    "code": "codice",
    "number": "numero",
    "digits": "cifre",
    "text": "testo",
    "date": "data",
    "year": "anno",
}
_CUT = " […]"
_TITLE = Font(bold=True, color="FFFFFF")
_IN_DOUBT = PatternFill("solid", fgColor="FFE699")
_TURNED_AWAY = PatternFill("solid", fgColor="D9D9D9")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
Shown = str | int | float | date | None


def make_workbook(results: Sequence[LetterFields], schema: Schema) -> Workbook:
    """The workbook with its sheets "Lettere", "Evidenze", "Codici"."""
    book = Workbook()
    book.properties.creator = "Lettera"
    table = book.active
    assert isinstance(table, Worksheet)
    table.title = "Lettere"
    _table(table, results, schema)
    _evidence(book.create_sheet("Evidenze"), results, schema)
    _codes(book.create_sheet("Codici"), schema)
    return book


# ---- Lettere: one row a letter


def _table(sheet: Worksheet, results: Sequence[LetterFields], schema: Schema) -> None:
    fields = list(schema.fields.values())
    colours = ["#404040", *(schema.groups[field.group].colour for field in fields)]
    _head(sheet, [LETTER, *schema.fields], [30, *map(_width, fields)], colours)
    for column, field in enumerate(fields, 2):
        sheet.cell(1, column).comment = _comment(f"{field.it}{_code_list(field)}")
    for row, result in enumerate(results, 2):
        name = _put(sheet, row, 1, result.letter)
        if not result.discharge_letter:
            name.fill = _TURNED_AWAY
            name.comment = _comment(f"Non elaborata: {result.reason or 'non è una lettera'}")
        _fill_row(sheet, row, result, fields)
    _choices(sheet, fields, len(results))
    sheet.freeze_panes = "B2"


def _fill_row(sheet: Worksheet, row: int, result: LetterFields, fields: list[Field]) -> None:
    said = {value.field: value for value in result.fields}
    doubts: dict[str, list[Doubt]] = {}
    for doubt in result.doubts:
        doubts.setdefault(doubt.field, []).append(doubt)
    for column, field in enumerate(fields, 2):
        value, unsure = said.get(field.name), doubts.get(field.name, [])
        if value is None and not unsure:
            continue
        cell = _put(sheet, row, column, None if value is None else in_cell(value.value, field))
        cell.number_format = _format(field)
        cell.comment = _comment("\n".join(_explained(value, unsure)))
        if unsure:
            cell.fill = _IN_DOUBT


def _explained(value: FieldValue | None, doubts: Iterable[Doubt]) -> Iterable[str]:
    """The lines of a cell's comment: the quotes, then what is doubtful."""
    if value is not None:
        yield from (_quoted(place) for place in value.evidence[:4])
        if len(value.evidence) > 4:
            yield f"e altri {len(value.evidence) - 4} punti"
        if value.score is not None:
            yield f"Sicurezza del modello: {value.score:.0%}"
    for doubt in doubts:
        other = "" if doubt.value is None else f" {_spoken(doubt)}"
        quotes = "; ".join(_quoted(place) for place in doubt.evidence[:3])
        yield f"{DOUBTS[doubt.reason]}{other}: {quotes}"


def _spoken(doubt: Doubt) -> str:
    value = doubt.value
    return (
        {True: "sì", False: "no"}[value] if isinstance(value, bool) else _shortened(str(value), 60)
    )


def _quoted(place: Evidence) -> str:
    page = "" if place.page is None else f" (p. {place.page})"
    return f"«{_shortened(place.text, QUOTE)}»{page}"


def _format(field: Field) -> str:
    if field.type == "date":
        return "dd/mm/yyyy"
    # Not a number to Excel: leading zeros and long numbers stay as they are, also after an edit.
    return "@" if field.type in ("digits", "text") else "General"


def _width(field: Field) -> int:
    if field.kind == "section":
        return LONG_TEXT
    return max(WIDTHS[field.type], 3 + len(field.name) // 3)  # three lines of the header hold it


def _choices(sheet: Worksheet, fields: Sequence[Field], rows: int) -> None:
    """Lists to choose from, so that a correction keeps to the codes."""
    for column, field in enumerate(fields, 2):
        codes = ["1", "0"] if field.type == "boolean" else [str(code) for code in field.codes]
        if codes and rows:
            rule = DataValidation("list", formula1=f'"{",".join(codes)}"', allow_blank=True)
            sheet.add_data_validation(rule)
            rule.add(f"{get_column_letter(column)}2:{get_column_letter(column)}{rows + 1}")


def _code_list(field: Field) -> str:
    meanings = (f"{code} = {meaning}" for code, meaning in _meanings(field))
    return "".join(f"\n{line}" for line in meanings)


def _meanings(field: Field) -> list[tuple[int | str, str]]:
    return [(1, "sì"), (0, "no")] if field.type == "boolean" else list(field.codes.items())


# ---- Evidenze: one row a place


def _evidence(sheet: Worksheet, results: Sequence[LetterFields], schema: Schema) -> None:
    titles = [LETTER, "campo", "valore", "pagina", "citazione", "inizio", "fine", "nota"]
    _head(sheet, titles, [30, 34, 24, 8, 100, 9, 9, 24])
    rows: list[list[Shown]] = []
    for result in results:
        if not result.discharge_letter:
            rows.append([result.letter, *[None] * 6, f"Non elaborata: {result.reason}"])
        for value in result.fields:
            field = schema.field(value.field)
            shown = None if field.kind == "section" else in_cell(value.value, field)
            rows += [[result.letter, field.name, shown, *_place(p), None] for p in value.evidence]
        for doubt in result.doubts:
            said = None if doubt.value is None else in_cell(doubt.value, schema.field(doubt.field))
            note = DOUBTS[doubt.reason]
            rows += [[result.letter, doubt.field, said, *_place(p), note] for p in doubt.evidence]
    for number, row in enumerate(rows, 2):
        for column, shown in enumerate(row, 1):
            cell = _put(sheet, number, column, shown)
            if isinstance(shown, date):
                cell.number_format = "dd/mm/yyyy"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(titles))}{max(len(rows), 1) + 1}"
    sheet.freeze_panes = "A2"


def _place(place: Evidence) -> list[Shown]:
    return [place.page, _shortened(place.text, 1000), place.start, place.end]


# ---- Codici: what the columns mean


def _codes(sheet: Worksheet, schema: Schema) -> None:
    _head(sheet, ["campo", "tipo", "codice", "significato"], [42, 12, 8, 90])
    number = 2
    for field in schema.fields.values():
        rows: list[list[Shown]] = [[field.name, TYPES[field.type], None, field.it]]
        rows += [[None, None, code, meaning] for code, meaning in field.codes.items()]
        for row in rows:
            for column, shown in enumerate(row, 1):
                _put(sheet, number, column, shown).alignment = _WRAPPED
            number += 1
    sheet.freeze_panes = "A2"


# ---- cells


def _head(
    sheet: Worksheet, titles: Sequence[str], widths: Sequence[int], colours: Sequence[str] = ()
) -> None:
    for column, title in enumerate(titles, 1):
        cell = _put(sheet, 1, column, title)
        colour = colours[column - 1] if colours else "#404040"
        cell.fill = PatternFill("solid", fgColor=colour.lstrip("#"))
        cell.font = _TITLE if _is_dark(colour) else Font(bold=True)
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = widths[column - 1]
    sheet.row_dimensions[1].height = 48


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def _put(sheet: Worksheet, row: int, column: int, shown: Shown) -> Cell:
    """A cell whose text is never a formula, and never more than Excel can hold."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    if isinstance(shown, str):
        cell.value = _plain(shown)
        cell.data_type = "s"
        if shown.startswith(FORMULA_STARTS):
            cell.quotePrefix = True
    else:
        cell.value = shown
    return cell


def _plain(text: str) -> str:
    """Without what XML cannot carry; a text too long for a cell is cut and says so."""
    clean: str = ILLEGAL_CHARACTERS_RE.sub("", text).encode("utf-8", "replace").decode()
    return clean if len(clean) <= MOST else clean[: MOST - len(_CUT)] + _CUT


def _comment(text: str) -> Comment:
    comment = Comment(_plain(text), "Lettera")
    comment.width = 340
    comment.height = 30 + 18 * sum(1 + len(line) // 48 for line in text.split("\n"))
    return comment


def _shortened(text: str, most: int) -> str:
    flat = re.sub(r"\s+", " ", text).strip()
    return flat if len(flat) <= most else flat[: most - len(_CUT)] + _CUT
