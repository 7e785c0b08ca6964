"""Which phrases people need not look at one by one: furniture, and what they answered elsewhere.

Two kinds of lines hold nothing to mark and are not shown, unless a labeller found something there:
- headings: a line that is a section's heading and no more;
- headers and footers: a line outside all sections whose words, in the same case or another, stand
  in at least half of the letters, and in three.
Equal phrases of equal sections with equal pre-labels are shown once: the others get the answer.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass

from core.read.sections.headings import find_heading
from core.records import Annotation, Phrase

FEWEST = 3  # letters that must share a line before it counts as a header or a footer


@dataclass(frozen=True, slots=True)
class Folding:
    """What to show, in order; by id of a shown phrase those that get its answer; what to leave."""

    shown: tuple[Annotation, ...]
    copies: Mapping[str, tuple[Phrase, ...]]
    hidden: tuple[Annotation, ...]


def folded(annotations: Iterable[Annotation], there: Collection[str] = ()) -> Folding:
    """Folds the phrases that are not `there` already; a later push folds among its own."""
    shown, hidden = furniture(annotations)
    first: dict[Hashable, Annotation] = {}
    copies: dict[str, list[Phrase]] = {}
    for annotation in shown:
        if annotation.key not in there:
            looked_at = first.setdefault(_face(annotation), annotation)
            if looked_at is not annotation:
                copies.setdefault(looked_at.key, []).append(annotation.phrase)
    return Folding(
        tuple(first.values()),
        {key: tuple(phrases) for key, phrases in copies.items()},
        tuple(annotation for annotation in hidden if annotation.key not in there),
    )


def furniture(
    annotations: Iterable[Annotation],
) -> tuple[list[Annotation], list[Annotation]]:
    """The annotations people should see, and those of headings, headers and footers."""
    annotations = list(annotations)
    running = _running(annotations)
    shown: list[Annotation] = []
    hidden: list[Annotation] = []
    for annotation in annotations:
        idle = not _said(annotation)
        bare = idle and (is_heading(annotation.phrase) or _words(annotation.phrase) in running)
        (hidden if bare else shown).append(annotation)
    return shown, hidden


def is_heading(phrase: Phrase) -> bool:
    """Whether a phrase is a heading alone, with nothing after it."""
    heading = find_heading(phrase.text)
    return heading is not None and heading.bare


def settled(annotations: Iterable[Annotation]) -> list[Annotation]:
    """The annotations but for answers carried over to a phrase that a person did look at."""
    annotations = list(annotations)
    looked_at = {one.key for one in annotations if one.origin == "human" and not _is_copy(one)}
    return [one for one in annotations if not (_is_copy(one) and one.key in looked_at)]


def _is_copy(annotation: Annotation) -> bool:
    return "carried" in annotation.extra


def _running(annotations: Iterable[Annotation]) -> set[str | None]:
    """The words of headers and footers."""
    letters: set[str] = set()
    told: set[str | None] = set()
    places: set[tuple[str | None, str]] = set()
    for annotation in annotations:
        words = _words(annotation.phrase)
        letters.add(annotation.phrase.letter)
        if _said(annotation):
            told.add(words)
        if words is not None:
            places.add((words, annotation.phrase.letter))
    enough = max(FEWEST, (len(letters) + 1) // 2)
    counts = Counter(words for words, _ in places)
    return {words for words, count in counts.items() if count >= enough} - told


def _words(phrase: Phrase) -> str | None:
    """The words of a line outside all sections; None for the others."""
    return None if phrase.section else " ".join(phrase.text.casefold().split())


def _said(annotation: Annotation) -> bool:
    """Whether a labeller has anything to say of a phrase."""
    return bool(annotation.spans or annotation.missing or annotation.comment)


def _face(annotation: Annotation) -> Hashable:
    """What two phrases must share for one answer: text, section, pre-labels without scores."""
    spans = frozenset(
        # A bool equals a number, so the value's type counts too.
        (s.start, s.end, s.label, s.field, s.state, type(s.value), s.value)
        for s in annotation.spans
    )
    phrase = annotation.phrase
    return phrase.text, phrase.section, spans, annotation.missing, annotation.comment
