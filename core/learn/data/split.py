"""Which letters are learned from, which choose the model, which give its score: no letter twice."""

import sys
import warnings
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from core.errors import BadInput, UnknownName
from core.learn.data.stored import taken
from core.learn.options import METHODS, Method
from core.records import Annotation, Origin

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = get_args(Side)
KNOWN: tuple[Origin, ...] = ("human", "fictitious")


@dataclass(frozen=True, slots=True)
class Split:
    """Three lots of annotations, in the order they came."""

    train: Sequence[Annotation]
    validation: Sequence[Annotation]
    test: Sequence[Annotation]


@dataclass(frozen=True, slots=True)
class _Group:
    """What must not be torn apart: the numbers of its annotations, its letters, and what it holds
    that each side should have its share of (labels, and who said them)."""

    rows: "array[int]" = field(default_factory=lambda: array("q"))
    letters: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)


def hand_of(annotation: Annotation) -> str:
    """What must not be torn apart: a letter, and all letters of one patient where it is known; of
    fictitious letters all that one voice wrote, which differ in little but names and numbers."""
    if annotation.origin == "fictitious":
        return annotation.source
    patient = annotation.extra.get("patient")
    return annotation.phrase.letter if patient is None else f"patient {patient}"


def split(
    annotations: Sequence[Annotation],
    *,
    method: Method = "stratified",
    seed: int = 0,
    shares: tuple[float, float] = (0.1, 0.1),
    stays: Mapping[str, Side] | None = None,
) -> Split:
    """Sets aside a share of the letters for validation and one for test: at least one letter each,
    none for a share of 0.

    Only letters with known answers (corrected by people, or fictitious) are set aside, where there
    are any: a score against the rules' own output would be a score of agreement with the rules.
    `stays`: letters that keep their side, whatever the shares say then of the others.
    """
    groups = _groups(annotations, method)
    fixed = _fixed(groups, stays or {})
    known = _known(groups)
    needed = 2 if len(known) < len(groups) else 3
    if len(known) < needed:
        raise BadInput(
            f"too few letters to learn from and to be scored on: {len(known)}; "
            f"training needs at least {needed}: label or correct more letters"
        )
    free = [name for name in known if name not in fixed]
    taken = Counter(fixed.values())
    checked, scored = (max(share > 0, round(share * len(known))) for share in shares)
    kinds = [groups[name].kinds for name in free]
    rows = list(range(len(free)))
    scored = max(0, scored - taken["test"])
    if stays:
        # Few may be free: then some are left to choose the model by.
        scored = min(scored, max(1, len(free) // 2))
    test = _choose(rows, kinds, scored, method, seed)
    rows = [row for row in rows if row not in test]
    validation = _choose(rows, kinds, max(0, checked - taken["validation"]), method, seed + 1)
    held: dict[Side, list[str]] = {
        "test": [free[row] for row in test],
        "validation": [free[row] for row in validation],
    }
    return _lots(annotations, groups, fixed, held)


def folds(
    annotations: Sequence[Annotation],
    k: int,
    seed: int = 0,
    *,
    method: Method = "stratified",
    validation: float = 0.1,
) -> list[Split]:
    """k splits of which each letter is in the test lot of exactly one; `validation` is the share of
    the others that is set aside to choose the model, 0 for none."""
    groups = _groups(annotations, method)
    names = _known(groups)
    if not 2 <= k <= len(names) - (validation > 0):
        raise BadInput(f"{len(names)} letters cannot be parted into {k} lots; choose fewer folds")
    kinds = [groups[name].kinds for name in names]
    rest, lots = list(range(len(names))), []
    for left in range(k, 1, -1):
        chosen = _choose(rest, kinds, len(rest) // left, method, seed + left)
        lots.append(chosen)
        rest = [row for row in rest if row not in chosen]
    found = []
    for number, test in enumerate([*lots, set(rest)]):
        rows = [row for row in range(len(names)) if row not in test]
        count = max(1, round(validation * len(rows))) if validation else 0
        checked = _choose(rows, kinds, count, method, seed + number)
        held: dict[Side, list[str]] = {
            "test": [names[row] for row in test],
            "validation": [names[row] for row in checked],
        }
        found.append(_lots(annotations, groups, {}, held))
    return found


def _groups(annotations: Sequence[Annotation], method: Method) -> dict[str, _Group]:
    if method not in METHODS:
        raise UnknownName(f"no split named '{method}'; choose one of: {', '.join(METHODS)}")
    groups: dict[str, _Group] = {}
    for row, annotation in enumerate(annotations):
        group = groups.setdefault(hand_of(annotation), _Group())
        group.rows.append(row)
        group.letters.add(annotation.phrase.letter)
        group.kinds.update(sys.intern(span.label) for span in annotation.spans)
        group.kinds.add(_origin(annotation.origin))
    return dict(sorted(groups.items()))


def _origin(origin: Origin) -> str:
    return f"origin {origin}"


def _known(groups: Mapping[str, _Group]) -> list[str]:
    """The groups whose answers are known; all, where none is."""
    sure = set(map(_origin, KNOWN))
    known = [name for name, own in groups.items() if own.kinds & sure]
    return known or list(groups)


def _fixed(groups: Mapping[str, _Group], stays: Mapping[str, Side]) -> dict[str, Side]:
    """The side of each group with a letter that keeps its own; what was learned from stays so."""
    fixed: dict[str, Side] = {}
    for name, own in groups.items():
        sides = {stays[letter] for letter in own.letters if letter in stays}
        if sides:
            fixed[name] = next(side for side in SIDES if side in sides)
    return fixed


def _lots(
    annotations: Sequence[Annotation],
    groups: Mapping[str, _Group],
    fixed: Mapping[str, Side],
    held: Mapping[Side, Sequence[str]],
) -> Split:
    """The lots of groups with a side of their own or one chosen; all others are learned from."""
    side = {**fixed, **{name: side for side, names in held.items() for name in names}}
    rows = {name: array("q") for name in SIDES}
    for name, group in groups.items():
        rows[side.get(name, "train")] += group.rows
    return Split(*(taken(annotations, np.sort(rows[name])) for name in SIDES))


def _choose(
    rows: list[int], kinds: list[set[str]], count: int, method: Method, seed: int
) -> set[int]:
    """`count` of the rows; stratified: such that every kind is there in its share."""
    shuffled: list[int] = np.random.default_rng(seed).permutation(rows).tolist()
    counts = Counter(name for row in rows for name in kinds[row])
    names = sorted(name for name, count in counts.items() if count < len(rows))
    if method == "random" or not names or not 0 < count < len(rows):
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
    picked = {rows[i] for i in chosen[:count]}
    return picked | set([row for row in shuffled if row not in picked][: count - len(picked)])
