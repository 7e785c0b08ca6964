"""Corrected phrases -> the likely mistakes in them, the likeliest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import Self

from annotate.suspects.elsewhere import Elsewhere
from annotate.suspects.marks import Edit, Kind, Mark, Marked
from annotate.suspects.model import Model
from annotate.suspects.opinion import Opinion
from annotate.suspects.posterior import out_of_fold
from annotate.suspects.reasons import Reason, charge, joined
from annotate.suspects.sources import Source
from core.errors import BadInput
from core.records import Annotation, Json, Phrase, Span

AROUND = 2  # words on each side that make "the same words" more than a coincidence
# A logistic regression on planted errors in the twelve example voices and half of MACCROBAT:
# python -m tests.bench.suspects --fit. The score is its probability where 1 span in 20 is wrong.
MODEL, WORDS, WORDS_AROUND, LABELLER = 0.2, 0.8, 2.2, 0.5
START: dict[Kind, float] = {"boundary": -3.4, "type": -4.1, "missed": -3.6, "spurious": -5.2}


@dataclass(frozen=True, slots=True)
class Suspect:
    """A likely mistake. `span` is what the person marked, `better` what may be right; one of them
    is None where something is missed, or marked for nothing. Both quote the phrase."""

    phrase: Phrase
    person: str
    kind: Kind
    score: float
    span: Span | None
    better: Span | None
    reason: str
    motivo: str

    @property
    def key(self) -> str:
        return f"{self.phrase.id} {self.person} {self.start}"

    @property
    def start(self) -> int:
        return min(span.start for span in (self.span, self.better) if span)

    def to_json(self) -> Json:
        raw = {
            "id": self.phrase.id, "letter": self.phrase.letter, "section": self.phrase.section,
            "start": self.phrase.start, "end": self.phrase.end, "text": self.phrase.text,
            "person": self.person, "kind": self.kind, "score": self.score,
            "span": self.span and self.span.to_json(),
            "better": self.better and self.better.to_json(),
            "reason": self.reason, "motivo": self.motivo,
        }  # fmt: skip
        return {key: value for key, value in raw.items() if value is not None}

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        place = ("id", "letter", "start", "end", "text")
        return cls(
            Phrase(**{key: raw[key] for key in place}, section=raw.get("section")),
            raw["person"], raw["kind"], raw["score"],
            Span.from_json(raw["span"]) if "span" in raw else None,
            Span.from_json(raw["better"]) if "better" in raw else None,
            raw["reason"], raw["motivo"],
        )  # fmt: skip


def suspects(
    annotations: Iterable[Annotation],
    opinions: Sequence[Sequence[Annotation]] = (),
) -> list[Suspect]:
    """Every place where something speaks against the person, the likeliest mistake first.

    `opinions`: what labellers say of the same phrases, under the same label set. Skipped phrases
    and those carried over from an equal one are left out.
    """
    jury = Jury(looked_at(annotations), opinions)
    found = [one for number in range(len(jury.phrases)) for one in jury.suspects(number)]
    return sorted(found, key=lambda one: (-one.score, one.key))


def looked_at(annotations: Iterable[Annotation]) -> list[Annotation]:
    """What a person decided, each decision once."""
    return [a for a in annotations if not a.skipped and "carried" not in a.extra]


def letter_by_letter(annotations: Iterable[Annotation]) -> list[Phrase]:
    """Their phrases, each once, as a labeller wants to be asked them."""
    found = {annotation.phrase.id: annotation.phrase for annotation in annotations}
    return sorted(found.values(), key=lambda phrase: (phrase.letter, phrase.start))


class Jury:
    """The sources over a set of phrases, and what they say together."""

    def __init__(
        self,
        annotations: Sequence[Annotation],
        opinions: Sequence[Sequence[Annotation]] = (),
    ) -> None:
        self.phrases = [Marked.of(annotation) for annotation in annotations]
        said = [*annotations, *(answer for answers in opinions for answer in answers)]
        labels = sorted({span.label for one in said for span in one.spans})
        if not any(phrase.marks for phrase in self.phrases):
            raise BadInput("the phrases hold no span; there is nothing to look for mistakes in")
        shares = out_of_fold(self.phrases, labels)
        self.sources: list[tuple[Source, float]] = [
            (Model(self.phrases, labels, shares), MODEL),
            (Elsewhere(self.phrases, AROUND), WORDS_AROUND),
            (Elsewhere(self.phrases, 0), WORDS),
            *((Opinion(self.phrases, answers), LABELLER) for answers in opinions),
        ]

    def edits(self, number: int) -> Iterator[Edit]:
        """What any source proposes for a phrase, each edit once."""
        told = (edit for source, _ in self.sources for edit in source.proposals(number))
        yield from dict.fromkeys(edit for edit in told if edit.before != edit.after)

    def suspects(self, number: int) -> list[Suspect]:
        """The best edit of each place that an edit touches."""
        scored = [(self._score(number, edit), edit) for edit in self.edits(number)]
        kept: list[tuple[float, Edit]] = []
        for score, edit in sorted(scored, key=lambda pair: -pair[0]):
            if not any(edit.touches(other) for _, other in kept):
                kept.append((score, edit))
        return [self._suspect(number, score, edit) for score, edit in kept]

    def _score(self, number: int, edit: Edit) -> float:
        said = sum(weight * source.favour(number, edit) for source, weight in self.sources)
        return 1 / (1 + exp(-said - START[edit.kind]))

    def _suspect(self, number: int, score: float, edit: Edit) -> Suspect:
        marked = self.phrases[number]
        told = joined(charge(marked, edit), list(self._reasons(number, edit)))
        annotation = marked.annotation
        span, better = (
            None if mark is None else _span(marked, mark) for mark in (edit.before, edit.after)
        )
        return Suspect(
            annotation.phrase, annotation.source, edit.kind, round(score, 4), span, better,
            told.en, told.it,
        )  # fmt: skip

    def _reasons(self, number: int, edit: Edit) -> Iterator[Reason]:
        """What the sources have to say; of the same words elsewhere the closest likeness only."""
        alike = False
        for source, _ in self.sources:
            if isinstance(source, Elsewhere) and alike:
                continue
            if reason := source.reason(number, edit):
                alike |= isinstance(source, Elsewhere)
                yield reason


def _span(marked: Marked, mark: Mark) -> Span:
    start, end = marked.bounds(mark)
    return Span(start, end, mark.label, text=marked.annotation.phrase.text[start:end])
