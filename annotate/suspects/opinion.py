"""A labeller as a source: what it says against the person."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import log

from annotate.suspects.marks import Edit, Mark, Marked, marks_of
from annotate.suspects.reasons import Reason, by_labeller
from core.records import Annotation


class Opinion:
    """A labeller, believed as far as it agrees with the people here, label by label."""

    def __init__(self, phrases: Sequence[Marked], answers: Iterable[Annotation]) -> None:
        self._phrases = phrases
        known = {(a.phrase.id, a.phrase.text): a for a in answers}
        self.source = next((a.source for a in known.values()), "")
        self._said: list[tuple[Mark, ...] | None] = []
        for marked in phrases:
            phrase = marked.annotation.phrase
            answer = known.get((phrase.id, phrase.text))
            self._said.append(marks_of(marked.places, answer.spans) if answer else None)
        self._weigh()

    def proposals(self, number: int) -> Iterator[Edit]:
        for mark in self._said[number] or ():
            near = [m for m in self._phrases[number].marks if m.touches(mark)]
            if not near:
                yield Edit(None, mark)
            elif mark not in near and len(near) == 1:
                yield Edit(near[0], mark)
                if near[0].label != mark.label:
                    yield Edit(near[0], Mark(near[0].first, near[0].after, mark.label))

    def favour(self, number: int, edit: Edit) -> float:
        said = self._said[number]
        if said is None:
            return 0.0
        if edit.kind == "boundary" and edit.before and edit.after:
            sure = _odds(self._exact.get(edit.after.label, 0.5))
            return sure * ((edit.after in said) - (edit.before in said))
        gain = self._stands(number, edit.after) if edit.after else 0.0
        return gain - (self._stands(number, edit.before) if edit.before else 0.0)

    def reason(self, number: int, edit: Edit) -> Reason | None:
        if self.favour(number, edit) <= 0:
            return None
        if edit.after and self._says(number, edit.after):
            share = self._exact if edit.kind == "boundary" else self._right
            return by_labeller(self.source, edit.after.label, share.get(edit.after.label, 0.5))
        if edit.after is None and edit.before:
            return by_labeller(self.source, None, self._found.get(edit.before.label, 0.0))
        return None

    def _says(self, number: int, mark: Mark) -> bool:
        said = self._said[number] or ()
        return any(m.label == mark.label and m.touches(mark) for m in said)

    def _stands(self, number: int, mark: Mark) -> float:
        """The log odds of a label there: from how often such a word of the labeller is right, or,
        where it says nothing, from how often it misses that label."""
        if self._says(number, mark):
            return _odds(self._right.get(mark.label, 0.5))
        return log(1 - self._found.get(mark.label, 0.0))

    def _weigh(self) -> None:
        """By label: how often it is right, with the right edges, and how much it finds."""
        said, right, exact, true, found = (Counter[str]() for _ in range(5))
        for phrase, marks in zip(self._phrases, self._said, strict=True):
            if marks is None:
                continue
            for mark in marks:
                near = [m for m in phrase.marks if m.label == mark.label and m.touches(mark)]
                said[mark.label] += 1
                right[mark.label] += bool(near)
                exact[mark.label] += mark in near
            for mark in phrase.marks:
                true[mark.label] += 1
                found[mark.label] += any(m.label == mark.label and m.touches(mark) for m in marks)
        self._right, self._exact = _shares(right, said), _shares(exact, right)
        self._found = _shares(found, true)


def _shares(hits: Counter[str], of: Counter[str]) -> dict[str, float]:
    """Shares by label, drawn towards the share of all labels where a label is rare."""
    whole = (hits.total() + 1) / (of.total() + 2)
    return {label: (hits[label] + 2 * whole) / (of[label] + 2) for label in of}


def _odds(share: float) -> float:
    return log(share / (1 - share))
