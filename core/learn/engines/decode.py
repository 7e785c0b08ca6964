"""Scores of words -> spans, for every head: the one reading, in training as in tagging."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.learn.engines.viterbi import Scores, Transitions, best_legal, best_paths
from core.learn.tags import Scheme, Word, spans_of
from core.records import Span

THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Decoder:
    """How the scores of a network are read. `transitions` are those of a CRF; `thresholds` are the
    least probabilities of the head `multilabel`: none for 0.5, one for all labels, or one each."""

    labels: tuple[str, ...]
    head: str = "linear"
    scheme: Scheme = "bio"
    transitions: Transitions | None = None
    thresholds: tuple[float, ...] | None = None

    def spans(
        self,
        texts: Sequence[str],
        words: Sequence[Sequence[Word]],
        scores: Sequence[Scores],
    ) -> list[tuple[Span, ...]]:
        """The spans of each phrase, in order; scores are (words, T)."""
        if self.head == "multilabel":
            return [self._marked(*row) for row in zip(texts, words, scores, strict=True)]
        return [
            spans_of(text, places, tags, self.labels, sure, self.scheme)
            for text, places, (tags, sure) in zip(texts, words, self._tags(scores), strict=True)
        ]

    def _tags(self, scores: Sequence[Scores]) -> list[tuple[list[int], list[float]]]:
        """The tags of each phrase and the probability of each of them."""
        if self.transitions is not None:
            return best_paths(scores, self.transitions)
        return best_legal(scores, free=self.scheme == "io")

    def _marked(self, text: str, words: Sequence[Word], scores: Scores) -> tuple[Span, ...]:
        """Each label read by itself: what passes its threshold, the likelier of B and I."""
        width = 2 if self.scheme == "bio" else 1
        sure = 1 / (1 + np.exp(-scores.astype(np.float64)))
        both = sure.reshape(len(sure), len(self.labels), width)
        best = both.max(axis=2)
        tags = np.where(best >= self._least, 1 + both.argmax(axis=2), 0)
        found: list[Span] = []
        for k in np.flatnonzero(tags.any(axis=0)).tolist():
            own = tags[:, k].tolist()
            found += spans_of(text, words, own, [self.labels[k]], best[:, k].tolist(), self.scheme)
        return tuple(sorted(found, key=lambda span: (span.start, -span.end)))

    @property
    def _least(self) -> float | NDArray[np.float64]:
        """The threshold, one for all or one a label."""
        told = np.array(self.thresholds or (THRESHOLD,))
        return told if len(told) > 1 else float(told[0])
