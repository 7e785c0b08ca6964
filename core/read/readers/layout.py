"""Words with their places on a page -> lines in reading order.

Text layers and OCR hand words over in the order they were printed or found. A table must come out
row by row, a patient block in two columns and prose in two columns column by column.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from statistics import mean, median
from typing import NamedTuple

from core.read.readers.raw import RawBox, RawPage, Rectangle

COLUMN = "\t"  # between the cells of one row
_LABEL = re.compile(r"[^\W\d][^:\n]{0,38}:")
_SEGMENT_GAP = 1.5  # in heights of the line: wider than any space of justified text
_PARAGRAPH_GAP = 0.75
_PROSE_WIDTH, _PROSE_WORDS, _COLUMN_ROWS = 0.25, 4, 3


class Word(NamedTuple):
    """Places in any unit that is the same in both directions, from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass
class Segment:
    """Neighbouring words of one row: a line of a column, or a cell. Whole before it is asked."""

    words: list[Word]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    @cached_property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @cached_property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def labelled(self) -> bool:
        return _LABEL.match(self.text) is not None


Row = list[Segment]


def arrange(
    words: Iterable[Word], width: float, height: float, confidence: float | None = None
) -> RawPage:
    """The page's text in reading order, with a box for every segment of a line."""
    lines = _lines(_rows(words), width)
    usual = _usual_gap(lines)
    pieces: list[str] = []
    boxes: list[RawBox] = []
    at = 0
    for before, line in zip([None, *lines], lines, strict=False):
        opening = "" if before is None else "\n\n" if _apart(before, line, usual) else "\n"
        for number, segment in enumerate(line):
            piece = (opening if number == 0 else COLUMN) + segment.text
            pieces.append(piece)
            at += len(piece)
            place = _share(segment, width, height)
            boxes.append(RawBox(at - len(segment.text), at, place))
    return RawPage("".join(pieces), tuple(boxes), confidence)


def _share(segment: Segment, width: float, height: float) -> Rectangle:
    def within(value: float) -> float:
        return round(min(1.0, max(0.0, value)), 4)

    return (
        within(segment.left / width),
        within(segment.top / height),
        within(segment.right / width),
        within(segment.bottom / height),
    )


def _rows(words: Iterable[Word]) -> list[Row]:
    """Words whose heights overlap by half stand in one row; rows from top to bottom."""
    rows: list[list[Word]] = []
    edges: list[tuple[float, float]] = []
    for word in sorted(words, key=lambda word: word.top + word.bottom):
        upper, lower = word.top, word.bottom
        tall = lower - upper
        for back in range(len(rows) - 1, max(-1, len(rows) - 4), -1):
            top, bottom = edges[back]
            shared = (bottom if bottom < lower else lower) - (top if top > upper else upper)
            if shared > 0.5 * min(tall, bottom - top):
                rows[back].append(word)
                break
        else:
            rows.append([word])
            edges.append((upper, lower))
    return [_segments(sorted(row, key=attrgetter("left"))) for row in rows]


def _segments(row: list[Word]) -> Row:
    wide = _SEGMENT_GAP * median(word.bottom - word.top for word in row)
    segments = [Segment([row[0]])]
    for word in row[1:]:
        if word.left - segments[-1].right > wide:
            segments.append(Segment([word]))
        else:
            segments[-1].words.append(word)
    return segments


def _lines(rows: list[Row], width: float) -> list[Row]:
    """Rows as lines; a region with two columns of prose or of labels is read down each column."""
    lines: list[Row] = []
    number = 0
    while number < len(rows):
        gutter, end = _region(rows, number)
        region = rows[number:end]
        if gutter is not None and _in_columns(region, gutter, width):
            for side in (0, 1):
                lines += [[s] for row in region for s in row if (s.left >= gutter) == bool(side)]
        else:
            end = number + 1
            lines += _split_labels(rows[number])
        number = end
    return lines


def _region(rows: list[Row], start: int) -> tuple[float | None, int]:
    """The longest run of rows from `start` that a vertical blank strip parts, and its middle."""
    if len(rows[start]) != 2:
        return None, start + 1
    low, high = rows[start][0].right, rows[start][1].left
    end = last = start + 1
    while end < len(rows):
        row = rows[end]
        if len(row) > 2:
            break
        if len(row) == 2:
            new_low, new_high = max(low, row[0].right), min(high, row[1].left)
        elif row[0].left >= high - 1:
            new_low, new_high = low, min(high, row[0].left)
        else:
            new_low, new_high = max(low, row[0].right), high
        if new_high - new_low < (row[0].bottom - row[0].top) * 0.5:
            break
        low, high, end = new_low, new_high, end + 1
        if len(row) == 2 or _close(rows[end - 2], row):
            last = end
        else:
            break
    return (low + high) / 2, last


def _close(above: Row, below: Row) -> bool:
    tall = below[0].bottom - below[0].top
    return min(s.top for s in below) - max(s.bottom for s in above) < tall


def _in_columns(region: Sequence[Row], gutter: float, width: float) -> bool:
    pairs = [row for row in region if len(row) == 2]
    if len(pairs) < _COLUMN_ROWS:
        return False
    lefts, rights = [row[0] for row in pairs], [row[1] for row in pairs]
    if sum(right.labelled for right in rights) * 2 >= len(rights):
        return not all(left.text.endswith(":") for left in lefts)
    return all(
        mean(s.right - s.left for s in side) >= _PROSE_WIDTH * width
        and mean(len(s.words) for s in side) >= _PROSE_WORDS
        for side in (lefts, rights)
    )


def _split_labels(row: Row) -> Iterator[Row]:
    """`Nome: ANNA   Nato il: ...` are two lines; the cells of a table's row stay one."""
    line: Row = []
    for segment in row:
        if line and segment.labelled and not line[-1].text.endswith(":"):
            yield line
            line = []
        line.append(segment)
    yield line


def _usual_gap(lines: Sequence[Row]) -> float:
    gaps = [below[0].top - above[0].bottom for above, below in zip(lines, lines[1:], strict=False)]
    return max(0.0, median(gaps)) if gaps else 0.0


def _apart(above: Row, below: Row, usual: float) -> bool:
    """Whether a blank line stands between: a gap wider than the page's usual, or a new column."""
    gap = below[0].top - above[0].bottom
    tall = min(above[0].bottom - above[0].top, below[0].bottom - below[0].top)
    return gap < -3 * tall or gap > _PARAGRAPH_GAP * tall + usual
