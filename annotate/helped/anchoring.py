"""Whether pre-labels pull people towards them: how far a person agrees with the labeller where its
labels stood on the screen, and where they did not (the phrases pushed bare, drawn at random)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotate.helped.edits import NOBODY, shown_to, source_of
from annotate.helped.estimate import Estimate, estimate
from core.records import Annotation, Span

Counts = NDArray[np.int64]
_BARE, _HELPED = 0, 1


@dataclass(frozen=True, slots=True)
class Pull:
    """F1 between people and labeller (same start, end, label). `pull` is helped less bare."""

    source: str
    helped: Estimate | None
    bare: Estimate | None
    pull: Estimate | None
    phrases_helped: int
    phrases_bare: int


def pulls(
    annotations: Iterable[Annotation], labelled: Iterable[Annotation], seed: int = 0
) -> list[Pull]:
    """One row a labeller whose answers to bare phrases are in `labelled`, by source."""
    said = {(a.phrase.id, a.source): a.spans for a in labelled}
    lines = [a for a in annotations if not a.skipped]
    sources = dict.fromkeys(source for _, source in said)
    return [_pull(lines, said, source, seed) for source in sources]


def _pull(
    lines: Sequence[Annotation],
    said: Mapping[tuple[str, str], tuple[Span, ...]],
    source: str,
    seed: int,
) -> Pull:
    letters: dict[str, Counts] = {}
    phrases = [0, 0]
    for annotation in lines:
        seen = source_of(annotation)
        if seen == source:
            side, machine = _HELPED, shown_to(annotation)
        elif seen == NOBODY and (annotation.phrase.id, source) in said:
            side, machine = _BARE, said[annotation.phrase.id, source]
        else:
            continue
        phrases[side] += 1
        row = letters.setdefault(annotation.phrase.letter, np.zeros((2, 3), dtype=np.int64))
        row[side] += _counts(annotation.spans, machine)
    return Pull(
        source,
        estimate(letters, lambda rows: _f1(rows, _HELPED), seed),
        estimate(letters, lambda rows: _f1(rows, _BARE), seed),
        estimate(letters, _difference, seed),
        phrases[_HELPED],
        phrases[_BARE],
    )


def _counts(person: Iterable[Span], machine: Iterable[Span]) -> Counts:
    one, other = (
        {(span.start, span.end, span.label) for span in spans} for spans in (person, machine)
    )
    return np.array([len(one & other), len(one), len(other)], dtype=np.int64)


def _f1(rows: Sequence[Counts], side: int) -> float | None:
    same, person, machine = np.sum(rows, axis=0)[side].tolist()
    return 2 * same / (person + machine) if person + machine else None


def _difference(rows: Sequence[Counts]) -> float | None:
    helped, bare = _f1(rows, _HELPED), _f1(rows, _BARE)
    return None if helped is None or bare is None else helped - bare
