"""Spans that belong together: one support named twice, one field inside itself."""

import re

from core.label.rules.concepts import Outcome
from core.label.rules.words import Line
from core.records import Span

_JOINT = re.compile(r"\s*(?:[(,+/]|e|ed|poi|con|,\s?poi)?\s*")
_JOINED = frozenset(("Inotropi", "IABP/ECMO/IMPELLA", "Necessità_di_trasfusioni"))


def joined(line: Line, outcomes: list[Outcome]) -> list[Outcome]:
    """Amine (dobutamina, adrenalina): names of one support that stand together are one span."""
    whole: list[Outcome] = []
    for outcome in sorted(outcomes, key=lambda o: (o[0], -o[1])):
        last = next((o for o in reversed(whole) if o[2:4] == outcome[2:4]), None)
        near = last and _JOINT.fullmatch(line.folded[last[1] : outcome[0]])
        if outcome[2] in _JOINED and last and near and outcome[0] >= last[1]:
            whole[whole.index(last)] = (last[0], outcome[1], *last[2:])
        else:
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
    for span in sorted(spans, key=lambda s: (s.start, -s.end, s.field or "")):
        if not any(
            span.field == k.field and span.state == k.state and span.end <= k.end
            for k in kept
            if k.start <= span.start
        ):
            kept.append(span)
    return kept
