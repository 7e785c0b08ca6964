"""States and values of spans, scored where the span itself is strictly right.

A span without a state is present. Values are those of coded fields: numbers, dates and texts are
read from the span's words by whoever needs them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.learn.scoring.intervals import Interval, strict_intervals
from core.learn.scoring.pairs import Pair
from core.records import Json, Span
from core.schema import Field, default_schema

Name = Callable[[Span], str | None]


@dataclass(frozen=True, slots=True)
class Told:
    """`right` of `asked` spans of gold, and of the `said` ones of the answer. `share`: F1 of a
    state, accuracy of all states, of all codes or of those of one field; with its interval."""

    asked: int
    said: int
    right: int
    share: Interval

    @property
    def precision(self) -> float:
        return self.right / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True)
class Meaning:
    """States, or codes: all of them, and each state or field."""

    all: Told
    parts: dict[str, Told]

    def to_json(self) -> Json:
        return {"all": asdict(self.all), "parts": {k: asdict(v) for k, v in self.parts.items()}}


def coded(label: str | None) -> Field | None:
    """The field of a label, where its values are codes."""
    field = None if label is None else default_schema().fields.get(label)
    return field if field is not None and field.type == "code" and field.codes else None


def judged(found: Iterable[Pair], seed: int = 0) -> dict[str, Meaning]:
    """ "states" and "values", each where gold has them and the answer speaks of them."""
    right = [(p.phrase.letter, p.true, p.said) for p in found if p.kind == "right"]
    rows = [(letter, true, said) for letter, true, said in right if true and said]
    told = {"states": _states(rows, seed), "values": _values(rows, seed)}
    return {name: meaning for name, meaning in told.items() if meaning is not None}


Row = tuple[str, Span, Span]


def _states(rows: Sequence[Row], seed: int) -> Meaning | None:
    """F1 by state."""
    known = [row for row in rows if row[1].state is not None]
    if not any(said.state for *_, said in known):
        return None
    counts: _Counts = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for letter, true, said in known:
        asked, answer = str(true.state), said.state or "present"
        for part in ("", asked):
            counts[letter][part][0] += 1
            counts[letter][part][2] += asked == answer
        for part in ("", answer):
            counts[letter][part][1] += 1
    return _meaning(counts, seed)


def _values(rows: Sequence[Row], seed: int) -> Meaning | None:
    """Accuracy by coded field."""
    known = [
        (letter, field, true, said)
        for letter, true, said in rows
        if true.value is not None and (field := coded(true.field or true.label))
    ]
    if not any(said.value is not None for *_, said in known):
        return None
    counts: _Counts = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for letter, field, true, said in known:
        for part in ("", field.name):
            for column, one in enumerate((True, said.value is not None, true.value == said.value)):
                counts[letter][part][column] += one
    return _meaning(counts, seed, said_counts=False)


_Counts = defaultdict[str, defaultdict[str, list[int]]]


def _meaning(counts: _Counts, seed: int, said_counts: bool = True) -> Meaning:
    """Asked, said, right by letter and part. Where what was said counts not, the share is that of
    the asked ones, for F1 with as many said as asked is accuracy."""
    parts = ["", *sorted({part for by_part in counts.values() for part in by_part if part})]
    table = np.array([[by[part] for part in parts] for by in counts.values()], dtype=np.int64)
    shares = table.copy()
    if not said_counts:
        shares[:, :, 1] = shares[:, :, 0]
    intervals = strict_intervals(shares, seed)
    told = [
        Told(int(asked), int(said), int(right), share)
        for (asked, said, right), share in zip(table.sum(axis=0), intervals, strict=True)
    ]
    return Meaning(told[0], dict(zip(parts[1:], told[1:], strict=True)))
