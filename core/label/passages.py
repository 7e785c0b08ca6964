"""Lines of a letter -> the texts a model is asked about, and what it says of them back to lines."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from core.records import Missing, Span

LONGEST = 12_000
_SHORTEST = 80  # a shorter text is not what made an answer too long
_WORD = re.compile(r"\w+")
_BREAKS = (re.compile(r"\n"), re.compile(r"[.;:!?]\s+"), re.compile(r",\s+"), re.compile(r"\s+"))


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to ask about. `lines`: the number of each line in it, and where it begins and ends."""

    text: str
    lines: tuple[tuple[int, int, int], ...]

    def cut(self, span: Span) -> Iterator[tuple[int, Span]]:
        """A span of the text as spans of its lines: one that goes on over a line's end is two."""
        first = bisect_right(self.lines, span.start, key=_end)
        for number, start, end in islice(self.lines, first, None):
            if start >= span.end:
                return
            low, high = max(span.start, start), min(span.end, end)
            part = self.text[low:high]
            if part.strip():
                low += len(part) - len(part.lstrip())
                part = part.strip()
                at = low - start
                yield number, replace(span, start=at, end=at + len(part), text=part)

    def line_of(self, lost: Missing) -> int:
        """The line to show a lost quote with: the one with most of its words, else the first."""
        if len(self.lines) == 1:
            return self.lines[0][0]
        said = set(_WORD.findall(lost.quote.casefold()))

        def shared(line: tuple[int, int, int]) -> int:
            return len(said.intersection(_WORD.findall(self.text[line[1] : line[2]].casefold())))

        return max(self.lines, key=shared)[0]


def _end(line: tuple[int, int, int]) -> int:
    return line[2]


def line_by_line(texts: Sequence[str], numbers: Sequence[int]) -> list[Passage]:
    """Each line a text of its own."""
    return [Passage(texts[n], ((n, 0, len(texts[n])),)) for n in numbers]


def run_together(texts: Sequence[str], numbers: Sequence[int], longest: int) -> list[Passage]:
    """Lines joined to texts of at most `longest` characters, or of one line that is longer."""
    runs: list[list[int]] = []
    length = longest
    for number in numbers:
        length += len(texts[number]) + 1
        if length > longest + 1:
            runs.append([])
            length = len(texts[number]) + 1
        runs[-1].append(number)
    return [_joined(texts, run) for run in runs]


def _joined(texts: Sequence[str], run: Sequence[int]) -> Passage:
    places: list[tuple[int, int, int]] = []
    at = 0
    for number in run:
        places.append((number, at, at + len(texts[number])))
        at += len(texts[number]) + 1
    return Passage("\n".join(texts[number] for number in run), tuple(places))


def middle(text: str) -> int | None:
    """Where to cut a text in two: at a line's end, a sentence's, a comma, a space; None if short.

    The cut lies in the middle half, as near to the middle as the best kind of break allows.
    """
    if len(text) < _SHORTEST:
        return None
    quarter = len(text) // 4
    for kind in _BREAKS:
        ends = [match.end() for match in kind.finditer(text, quarter, 3 * quarter)]
        if ends:
            return min(ends, key=lambda end: abs(2 * end - len(text)))
    return None
