"""Several versions of a phrase -> the one that counts as gold, or None where that stays open.

A gold annotation keeps nothing of how it came about but its source: `gold/agreed`,
`gold/majority`, `gold/person/<n>` or `gold/adjudicated`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from annotate.agreement.versions import Place, Shared, meaning, overlap, place_of, places
from core.records import Annotation, Span

Verdict = Callable[[Shared], Annotation | None]


def agreed(shared: Shared) -> Annotation | None:
    """What two or more people say alike."""
    if len(shared.versions) < 2 or shared.disputes:
        return None
    # Whose spans still know most of the fields they speak of: a span made anew does not.
    best = max(shared.versions.values(), key=lambda v: sum(s.field is not None for s in v.spans))
    return gold(shared, best.spans, "agreed")


def trusting(person: str) -> Verdict:
    """One person's version, wherever there is one."""

    def verdict(shared: Shared) -> Annotation | None:
        version = shared.versions.get(person)
        return None if version is None else gold(shared, version.spans, person)

    return verdict


def majority(shared: Shared) -> Annotation | None:
    """The spans that more than half of the people marked, with the meaning that more than half of
    those give them. A tie stays open; so does a place that most people marked, each otherwise.
    """
    people = len(shared.versions)
    counts = Counter(place for version in shared.versions.values() for place in places(version))
    chosen = [place for place, count in counts.items() if 2 * count > people]
    if any(2 * count == people for count in counts.values()):
        return None
    if any(_wanted(place, shared) and not _met(place, chosen) for place in counts):
        return None
    meant = [_meant(place, shared) for place in chosen]
    if not all(meant):
        return None
    return gold(shared, (span for spans in meant for span in spans), "majority")


def gold(shared: Shared, spans: Iterable[Span], how: str) -> Annotation:
    """The gold annotation of a phrase; it tells who had a say in `extra["people"]`."""
    clean = (replace(span, score=None, status=None, edits=None, edit=None) for span in spans)
    extra = {"people": list(shared.versions)}
    if view := _first(shared).extra.get("view"):
        extra["view"] = view
    ordered = sorted(clean, key=lambda span: (span.start, span.end, span.label))
    return Annotation(shared.phrase, tuple(ordered), "human", f"gold/{how}", extra=extra)


def _first(shared: Shared) -> Annotation:
    return next(iter(shared.versions.values()))


def _meant(place: Place, shared: Shared) -> list[Span]:
    """The spans of a place as most who marked it mean them; none where no meaning has most.

    They may be several, of several fields, in a label set that calls these the same.
    """
    marked = [span for v in shared.versions.values() if (span := places(v).get(place))]
    [(most, count)] = Counter(map(meaning, marked)).most_common(1)
    if 2 * count <= len(marked):
        return []
    versions = [
        [span for span in version.spans if place_of(span) == place]
        for version in shared.versions.values()
    ]
    like = [spans for spans in versions if spans and meaning(spans[0]) == most]
    return max(like, key=lambda spans: sum(span.field is not None for span in spans))


def _wanted(place: Place, shared: Shared) -> bool:
    """Whether most people marked something about there."""
    about = sum(_met(place, places(version)) for version in shared.versions.values())
    return 2 * about > len(shared.versions)


def _met(place: Place, others: Sequence[Place] | dict[Place, Span]) -> bool:
    return any(overlap(place, other) for other in others)
