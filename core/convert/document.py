"""Documents of somebody else's, marked in offsets into the whole text -> annotations by phrase."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from core.convert import Converted
from core.read.phrases import phrases
from core.read.readers.folders import digest_of
from core.records import Annotation, Json, Letter, Origin, Phrase, Span, State, Value


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked stretch of a document, not checked yet. `quote`: what the file says stands there."""

    start: Any
    end: Any
    label: Any
    quote: str | None = None
    state: State | None = None
    value: Value | None = None
    score: float | None = None
    extra: Json = field(default_factory=dict)


def blank_free(quote: str) -> str:
    """A quote for comparison: many a tool writes line ends as blanks or as backslash-n."""
    return re.sub(r"(?:\\[nrt]|\s)+", " ", quote).strip()


class Documents:
    """Cuts marked documents into annotated phrases.

    A letter's id comes from its text alone, so a text that stands in two files is one letter, and
    no split can put half of it into a test; its second author gets a number.
    """

    def __init__(self, report: Converted, source: str = "import", origin: Origin = "human") -> None:
        self._report = report
        self._source = source
        self._origin = origin
        self._seen: Counter[str] = Counter()

    def cut(
        self, text: str, marks: Iterable[Mark], where: str, source: str | None = None
    ) -> Iterator[Annotation]:
        """The phrases of a text with their spans. `where`: the document's name in the report."""
        letter = Letter(
            digest_of(text.encode("utf-8", "surrogatepass")), "", True, text, (), "convert"
        )
        lines = phrases(letter)
        spans = self._by_phrase(text, lines, marks, where)
        author = source or self._author(letter.id)
        for phrase in lines:
            yield Annotation(
                phrase=phrase,
                spans=tuple(spans.get(phrase.start, ())),
                origin=self._origin,
                source=author,
            )
        self._report.told["documents that hold no phrase"] += not lines

    def _author(self, letter: str) -> str:
        before = self._seen[letter]
        self._seen[letter] += 1
        self._report.told["documents that came before, taken as another author's"] += before > 0
        return f"{self._source}/{before + 1}" if before else self._source

    def _by_phrase(
        self, text: str, lines: list[Phrase], marks: Iterable[Mark], where: str
    ) -> dict[int, list[Span]]:
        found: dict[int, list[Span]] = {}
        for mark in marks:
            reason = _wrong(text, mark)
            pieces = [] if reason else list(_pieces(lines, mark))
            if not pieces:
                self._report.refused.append(f"{where}: {reason or _named(mark, 'is all blanks')}")
                continue
            over = len(pieces) > 1
            self._report.told["spans over a line end, cut into one a line"] += over
            cut_ends = pieces[0].start > mark.start or pieces[-1].end < mark.end
            self._report.told["spans with blanks at a line's end, trimmed"] += cut_ends
            for piece in pieces:
                phrase = lines[_at(lines, piece.start)]
                start, end = piece.start - phrase.start, piece.end - phrase.start
                span = replace(piece, start=start, end=end, text=phrase.text[start:end])
                found.setdefault(phrase.start, []).append(span)
        return found


def _wrong(text: str, mark: Mark) -> str | None:
    """Why a mark is no span of its text, or None."""
    if not (type(mark.start) is int and type(mark.end) is int):
        return "a span without a start or an end"
    if not (isinstance(mark.label, str) and mark.label):
        return _named(mark, "has no label")
    if not 0 <= mark.start < mark.end <= len(text):
        return _named(mark, "lies outside the text")
    if mark.quote is not None and blank_free(mark.quote) != blank_free(text[mark.start : mark.end]):
        return _named(mark, "does not quote the text it points to")
    return None


def _named(mark: Mark, what: str) -> str:
    return f"the span {mark.start}-{mark.end} {what}"


def _pieces(lines: list[Phrase], mark: Mark) -> Iterator[Span]:
    """The parts of a mark that stand in phrases, in offsets of the document."""
    for number in range(max(0, _at(lines, mark.start)), len(lines)):
        phrase = lines[number]
        if phrase.start >= mark.end:
            return
        start, end = max(mark.start, phrase.start), min(mark.end, phrase.end)
        if start < end:
            yield Span(
                start,
                end,
                mark.label,
                state=mark.state,
                value=mark.value,
                score=mark.score,
                extra=mark.extra,
            )


def _at(lines: list[Phrase], offset: int) -> int:
    """The number of the phrase that an offset stands in or after; -1 before the first."""
    return bisect_right(lines, offset, key=lambda phrase: phrase.start) - 1
