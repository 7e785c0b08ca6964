"""Spans against gold in the four ways of SemEval-2013 (task 9): strict, exact, partial, type.

Every answered span takes one gold span that it overlaps, or none: `correct`, `incorrect`,
`partial` or `spurious`; gold spans that no answer took are `missed`.

    strict   correct where bounds and label are right; any other overlap is incorrect
    exact    correct where the bounds are right, whatever the label; else incorrect
    partial  correct where the bounds are right, whatever the label; any overlap counts one half
    type     correct where the label is right, whatever the overlap; else incorrect
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from core.learn.scoring.scores import Score
from core.learn.tags import longest
from core.records import Annotation, Json, Span

Way = Literal["strict", "exact", "partial", "type"]
Rule = Callable[[Span, Span], bool]


def _same_bounds(said: Span, true: Span) -> bool:
    return (said.start, said.end) == (true.start, true.end)


RULES: Mapping[Way, Rule] = {
    "strict": lambda said, true: said.label == true.label and _same_bounds(said, true),
    "exact": _same_bounds,
    "partial": _same_bounds,
    "type": lambda said, true: said.label == true.label,
}


@dataclass(frozen=True, slots=True)
class Matched:
    """How many spans met which fate, seen one way."""

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0

    def __add__(self, other: Self) -> "Matched":
        return Matched(
            self.correct + other.correct,
            self.incorrect + other.incorrect,
            self.partial + other.partial,
            self.missed + other.missed,
            self.spurious + other.spurious,
        )

    @property
    def score(self) -> Score:
        """Precision over the answered spans, recall over gold's; what is partial counts a half."""
        met = self.correct + self.incorrect + self.partial
        gold, said = met + self.missed, met + self.spurious
        right = self.correct + 0.5 * self.partial
        precision, recall = right / said if said else 0.0, right / gold if gold else 0.0
        both = precision + recall
        return Score(precision, recall, 2 * precision * recall / both if both else 0.0, gold, said)

    def to_json(self) -> Json:
        counts = {name: getattr(self, name) for name in self.__slots__}
        score = self.score
        return counts | {"precision": score.precision, "recall": score.recall, "f1": score.f1}


Fates = dict[Way, Matched]
Sides = tuple[str, list[Span], list[Span]]


def semeval(
    gold: Sequence[Annotation], answers: Iterable[Annotation], *, nested: bool = False
) -> Fates:
    """All spans together. A gold phrase without an answer counts as answered with no span."""
    found = _gathered(("", true, guess) for _, true, guess in _sides(gold, answers, nested))
    return found.get("", {way: Matched() for way in RULES})


def semeval_by_letter(
    gold: Sequence[Annotation], answers: Iterable[Annotation], *, nested: bool = False
) -> dict[str, Fates]:
    """The same, letter by letter; a letter without any span on either side is not there."""
    return _gathered(_sides(gold, answers, nested))


def semeval_by_label(
    gold: Sequence[Annotation], answers: Iterable[Annotation], *, nested: bool = False
) -> dict[str, Fates]:
    """Each label by itself, as if there were no other (as nervaluate has it): a span under the
    wrong label is missed under its own and spurious under the other."""
    return _gathered(
        (label, _of(label, true), _of(label, guess))
        for _, true, guess in _sides(gold, answers, nested)
        for label in sorted({span.label for span in (*true, *guess)})
    )


def _gathered(rows: Iterable[Sides]) -> dict[str, Fates]:
    found: dict[str, Fates] = {}
    for key, true, guess in rows:
        before = found.get(key, {way: Matched() for way in RULES})
        found[key] = {
            way: before[way] + _match(true, guess, right, way) for way, right in RULES.items()
        }
    return found


def _sides(
    gold: Sequence[Annotation], answers: Iterable[Annotation], nested: bool
) -> Iterator[Sides]:
    """The letter and the spans of both sides of each phrase that has any."""
    said = {answer.phrase.id: answer.spans for answer in answers}
    for annotation in gold:
        sides = (annotation.spans, said.get(annotation.phrase.id, ()))
        if any(sides):
            true, guess = (_in_order(spans) if nested else longest(spans) for spans in sides)
            yield annotation.phrase.letter, true, guess


def _of(label: str, spans: Iterable[Span]) -> list[Span]:
    return [span for span in spans if span.label == label]


def _in_order(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: (span.start, span.end, span.label))


def _match(true: Sequence[Span], guess: Sequence[Span], right: Rule, way: Way) -> Matched:
    """Greedy, from left to right: a right gold span (the closest) before any that overlaps."""
    free, correct, other = list(true), 0, 0
    for span in guess:
        near = [t for t in free if t.start < span.end and span.start < t.end]
        if not near:
            continue
        good = [t for t in near if right(span, t)]
        taken = min(good, key=lambda t: _apart(span, t)) if good else near[0]
        free.remove(taken)
        correct += bool(good)
        other += not good
    half = {"partial": other} if way == "partial" else {"incorrect": other}
    return Matched(correct, missed=len(free), spurious=len(guess) - correct - other, **half)


def _apart(a: Span, b: Span) -> int:
    return abs(a.start - b.start) + abs(a.end - b.end)
