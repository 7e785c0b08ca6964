"""The paper's dataset step: pre-labelled phrases -> those worth learning from, and the counts.

Three rules, each of which can be left out: phrases without a span, phrases with a single labelled
word, and phrases under so many characters.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.learn.scoring.figure import svg
from core.learn.tags import tags_of, words
from core.records import Annotation, Json

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHORTEST = 15
_BINS = 40
_LONGEST_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """Which phrases are left out. `shortest`: in characters; 0 keeps the shortest too."""

    empty: bool = True
    one_word: bool = True
    shortest: int = SHORTEST


@dataclass(slots=True)
class Tally:
    """Phrases, their words by the head of their tag (B, I, O), and their lengths in characters."""

    phrases: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)

    def add(self, heads: str, length: int) -> None:
        """Counts a phrase whose words have these heads, one character a word."""
        self.phrases += 1
        self.tags.update(heads)
        self.lengths[length] += 1

    def to_json(self) -> Json:
        return {"phrases": self.phrases, **{head: self.tags[head] for head in "BIO"}}


class Sieve:
    """Lets phrases through by the rules, and counts what came and what went."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.before = Tally()
        self.after = Tally()
        self.dropped: Counter[str] = Counter()

    def through(self, annotations: Iterable[Annotation]) -> Iterator[Annotation]:
        """The annotations that are kept, in order."""
        for annotation in annotations:
            heads, length = _heads(annotation), len(annotation.phrase.text)
            self.before.add(heads, length)
            if reason := self._reason(heads, length):
                self.dropped[reason] += 1
            else:
                self.after.add(heads, length)
                yield annotation

    def _reason(self, heads: str, length: int) -> str | None:
        if length < self.rules.shortest:
            return f"under {self.rules.shortest} characters"
        labelled = len(heads) - heads.count("O")
        if self.rules.empty and not labelled:
            return "no span"
        if self.rules.one_word and labelled == 1:
            return "one labelled word"
        return None

    def to_json(self) -> Json:
        """The counts as one object."""
        return {
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "dropped": dict(self.dropped),
        }

    def histogram(self) -> str:
        """How long the phrases are, before and after, as an SVG drawing (the paper's Fig. 1)."""
        return svg(self._draw, height=4)

    def _draw(self, axes: "Axes") -> None:
        longest = min(max(self.before.lengths, default=1), _LONGEST_SHOWN)
        edges = [longest * number / _BINS for number in range(_BINS + 1)]
        for tally, label, colour in (
            (self.before, "before", "#BFC5CC"),
            (self.after, "after", "#4C78A8"),
        ):
            lengths = [min(length, _LONGEST_SHOWN) for length in tally.lengths]
            counts = list(tally.lengths.values())
            said = f"{label}: {tally.phrases:,} phrases"
            axes.hist(lengths, bins=edges, weights=counts, label=said, color=colour)
        axes.set_xlabel(f"characters ({_LONGEST_SHOWN} and more in the last bar)")
        axes.set_ylabel("phrases")
        axes.legend(frameon=False)


def _heads(annotation: Annotation) -> str:
    """B, I or O for each word of a phrase."""
    labels = sorted({span.label for span in annotation.spans})
    tagged = tags_of(words(annotation.phrase.text), annotation.spans, labels)
    return "".join("O" if not tag else "B" if tag % 2 else "I" for tag in tagged.tags)
