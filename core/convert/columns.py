"""Spans as IOB2 tags over words, as the column formats show them."""

from collections.abc import Sequence

from core.convert.carried import plain
from core.learn.tags import Word, longest
from core.records import Span


def runs(places: Sequence[Word], spans: Sequence[Span]) -> list[tuple[int, int] | None]:
    """First word and word after the last that say each span; None for one that tags cannot say:
    of spans that overlap the longest is said, and only by the words that are wholly within.
    """
    kept = {id(span) for span in longest(spans)}
    found: list[tuple[int, int] | None] = []
    for span in spans:
        inside = [i for i, (a, b) in enumerate(places) if span.start <= a and b <= span.end]
        found.append((inside[0], inside[-1] + 1) if inside and id(span) in kept else None)
    return found


def iob2(places: Sequence[Word], spans: Sequence[Span]) -> tuple[list[str], int]:
    """The tag of each word, and how many spans are not said, or not to their very ends."""
    tags, unsaid = ["O"] * len(places), 0
    for span, run in zip(spans, runs(places, spans), strict=True):
        for i in range(*run or (0, 0)):
            tags[i] = f"{'I' if run and i > run[0] else 'B'}-{plain(span.label)}"
        ends = (places[run[0]][0], places[run[1] - 1][1]) if run else None
        unsaid += ends != (span.start, span.end)
    return tags, unsaid
