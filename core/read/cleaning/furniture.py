"""Page furniture: page numbers, and headers and footers that come back on every page.

A running header often holds the patient's name or the record's number, so its first appearance
stays, and the last of a footer; the ones between, which cut sentences in two, go.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from core.read.cleaning.line import Line

_OF = r"\s*(?:di|su|of|von/di|/)\s*"
_COUNTER = (
    r"(?:seite/)?(?:pag(?:ina|\.)?|page|foglio|p\.)\s*(?:n[.°]?\s*)?"
    rf"(?P<number>\d{{1,3}})(?:{_OF}\d{{1,3}})?"
)
_COUNTED = (
    re.compile(rf"\b{_COUNTER}\s*[-–—|)\]]*$", re.IGNORECASE),
    re.compile(r"^[-–—]\s*(?P<number>\d{1,3})\s*[-–—]$"),
    re.compile(r"\s(?P<number>\d{1,3}) (?:di|of) \d{1,3}$"),
)
_NUMBER = re.compile(
    rf"[\s\-–—|(\[]*(?:{_COUNTER}|\d{{1,3}}{_OF}\d{{1,3}})[\s\-–—|)\].]*",
    re.IGNORECASE,
)
_BARE = re.compile(r"[\s\-–—]*(\d{1,3})[\s\-–—]*")
_COUNTING = re.compile(rf"{_COUNTER}|\d{{1,3}}{_OF}\d{{1,3}}$", re.IGNORECASE)
_FRACTION = re.compile(rf"\s*\d{{1,3}}{_OF}\d{{1,3}}\s*", re.IGNORECASE)
_DEEP = 8  # lines from the edge that may be furniture
_TAIL = 4  # lines that may stand below a page's number
_SAME_HEIGHT = 0.02


def without_furniture(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """The pages' lines without page numbers and repeated headers and footers.

    A text without page breaks is taken apart where its page numbers stand.
    """
    if len(pages) == 1:
        pages = _sheets(pages[0])
    gone: set[int] = set()
    for top in (True, False):
        edges = [_edge(lines, top) for lines in pages]
        gone |= _numbers(edges, len(pages))
        gone |= _repeated(edges, gone, top)
    return [[line for line in lines if id(line) not in gone] for lines in pages]


def _sheets(lines: list[Line]) -> list[list[Line]]:
    """The pages of a text that lost its page breaks but kept `Pag. 1`, `Pag. 2`, ..."""
    written = [number for number, line in enumerate(lines) if line.text]
    counters: list[int] = []
    for place, number in enumerate(written):
        found = (pattern.search(lines[number].text) for pattern in _COUNTED)
        if any(one and int(one["number"]) == len(counters) + 1 for one in found):
            counters.append(place)
    if len(counters) < 2:
        return [lines]
    below, above = len(written) - 1 - counters[-1], counters[0]
    if below > _TAIL and above < _DEEP:  # the numbers stand at the head of each page
        cuts = [written[place - above] for place in counters[1:]]
    else:
        shift = (below if below <= _TAIL else 0) + 1
        cuts = [written[place + shift] for place in counters[:-1]]
    edges = [0, *cuts, len(lines)]
    return [lines[start:end] for start, end in pairwise(edges)]


def _edge(lines: Sequence[Line], top: bool) -> list[Line]:
    """The outermost written lines, from the edge inwards; at most half of the page."""
    written = [line for line in lines if line.text]
    depth = min(_DEEP, (len(written) + 1) // 2)
    return written[:depth] if top else written[::-1][:depth]


def _numbers(edges: Sequence[Sequence[Line]], pages: int) -> set[int]:
    """Lines that are only a page number; a bare figure must be that of its page."""
    gone = set()
    for number, edge in enumerate(edges, 1):
        for depth, line in enumerate(edge[:4]):
            bare = _BARE.fullmatch(line.text)
            if bare is not None:
                if pages > 1 and depth < 2 and int(bare.group(1)) == number:
                    gone.add(id(line))
            elif _NUMBER.fullmatch(line.text):
                if pages > 1 or not _FRACTION.fullmatch(line.text):
                    gone.add(id(line))
    return gone


def _repeated(edges: Sequence[Sequence[Line]], numbers: set[int], top: bool) -> set[int]:
    """All but one appearance of the lines that stand at the same edge of half of the pages."""
    places: dict[str, list[Line]] = defaultdict(list)
    for edge in edges:
        for line in {_face(line): line for line in edge if id(line) not in numbers}.values():
            places[_face(line)].append(line)
    enough = max(2, (len(edges) + 1) // 2)
    running = {face for face, lines in places.items() if face and _level(lines) >= enough}
    gone: set[int] = set()
    kept: set[str] = set()
    for edge in edges if top else reversed(edges):
        for line in edge:
            if id(line) in numbers:
                continue
            if _face(line) not in running:
                break
            if _face(line) in kept:
                gone.add(id(line))
            kept.add(_face(line))
    return gone


def _face(line: Line) -> str:
    """What makes two lines the same: letters and digits alone, OCR being unsure of the rest,
    and without the page's own number."""
    return "".join(filter(str.isalnum, _COUNTING.sub("", line.text).casefold()))


def _level(lines: Sequence[Line]) -> int:
    """How many of the lines stand at one height; all of them where no places are known."""
    heights = [line.top for line in lines if line.top is not None]
    if len(heights) < len(lines):
        return len(lines)
    return max(sum(abs(other - one) < _SAME_HEIGHT for other in heights) for one in heights)
