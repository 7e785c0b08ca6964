"""Two models on the same phrases: by how much they differ, whether chance would, and where."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import BadInput
from core.learn.record import Record
from core.learn.scoring.gold import strict
from core.learn.scoring.intervals import Interval, Paired, compared
from core.learn.scoring.mistakes import Line, Place, cut
from core.records import Annotation, Phrase

_DIFFERENT = 100  # phrases on which two models differ; nobody reads more


class Answers(Protocol):
    """Anything that labels phrases: a tagger, the rules, a language model."""

    @property
    def source(self) -> str: ...

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]: ...


@dataclass(frozen=True, slots=True)
class Rival:
    """Another model on the same phrases. `paired`: the evaluated model's strict F1 less its own;
    `won`: spans right in the evaluated one alone, `lost`: in this one. `places`: the phrases that
    decide, first those with most such spans; `differing` are there in all.
    """

    source: str
    strict: Interval
    paired: Paired
    won: int
    lost: int
    differing: int
    places: tuple[Place, ...]


def check_view(record: Record | None, against: Answers | None) -> None:
    """Raises BadInput where the labels of two models do not mean the same."""
    other: Record | None = getattr(against, "record", None)
    if record is not None and other is not None and record.view != other.view:
        raise BadInput(
            f"the two models speak different label sets ({record.view} and {other.view}); "
            "train one of them on the other's"
        )


def rival_of(
    gold: Sequence[Annotation],
    said: Sequence[Annotation],
    against: Answers,
    nested: bool,
    seed: int,
) -> Rival:
    """Asks the other model; `said` are the answers of the one that is evaluated."""
    other = list(against.label(annotation.phrase for annotation in gold))
    won = lost = 0
    apart: list[tuple[int, int, Place]] = []
    rows = zip(gold, said, other, strict=True)
    for n, (annotation, one, two) in enumerate(rows):
        true, ours, theirs = (
            {(s.start, s.end, s.label) for s in a.spans} for a in (annotation, one, two)
        )
        if ours == theirs:
            continue
        won += len(ours & true - theirs)
        lost += len(theirs & true - ours)
        sides = (("gold", annotation), ("this model", one), ("the other", two))
        lines = tuple(Line(who, cut(annotation.phrase, a.spans)) for who, a in sides)
        place = Place(annotation.phrase.id, annotation.phrase.section, lines)
        apart.append((-len((ours ^ theirs) & true), n, place))
    apart.sort(key=lambda row: row[:2])
    return Rival(
        against.source,
        strict(gold, other, nested, seed),
        compared(gold, said, other, nested=nested, seed=seed),
        won,
        lost,
        len(apart),
        tuple(place for *_, place in apart[:_DIFFERENT]),
    )
