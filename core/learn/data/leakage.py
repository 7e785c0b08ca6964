"""Does a letter that gives the score stand, as it is or nearly, among those learned from?

Measured on texts that nobody here wrote (1,508 cases of MultiCardioNER in Italian, 200 reports of
MACCROBAT), two different documents share at most 26 % of the shorter one's runs of five words, two
generated letters of one voice at most 50 %, and what is the same document twice at least 95 %.
Single phrases repeat all the time (headings, stock sentences): those are counted, not refused.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from core.errors import BadInput
from core.learn.data.split import SIDES, Side, Split
from core.learn.data.stored import taken
from core.learn.record import opaque
from core.learn.tags import words
from core.records import Annotation

NEAR = 0.6
_RUN = 5
_FEWEST_RUNS = 50
_SHORTEST = 100
_NAMED = 3
_AT_ONCE = 256

Text = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Copy:
    """Two letters on two sides of a split, by opaque id; `alike` is the share of the shorter one's
    runs of five words that stand in the other, 1 for the same text."""

    held: str
    learned: str
    alike: float


@dataclass(frozen=True, slots=True)
class Leaks:
    """Letters that stand on two sides, copies across sides, and how many of the distinct phrases
    scored on are learned from word for word."""

    torn: tuple[str, ...]
    copies: tuple[Copy, ...]
    phrases: int
    of: int

    def to_json(self) -> dict[str, int]:
        exact = sum(copy.alike == 1 for copy in self.copies)
        return {
            "letters on two sides": len(self.torn),
            "letters copied": exact,
            "letters nearly copied": len(self.copies) - exact,
            "phrases repeated": self.phrases,
            "phrases": self.of,
        }


def leaks(lots: Split) -> Leaks:
    """What a score on the validation and test letters would owe to having learned them by heart."""
    rows: dict[Side, dict[str, array[int]]] = {side: {} for side in SIDES}
    scored: set[str] = set()
    repeated: set[str] = set()
    for side in reversed(SIDES):  # those learned from come last
        for row, annotation in enumerate(getattr(lots, side)):
            rows[side].setdefault(annotation.phrase.letter, array("q")).append(row)
            text = _plain(annotation.phrase.text)
            if side != "train":
                scored.add(text)
            elif text in scored:
                repeated.add(text)
    train, validation, test = (rows[side].keys() for side in ("train", "validation", "test"))
    torn = (train & (validation | test)) | (validation & test)
    learned, checked, held = (
        _letters(getattr(lots, side), rows[side], torn) for side in ("train", "validation", "test")
    )
    chosen, known = [*checked], [*held]
    copies = (*_copies(learned, [*chosen, *known]), *_copies(chosen, known))
    return Leaks(tuple(sorted(map(opaque, torn))), copies, len(repeated), len(scored))


def refuse(found: Leaks) -> None:
    """Raises BadInput where a letter is learned from and scored on."""
    if found.torn:
        raise BadInput(
            f"{len(found.torn)} letters stand on two sides of the split ({_first(found.torn)}): "
            "what is scored would be learned from; split by letter, or go on with --allow-leaks"
        )
    if found.copies:
        named = _first([f"{copy.held} and {copy.learned}" for copy in found.copies])
        raise BadInput(
            f"{len(found.copies)} pairs of letters are copies of each other across the split "
            f"({named}): the score would be of what was learned by heart; leave one of each out, "
            "or go on with --allow-leaks"
        )


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _plain(text: str) -> str:
    """A text by its words alone."""
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    folded = text.casefold()
    return [folded[a:b] for a, b in words(folded)]


def _letters(
    annotations: Sequence[Annotation], rows: Mapping[str, "array[int]"], without: set[str]
) -> Iterator[Text]:
    """Opaque id and plain text of the letters that the phrases are of, one letter at a time."""
    for name, own in rows.items():
        if name not in without:
            phrases = (annotation.phrase for annotation in taken(annotations, own))
            texts = {phrase.id: _plain(phrase.text) for phrase in phrases}
            yield opaque(name), " ".join(texts.values())


def _copies(learned: Iterable[Text], held: Sequence[Text]) -> list[Copy]:
    """The held-out letters that stand among the learned ones, each with the one most like it. Of
    the learned ones, which may be many, some are looked at at a time."""
    if not held:
        return []
    long = {text for _, text in held if len(text) > _SHORTEST}
    same: dict[str, str] = {}
    ours = _runs([text for _, text in held])
    sizes, across = ours.sum(axis=1).A1, ours.T.tocsr()
    most, nearest = np.zeros(len(held)), np.zeros(len(held), np.int64)
    others: list[str] = []
    rest = iter(learned)
    while some := list(islice(rest, _AT_ONCE)):
        same |= {text: name for name, text in some if text in long}
        theirs = _runs([text for _, text in some])
        shorter = np.minimum(theirs.sum(axis=1).A1[:, None], sizes[None, :])
        shared = (theirs @ across).toarray()
        alike = np.where(shorter >= _FEWEST_RUNS, shared / np.maximum(shorter, 1), 0)
        more = alike.max(axis=0) > most
        most[more] = alike.max(axis=0)[more]
        nearest[more] = len(others) + alike.argmax(axis=0)[more]
        others += [name for name, _ in some]
    found = {name: Copy(name, same[text], 1.0) for name, text in held if text in same}
    for (name, _), other, share in zip(held, nearest.tolist(), most.tolist(), strict=True):
        if (share := round(share, 2)) >= NEAR and name not in found:
            found[name] = Copy(name, others[other], min(share, 0.99))
    return list(found.values())


def _runs(texts: Sequence[str]) -> Any:
    """Which runs of five words a text holds: sparse, one row a text, ones."""
    vectorizer = HashingVectorizer(
        analyzer=_runs_of, binary=True, norm=None, alternate_sign=False, n_features=2**24
    )
    return vectorizer.transform(texts)


def _runs_of(text: str) -> list[str]:
    row = text.split(" ")
    return [" ".join(row[n : n + _RUN]) for n in range(len(row) - _RUN + 1)]
