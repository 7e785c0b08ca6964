"""What one system answered, counted: its errors by the paper's points, how much it says, its cost.

The paper's section 5.1: a wrong type or form is 1 point, an invented name 2; entities a letter; how
often each entity is given; and the answers that are missing, which is why it left out one system.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.extract.compare.source import Document, System
from core.extract.compare.verdict import POINTS, Verdict
from core.records import Json

_COSTS = ("usd", "seconds", "tokens_in", "tokens_out", "calls")
_TOP = 30  # names told of those that are invented


@dataclass(slots=True)
class Tally:
    """One system over the letters that all have answered; `missing` are letters it alone lacks.

    `partly`: letters with a question that got no usable answer, where the system says so.
    `entities` has a number a letter, of those that are not turned away. `wrong` counts by field,
    form and type together. `refused`: what the system itself kept out, where it says so. `costs`
    are sums over all letters, None where no letter says; `costed` says how many do.
    """

    name: str
    answered: int
    missing: list[str]
    turned_away: int = 0
    broken: int = 0
    unnamed: int = 0
    repeated: int = 0
    partly: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)
    frequency: Counter[str] = field(default_factory=Counter)
    entities: list[int] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    sources: tuple[str, ...] = ()
    costs: dict[str, float | None] = field(default_factory=dict)
    costed: int = 0
    quoted: int = 0
    grounded: int | None = None

    @property
    def points(self) -> int:
        return sum(POINTS[verdict] * number for verdict, number in self.verdicts.items())

    @property
    def mean(self) -> float:
        return float(np.mean(self.entities)) if self.entities else 0.0

    @property
    def deviation(self) -> float:
        """Of the sample, as spreadsheets reckon it; 0 with fewer than two letters."""
        return float(np.std(self.entities, ddof=1)) if len(self.entities) > 1 else 0.0

    @property
    def values(self) -> int:
        """Values under names that are fields."""
        return sum(self.frequency.values())

    def to_json(self) -> Json:
        """All but the names of letters that others have; their number is told."""
        return {
            "system": self.name,
            "sources": list(self.sources),
            "answered": self.answered,
            "missing": self.missing,
            "turned_away": self.turned_away,
            "broken": self.broken,
            "unnamed": self.unnamed,
            "repeated": self.repeated,
            "answered_in_part": self.partly,
            "points": self.points,
            "wrong_form": self.verdicts["form"],
            "wrong_type": self.verdicts["type"],
            "invented": self.verdicts["invented"],
            "invented_names": dict(self.invented.most_common(_TOP)),
            "wrong_by_field": dict(self.wrong.most_common()),
            "entities": {
                "mean": self.mean,
                "deviation": self.deviation,
                "median": float(np.median(self.entities)) if self.entities else 0.0,
                "by_letter": self.entities,
            },
            "frequency": dict(self.frequency.most_common()),
            "refused": dict(self.refused),
            "cost": self.costs,
            "letters_with_cost": self.costed,
            "values_with_quote": self.quoted,
            "values_grounded": self.grounded,
        }


def tally(
    system: System, letters: Sequence[str], everyone: Iterable[str], texts: dict[str, str] | None
) -> Tally:
    """Counts a system's answers to `letters`; with the letters' texts also true quotes."""
    missing = [letter for letter in everyone if letter not in system.documents]
    found = Tally(system.name, len(system.documents), missing, unnamed=system.unnamed)
    found.grounded = 0 if texts is not None else None
    sources: Counter[str] = Counter()
    for letter in letters:
        document = system.documents[letter]
        _count(found, document, None if texts is None else texts.get(letter))
        if isinstance(told := document.extra.get("system"), str):
            sources[told] += 1
    found.sources = tuple(sources)
    found.costs = {what: _sum(found, system, what, letters) for what in _COSTS}
    found.costed = sum(isinstance(system.documents[x].extra.get("cost"), dict) for x in letters)
    return found


def _count(found: Tally, document: Document, text: str | None) -> None:
    found.turned_away += document.turned_away
    found.broken += document.broken
    found.repeated += document.repeated
    found.partly += bool(document.extra.get("unanswered"))
    if not document.turned_away:
        found.entities.append(len(document.fields))
    for said in document.said:
        found.verdicts[said.verdict] += 1
        if said.field is None:
            found.invented[said.name] += 1
        elif said.verdict != "right":
            found.wrong[said.field.name] += 1
    for name, said in document.fields.items():
        found.frequency[name] += 1
        found.quoted += bool(said.quotes)
        if found.grounded is not None and text is not None:
            found.grounded += bool(said.quotes) and all(_true(q, text) for q in said.quotes)
    refused = document.extra.get("refused")
    for why, number in refused.items() if isinstance(refused, dict) else ():
        if isinstance(number, int) and not isinstance(number, bool):
            found.refused[str(why)] += number


def _true(quote: Json, text: str) -> bool:
    """Whether a quote stands where it says."""
    start, end, words = quote.get("start"), quote.get("end"), quote.get("text")
    if not (isinstance(start, int) and isinstance(end, int) and isinstance(words, str)):
        return False
    return 0 <= start < end <= len(text) and text[start:end] == words


def _sum(found: Tally, system: System, what: str, letters: Sequence[str]) -> float | None:
    told: list[Any] = [system.documents[x].extra.get("cost") for x in letters]
    numbers = [cost.get(what) for cost in told if isinstance(cost, dict)]
    known = [n for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
    return float(sum(known)) if known else None
