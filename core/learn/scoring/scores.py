"""How well answers agree with gold, span by span: strict (same start, end, label) and by overlap.

Both sides are annotations; phrases are matched by id and text. Unless told otherwise overlapping
spans count as their longest, on both sides, since that is all that a BIO network can say; how many
gold spans that left out is part of the result.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from core.learn.tags import longest
from core.records import Annotation, Json, Span

Place = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Score:
    """Shares between 0 and 1; `support` is the number of gold spans, `said` of answered ones."""

    precision: float
    recall: float
    f1: float
    support: int
    said: int

    @classmethod
    def of(cls, found: int, gold: int, right: int, said: int) -> Self:
        """`found` of `gold` spans were found, `right` of the `said` ones were right."""
        precision = right / said if said else 0.0
        recall = found / gold if gold else 0.0
        both = precision + recall
        return cls(precision, recall, 2 * precision * recall / both if both else 0.0, gold, said)


@dataclass(frozen=True, slots=True)
class Scores:
    """Strict scores over all spans (micro), as the mean of gold's labels (macro), and by label."""

    micro: Score
    macro_f1: float
    overlap: Score
    labels: dict[str, Score]
    phrases: int
    letters: int
    unanswered: int
    overlapped: int

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        known = raw | {
            "micro": Score(**raw["micro"]),
            "overlap": Score(**raw["overlap"]),
            "labels": {label: Score(**score) for label, score in raw["labels"].items()},
        }
        return cls(**known)


def score(
    gold: Sequence[Annotation], answers: Iterable[Annotation], *, nested: bool = False
) -> Scores:
    """Answers against gold. A gold phrase without an answer counts as answered with no span; an
    answer to no gold phrase is not looked at. `nested=True` keeps overlapping spans.
    """
    said = {(a.phrase.id, a.phrase.text): a.spans for a in answers}
    support: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    strict: Counter[str] = Counter()
    touched, touching, unanswered, overlapped = 0, 0, 0, 0
    for annotation in gold:
        key = (annotation.phrase.id, annotation.phrase.text)
        unanswered += key not in said
        true = _places(annotation.spans, nested)
        guess = _places(said.get(key, ()), nested)
        overlapped += len(annotation.spans) - len(true)
        support.update(label for *_, label in true)
        answered.update(label for *_, label in guess)
        strict.update(label for *_, label in true & guess)
        if true == guess:
            touched, touching = touched + len(true), touching + len(guess)
            continue
        touched += sum(any(_touch(a, b) for b in guess) for a in true)
        touching += sum(any(_touch(a, b) for b in true) for a in guess)
    labels = {
        label: Score.of(strict[label], support[label], strict[label], answered[label])
        for label in sorted(support | answered)
    }
    with_gold = [labels[label].f1 for label in support]
    right = strict.total()
    return Scores(
        Score.of(right, support.total(), right, answered.total()),
        sum(with_gold) / len(with_gold) if with_gold else 0.0,
        Score.of(touched, support.total(), touching, answered.total()),
        labels,
        len(gold),
        len({annotation.phrase.letter for annotation in gold}),
        unanswered,
        overlapped,
    )


def _places(spans: Sequence[Span], nested: bool) -> set[Place]:
    kept = spans if nested or len(spans) < 2 else longest(spans)
    return {(span.start, span.end, span.label) for span in kept}


def _touch(a: Place, b: Place) -> bool:
    """Whether two spans of one label share a character."""
    return a[2] == b[2] and a[0] < b[1] and b[0] < a[1]
