"""Which letters are learned from, which choose the model, which give its score: no letter twice."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import BadInput, UnknownName
from core.records import Annotation, Origin

Method = Literal["stratified", "random"]
METHODS: tuple[Method, ...] = ("stratified", "random")
Key = Callable[[Annotation], str]
KNOWN: tuple[Origin, ...] = ("human", "fictitious")


@dataclass(frozen=True, slots=True)
class Split:
    """Three lots of annotations, in the order they came."""

    train: tuple[Annotation, ...]
    validation: tuple[Annotation, ...]
    test: tuple[Annotation, ...]


def hand_of(annotation: Annotation) -> str:
    """What must not be torn apart: a letter; of fictitious letters all that one voice wrote, which
    differ in little but their names and numbers."""
    made_up = annotation.origin == "fictitious"
    return annotation.source if made_up else annotation.phrase.letter


def split(
    annotations: Sequence[Annotation],
    *,
    method: Method = "stratified",
    seed: int = 0,
    shares: tuple[float, float] = (0.1, 0.1),
    together: Key = hand_of,
) -> Split:
    """Sets aside a share of the letters for validation and one for test (at least one letter each).

    `together` names what must not be torn apart: the letter, or a wider key (patient, ward). Only
    letters with known answers (corrected by people, or fictitious) are set aside, where there are
    any: a score against the rules' own output would be a score of agreement with the rules.
    """
    if method not in METHODS:
        raise UnknownName(f"no split named '{method}'; choose one of: {', '.join(METHODS)}")
    groups: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        groups.setdefault(together(annotation), []).append(annotation)
    names = sorted(groups)
    known = [n for n in names if any(a.origin in KNOWN for a in groups[n])] or names
    needed = 2 if len(known) < len(names) else 3
    if len(known) < needed:
        raise BadInput(
            f"{len(known)} letters are too few to learn from and to be scored on; "
            f"training needs at least {needed}: label or correct more letters"
        )
    counts = [max(1, round(share * len(known))) for share in shares]
    kinds = [_kinds(groups[name]) for name in known]
    rows = list(range(len(known)))
    test = _choose(rows, kinds, counts[1], method, seed)
    rows = [row for row in rows if row not in test]
    validation = _choose(rows, kinds, counts[0], method, seed + 1)
    side = {known[row]: "test" for row in test} | {known[row]: "validation" for row in validation}
    lots: dict[str, list[Annotation]] = {"train": [], "validation": [], "test": []}
    for annotation in annotations:
        lots[side.get(together(annotation), "train")].append(annotation)
    return Split(*(tuple(lots[name]) for name in ("train", "validation", "test")))


def _kinds(annotations: list[Annotation]) -> set[str]:
    """What a letter holds that each side should have its share of: labels, and who said them."""
    return {span.label for a in annotations for span in a.spans} | {
        f"origin {a.origin}" for a in annotations
    }


def _choose(
    rows: list[int], kinds: list[set[str]], count: int, method: Method, seed: int
) -> set[int]:
    """`count` of the rows; stratified: such that every kind is there in its share."""
    shuffled: list[int] = np.random.default_rng(seed).permutation(rows).tolist()
    names = sorted({n for row in rows for n in kinds[row] if any(n not in kinds[r] for r in rows)})
    if method == "random" or not names:
        return set(shuffled[:count])
    from iterstrat.ml_stratifiers import (
        MultilabelStratifiedShuffleSplit,
    )

    there = np.array([[int(name in kinds[row]) for name in names] for row in rows])
    # The library takes no single column, so absence goes in beside presence.
    present = np.hstack([there, 1 - there])
    splitter = MultilabelStratifiedShuffleSplit(1, test_size=count, random_state=seed)
    with warnings.catch_warnings():
        # The library still reads attributes that newer scikit-learn calls old.
        warnings.simplefilter("ignore")
        _, chosen = next(splitter.split(np.zeros(len(rows)), present))
    # It aims at a share label by label and may miss the count; the rest is made up at random.
    picked = [rows[i] for i in chosen][:count]
    return set(picked + [row for row in shuffled if row not in picked][: count - len(picked)])
