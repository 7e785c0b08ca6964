"""Raw pages -> the letter's text, with the way back to the reader's text, pages and boxes."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from core.read.cleaning.furniture import without_furniture
from core.read.cleaning.line import Line
from core.read.cleaning.tidy import tidied
from core.read.cleaning.wrap import joined_lines
from core.read.readers.raw import RawDocument, RawPage
from core.read.words.mapped import Mapped, joined
from core.records import Box, Page

_CELLS = re.compile(r"\S(?:\t|\s{4,})\S")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What cleaning knows of a letter."""

    text: str
    map: tuple[tuple[int, int, int], ...]
    pages: tuple[Page, ...]
    boxes: tuple[Box, ...]


def clean(document: RawDocument) -> Cleaned:
    """The text with marks and page furniture gone and wrapped lines joined."""
    starts = document.starts()
    pages = without_furniture(
        [
            list(_lines(page, number, start))
            for number, (page, start) in enumerate(zip(document.pages, starts, strict=True), 1)
        ]
    )
    lines = joined_lines([line for page in pages for line in _trimmed(page)])
    whole = joined((line.words for line in _single_blanks(lines)), "\n")
    return Cleaned(
        whole.text,
        whole.rows(document.text),
        _pages(whole, starts),
        tuple(_boxes(whole, document, starts)),
    )


def _lines(page: RawPage, number: int, start: int) -> Iterator[Line]:
    at = 0
    # A block's box says nothing of the width of its lines.
    lined = all("\n" not in page.text[box.start : box.end] for box in page.boxes)
    boxes = iter(page.boxes if lined else ())
    box = next(boxes, None)
    for raw in page.text.splitlines(keepends=True):
        body = raw.rstrip("\r\n\v\x1c\x1d\x1e\x85\u2028\u2029")
        words, apart = tidied(Mapped.of(body, start + at))
        places = []
        while box is not None and box.start < at + len(raw):
            places.append(box.box)
            box = next(boxes, None)
        at += len(raw)
        line = Line(words, number, apart or _CELLS.search(body) is not None)
        if places:
            line.left = min(place[0] for place in places)
            line.right = max(place[2] for place in places)
            line.top = min(place[1] for place in places)
        else:
            line.right = float(len(body.rstrip().expandtabs(4)))
            line.left = line.right - len(body.expandtabs(4).strip())
        yield line


def _trimmed(lines: list[Line]) -> list[Line]:
    """Without blank lines at the page's ends, so that a sentence can run over to the next page."""
    written = [number for number, line in enumerate(lines) if line.text]
    return lines[written[0] : written[-1] + 1] if written else []


def _single_blanks(lines: list[Line]) -> Iterator[Line]:
    blank = True
    for line in lines:
        if line.text or not blank:
            yield line
        blank = not line.text


def _pages(whole: Mapped, starts: list[int]) -> tuple[Page, ...]:
    edges = [bisect_left(whole.at, start) for start in starts[1:]] + [len(whole)]
    return tuple(
        Page(number, begin, end)
        for number, (begin, end) in enumerate(zip([0, *edges], edges, strict=False), 1)
    )


def _boxes(whole: Mapped, document: RawDocument, starts: list[int]) -> Iterator[Box]:
    for number, (page, start) in enumerate(zip(document.pages, starts, strict=True), 1):
        for raw in page.boxes:
            begin = bisect_left(whole.at, start + raw.start)
            end = bisect_left(whole.at, start + raw.end)
            if whole.text[begin:end].strip():
                yield Box(begin, end, number, raw.box)
