"""Spans <-> BIO tags over words: what a token classifier learns and what it answers.

Words are runs of letters, runs of digits, and every other visible character alone, so that a span
rarely begins or ends inside one ("2,5mg" is four words). The tag ids of L labels: 0 is O, label k
opens with 1 + 2k and goes on with 2 + 2k.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.records import Span

Word = tuple[int, int]
Scores = NDArray[np.float32]
OUTSIDE = 0
_WORD = re.compile(r"(?:[^\W\d_][\u0300-\u036f]*)+|\d+|\S")


@dataclass(frozen=True, slots=True)
class Tagged:
    """The tag id of each word, and how many spans could not be said in tags as they are."""

    tags: tuple[int, ...]
    overlapped: int
    cut: int


def words(text: str) -> list[Word]:
    """Start and end of each word, in code points."""
    return [match.span() for match in _WORD.finditer(text)]


def tag_names(labels: Sequence[str]) -> list[str]:
    """The names of the tag ids, in order."""
    return ["O", *(f"{part}-{label}" for label in labels for part in "BI")]


def longest(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlap, in order: of two that share a character the longer stays."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, s.label)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.start)


def tags_of(words: Sequence[Word], spans: Sequence[Span], labels: Sequence[str]) -> Tagged:
    """The tags of a phrase. Of nested spans the longest counts; a span is never widened to a word
    that it cuts: the words wholly inside carry it, and it is counted. `labels` has every label.
    """
    ids = {label: 1 + 2 * k for k, label in enumerate(labels)}
    tags, cut, kept = [OUTSIDE] * len(words), 0, longest(spans)
    for span in kept:
        inside = [i for i, (a, b) in enumerate(words) if span.start <= a and b <= span.end]
        cut += any(a < edge < b for a, b in words for edge in (span.start, span.end))
        for position, i in enumerate(inside):
            tags[i] = ids[span.label] + (position > 0)
    return Tagged(tuple(tags), len(spans) - len(kept), cut)


def runs(tags: Sequence[int]) -> list[tuple[int, int, int]]:
    """First word, word after the last, and label number of each span in a row of tags.

    An I that nothing opened opens a span itself: the one reading of such tags in this house.
    """
    found: list[tuple[int, int, int]] = []
    for i, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        label, opens = (tag - 1) // 2, tag % 2 == 1
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
) -> tuple[Span, ...]:
    """The spans of a row of tags. A span is as sure as its least sure word."""
    spans = []
    for first, after, label in runs(tags):
        start, end = words[first][0], words[after - 1][1]
        score = None if sureness is None else round(float(min(sureness[first:after])), 4)
        spans.append(Span(start, end, labels[label], score=score, text=text[start:end]))
    return tuple(spans)


def best_tags(scores: Scores) -> list[int]:
    """The best legal row of tags for scores of shape (words, tags): no I without its opening.

    Where the best tag of every word is legal already, that row is the answer; only the others walk
    the Viterbi lattice, in which I-x can follow nothing but B-x and I-x.
    """
    greedy: list[int] = scores.argmax(axis=1).tolist()
    if _legal(greedy):
        return greedy
    opens, goes_on = slice(1, None, 2), slice(2, None, 2)
    total = scores[0].copy()
    total[goes_on] = -np.inf
    back = np.zeros(scores.shape, dtype=np.intp)
    for i in range(1, len(scores)):
        best = int(total.argmax())
        stays = total[goes_on] >= total[opens]
        inside = np.where(stays, total[goes_on], total[opens])
        back[i] = best
        back[i, goes_on] = np.arange(1, total.size, 2) + stays
        total = scores[i] + total[best]
        total[goes_on] = scores[i, goes_on] + inside
    path = [int(total.argmax())]
    for i in range(len(scores) - 1, 0, -1):
        path.append(int(back[i, path[-1]]))
    return path[::-1]


def _legal(tags: Sequence[int]) -> bool:
    before = OUTSIDE
    for tag in tags:
        if tag and tag % 2 == 0 and before not in (tag, tag - 1):
            return False
        before = tag
    return True
