"""Spans <-> tags over words: what a token classifier learns and what it answers.

Words are runs of letters, runs of digits, and every other visible character alone, so that a span
rarely begins or ends inside one ("2,5mg" is four words). The tag ids of L labels: 0 is O; in the
scheme bio label k opens with 1 + 2k and goes on with 2 + 2k; in io its words are all 1 + k, and
neighbours of one label run together.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.records import Span

Word = tuple[int, int]
Scheme = Literal["bio", "io"]
SCHEMES: tuple[Scheme, ...] = ("bio", "io")
Marks = NDArray[np.float32]
OUTSIDE = 0
IGNORED = -100
_WORD = re.compile(r"(?:[^\W\d_][\u0300-\u036f]*)+|\d+|\S")


@dataclass(frozen=True, slots=True)
class Tagged:
    """The tag id of each word, and how many spans could not be said in tags as they are: those
    under a longer one, those that cut a word, those that io joins to the one before."""

    tags: tuple[int, ...]
    overlapped: int
    cut: int
    merged: int = 0


def words(text: str) -> list[Word]:
    """Start and end of each word, in code points."""
    return [match.span() for match in _WORD.finditer(text)]


def tag_names(labels: Sequence[str], scheme: Scheme = "bio", outside: bool = True) -> list[str]:
    """The names of the tag ids, in order."""
    parts = "BI" if scheme == "bio" else "I"
    own = [f"{part}-{label}" for label in labels for part in parts]
    return ["O", *own] if outside else own


def head_tags(head: str, labels: Sequence[str], scheme: Scheme = "bio") -> list[str]:
    """The tags that a head scores, in order: `multilabel` judges each alone and has no O."""
    return tag_names(labels, scheme, outside=head != "multilabel")


def longest(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlap, in order: of two that share a character the longer stays."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, s.label)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.start)


def tags_of(
    words: Sequence[Word], spans: Sequence[Span], labels: Sequence[str], scheme: Scheme = "bio"
) -> Tagged:
    """The tags of a phrase. Of nested spans the longest counts; a span is never widened to a word
    that it cuts: the words wholly inside carry it, and it is counted. `labels` has every label.
    """
    width = 2 if scheme == "bio" else 1
    ids = {label: 1 + width * k for k, label in enumerate(labels)}
    tags, cut, merged, kept = [OUTSIDE] * len(words), 0, 0, longest(spans)
    for span in kept:
        inside = [i for i, (a, b) in enumerate(words) if span.start <= a and b <= span.end]
        cut += any(a < edge < b for a, b in words for edge in (span.start, span.end))
        opens = ids[span.label]
        merged += width == 1 and bool(inside) and inside[0] > 0 and tags[inside[0] - 1] == opens
        for position, i in enumerate(inside):
            tags[i] = opens + (width == 2 and position > 0)
    return Tagged(tuple(tags), len(spans) - len(kept), cut, merged)


def marks_of(
    words: Sequence[Word], spans: Sequence[Span], labels: Sequence[str], scheme: Scheme = "bio"
) -> tuple[Marks, Tagged]:
    """Yes or no for each word and tag (without O), (words, T): spans of several labels may share
    words; of one label the longest counts. The counts come as those of `tags_of`, without tags.
    """
    width = 2 if scheme == "bio" else 1
    marks = np.zeros((len(words), width * len(labels)), dtype=np.float32)
    overlapped = cut = merged = 0
    for k, label in enumerate(labels):
        own = tags_of(words, [span for span in spans if span.label == label], [label], scheme)
        for i, tag in enumerate(own.tags):
            if tag != OUTSIDE:
                marks[i, width * k + tag - 1] = 1
        overlapped, cut, merged = overlapped + own.overlapped, cut + own.cut, merged + own.merged
    return marks, Tagged((), overlapped, cut, merged)


def runs(tags: Sequence[int], scheme: Scheme = "bio") -> list[tuple[int, int, int]]:
    """First word, word after the last, and label number of each span in a row of tags.

    An I that nothing opened opens a span itself: the one reading of such tags in this house.
    """
    width = 2 if scheme == "bio" else 1
    found: list[tuple[int, int, int]] = []
    for i, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        label, opens = (tag - 1) // width, width == 2 and tag % 2 == 1
        if not opens and found and found[-1][1:] == (i, label):
            found[-1] = (found[-1][0], i + 1, label)
        else:
            found.append((i, i + 1, label))
    return found


def spans_of(
    text: str,
    words: Sequence[Word],
    tags: Sequence[int],
    labels: Sequence[str],
    sureness: Sequence[float] | None = None,
    scheme: Scheme = "bio",
) -> tuple[Span, ...]:
    """The spans of a row of tags. A span is as sure as its least sure word."""
    spans = []
    for first, after, label in runs(tags, scheme):
        start, end = words[first][0], words[after - 1][1]
        score = None if sureness is None else round(float(min(sureness[first:after])), 4)
        spans.append(Span(start, end, labels[label], score=score, text=text[start:end]))
    return tuple(spans)
