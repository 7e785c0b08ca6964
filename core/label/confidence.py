"""How sure to be of a span, from what the model, its other answers, and the rules say of it.

A score is the geometric mean of as many of three signals as there are:

- the model's own: the probability of the tokens in which it said the span (their geometric mean);
- the votes: the share of the answers that have the span, with the same bounds and label;
- the rules: 0.9 where they have the same stretch and label, 0.7 where they overlap with the same
  label, 0.4 where they do not.

It puts spans in an order, least sure first, and is no calibrated probability: 0.9 does not mean
that nine of ten are right.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from core.records import Span

SAME, TOUCHED, ALONE = 0.9, 0.7, 0.4
_SUREST = 0.999
_NEAR = 40  # characters between a quote and its label in one object of a reply
_LOOKS = 200  # places of one word: an endless reply must not keep us
_STEP = 200  # characters between two words of a quote, each of which has a label of its own


@dataclass(frozen=True, slots=True)
class Elected:
    """The spans of several answers that enough of them have, each with its share of the votes."""

    spans: tuple[tuple[Span, float], ...]
    outvoted: int


def score(*signals: float | None) -> float | None:
    """The geometric mean of the signals there are, between 0 and 1; None where there is none."""
    there = [min(max(s, 1 - _SUREST), _SUREST) for s in signals if s is not None]
    if not there:
        return None
    return round(math.exp(sum(map(math.log, there)) / len(there)), 4)


def agreement(span: Span, rules: Sequence[Span]) -> float:
    """The rules' signal for a span; spans of a label set without fields agree by their label."""
    best = ALONE
    for other in rules:
        if other.end <= span.start or span.end <= other.start or not _alike(span, other):
            continue
        if (other.start, other.end) == (span.start, span.end):
            return SAME
        best = TOUCHED
    return best


def _alike(span: Span, other: Span) -> bool:
    if span.field and other.field:
        return span.field == other.field
    return span.label == other.label


def elected(answers: Sequence[Sequence[Span]]) -> Elected:
    """What at least half of the answers have, in the order of its place.

    A span's own probability is the mean over the answers that have it; its state and value are
    those of most of them.
    """
    ballots: dict[tuple[int, int, str], dict[int, list[Span]]] = {}
    for number, spans in enumerate(answers):
        for span in spans:
            ballot = ballots.setdefault((span.start, span.end, span.label), {})
            ballot.setdefault(number, []).append(span)
    kept: list[tuple[Span, float]] = []
    outvoted = 0
    for place in sorted(ballots):
        votes = ballots[place]
        share = len(votes) / len(answers)
        if share < 0.5:
            outvoted += 1
            continue
        said = [span for spans in votes.values() for span in spans]
        kept += [(span, share) for span in _one_a_field(said)]
    return Elected(tuple(kept), outvoted)


def _one_a_field(said: Sequence[Span]) -> list[Span]:
    """Spans of one place and label: one for each field, or one without where nobody named it."""
    named: list[str | None] = [span.field for span in said if span.field]
    fields = list(dict.fromkeys(named)) or [None]
    return [_agreed([s for s in said if s.field in (field, None)], field) for field in fields]


def _agreed(said: Sequence[Span], field: str | None) -> Span:
    scores = [span.score for span in said if span.score is not None]
    meanings = [(span.state, span.value) for span in said]
    state, value = max(meanings, key=meanings.count)
    mean = sum(scores) / len(scores) if scores else None
    return replace(said[0], field=field, state=state, value=value, score=mean)


def own(tokens: Sequence[tuple[str, float]], spans: Sequence[Span]) -> list[float | None]:
    """For each span the probability of the tokens that say it; None where they are not found.

    `tokens`: a whole reply in order, each with its log probability. A quote is looked for where its
    label or field stands beside it; one that was cut into words, word by word. Equal quotes take
    the places of the reply in order.
    """
    texts = [token for token, _ in tokens]
    reply = "".join(texts)
    ends = list(accumulate(map(len, texts)))
    used: dict[tuple[str, str], int] = {}
    found: list[float | None] = []
    for span in spans:
        name = span.field if span.field and span.field in reply else span.label
        places = _told(reply, span.text, name, used)
        found.append(_probability(tokens, ends, places) if places else None)
    return found


def _told(
    reply: str, quote: str, name: str, used: dict[tuple[str, str], int]
) -> list[tuple[int, int]]:
    """The stretches of a reply in which a quote and its label stand; empty where they do not."""
    whole = _beside(reply, quote, name, used.get((quote, name), 0), len(reply))
    if whole:
        used[quote, name] = whole[0][1]
        return whole
    words = quote.split()
    first = _beside(reply, words[0], name, used.get((quote, name), 0), len(reply)) if words else []
    places = list(first)
    for word in words[1:]:
        if not places:
            return []
        at = max(end for _, end in places[-2:])
        more = _beside(reply, word, name, at, at + _STEP)
        if not more:
            break
        places += more
    if places:
        used[quote, name] = first[0][1]
    return places


def _beside(reply: str, words: str, name: str, low: int, high: int) -> list[tuple[int, int]]:
    """The first place of some words that has the name next to it, and the place of the name."""
    at = low - 1
    for _ in range(_LOOKS):
        at = reply.find(words, at + 1, high)
        if at < 0:
            break
        end = at + len(words)
        label = _near(reply, at, end, name)
        if label is not None:
            return [(at, end), (label, label + len(name))]
    return []


def _near(reply: str, start: int, end: int, name: str) -> int | None:
    """Where a name stands beside a stretch, nothing that closes an object or a list between."""
    after = reply[end : end + _NEAR + len(name)]
    at = after.find(name)
    if at >= 0 and not _closed(after[:at]):
        return end + at
    low = max(0, start - _NEAR - len(name))
    at = reply.rfind(name, low, start)
    if at >= 0 and not _closed(reply[at + len(name) : start]):
        return at
    return None


def _closed(between: str) -> bool:
    return "}" in between or "]" in between


def _probability(
    tokens: Sequence[tuple[str, float]], ends: Sequence[int], places: Sequence[tuple[int, int]]
) -> float:
    said: Mapping[int, float] = {
        number: tokens[number][1]
        for start, end in places
        for number in range(bisect_right(ends, start), bisect_left(ends, end) + 1)
    }
    return math.exp(min(0.0, sum(said.values()) / len(said)))
