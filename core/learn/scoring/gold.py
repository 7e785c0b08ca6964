"""What gold is: whose, under which labels, of which words, and what of it the model has seen."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.learn.record import Record, opaque
from core.learn.scoring.intervals import Interval, strict_counts, strict_intervals
from core.records import Annotation
from core.schema import default_schema

_SOURCES = 12


@dataclass(frozen=True, slots=True)
class Hand:
    """The part of gold that one source said, and the strict F1 on it."""

    source: str
    origin: str
    phrases: int
    letters: int
    spans: int
    strict: Interval


def seen_alike(
    gold: list[Annotation], record: Record | None
) -> tuple[list[Annotation], tuple[str, ...]]:
    """Gold under the label set that the model speaks, where the schema can say it."""
    if record is None or record.view is None:
        return gold, ()
    schema, view = default_schema(), record.view
    used = {span.label for annotation in gold for span in annotation.spans}
    if used <= set(schema.labels(view)):
        return gold, ()
    seen = [schema.seen_as(annotation, view) for annotation in gold]
    left = sum(len(a.spans) for a in gold) - sum(len(a.spans) for a in seen)
    told = f"gold is seen in the label set of the model ({view})"
    return seen, (f"{told}; {left} spans have no label there" if left else told,)


def strict(
    gold: Sequence[Annotation], said: Iterable[Annotation], nested: bool, seed: int
) -> Interval:
    """Strict F1 over all labels, with its interval."""
    return strict_intervals(strict_counts(gold, said, [""], nested=nested), seed)[0]


def hands(
    gold: Sequence[Annotation], said: Sequence[Annotation], nested: bool, seed: int
) -> Iterator[Hand]:
    """By source, the largest first; by origin alone where there are many sources."""
    many = len({a.source for a in gold}) > _SOURCES
    parts: dict[tuple[str, str], list[Annotation]] = defaultdict(list)
    for annotation in gold:
        parts[annotation.origin, "all" if many else annotation.source].append(annotation)
    for (origin, source), part in sorted(parts.items(), key=lambda p: (-len(p[1]), p[0])):
        yield Hand(
            source,
            origin,
            len(part),
            len({a.phrase.letter for a in part}),
            sum(len(a.spans) for a in part),
            strict(part, said, nested, seed),
        )


def shared(gold: Sequence[Annotation], record: Record | None) -> dict[str, int]:
    """Letters of gold that the model has seen, by the lot of its training they were in."""
    if record is None:
        return {}
    letters = {opaque(annotation.phrase.letter) for annotation in gold}
    seen = {lot: len(letters & set(record.split.get(lot, ()))) for lot in ("train", "validation")}
    return {lot: count for lot, count in seen.items() if count}


def strangers(gold: Sequence[Annotation], record: Record | None) -> dict[str, int]:
    """Spans of gold whose label the model was never taught: it cannot find them."""
    if record is None:
        return {}
    labels = (span.label for annotation in gold for span in annotation.spans)
    return dict(Counter(label for label in labels if label not in record.labels))


def entity_words(gold: Iterable[Annotation]) -> dict[str, Counter[str]]:
    """How often each word stands in the spans of each label."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for annotation in gold:
        for span in annotation.spans:
            found[span.label].update(w.strip(".,;:()[]").lower() for w in span.text.split())
    return dict(found)
