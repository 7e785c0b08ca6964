"""Labellers -> how each of them labels the same gold phrases, what it loses and what it costs.

Answers that were in the ledger already are reckoned at what such answers cost when they were paid.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.label import Labeller
from core.label.hosted.ledger import Ledger
from core.learn.scoring.intervals import Agreement, agreement
from core.records import Annotation, Phrase
from core.schema import Schema, View
from core.steps import Watch, unwatched

# What all answers of a model to some prompts cost. A call that brought none may have cost as well.
_ANSWERED = """
SELECT
    (SELECT count(*) FROM answers JOIN calls AS paid ON paid.id = answers.call
     WHERE paid.model = ?1 AND paid.prompt IN (SELECT value FROM json_each(?2))),
    total(tokens_in), total(tokens_out), total(usd), total(usd IS NULL AND tokens_in > 0)
FROM calls WHERE model = ?1 AND prompt IN (SELECT value FROM json_each(?2))
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A labeller under the name it was asked for."""

    name: str
    labeller: Labeller


@dataclass(frozen=True, slots=True)
class Cost:
    """What answers to all phrases cost at list price; `usd` is None where that is unknown."""

    calls: int
    tokens_in: int
    tokens_out: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """How one entry did. `unaligned`: the share of its quotes that stand nowhere in their phrase;
    `unanswered`: the share of phrases without a whole answer.
    """

    name: str
    source: str
    agreement: Agreement
    phrases: int
    unaligned: float
    unanswered: float
    cost: Cost

    @property
    def usd_a_thousand(self) -> float | None:
        """Dollars for a thousand phrases."""
        return None if self.cost.usd is None else 1000 * self.cost.usd / self.phrases

    @property
    def usd_a_right_span(self) -> float | None:
        """Dollars for a strictly right span."""
        if self.cost.usd is None or not self.agreement.right:
            return None
        return self.cost.usd / self.agreement.right

    @property
    def tokens_a_thousand(self) -> float:
        """Tokens in and out for a thousand phrases."""
        return 1000 * (self.cost.tokens_in + self.cost.tokens_out) / self.phrases


def compete(
    entries: Sequence[Entry],
    gold: Sequence[Annotation],
    schema: Schema,
    view: View,
    ledger: Path | None = None,
    watch: Watch = unwatched,
) -> list[Result]:
    """One result an entry, the best strict F1 first. Skipped phrases are left out."""
    known = [schema.seen_as(annotation, view) for annotation in gold if not annotation.skipped]
    if not any(annotation.spans for annotation in known):
        raise BadInput("the gold phrases hold no span; there is nothing to compare against")
    results = [_result(entry, known, schema, view, ledger, watch) for entry in entries]
    return sorted(results, key=lambda result: -result.agreement.strict.value)


def _result(
    entry: Entry,
    gold: Sequence[Annotation],
    schema: Schema,
    view: View,
    ledger: Path | None,
    watch: Watch,
) -> Result:
    # As they stand in their letters: a shield or an example goes by the letter.
    phrases: list[Phrase] = sorted(
        (annotation.phrase for annotation in gold), key=lambda p: (p.letter, p.start)
    )
    seen = watch(entry.labeller.label(phrases), entry.name, len(phrases))
    said = [schema.seen_as(annotation, view) for annotation in seen]
    quotes = sum(len(a.spans) + len(a.missing) for a in said)
    lost = sum(len(a.missing) for a in said)
    return Result(
        entry.name,
        entry.labeller.source,
        agreement(gold, said),
        len(gold),
        lost / quotes if quotes else 0.0,
        sum(a.comment is not None for a in said) / len(gold),
        _cost(entry.labeller, ledger),
    )


def _cost(labeller: Labeller, path: Path | None) -> Cost:
    """The run's own account; what it found in the ledger at the mean price of such answers."""
    usage: Any = getattr(labeller, "usage", None)
    if usage is None:
        return Cost(0, 0, 0, 0.0)
    usd = usage.usd if usage.usd or not usage.calls else None
    paid = Cost(usage.calls, usage.tokens_in, usage.tokens_out, usd)
    if not usage.reused or path is None:
        return paid
    with Ledger(path) as ledger:
        row = next(ledger.rows(_ANSWERED, _model_and_prompts(labeller.source)))
    answers, tokens_in, tokens_out, money, unpriced = row
    if not answers:
        return paid
    share = usage.reused / answers
    return replace(
        paid,
        calls=usage.calls + usage.reused,
        tokens_in=usage.tokens_in + round(tokens_in * share),
        tokens_out=usage.tokens_out + round(tokens_out * share),
        usd=None if unpriced or usd is None else usd + money * share,
    )


def _model_and_prompts(source: str) -> tuple[str, str]:
    """The model, and a JSON list with the prompts, of `together/<model>/<prompt>+<prompt>...`."""
    model, _, recipe = source.partition("/")[2].rpartition("/")
    return model, json.dumps(recipe.split("+"))
