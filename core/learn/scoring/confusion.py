"""What was taken for what: word by word as the papers count, or span by span.

Leaving labels out of a score, or seeing two as one, is arithmetic on this table: the ablations of
Belkadi et al. (2023), Table IV, need no second run of the model.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.learn.scoring.averages import Averages, averages
from core.learn.tags import tag_names, tags_of, words
from core.records import Annotation, Json

OUTSIDE = "O"
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Confusion:
    """`counts[i, j]`: how often gold's `names[i]` was answered with `names[j]`."""

    names: tuple[str, ...]
    counts: Counts

    def averages(self, without: Collection[str] = ()) -> Averages:
        """The scores over all names but those `without`: what gold or the model calls by one of
        those still counts as a miss or a false alarm of the others (scikit-learn's `labels`)."""
        kept = [n for n, name in enumerate(self.names) if name not in without]
        right, gold, said = self.counts.diagonal(), self.counts.sum(axis=1), self.counts.sum(axis=0)
        return averages([self.names[n] for n in kept], gold[kept], said[kept], right[kept])

    def merged(self, names: Mapping[str, str]) -> "Confusion":
        """The table with each name seen as the one that it is mapped to; others stay."""
        called = [names.get(name, name) for name in self.names]
        fewer = tuple(dict.fromkeys(called))
        place = [fewer.index(name) for name in called]
        counts = np.zeros((len(fewer), len(fewer)), dtype=np.int64)
        np.add.at(counts, np.ix_(place, place), self.counts)
        return Confusion(fewer, counts)

    def to_json(self) -> Json:
        return {"names": list(self.names), "counts": self.counts.tolist()}


def word_confusion(
    gold: Sequence[Annotation],
    answers: Iterable[Annotation],
    labels: Sequence[str],
    *,
    bio: bool = False,
) -> Confusion:
    """Word by word, "O" among the names; `bio=True` tells the first word of a span from the rest.
    Of overlapping spans the longest counts."""
    said = {answer.phrase.id: answer.spans for answer in answers}
    pairs = []
    for annotation in gold:
        seen = words(annotation.phrase.text)
        sides = (annotation.spans, said.get(annotation.phrase.id, ()))
        pairs.append([tags_of(seen, spans, labels).tags for spans in sides])
    names = tuple(tag_names(labels))
    true, guess = (
        np.array([tag for pair in pairs for tag in pair[side]], dtype=np.intp) for side in (0, 1)
    )
    width = len(names)
    counts = np.bincount(true * width + guess, minlength=width**2).reshape(width, width)
    full = Confusion(names, counts)
    return full if bio else full.merged({name: name[2:] for name in names[1:]})
