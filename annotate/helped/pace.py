"""How long people take for a phrase, with pre-labels and without."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median

from annotate.helped.edits import NOBODY, source_of
from annotate.helped.estimate import Estimate, estimate
from core.records import Annotation

LONG = 300.0  # seconds; nobody reads one phrase that long
SPREADS = 4.0  # how many spreads above the person's own median a time is no working time
_TO_SIGMA = 1.4826  # the spread of a normal distribution per median absolute deviation

RULE = (
    f"a time above {LONG / 60:.0f} minutes, or more than {SPREADS:.0f} spreads above the same "
    "person's median (on a logarithmic scale, the spread from the median absolute deviation), is a "
    "pause and is left out"
)

Times = tuple[list[float], list[float]]
"""The seconds of one letter's phrases: with pre-labels, and without."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Medians in seconds a phrase; `saved` is without less with pre-labels. None of nothing."""

    helped: Estimate | None
    bare: Estimate | None
    saved: Estimate | None
    times: Times
    pauses: int


def pace(annotations: Iterable[Annotation], seed: int = 0) -> Pace:
    """What the times on the lines say; skipped phrases and lines without a time are left out."""
    timed = [a for a in annotations if a.seconds is not None and not a.skipped]
    timed = [a for a in timed if source_of(a) is not None and (a.seconds or 0) > 0]
    working = without_pauses(timed)
    letters: dict[str, Times] = {}
    for annotation in working:
        times = letters.setdefault(annotation.phrase.letter, ([], []))
        times[source_of(annotation) == NOBODY].append(annotation.seconds or 0.0)
    return Pace(
        estimate(letters, lambda rows: _median(rows, 0), seed),
        estimate(letters, lambda rows: _median(rows, 1), seed),
        estimate(letters, _saved, seed),
        tuple([t for row in letters.values() for t in row[side]] for side in (0, 1)),  # type: ignore[arg-type]
        len(timed) - len(working),
    )


def without_pauses(timed: Sequence[Annotation]) -> list[Annotation]:
    """The annotations whose time is working time, see RULE."""
    people: dict[str, list[float]] = {}
    for annotation in timed:
        people.setdefault(annotation.source, []).append(annotation.seconds or 0.0)
    limits = {person: _limit(times) for person, times in people.items()}
    return [a for a in timed if (a.seconds or 0.0) <= limits[a.source]]


def _limit(times: Sequence[float]) -> float:
    logs = [log(time) for time in times]
    middle = median(logs)
    spread = _TO_SIGMA * median(abs(one - middle) for one in logs)
    # Of a few equal times the spread is nothing; then only LONG counts.
    return min(LONG, exp(middle + SPREADS * spread)) if spread else LONG


def _median(rows: Sequence[Times], side: int) -> float | None:
    times = [time for row in rows for time in row[side]]
    return median(times) if times else None


def _saved(rows: Sequence[Times]) -> float | None:
    helped, bare = _median(rows, 0), _median(rows, 1)
    return None if helped is None or bare is None else bare - helped
