"""The paper of an invented hospital: fonts, furniture, marks, and the letter set on it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from core.errors import MissingExtra
from demo.fictitious import FictitiousLetter
from demo.voice import Line

_FACES = {
    "serif": ("LiberationSerif", "DejaVuSerif"),
    "sans": ("LiberationSans", "DejaVuSans"),
    "typewriter": ("LiberationMono", "DejaVuSansMono"),
}
_WEIGHTS = {"": ("-Regular", ""), "B": ("-Bold",), "I": ("-Italic", "-Oblique")}
_FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
_INKS = ((20, 60, 110), (120, 20, 40), (15, 95, 85), (70, 70, 70), (95, 60, 20), (50, 40, 110))
_NO_TEXT = re.compile(r"!\[\]\([^)]*\)|\*\*|(?<!\w)\*|\*(?!\w)|^#+ |^\|[-|]+\|$")


@cache
def font_file(face: str, weight: str) -> Path:
    """The file of a face and weight. Raises MissingExtra where it is not installed."""
    for family in _FACES[face]:
        for ending in _WEIGHTS[weight]:
            for folder in _FONTS:
                found = next(folder.rglob(f"{family}{ending}.ttf"), None)
                if found:
                    return found
    raise MissingExtra(
        f"printing letters needs the font {_FACES[face][0]}: apt-get install fonts-liberation"
    )


def unmarked(text: str) -> str:
    """A line as a printer shows it: no Markdown signs, a line break where the voice breaks it."""
    return _NO_TEXT.sub("", text).replace("⏎", "\n").strip()


class Letterhead(FPDF):
    """Pages of one hospital. Looks: letterhead, plain, boxed, form, columns, typed, table."""

    def __init__(self, letter: FictitiousLetter, seed: int) -> None:
        super().__init__(format="A4")
        self.style: Mapping[str, Any] = letter.head["style"]
        self.look: str = letter.head.get("look", "plain")
        self.motto: str = letter.head.get("motto", "")
        self.top, self.foot = letter.head["furniture"]
        self.body_size: float = letter.head.get("size", 10)
        self.face: str = letter.head.get("font", "sans")
        self.rng = Random(f"{letter.id}/{seed}")
        self.ink = (0, 0, 0) if self.look == "typed" else self.rng.choice(_INKS)
        for weight in _WEIGHTS:
            self.add_font("body", weight, font_file(self.face, weight))
        self.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))
        self.set_margins(self.rng.choice((17, 20, 23)), 14, self.rng.choice((16, 20)))
        self.set_auto_page_break(True, margin=14 + 4 * len(self.foot))
        self.set_title("Relazione clinica alla dimissione")
        self.add_page()

    @property
    def leading(self) -> float:
        return self.body_size * 0.44

    def header(self) -> None:
        lines = [unmarked(line) for line in self._numbered(self.top) if unmarked(line)]
        marked = self.look in ("letterhead", "boxed", "form")
        if marked:
            self._emblem(self.l_margin + 7, 17)
            self.set_left_margin(self.l_margin + 16)
        self.set_text_color(*self.ink)
        align = {"letterhead": "C", "form": "C", "boxed": "R"}.get(self.look, "L")
        for k, line in enumerate(lines):
            self.set_font("body", "B" if k == 0 else "", self.body_size + (2 if k == 0 else -0.5))
            self._line(re.sub(r"\s{3,}", "   ", line), align)
        if self.motto:
            self.set_font("body", "I", self.body_size - 1)
            self._line(self.motto, align)
        self.set_text_color(0)
        if self.look != "plain":
            self._rule(self.get_y() + 1.5, 0.2 if self.look == "typed" else 0.5)
        if marked:
            self.set_left_margin(self.l_margin - 16)
        self.set_y(max(self.get_y() + 5, 30 if marked else 24))

    def footer(self) -> None:
        self.set_y(-8 - 4 * len(self.foot))
        self.set_font("body", "", self.body_size - 2.2)
        self.set_text_color(90)
        for line in self._numbered(self.foot):
            if unmarked(line):
                self._line(unmarked(line), "L" if self.look in ("boxed", "typed") else "C", 3.6)
        self.set_text_color(0)

    def set(self, lines: tuple[Line, ...]) -> None:
        """Sets all lines; a heading with text on its own line is one run of type."""
        shown = [line for line in lines if unmarked(line.text) or not line.text]
        for kind, run in groupby(shown, key=lambda li: li.kind):
            group = list(run)
            if kind in ("block", "table"):
                self._grid(group, framed=kind == "table" or self.look in ("boxed", "form"))
                continue
            for line in group:
                self._set_one(line, inline=_has_inline(lines, line))

    def _set_one(self, line: Line, inline: bool) -> None:
        text = unmarked(line.text)
        if not text:
            self.ln(self.leading * 0.55)
        elif line.kind == "title":
            self._title(text)
        elif line.kind == "heading":
            self._heading(text, inline)
        elif line.kind == "right":
            self._signed(text)
        else:
            self.set_font("body", "", self.body_size)
            if line.kind == "inline":
                self.write(self.leading, text)
                self.ln()
            else:
                self._paragraph(text)

    def _paragraph(self, text: str) -> None:
        width = self.epw
        hang = 4 if text[:2] in ("- ", "• ", "– ") else 0
        if hang and self.look != "typed":
            self.cell(hang, self.leading, text[0])
            text = text[2:]
            width -= hang
        self.multi_cell(width, self.leading, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _line(self, text: str, align: str, height: float | None = None) -> None:
        self.cell(0, height or self.leading, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _title(self, text: str) -> None:
        self.ln(1)
        self.set_font("body", "" if self.look == "typed" else "B", self.body_size + 1.5)
        framed = self.look in ("boxed", "table")
        self.multi_cell(
            0, self.leading + 2, " ".join(text.split(" ")), align="C", border=1 if framed else 0,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        self.ln(1.5)

    def _heading(self, text: str, inline: bool) -> None:
        if self.will_page_break(self.leading * 3):
            self.add_page()
        self.set_font("body", "" if self.look == "typed" else "B", self.body_size)
        if inline:
            self.write(self.leading, text + " ")
            return
        filled = self.look in ("boxed", "form")
        self.set_fill_color(*((228, 232, 236) if filled else (255, 255, 255)))
        self.set_text_color(*(self.ink if self.look in ("letterhead", "columns") else (0, 0, 0)))
        self.multi_cell(
            0, self.leading + (1 if filled else 0), text, fill=filled,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        self.set_text_color(0)
        if self.look == "columns":
            self._rule(self.get_y() + 0.2, 0.15)
            self.ln(0.8)

    def _signed(self, text: str) -> None:
        if self.will_page_break(self.leading * 2):
            self.add_page()
        self.set_font("body", "", self.body_size)
        y = self.get_y()
        self._line(text, "R")
        if "ott" in text or text.startswith(("Dr", "dr")):
            self._scribble(self.w - self.r_margin - 42, y + self.leading + 6)

    def _grid(self, lines: list[Line], framed: bool) -> None:
        rows = [[unmarked(cell) for cell in self._cells(line)] for line in lines if line.text]
        self.set_font("body", "", self.body_size)
        if max(map(len, rows), default=1) == 1:
            for row in rows:
                self._paragraph(row[0])
            return
        for columns, run in groupby(rows, key=len):
            with self.table(
                borders_layout="ALL" if framed else "NONE", first_row_as_headings=False,
                col_widths=self._widths(columns), text_align=Align.L,
                line_height=self.leading + 0.9,
            ) as table:  # fmt: skip
                for row in run:
                    table.row(row)
        self.ln(1)

    def _cells(self, line: Line) -> list[str]:
        left, right = self.style["row"] if line.kind == "table" else ("", "")
        return line.text.removeprefix(left).removesuffix(right).split(self.style["cell"])

    def _widths(self, columns: int) -> tuple[int, ...]:
        if columns == 2 and self.look in ("form", "boxed"):
            return (5, 11) if self.look == "form" else (1, 1)
        return {1: (1,), 3: (5, 3, 6)}.get(columns, (1,) * columns)

    def _numbered(self, lines: list[str]) -> list[str]:
        return [
            line.replace("<pages>", "{nb}").replace("<page>", str(self.page_no())) for line in lines
        ]

    def _rule(self, y: float, width: float) -> None:
        self.set_draw_color(*self.ink)
        self.set_line_width(width)
        self.line(self.l_margin, y, self.w - self.r_margin, y)
        self.set_draw_color(0)
        self.set_line_width(0.2)

    def _emblem(self, x: float, y: float) -> None:
        """An invented mark: a cross in a disc, a lozenge, or three bars, in the hospital's ink."""
        self.set_fill_color(*self.ink)
        shape = Random(" ".join(self.top[:1])).choice(("cross", "bars", "lozenge"))
        if shape == "cross":
            self.ellipse(x - 7, y - 7, 14, 14, style="F")
            self.set_fill_color(255)
            self.rect(x - 1.3, y - 4.5, 2.6, 9, style="F")
            self.rect(x - 4.5, y - 1.3, 9, 2.6, style="F")
        elif shape == "bars":
            for k in range(3):
                self.rect(x - 6 + 4.4 * k, y + 5 - 4 * (k + 1), 3, 4 * (k + 1), style="F")
        else:
            self.polygon([(x, y - 7), (x + 6, y), (x, y + 7), (x - 6, y)], style="F")

    def _scribble(self, x: float, y: float) -> None:
        """A hand across the printed name."""
        self.set_draw_color(30, 40, 120)
        self.set_line_width(0.35)
        at = [(x, y)]
        for _ in range(self.rng.randint(6, 9)):
            at.append((at[-1][0] + self.rng.uniform(2, 6), y + self.rng.uniform(-4, 3)))
        with self.new_path() as path:
            path.style.fill_color = None
            path.style.stroke_color = "#1e2878"
            path.style.auto_close = False
            path.move_to(*at[0])
            for (ax, ay), (bx, by) in zip(at, at[1:], strict=False):
                path.curve_to(ax + 2, ay - 4, bx - 3, by + 4, bx, by)
        self.set_draw_color(0)
        self.set_line_width(0.2)


def _has_inline(lines: tuple[Line, ...], heading: Line) -> bool:
    """Whether the text of a section begins on the line of its heading."""
    place = next(k for k, line in enumerate(lines) if line is heading)
    return place + 1 < len(lines) and lines[place + 1].kind == "inline"
