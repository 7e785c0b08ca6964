"""Does a letter that gives the score stand, as it is or nearly, among those learned from?

Measured on texts that nobody here wrote (1,508 cases of MultiCardioNER in Italian, 200 reports of
MACCROBAT), two different documents share at most 26 % of the shorter one's runs of five words, two
generated letters of one voice at most 50 %, and what is the same document twice at least 95 %.
Single phrases repeat all the time (headings, stock sentences): those are counted, not refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from core.errors import BadInput
from core.learn.data.split import Split
from core.learn.record import opaque
from core.learn.tags import words
from core.records import Annotation

NEAR = 0.6
_RUN = 5
_FEWEST_RUNS = 50
_SHORTEST = 100
_NAMED = 3
_AT_ONCE = 256


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
    held = [*lots.validation, *lots.test]
    sides = [{a.phrase.letter for a in lot} for lot in (lots.train, lots.validation, lots.test)]
    torn = (sides[0] & (sides[1] | sides[2])) | (sides[1] & sides[2])
    copies = (*_copies(lots.train, held, torn), *_copies(lots.validation, lots.test, torn))
    learned = {_plain(a.phrase.text) for a in lots.train}
    scored = {_plain(a.phrase.text) for a in held}
    return Leaks(tuple(sorted(map(opaque, torn))), copies, len(scored & learned), len(scored))


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


def _letters(annotations: Iterable[Annotation], without: set[str]) -> tuple[list[str], list[str]]:
    """Opaque ids and plain texts of the letters that the phrases are of."""
    texts: dict[str, dict[str, str]] = {}
    for annotation in annotations:
        phrase = annotation.phrase
        if phrase.letter not in without:
            texts.setdefault(phrase.letter, {})[phrase.id] = _plain(phrase.text)
    return [opaque(name) for name in texts], [" ".join(rows.values()) for rows in texts.values()]


def _copies(
    learned: Sequence[Annotation], held: Sequence[Annotation], torn: set[str]
) -> list[Copy]:
    """The held-out letters that stand among the learned ones, each with the one most like it."""
    names, texts = _letters(held, torn)
    others, known = _letters(learned, torn)
    if not names or not others:
        return []
    same = {text: name for name, text in zip(others, known, strict=True) if len(text) > _SHORTEST}
    found = {
        name: Copy(name, same[t], 1.0) for name, t in zip(names, texts, strict=True) if t in same
    }
    ours, theirs = _runs(texts), _runs(known)
    sizes, lengths = ours.sum(axis=1).A1, theirs.sum(axis=1).A1
    for at in range(0, len(names), _AT_ONCE):
        shared = (ours[at : at + _AT_ONCE] @ theirs.T).toarray()
        shorter = np.minimum(sizes[at : at + _AT_ONCE, None], lengths[None, :])
        alike = np.where(shorter >= _FEWEST_RUNS, shared / np.maximum(shorter, 1), 0)
        best = alike.argmax(axis=1)
        for row, column in enumerate(best.tolist()):
            share = round(float(alike[row, column]), 2)
            if share >= NEAR and names[at + row] not in found:
                found[names[at + row]] = Copy(names[at + row], others[column], min(share, 0.99))
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
