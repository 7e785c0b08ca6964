"""The unit that a paper trains on, made of what a reader gives (a line of a letter a phrase)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal

from core.records import Annotation, Phrase, Span, phrase_ids

Unit = Literal["line", "sentence", "letter"]
_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý\d])")


def in_units(annotations: Iterable[Annotation], unit: Unit) -> list[Annotation]:
    """The same letters in other units. What stands in a letter is neither lost nor said twice."""
    if unit == "line":
        return list(annotations)
    by_letter = groupby(annotations, lambda a: (a.phrase.letter, a.source))
    cut = _sentences if unit == "sentence" else _whole
    return [one for _, own in by_letter for one in cut(list(own))]


def _sentences(lines: Sequence[Annotation]) -> list[Annotation]:
    """After a full stop, a blank and a capital or a digit; never within a span."""
    pieces = [piece for line in lines for piece in _pieces(line)]
    ids = phrase_ids(lines[0].phrase.letter, (piece.phrase.text for piece in pieces))
    return [
        replace(piece, phrase=replace(piece.phrase, id=key))
        for piece, key in zip(pieces, ids, strict=True)
    ]


def _pieces(line: Annotation) -> Iterator[Annotation]:
    text, at = line.phrase.text, 0
    ends = [match.span() for match in _END.finditer(text)]
    free = [e for e in ends if not any(s.start < e[1] and e[0] < s.end for s in line.spans)]
    for stop, further in (*free, (len(text), len(text))):
        own = [s for s in line.spans if at <= s.start and s.end <= stop]
        phrase = replace(
            line.phrase, start=line.phrase.start + at, end=line.phrase.start + stop,
            text=text[at:stop],
        )  # fmt: skip
        yield replace(line, phrase=phrase, spans=_moved(own, -at))
        at = further


def _whole(lines: Sequence[Annotation]) -> list[Annotation]:
    """A letter as one phrase, its lines joined by line ends."""
    text = "\n".join(line.phrase.text for line in lines)
    first, last = lines[0].phrase, lines[-1].phrase
    spans: list[Span] = []
    at = 0
    for line in lines:
        spans += _moved(line.spans, at)
        at += len(line.phrase.text) + 1
    [key] = phrase_ids(first.letter, [text])
    return [
        replace(
            lines[0],
            phrase=Phrase(key, first.letter, first.start, last.end, text),
            spans=tuple(spans),
        )
    ]


def _moved(spans: Iterable[Span], by: int) -> tuple[Span, ...]:
    return tuple(replace(span, start=span.start + by, end=span.end + by) for span in spans)
