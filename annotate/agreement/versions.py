"""What several people said of one phrase, side by side, and where their versions differ.

A version is one person's annotation of a phrase that the person looked at: phrases passed over, and
lines carried over from an equal phrase, are none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from core.records import Annotation, Phrase, Span, State

Place = tuple[int, int, str]
Meaning = tuple[str, str]
Versions = Mapping[str, Annotation]  # one annotation a person, by their source ("person/3")


@dataclass(frozen=True, slots=True)
class Shared:
    """One phrase with everybody's version of it, people in order."""

    phrase: Phrase
    versions: Versions

    @property
    def disputes(self) -> float:
        """Differences between two people, as the mean over all pairs of them."""
        pairs = list(combinations(self.versions.values(), 2))
        return fmean(differences(a, b) for a, b in pairs) if pairs else 0.0


def shared(annotations: Iterable[Annotation]) -> list[Shared]:
    """The phrases in their order in the file, each with every version; the latest of a person."""
    found: dict[tuple[str, str], dict[str, Annotation]] = {}
    for annotation in annotations:
        if annotation.origin != "human" or annotation.skipped or "carried" in annotation.extra:
            continue
        versions = found.setdefault((annotation.key, annotation.phrase.text), {})
        before = versions.get(annotation.source)
        if before is None or made(annotation) >= made(before):
            versions[annotation.source] = annotation
    ordered = ({who: said[who] for who in in_order(said)} for said in found.values())
    return [Shared(next(iter(said.values())).phrase, said) for said in ordered]


def made(annotation: Annotation) -> str:
    """When the person saved it last, as text that sorts by time; empty where nobody says."""
    return str(annotation.extra.get("made") or "")


def places(annotation: Annotation) -> dict[Place, Span]:
    """The spans by start, end and label; the same thing marked twice counts once."""
    found: dict[Place, Span] = {}
    for span in annotation.spans:
        found.setdefault(place_of(span), span)
    return found


def place_of(span: Span) -> Place:
    return span.start, span.end, span.label


def state_of(span: Span) -> State:
    """The state a person means: the screen says that an empty one is 'present'."""
    return span.state or "present"


def meaning(span: Span) -> Meaning:
    """State and value. A value as text: a code chosen on the screen may come back as one."""
    value = span.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return state_of(span), "" if value is None else str(value)


def overlap(a: Place, b: Place) -> bool:
    """Whether two places share a character, whatever their labels."""
    return a[0] < b[1] and b[0] < a[1]


def differences(a: Annotation, b: Annotation) -> int:
    """Spans that only one of two people marked, and spans that both did with another meaning."""
    mine, theirs = places(a), places(b)
    both = mine.keys() & theirs.keys()
    other = sum(meaning(mine[place]) != meaning(theirs[place]) for place in both)
    return len(mine) + len(theirs) - 2 * len(both) + other


def in_order(people: Iterable[str]) -> list[str]:
    """person/2 before person/10."""
    return sorted(people, key=lambda who: (len(who), who))
