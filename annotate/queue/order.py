"""In which order phrases teach most, and a Label Studio project that hands them out so.

A phrase teaches much where the machine is unsure, where nothing alike was corrected or stands
before it in the queue, and where it speaks of fields that few corrected phrases speak of: the
product of the three, taken greedily, the best phrase first (the criteria are those of Shen et al.,
2004, "Multi-Criteria-based Active Learning for Named Entity Recognition").
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from statistics import fmean
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from annotate.screen.regions import certainty
from core.errors import UnknownName
from core.records import Annotation, Phrase

Order = Literal["teach", "uncertain", "random"]
ORDERS: tuple[Order, ...] = ("teach", "uncertain", "random")
Numbers = NDArray[np.float64]
AHEAD = 5000  # at ten seconds a phrase, two days of work
_DIMENSIONS = 2**18
_CHUNK = 500
_SAME = 1e-9
_SUREST = 0.05  # what a phrase still counts that the machine is wholly sure of: it may be wrong
_NOTHING = ""  # the field of a phrase in which nothing is marked


def as_order(name: str) -> Order:
    """The order of a name. Raises UnknownName."""
    for order in ORDERS:
        if order == name:
            return order
    raise UnknownName(f"no order named '{name}'; choose one of: {', '.join(ORDERS)}")


def ordered(
    annotations: Sequence[Annotation],
    corrected: Iterable[Annotation] = (),
    how: Order = "teach",
    seed: int = 0,
) -> list[Annotation]:
    """Phrases as the machine labelled them, in the order in which people should see them.

    `uncertain`: the least certain first, then those of which the machine never said. `random` is
    drawn by the phrase's id and the seed, so that a phrase more moves no other.
    """
    if how == "random":
        return sorted(annotations, key=lambda a: sha256(f"{seed} {a.key}".encode()).digest())
    if how == "uncertain":
        return sorted(annotations, key=_certainty)
    done = [annotation for annotation in corrected if not annotation.skipped]
    return [annotations[number] for number in _greedy(annotations, done)]


def ranked(order: Iterable[Annotation], tasks: Iterable[Sequence[Phrase]]) -> list[int]:
    """The numbers of tasks (given by their phrases) in the order of the queue.

    A letter comes where its phrases come on the average, early places counting most (the mean of
    one over the place): an hour goes into every phrase of it, not only into the best.
    """
    worth = {annotation.key: 1 / place for place, annotation in enumerate(order, 1)}
    shares = [fmean(worth[phrase.id] for phrase in phrases) for phrases in tasks]
    return sorted(range(len(shares)), key=lambda number: -shares[number])


def _greedy(annotations: Sequence[Annotation], done: Sequence[Annotation]) -> Iterator[int]:
    """The numbers of the annotations, each the one that teaches most after those before it.

    So far as people may come before the next training; the others stand as they do by then.
    """
    if not annotations:
        return
    unsure, rare = _unsureness(annotations), _Rarity(annotations, done)
    far = _Farness([a.phrase.text for a in annotations], [a.phrase.text for a in done])
    taken = np.zeros(len(annotations), dtype=bool)
    for _ in range(min(AHEAD, len(annotations))):
        best = int(np.argmax(unsure * rare.worth * far.apart))
        yield best
        taken[best], unsure[best] = True, -1.0
        far.take(best)
        rare.take(best)
    rest = np.argsort(-unsure * rare.worth * far.apart, kind="stable")
    yield from (int(number) for number in rest if not taken[number])


def _certainty(annotation: Annotation) -> float:
    sure = certainty(annotation)
    return 2.0 if sure is None else sure


def _unsureness(annotations: Iterable[Annotation]) -> Numbers:
    """1 where the machine is not sure at all; where it never said, as the mean of the others."""
    sure = np.array([np.nan if (c := certainty(a)) is None else c for a in annotations])
    known = sure[~np.isnan(sure)]
    mean = known.mean() if len(known) else 0.0
    unsure: Numbers = np.maximum(1 - np.where(np.isnan(sure), mean, sure), _SUREST)
    return unsure


class _Farness:
    """How unlike each text is to the nearest one that is corrected or taken.

    1 less the cosine of their words' weights (TF-IDF), and a little for a text that stands there.
    """

    def __init__(self, texts: Sequence[str], done: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

        # Hashed, since a vocabulary cannot be made of texts without a word.
        words: Any = HashingVectorizer(
            n_features=_DIMENSIONS, alternate_sign=False, norm=None, token_pattern=r"\w+|[^\w\s]"
        )
        weigh: Any = TfidfTransformer(sublinear_tf=True)
        self._rows = weigh.fit_transform(words.transform(texts)).tocsr()
        self._columns = self._rows.tocsc()
        counts = np.diff(self._columns.indptr)
        # A column that is nearly full is added ten times as fast when it is whole.
        self._full: dict[int, Numbers] = {
            int(term): self._columns[:, [term]].toarray().ravel()
            for term in np.flatnonzero(counts > len(texts) / 5)
        }
        self.apart: Numbers = np.ones(len(texts))
        others = sorted(set(done))
        for start in range(0, len(others), _CHUNK):
            rows = weigh.transform(words.transform(others[start : start + _CHUNK]))
            self._close_in((self._rows @ rows.T).max(axis=1).toarray().ravel())

    def take(self, number: int) -> None:
        """Counts a text among those taken."""
        alike: Numbers = np.zeros(len(self.apart))
        rows, columns = self._rows, self._columns
        for at in range(rows.indptr[number], rows.indptr[number + 1]):
            term, weight = int(rows.indices[at]), rows.data[at]
            if term in self._full:
                alike += weight * self._full[term]
                continue
            where = slice(columns.indptr[term], columns.indptr[term + 1])
            alike[columns.indices[where]] += weight * columns.data[where]
        self._close_in(alike)

    def _close_in(self, alike: Numbers) -> None:
        np.minimum(self.apart, np.maximum(1 - alike, _SAME), out=self.apart)


class _Rarity:
    """How little corrected, or taken before, the fields are that a phrase speaks of.

    A field that was met n times counts 1 / sqrt(1 + n); a phrase counts as all of its fields do.
    """

    def __init__(self, annotations: Sequence[Annotation], done: Iterable[Annotation]) -> None:
        self._fields = [_fields(annotation) for annotation in annotations]
        self._met = Counter(field for annotation in done for field in _fields(annotation))
        holders: dict[str, list[int]] = {}
        for number, fields in enumerate(self._fields):
            for field in fields:
                holders.setdefault(field, []).append(number)
        self._holders = {field: np.array(numbers) for field, numbers in holders.items()}
        self.worth: Numbers = np.array(
            [sum(map(self._weight, fields)) for fields in self._fields], dtype=np.float64
        )

    def take(self, number: int) -> None:
        """Counts the fields of a phrase as met once more."""
        for field in self._fields[number]:
            before = self._weight(field)
            self._met[field] += 1
            self.worth[self._holders[field]] += self._weight(field) - before

    def _weight(self, field: str) -> float:
        return float((1 + self._met[field]) ** -0.5)


def _fields(annotation: Annotation) -> frozenset[str]:
    """What a phrase speaks of; nothing is a field too, since the machine may miss something."""
    return frozenset(span.field or span.label for span in annotation.spans) or frozenset({_NOTHING})
