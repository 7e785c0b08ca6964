"""Scores of words -> spans, for every head: the one reading, in training as in tagging."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from core.learn.tags import Scheme, Word, best_tags, spans_of
from core.learn.viterbi import Scores, Transitions, best_paths
from core.records import Span, State

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
    states: tuple[str, ...] = ()

    def spans(
        self,
        texts: Sequence[str],
        words: Sequence[Sequence[Word]],
        scores: Sequence[Scores],
        state_scores: Sequence[Scores] | None = None,
    ) -> list[tuple[Span, ...]]:
        """The spans of each phrase, in order; scores are (words, T), those of states (words, S)."""
        if self.head == "multilabel":
            found = [self._marked(*row) for row in zip(texts, words, scores, strict=True)]
        else:
            found = [
                spans_of(text, places, tags, self.labels, sure, self.scheme)
                for text, places, (tags, sure) in zip(texts, words, self._tags(scores), strict=True)
            ]
        if state_scores is None or not self.states:
            return found
        return [
            tuple(self._stated(span, places, row) for span in spans)
            for spans, places, row in zip(found, words, state_scores, strict=True)
        ]

    def _tags(self, scores: Sequence[Scores]) -> list[tuple[list[int], list[float]]]:
        """The tags of each phrase and the probability of each of them."""
        if self.transitions is not None:
            return best_paths(scores, self.transitions)
        rows = [best_tags(row, scheme=self.scheme) if len(row) else [] for row in scores]
        return [(tags, _sureness(row, tags)) for tags, row in zip(rows, scores, strict=True)]

    def _marked(self, text: str, words: Sequence[Word], scores: Scores) -> tuple[Span, ...]:
        """Each label read by itself: what passes its threshold, the likelier of B and I."""
        width = 2 if self.scheme == "bio" else 1
        sure = 1 / (1 + np.exp(-scores.astype(np.float64)))
        found: list[Span] = []
        for k, label in enumerate(self.labels):
            own = sure[:, width * k : width * (k + 1)]
            best = own.max(axis=1)
            tags = np.where(best >= self._least(k), 1 + own.argmax(axis=1), 0)
            found += spans_of(text, words, tags.tolist(), [label], best.tolist(), self.scheme)
        return tuple(sorted(found, key=lambda span: (span.start, -span.end)))

    def _least(self, label: int) -> float:
        if not self.thresholds:
            return THRESHOLD
        return self.thresholds[label if len(self.thresholds) > 1 else 0]

    def _stated(self, span: Span, words: Sequence[Word], scores: Scores) -> Span:
        """The state that the words of the span say on average."""
        inside = [i for i, (a, b) in enumerate(words) if span.start <= a and b <= span.end]
        mean = _softmax(scores[inside]).mean(axis=0)
        return replace(span, state=cast(State, self.states[int(mean.argmax())]))


def _sureness(scores: Scores, tags: Sequence[int]) -> list[float]:
    """The probability of the chosen tag of each word."""
    return [float(p) for p in _softmax(scores)[np.arange(len(tags)), tags]]


def _softmax(scores: Scores) -> Scores:
    if not len(scores):
        return scores
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Scores = powers / powers.sum(axis=1, keepdims=True)
    return shares
