"""A model's answers to gold phrases -> every number and every mistake that its report shows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.learn.record import Record
from core.learn.scoring.ablations import Ablation, ablations
from core.learn.scoring.confusion import Confusion, word_confusion
from core.learn.scoring.curves import Curve, curves
from core.learn.scoring.gold import Hand, entity_words, hands, seen_alike, shared, strangers
from core.learn.scoring.intervals import Interval, strict_counts, strict_intervals
from core.learn.scoring.meanings import Meaning, judged
from core.learn.scoring.mistakes import Mistake, mistakes
from core.learn.scoring.pairs import pairs, span_confusion
from core.learn.scoring.rival import Answers, Rival, check_view, rival_of
from core.learn.scoring.scores import Scores, score
from core.learn.scoring.semeval import (
    RULES,
    Fates,
    Way,
    semeval,
    semeval_by_label,
    semeval_by_letter,
)
from core.records import Annotation
from core.schema import default_schema


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a report tells. `by_label`, `intervals` (strict F1), `curves`: by label. `words` and
    `spans` say what was taken for what; `bio`: over words, B and I apart. `meanings`: "states" and
    "values", where gold has them and the model speaks of them. `shared`: letters that are in gold
    and in a lot of the training; `strangers`: spans of labels that the model was never taught;
    `unchecked`: phrases of gold that no person checked.
    """

    source: str
    gold: str
    scores: Scores
    ways: Fates
    way_intervals: dict[Way, Interval]
    by_label: dict[str, Fates]
    intervals: dict[str, Interval]
    words: Confusion
    bio: Confusion
    spans: Confusion
    curves: dict[str, Curve]
    hands: tuple[Hand, ...]
    ablations: tuple[Ablation, ...]
    mistakes: tuple[Mistake, ...]
    meanings: dict[str, Meaning]
    entity_words: dict[str, Counter[str]]
    shared: dict[str, int]
    strangers: dict[str, int]
    unchecked: int
    record: Record | None
    rival: Rival | None = None
    notes: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the scores say less than they seem to, for a person at a terminal."""
        found = []
        if lot := self.shared.get("train"):
            found.append(
                f"the model has learned from {lot} of these {self.scores.letters} letters: "
                "this is no measure of how it does on others"
            )
        if lot := self.shared.get("validation"):
            found.append(f"{lot} of these letters chose the model's best epoch: a little too good")
        if self.unchecked:
            found.append(
                f"{self.unchecked} of {self.scores.phrases} phrases nobody checked: on those this "
                "is agreement with a labeller, not a score"
            )
        if self.strangers:
            count = sum(self.strangers.values())
            found.append(f"{count} spans have a label that the model was never taught")
        return tuple(found)

    @property
    def kinds(self) -> Counter[str]:
        """How many spans met which fate."""
        found: Counter[str] = Counter()
        for mistake in self.mistakes:
            found[mistake.kind] += mistake.count
        return found


def evaluate(
    answers: Answers,
    gold: Sequence[Annotation],
    name: str,
    *,
    against: Answers | None = None,
    without: Sequence[str] = (),
    merge: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Asks the model once for every gold phrase that no person skipped. `name` is what gold is
    called in the report; `without` and `merge` are label sets of the caller's for the ablations.
    """
    record: Record | None = getattr(answers, "record", None)
    check_view(record, against)
    known, notes = seen_alike([a for a in gold if not a.skipped], record)
    if not any(annotation.spans for annotation in known):
        raise BadInput("the gold annotations hold no span; there is nothing to score against")
    nested = record is not None and record.head == "multilabel"
    said = list(answers.label(annotation.phrase for annotation in known))
    scores = score(known, said, nested=nested)
    labels = _ordered(scores.labels)
    _check_names(labels, without, merge or {})
    met = pairs(known, said, nested=nested)
    words = word_confusion(known, said, labels)
    counts = strict_counts(known, said, labels, nested=nested)
    intervals = dict(zip(labels, strict_intervals(counts, seed), strict=True))
    return Evaluation(
        source=answers.source,
        gold=name,
        scores=scores,
        ways=semeval(known, said, nested=nested),
        way_intervals=_way_intervals(known, said, nested, seed),
        by_label=semeval_by_label(known, said, nested=nested),
        intervals=intervals,
        words=words,
        bio=word_confusion(known, said, labels, bio=True),
        spans=span_confusion(met, labels),
        curves=curves(met, labels),
        hands=tuple(hands(known, said, nested, seed)),
        ablations=tuple(ablations(known, said, words, without, merge)),
        mistakes=tuple(mistakes(met)),
        meanings=judged(met, seed),
        entity_words=entity_words(known),
        shared=shared(known, record),
        strangers=strangers(known, record),
        unchecked=sum(a.origin not in ("human", "fictitious") for a in known),
        record=record,
        rival=None if against is None else rival_of(known, said, against, nested, seed),
        notes=notes,
    )


def _ordered(labels: Iterable[str]) -> list[str]:
    """As the spreadsheet has them; labels that the schema does not know at the end."""
    schema = default_schema()
    order = {name: n for n, name in enumerate([*schema.labels("field"), *schema.groups])}
    return sorted(labels, key=lambda label: (order.get(label, len(order)), label))


def mergers(told: Iterable[str]) -> dict[str, str]:
    """Pairs written as `ADE=Reason`: the first is seen as the second."""
    found = {}
    for pair in told:
        name, equals, other = pair.partition("=")
        if not (name and equals and other):
            raise BadInput(f"--merge {pair}: write it as ADE=Reason")
        found[name] = other
    return found


def _check_names(labels: Sequence[str], without: Sequence[str], merge: Mapping[str, str]) -> None:
    strange = [name for name in (*without, *merge) if name not in labels]
    if strange:
        raise BadInput(
            f"no label named {', '.join(strange)} in gold or the answers; "
            f"there are: {', '.join(labels)}"
        )


def _way_intervals(
    gold: Sequence[Annotation], said: Sequence[Annotation], nested: bool, seed: int
) -> dict[Way, Interval]:
    letters = dict.fromkeys(annotation.phrase.letter for annotation in gold)
    found = semeval_by_letter(gold, said, nested=nested)
    counts = np.zeros((len(letters), len(RULES), 3), dtype=np.int64)
    for row, letter in enumerate(letters):
        for column, fate in enumerate(found.get(letter, {}).values()):
            support, answered = fate.score.support, fate.score.said
            # All doubled, so that halves are whole numbers; F1 is a quotient of them.
            counts[row, column] = 2 * support, 2 * answered, 2 * fate.correct + fate.partial
    return dict(zip(RULES, strict_intervals(counts, seed), strict=True))
