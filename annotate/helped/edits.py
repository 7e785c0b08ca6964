"""What people did to the spans a machine put before them: kept, changed, added, deleted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.records import Annotation, Span

Deed = Literal["kept", "changed", "deleted", "added"]
DEEDS: tuple[Deed, ...] = ("kept", "changed", "deleted", "added")
NOBODY = "no pre-labels"


@dataclass(slots=True)
class Tally:
    """Deeds counted. Kept, changed and deleted are all that a machine put on the screen."""

    deeds: Counter[Deed] = field(default_factory=Counter)

    @property
    def shown(self) -> int:
        return self.deeds["kept"] + self.deeds["changed"] + self.deeds["deleted"]

    @property
    def made(self) -> int:
        """The spans that stood there when the person was done."""
        return self.deeds["kept"] + self.deeds["changed"] + self.deeds["added"]

    def share(self, deed: Deed) -> float | None:
        """Of what was shown; of added ones, of what stood there in the end. None of nothing."""
        whole = self.made if deed == "added" else self.shown
        return self.deeds[deed] / whole if whole else None


@dataclass(slots=True)
class Round:
    """The phrases that one labeller had pre-labelled, and what people did to its spans."""

    source: str
    phrases: int = 0
    letters: set[str] = field(default_factory=set)
    whole: Tally = field(default_factory=Tally)
    fields: dict[str, Tally] = field(default_factory=dict)

    def add(self, annotation: Annotation) -> None:
        self.phrases += 1
        self.letters.add(annotation.phrase.letter)
        for deed, name in deeds_of(annotation):
            self.whole.deeds[deed] += 1
            self.fields.setdefault(name, Tally()).deeds[deed] += 1


def source_of(annotation: Annotation) -> str | None:
    """Whose labels stood on the screen when the person began; NOBODY where there were none on
    purpose, None where the line does not say."""
    before = annotation.extra.get("before")
    if before is None:
        return None
    source = before.get("source")
    # A queue put into another order sends the same labels again, as `<source>#<number>`.
    return NOBODY if source is None else str(source).partition("#")[0]


def shown_to(annotation: Annotation) -> tuple[Span, ...]:
    """The spans that stood on the screen when the person began."""
    before = annotation.extra.get("before") or {}
    return tuple(Span.from_json(raw) for raw in before.get("spans", ()))


def rounds_of(annotations: Iterable[Annotation]) -> list[Round]:
    """One round a labeller, in the order in which people first met them; NOBODY is left out."""
    found: dict[str, Round] = {}
    for annotation in sorted(annotations, key=lambda a: str(a.extra.get("made", ""))):
        source = source_of(annotation)
        if source is not None and source != NOBODY:
            found.setdefault(source, Round(source)).add(annotation)
    return list(found.values())


def deeds_of(annotation: Annotation) -> list[tuple[Deed, str]]:
    """Each deed with the field it was done to: of what was shown as the machine named it, of what
    was added as the person did."""
    left = list(shown_to(annotation))
    found: list[tuple[Deed, str]] = []
    for edit in ("kept", "changed"):
        for span in annotation.spans:
            if span.edit == edit:
                was = _origin(span, left)
                if was is not None:
                    left.remove(was)
                found.append((edit, _name(was or span)))
    found += [("added", _name(s)) for s in annotation.spans if s.edit in ("added", None)]
    return found + [("deleted", _name(span)) for span in left]


def _origin(span: Span, shown: Sequence[Span]) -> Span | None:
    """The shown span that a kept or changed one was made of: the one most like it."""

    def likeness(was: Span) -> tuple[int, bool, bool]:
        common = min(span.end, was.end) - max(span.start, was.start)
        return max(common, 0), _name(was) == _name(span), was.state == span.state

    return max(shown, key=likeness, default=None)


def _name(span: Span) -> str:
    return span.field or span.label
