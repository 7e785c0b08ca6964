"""A recipe's data, as the user's folder holds it -> annotations by part, in the recipe's units."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.bench.recipe import Data
from core.bench.units import in_units
from core.convert import FORMATS, Converted
from core.errors import BadInput
from core.records import Annotation

Parts = dict[str, list[Annotation]]


def read_parts(data: Data, folder: Path, limit: int | None = None) -> tuple[Parts, list[str]]:
    """The parts and, in words, what was left out. `limit`: the first letters of each part alone."""
    parts: Parts = {}
    told: Counter[str] = Counter()
    for name, place in data.parts.items():
        path = folder / place
        if not path.exists():
            raise BadInput(
                f"{path}: the recipe expects its {name} data there, as {data.format}; "
                f"where it comes from: {data.source}"
            )
        report = Converted(path)
        read = list(FORMATS.get(data.format)().read(path, report))
        told.update(report.told)
        told["refused, for not quoting their text"] += len(report.refused)
        known = [_seen(annotation, data, told) for annotation in _first(read, limit)]
        parts[name] = in_units(known, data.unit)
        if not any(annotation.spans for annotation in parts[name]):
            raise BadInput(f"{path}: no span of the recipe's labels in it; is it the right data?")
    return parts, [f"{what}: {count:,}" for what, count in sorted(told.items()) if count]


def _first(annotations: Sequence[Annotation], limit: int | None) -> list[Annotation]:
    letters = list(dict.fromkeys(annotation.phrase.letter for annotation in annotations))
    kept = set(letters[:limit])
    return [annotation for annotation in annotations if annotation.phrase.letter in kept]


def _seen(annotation: Annotation, data: Data, told: Counter[str]) -> Annotation:
    """With the recipe's labels alone; two spans of one place and label are one."""
    spans = {}
    for span in annotation.spans:
        label = data.one or (data.groups.get(span.label) if data.groups else span.label)
        if label is None or (data.labels and label not in data.labels):
            told["spans of other labels, left out"] += 1
            continue
        spans[span.start, span.end, label] = replace(span, label=label, state=None, value=None)
    return replace(annotation, spans=tuple(spans.values()))
