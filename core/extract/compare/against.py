"""Systems against gold: precision, recall, F1 by field and type, drawn by letter; calibration.

A value counts as right where it can be read and is the same to a reader (alike.py); its form is
counted elsewhere. A value where gold has none is wrong; what gold leaves open is not scored. The
intervals come from drawing the letters again and again (Efron and Tibshirani 1993), the same
drawings for all systems, so that the differences between them have intervals too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.extract.compare.alike import KINDS, alike, kind_of
from core.extract.compare.source import System
from core.records import Json
from core.schema import Field, Schema

DRAWS = 1000
_BINS = 10
_RIGHT, _SAID, _GOLD = range(3)
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """Precision, recall and F1, the latter with the bounds that hold 95 of 100 drawings."""

    precision: float
    recall: float
    f1: float
    low: float
    high: float
    said: int
    gold: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Values with a score between two bounds: how many, their mean score, the share right."""

    low: float
    high: float
    number: int
    score: float
    right: float


@dataclass(slots=True)
class Scored:
    """One system against gold. `rates` by "all", kind, type and field; `error` is the expected
    calibration error over the bins, None where no value has a score.
    """

    name: str
    rates: dict[str, Rate]
    bins: list[Bin]
    error: float | None
    f1: Numbers = field(repr=False, default_factory=lambda: np.zeros(0))

    def to_json(self) -> Json:
        rates = {name: _plain(rate) for name, rate in self.rates.items()}
        bins = [_plain(one) for one in self.bins]
        return {"system": self.name, "rates": rates, "bins": bins, "calibration_error": self.error}


def against(
    systems: Sequence[System],
    gold: System,
    letters: Sequence[str],
    schema: Schema,
    seed: int = 0,
) -> list[Scored]:
    """Scores every system on the letters that all of them and gold have."""
    drawn = np.random.default_rng(seed).integers(len(letters), size=(DRAWS, len(letters)))
    fields = list(schema.fields.values())
    found = []
    for system in systems:
        scores: list[tuple[float, bool]] = []
        counts = np.array([_letter(system, gold, x, fields, scores) for x in letters], dtype=float)
        again = counts[drawn].sum(axis=1)
        rates, f1 = _rates(counts.sum(axis=0), again, fields)
        bins = _bins(scores)
        total = sum(one.number for one in bins)
        off = sum(one.number * abs(one.score - one.right) for one in bins)
        found.append(Scored(system.name, rates, bins, off / total if total else None, f1))
    return found


def difference(one: Scored, other: Scored) -> tuple[float, float, float]:
    """By how much the F1 of one is above another's, and the bounds of 95 of 100 drawings."""
    low, high = _bounds(one.f1 - other.f1)
    whole = [scored.rates["all"].f1 if scored.rates else 0.0 for scored in (one, other)]
    return whole[0] - whole[1], low, high


def _letter(
    system: System,
    gold: System,
    letter: str,
    fields: Sequence[Field],
    scores: list[tuple[float, bool]],
) -> list[list[int]]:
    """For each field: right, said, in gold; the scores of what was said and whether it is right."""
    document, true = system.documents[letter], gold.documents[letter]
    rows = []
    for known in fields:
        if known.name in true.open:
            rows.append([0, 0, 0])
            continue
        said, want = document.fields.get(known.name), true.fields.get(known.name)
        right = bool(said and want and alike(known, said.value, want.value))
        rows.append([right, said is not None, want is not None])
        if said is not None and said.score is not None:
            scores.append((said.score, right))
    return rows


def _rates(
    totals: Numbers, again: Numbers, fields: Sequence[Field]
) -> tuple[dict[str, Rate], Numbers]:
    groups: dict[str, list[int]] = {"all": list(range(len(fields)))}
    for kind in KINDS:
        groups[f"kind:{kind}"] = [n for n, f in enumerate(fields) if kind_of(f) == kind]
    for number, known in enumerate(fields):
        groups.setdefault(f"type:{known.type}", []).append(number)
    groups |= {known.name: [number] for number, known in enumerate(fields)}
    rates: dict[str, Rate] = {}
    whole: Numbers = np.zeros(len(again))
    for name, members in groups.items():
        one = totals[members].sum(axis=0)
        if not (one[_SAID] or one[_GOLD]):
            continue
        drawn = _f1(again[:, members].sum(axis=1))
        whole = drawn if name == "all" else whole
        rates[name] = _rate(one, drawn)
    return rates, whole


def _rate(one: Numbers, drawn: Numbers) -> Rate:
    right, said, gold = (float(number) for number in one)
    low, high = _bounds(drawn)
    return Rate(
        right / said if said else 0.0,
        right / gold if gold else 0.0,
        2 * right / (said + gold),
        low,
        high,
        int(said),
        int(gold),
    )


def _f1(counts: Numbers) -> Numbers:
    """No number for a drawing in which nobody says anything of the field."""
    both = counts[:, _SAID] + counts[:, _GOLD]
    share: Numbers = np.where(both > 0, 2 * counts[:, _RIGHT] / np.maximum(both, 1), np.nan)
    return share


def _bounds(drawn: Numbers) -> tuple[float, float]:
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, [0.025, 0.975]) if known.size else (0.0, 0.0)
    return float(low), float(high)


def _bins(scores: Iterable[tuple[float, bool]]) -> list[Bin]:
    lots: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for score, right in scores:
        lots[min(int(score * _BINS), _BINS - 1)].append((score, right))
    return [
        Bin(
            n / _BINS,
            (n + 1) / _BINS,
            len(lot),
            sum(score for score, _ in lot) / len(lot),
            sum(right for _, right in lot) / len(lot),
        )
        for n, lot in enumerate(lots)
        if lot
    ]


def _plain(record: Rate | Bin) -> Json:
    return {name: getattr(record, name) for name in record.__slots__}
