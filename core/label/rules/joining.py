"""Spans that belong together: one support named twice, one field inside itself."""

import re

from core.label.rules.outcome import Outcome
from core.label.rules.words import Line
from core.records import Span, State

_JOINT = re.compile(r"\s*(?:[(,+/]|e|ed|poi|con|,\s?poi)?\s*")
_JOINED = frozenset(("Inotropi", "IABP/ECMO/IMPELLA", "Necessità_di_trasfusioni"))


def joined(line: Line, outcomes: list[Outcome]) -> list[Outcome]:
    """Amine (dobutamina, adrenalina): names of one support that stand together are one span."""
    whole: list[Outcome] = []
    latest: dict[tuple[str, State], int] = {}  # where the last of a field and state stands
    for outcome in sorted(outcomes, key=lambda o: (o[0], -o[1])):
        start, end, field, state = outcome[:4]
        place = latest.get((field, state)) if field in _JOINED else None
        last = whole[place] if place is not None else None
        if last and last[1] <= start and _JOINT.fullmatch(line.folded[last[1] : start]):
            whole[place or 0] = (last[0], end, *last[2:])
        else:
            latest[field, state] = len(whole)
            whole.append(outcome)
    return [_closed(line, outcome) for outcome in whole]


def _closed(line: Line, outcome: Outcome) -> Outcome:
    """With the bracket that ends it, or cut before the one that does not end in it."""
    start, end = outcome[:2]
    quote = line.text[start:end]
    if quote.count("(") <= quote.count(")"):
        return outcome
    if line.text[end : end + 1] == ")":
        return (start, end + 1, *outcome[2:])
    return (start, start + len(quote[: quote.rindex("(")].rstrip()) or end, *outcome[2:])


def without_twins(spans: list[Span]) -> list[Span]:
    """In order, without a span inside a longer one of the same field and state."""
    kept: list[Span] = []
    reach: dict[tuple[str | None, State | None], int] = {}  # how far a field and state went
    for span in sorted(spans, key=lambda s: (s.start, -s.end, s.field or "")):
        key = span.field, span.state
        if span.end > reach.get(key, -1):
            reach[key] = span.end
            kept.append(span)
    return kept
