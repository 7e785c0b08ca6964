"""Logical lines on pages: broken at a width, between furniture, misread here and there."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from core.records import Section
from demo.voice import Gold, Line

_WHOLE_LINES = ("Diagnosi", "Motivo ricovero")
_SLIPS = {"l": "1", "I": "l", "O": "0", "è": "e", "ò": "o", "à": "a", "ù": "u", "i": "l", "e": "c"}


class Pages:
    """Puts logical lines on pages of the voice's size and keeps count of where they stand."""

    def __init__(self, style: Mapping[str, Any], furniture: list[list[str]], rng: Random) -> None:
        self.style, self.rng = style, rng
        self.top, self.foot = furniture
        self.text = ""
        self.spans: list[Gold] = []
        self.pieces: list[tuple[str, int, int]] = []
        self.row = 0

    def write(self, lines: tuple[Line, ...]) -> tuple[str, tuple[Gold, ...], tuple[Section, ...]]:
        pages = 1 + sum(_height(_wrapped(li.text, self.style["wrap"])) for li in lines) // int(
            self.style["page"]
        )
        page = 1
        self._furnish(self.top, page, pages)
        for before, line in zip((None, *lines), lines, strict=False):
            joined = line.kind == "inline" and before is not None
            used = len(before.text) + 1 if before is not None and joined else 0
            text = _wrapped(line.text, self.style["wrap"], used)
            full = self.row + _height(text) > self.style["page"]
            if full and page < pages and not joined:
                self._furnish(self.foot, page, pages)
                page += 1
                self.row = 0
                self._furnish(self.top, page, pages)
            self._put(line, text, " " if joined else "\n")
        self._furnish(self.foot, page, pages)
        return self.text, tuple(self.spans), tuple(_sections(self.pieces))

    def _furnish(self, lines: list[str], page: int, pages: int) -> None:
        for line in lines:
            said = line.replace("<page>", str(page)).replace("<pages>", str(pages))
            self.text += ("\n" if self.text else "") + said
            self.row += 1

    def _put(self, line: Line, text: str, before: str) -> None:
        start = len(self.text) + (len(before) if self.text else 0)
        self.text += (before if self.text else "") + self._misread(line, text)
        for gold in line.gold:
            if gold.text:
                left, right = start + gold.start, start + gold.end
                self.spans.append(replace(gold, start=left, end=right, text=self.text[left:right]))
        if line.section in _WHOLE_LINES and text.strip():
            whole = self.text[start:]
            self.spans.append(Gold(start, start + len(whole), line.section, "present", None, whole))
        if line.section and text.strip():
            self.pieces.append((line.section, start, len(self.text)))
        self.row += _height(text)

    def _misread(self, line: Line, text: str) -> str:
        """The text as a poor scan gives it: letters swapped, never in a heading or a mark."""
        if not self.style["slips"] or line.kind in ("heading", "title"):
            return text
        marked = {at for gold in line.gold for at in range(gold.start, gold.end)}
        return "".join(
            _SLIPS[sign]
            if sign in _SLIPS and at not in marked and self.rng.random() < self.style["slips"]
            else sign
            for at, sign in enumerate(text)
        )


def _wrapped(text: str, width: int, used: int = 0) -> str:
    """The text with line breaks in place of spaces; `used` signs of the first line are gone."""
    text = text.replace("⏎", "\n")
    if not width or "   " in text:
        return text
    out = list(text)
    start, space = -used, -1
    for at, sign in enumerate(text):
        if sign == "\n":
            start, space = at + 1, -1
        elif sign == " " and at - start > 2:
            space = at
        if at - start >= width and space > start:
            out[space] = "\n"
            start, space = space + 1, -1
    return "".join(out)


def _height(text: str) -> int:
    return text.count("\n") + 1


def _sections(pieces: list[tuple[str, int, int]]) -> Iterator[Section]:
    """Runs of lines of one section, as one range each."""
    at = 0
    while at < len(pieces):
        name, start, end = pieces[at]
        while at + 1 < len(pieces) and pieces[at + 1][0] == name:
            at += 1
            end = pieces[at][2]
        yield Section(name, start, end)
        at += 1
