"""What is to be learned of a phrase: which labels, as which tags of its words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.learn.tags import Scheme, Tagged, Word, head_tags, marks_of, tags_of, words
from core.records import Annotation

Gold = NDArray[np.int64] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a network is to say of a phrase: the labels it may name, under which head and
    scheme."""

    labels: tuple[str, ...]
    head: str = "linear"
    scheme: Scheme = "bio"

    @property
    def tags(self) -> list[str]:
        """The names of the tags, in the order of their scores."""
        return head_tags(self.head, self.labels, self.scheme)

    @property
    def nested(self) -> bool:
        """Whether spans of several labels may share words."""
        return self.head == "multilabel"

    def gold(self, places: Sequence[Word], annotation: Annotation) -> tuple[Gold, Tagged]:
        """The tag id of each word, or a yes or no for each tag (words, T); and the counts of spans
        that are not said as they are. Spans of other labels are left out."""
        spans = [span for span in annotation.spans if span.label in self.labels]
        if self.nested:
            return marks_of(places, spans, self.labels, self.scheme)
        tagged = tags_of(places, spans, self.labels, self.scheme)
        return np.array(tagged.tags, dtype=np.int64), tagged

    def there(self, annotation: Annotation) -> frozenset[int]:
        """The tags that a phrase holds."""
        gold, _ = self.gold(words(annotation.phrase.text), annotation)
        tags = gold.nonzero()[1] if self.nested else gold
        return frozenset(tags.tolist())

    def counts(self, seen: Iterable[tuple[Sequence[Word], Annotation]]) -> dict[str, int]:
        """How many spans of phrases, with the words that are seen of each, are learned as they are;
        how many stand under a longer one, cut a word, are joined to the one before (io), or have a
        label that is not learned."""
        counts = Counter({"learned": 0, "overlapped": 0, "cut": 0, "merged": 0, "unknown": 0})
        for places, annotation in seen:
            _, said = self.gold(places, annotation)
            unknown = sum(span.label not in self.labels for span in annotation.spans)
            lost = {"overlapped": said.overlapped, "cut": said.cut, "merged": said.merged}
            counts.update(lost | {"unknown": unknown})
            counts["learned"] += len(annotation.spans) - unknown - sum(lost.values())
        return dict(counts)
