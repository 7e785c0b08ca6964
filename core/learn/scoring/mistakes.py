"""The gallery of errors: what went wrong most often first, each kind with some of its places.

It quotes letters, so it goes into the private page alone, never into the numbers beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.learn.scoring.pairs import Kind, Pair
from core.learn.tags import longest
from core.records import Phrase, Span

SHOWN = 300  # places in all: nobody reads more
_EACH = 8  # places of one kind
_CONTEXT = 80  # characters before and after


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and the span that it is, if it is one."""

    text: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A phrase, or the part of it that matters, as one side has it."""

    who: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which phrase, and what each side says there."""

    phrase: str
    section: str | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Errors of one kind between the same two labels; `places` shows some of the `count`."""

    kind: Kind
    true: str | None
    said: str | None
    count: int
    places: tuple[Place, ...]


def mistakes(pairs: Iterable[Pair]) -> list[Mistake]:
    """The most frequent first; at most some hundred places in all, as many kinds as there are."""
    alike: dict[tuple[Kind, str | None, str | None], list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.kind != "right":
            true = None if pair.true is None else pair.true.label
            said = None if pair.said is None else pair.said.label
            alike[pair.kind, true, said].append(pair)
    ranked = sorted(alike.items(), key=lambda item: (-len(item[1]), str(item[0])))
    found, room = [], SHOWN
    for (kind, true, said), same in ranked:
        shown = _spread(same, min(_EACH, room))
        room -= len(shown)
        found.append(Mistake(kind, true, said, len(same), tuple(map(_place, shown))))
    return found


def _spread(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Some of the pairs, in order, from as many letters as possible."""
    turn: dict[str, int] = defaultdict(int)
    turns = []
    for n, pair in enumerate(pairs):
        turns.append((turn[pair.phrase.letter], n))
        turn[pair.phrase.letter] += 1
    return [pairs[n] for n in sorted(n for _, n in sorted(turns)[:most])]


def _place(pair: Pair) -> Place:
    spans = [span for span in (pair.true, pair.said) if span is not None]
    window = (min(s.start for s in spans) - _CONTEXT, max(s.end for s in spans) + _CONTEXT)
    sides = (("gold", pair.true), ("model", pair.said))
    lines = (Line(who, cut(pair.phrase, [s], *window)) for who, s in sides if s is not None)
    return Place(pair.phrase.id, pair.phrase.section, tuple(lines))


def cut(
    phrase: Phrase, spans: Iterable[Span], start: int = 0, end: int | None = None
) -> tuple[Piece, ...]:
    """A phrase from about `start` to `end` in pieces; of overlapping spans the longest shows."""
    text = phrase.text
    start, end = _at_word(text, max(start, 0), -1), _at_word(text, end or len(text), 1)
    pieces, at = [Piece("… ")] if start else [], start
    for span in longest(spans):
        pieces.append(Piece(text[at : span.start]))
        pieces.append(Piece(text[span.start : span.end], span))
        at = span.end
    pieces.append(Piece(text[at:end] + (" …" if end < len(text) else "")))
    return tuple(piece for piece in pieces if piece.text)


def _at_word(text: str, at: int, step: int) -> int:
    """The nearest edge of a word at or beyond `at`; not farther than a long word."""
    at = min(at, len(text))
    for edge in range(at, at + 16 * step, step):
        if not 0 < edge < len(text):
            return max(0, min(edge, len(text)))
        if text[edge - 1].isspace() != text[edge].isspace():
            return edge
    return at
