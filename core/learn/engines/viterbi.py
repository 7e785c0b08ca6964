"""The best row of tags and how sure each tag of it is, under the transitions of a CRF: numpy only.

Phrases of one length walk the lattice together; a walk is in log space for the best row, and for
the probabilities in shares of each word's total, in double precision.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 64  # rows: with 150 tags the steps of these are 12 MB
Scores = NDArray[np.float32]
Doubles = NDArray[np.float64]
BARRED = -1e4
"""What a barred step adds to a score: far below any score, and still a number to calculate with."""


@cache
def barred(tags: tuple[str, ...]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tags may not begin a row (T,), and which may not follow which (from T, to T): an I-x
    whose B-x exists follows nothing but B-x and I-x. Tags without openings (io) bar nothing."""
    opened = {tag[2:] for tag in tags if tag.startswith("B-")}
    begin = np.array([tag.startswith("I-") and tag[2:] in opened for tag in tags])
    same = np.array([[a != "O" and a[2:] == b[2:] for b in tags] for a in tags])
    return begin, begin[None, :] & ~same


@dataclass(frozen=True, slots=True)
class Transitions:
    """The learned scores of a CRF: of tags as first and as last of a row (T,), of steps (from, to).
    They are as learned; what is illegal is barred where they are used."""

    tags: tuple[str, ...]
    start: Scores
    end: Scores
    steps: Scores

    def save(self, path: Path) -> None:
        raw: dict[str, Any] = {"tags": list(self.tags)}
        for name in ("start", "end", "steps"):
            raw[name] = getattr(self, name).tolist()
        path.write_text(json.dumps(raw) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises ValueError, TypeError or KeyError where the file is not one that `save` wrote."""
        raw = json.loads(path.read_bytes())
        tags = tuple(raw["tags"])
        rows = [np.array(raw[name], dtype=np.float32) for name in ("start", "end", "steps")]
        if [row.shape for row in rows] != [(len(tags),), (len(tags),), (len(tags), len(tags))]:
            raise ValueError("the numbers do not fit the tags")
        return cls(tags, *rows)

    def legal(self) -> tuple[Doubles, Doubles, Doubles]:
        """Start, end and steps in double precision, what is illegal barred."""
        begin, follow = barred(self.tags)
        start = np.where(begin, BARRED, self.start.astype(np.float64))
        return start, self.end.astype(np.float64), np.where(follow, BARRED, self.steps)


def best_paths(
    rows: Sequence[Scores], transitions: Transitions
) -> list[tuple[list[int], list[float]]]:
    """For each row of scores (words, T) its best tags and the probability of each of them."""
    found: list[tuple[list[int], list[float]]] = [([], [])] * len(rows)
    start, end, steps = transitions.legal()
    for numbers in _alike(rows):
        scores = np.stack([rows[n] for n in numbers]).astype(np.float64)
        paths = _viterbi(scores, start, end, steps)
        shares = _marginals(scores, start, end, steps)
        sure = np.take_along_axis(shares, paths[..., None], axis=2)[..., 0]
        for n, path, row in zip(numbers, paths.tolist(), sure.tolist(), strict=True):
            found[n] = (path, row)
    return found


def best_legal(rows: Sequence[Scores], free: bool = False) -> list[tuple[list[int], list[float]]]:
    """The same without transitions: no I-x (tag 2 + 2k) but after B-x or I-x. The probability is
    that of a word's tag by itself. `free`: any tag may follow any (the scheme io)."""
    found: list[tuple[list[int], list[float]]] = [([], [])] * len(rows)
    for numbers in _alike(rows):
        scores = np.stack([rows[n] for n in numbers])
        paths = scores.argmax(axis=2)
        if not free and (wrong := _illegal(paths)).any():
            paths[wrong] = _legal_paths(scores[wrong])
        powers = np.exp(scores - scores.max(axis=2, keepdims=True))
        sure = np.take_along_axis(powers, paths[..., None], axis=2)[..., 0] / powers.sum(axis=2)
        for n, path, row in zip(numbers, paths.tolist(), sure.tolist(), strict=True):
            found[n] = (path, row)
    return found


def _alike(rows: Sequence[Scores]) -> Iterator[list[int]]:
    """The numbers of rows of one length, some at a time; empty rows are left out."""
    alike: dict[int, list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        alike[len(row)].append(n)
    alike.pop(0, None)
    for numbers in alike.values():
        yield from (numbers[at : at + _AT_ONCE] for at in range(0, len(numbers), _AT_ONCE))


def _illegal(paths: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows of tags hold an I that nothing opened."""
    inside = (paths > 0) & (paths % 2 == 0)
    before = np.pad(paths[:, :-1], ((0, 0), (1, 0)))
    wrong: NDArray[np.bool_] = (inside & (before != paths) & (before != paths - 1)).any(axis=1)
    return wrong


def _legal_paths(scores: Scores) -> NDArray[np.intp]:
    """The best legal path (rows, words) of scores (rows, words, T), T odd. A tag that opens and O
    follow the best tag whatever it is, so a step costs T and not T * T."""
    opens, goes_on = slice(1, None, 2), slice(2, None, 2)
    total = scores[:, 0].copy()
    total[:, goes_on] = -np.inf
    back = np.zeros(scores.shape, dtype=np.intp)
    every = np.arange(len(scores))
    for i in range(1, scores.shape[1]):
        best = total.argmax(axis=1)
        stays = total[:, goes_on] >= total[:, opens]
        inside = np.where(stays, total[:, goes_on], total[:, opens])
        back[:, i] = best[:, None]
        back[:, i, goes_on] = np.arange(1, scores.shape[2], 2) + stays
        total = scores[:, i] + total[every, best][:, None]
        total[:, goes_on] = scores[:, i, goes_on] + inside
    return _followed(total.argmax(axis=1), back)


def _viterbi(scores: Doubles, start: Doubles, end: Doubles, steps: Doubles) -> NDArray[np.intp]:
    """The best path (rows, words) of scores (rows, words, T)."""
    total = start + scores[:, 0]
    back = np.zeros(scores.shape, dtype=np.intp)
    for i in range(1, scores.shape[1]):
        reached = total[:, :, None] + steps
        back[:, i] = reached.argmax(axis=1)
        total = np.take_along_axis(reached, back[:, i][:, None], axis=1)[:, 0] + scores[:, i]
    return _followed((total + end).argmax(axis=1), back)


def _followed(last: NDArray[np.intp], back: NDArray[np.intp]) -> NDArray[np.intp]:
    """The paths (rows, words) that end in `last`, by what came before each tag."""
    path = np.empty(back.shape[:2], dtype=np.intp)
    path[:, -1] = last
    every = np.arange(len(path))
    for i in range(path.shape[1] - 1, 0, -1):
        path[:, i - 1] = back[every, i, path[:, i]]
    return path


def _marginals(scores: Doubles, start: Doubles, end: Doubles, steps: Doubles) -> Doubles:
    """The probability of each tag of each word over all rows of tags, (rows, words, T)."""
    moves = np.exp(steps)
    own = np.exp(scores - scores.max(axis=2, keepdims=True))
    ahead, behind = np.empty_like(scores), np.empty_like(scores)
    ahead[:, 0] = _shares(np.exp(start) * own[:, 0])
    behind[:, -1] = _shares(np.broadcast_to(np.exp(end), own[:, 0].shape))
    last = scores.shape[1] - 1
    for i in range(1, last + 1):
        ahead[:, i] = _shares((ahead[:, i - 1] @ moves) * own[:, i])
        j = last - i
        behind[:, j] = _shares((behind[:, j + 1] * own[:, j + 1]) @ moves.T)
    return _shares(ahead * behind)


def _shares(numbers: Doubles) -> Doubles:
    whole: Doubles = numbers / numbers.sum(axis=-1, keepdims=True)
    return whole
