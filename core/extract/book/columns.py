"""The columns of the sheet "Lettere": their headings, widths, formats and lists of codes."""

from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.extract.book.codes import meanings
from core.extract.book.content import Content
from core.extract.book.ink import DAY, FILLS, NO_FILL, comment, head, is_free, plain
from core.extract.cell import LETTER
from core.schema import Field, Schema

TITLE = "Lettere"
COMMENTED = 1000  # letters: a comment on every cell of more would make the file too heavy to open
_WIDTHS = {"boolean": 11, "code": 11, "number": 11, "date": 13, "year": 9, "digits": 15, "text": 24}
_SECTION = 46
_WORD = 20
_NAME = 30
_LAST_ROW = 1_048_576


def head_letters(sheet: Worksheet, schema: Schema) -> None:
    """The row of headings of an empty sheet, which stays in sight, and the lists of codes."""
    fields = list(schema.fields.values())
    colours = ["#404040", *(schema.groups[field.group].colour for field in fields)]
    notes = [f"{LETTER}\nNome del file della lettera.", *map(_explained, fields)]
    sheet.freeze_panes = "B2"
    for column, field in enumerate(fields, 2):
        _offer_codes(sheet, column, field)
    head(sheet, [LETTER, *schema.fields], [_NAME, *map(_width, fields)], colours, notes)


def number_format(field: Field) -> str:
    """How a column's cells are shown."""
    if field.type == "date":
        return DAY
    # Not a number to Excel: leading zeros and long numbers stay as they are, also after an edit.
    return "@" if field.type in ("digits", "text") else "General"


def explain(cell: Cell, content: Content, all_noted: bool) -> None:
    """The quotes, and what is doubtful, in a comment."""
    if content.note and (all_noted or content.look is not None):
        cell.comment = comment(content.note)


def colour(cell: Cell, content: Content) -> None:
    """One of our colours or none, unless a person gave it one."""
    if is_free(cell):
        cell.fill = FILLS[content.look] if content.look else NO_FILL


def _width(field: Field) -> int:
    if field.kind == "section":
        return _SECTION
    word = max(map(len, field.name.split()))  # not broken in the header, unless it is very long
    return max(_WIDTHS[field.type], 3 + len(field.name) // 3, min(word + 3, _WORD))


def _explained(field: Field) -> str:
    """The comment on a heading. Its first line tells the field when the heading is changed."""
    codes = "".join(f"\n{code} = {meaning}" for code, meaning in meanings(field))
    return f"{plain(field.name)}\n{field.it}{codes}"


def _offer_codes(sheet: Worksheet, column: int, field: Field) -> None:
    """A list to choose from, down the whole column, so that a correction keeps to the codes."""
    codes = ",".join(str(code) for code, _ in meanings(field))
    if codes and len(codes) < 250 and '"' not in codes:  # what Excel takes as a list
        rule = DataValidation("list", formula1=f'"{codes}"', allow_blank=True)
        rule.errorTitle, rule.error = "Codice", f"Un codice di {field.name}: {codes}"[:250]
        rule.showErrorMessage = True
        sheet.data_validations.append(rule)
        letter = get_column_letter(column)
        rule.add(f"{letter}2:{letter}{_LAST_ROW}")
