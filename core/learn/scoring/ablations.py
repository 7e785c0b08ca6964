"""The same answers scored under other label sets: labels left out, several seen as one.

The rows of Belkadi et al. (2023), Table IV: without O, without the weakest labels, merged labels;
each with the averages over words and, where O plays no part, the strict score over spans.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from core.learn.scoring.averages import Averages
from core.learn.scoring.confusion import OUTSIDE, Confusion
from core.learn.scoring.scores import Score, score
from core.records import Annotation, Json
from core.schema import TARGET, default_schema

_FEW = 10  # words of gold: fewer say nothing of how hard a label is


@dataclass(frozen=True, slots=True)
class Ablation:
    """One label set: over words without the B/I distinction, and strictly over spans."""

    name: str
    words: Averages
    spans: Score | None

    def to_json(self) -> Json:
        spans = None if self.spans is None else asdict(self.spans)
        return {"name": self.name, "words": self.words.to_json(), "spans": spans}


def ablations(
    gold: Sequence[Annotation],
    answers: Sequence[Annotation],
    words: Confusion,
    without: Sequence[str] = (),
    merge: Mapping[str, str] | None = None,
) -> list[Ablation]:
    """The label set as it is, with O, without the two weakest labels, merged by group and into one;
    and what the caller wants left out or merged."""
    labels = [name for name in words.names if name != OUTSIDE]
    found = [
        _row("all labels", gold, answers, words),
        Ablation("all labels and O", words.averages(), None),
    ]
    for left in (weakest(words), list(without)):
        if left and len(left) < len(labels):
            name = f"without {', '.join(left)}"
            found.append(_row(name, gold, answers, words, left))
            found.append(Ablation(f"{name}, with O", words.averages(left), None))
    for name, names in _mergers(labels, merge or {}):
        found.append(_row(name, gold, answers, words, names=names))
    return found


def weakest(words: Confusion) -> list[str]:
    """The two labels with the lowest F1 over words, where more than three are there to compare."""
    known = words.averages([OUTSIDE]).labels
    known = {label: score for label, score in known.items() if score.support >= _FEW}
    if len(known) < 4:
        return []
    return sorted(sorted(known, key=lambda label: known[label].f1)[:2])


def _mergers(
    labels: Sequence[str], wanted: Mapping[str, str]
) -> Iterable[tuple[str, Mapping[str, str]]]:
    if wanted:
        yield ", ".join(f"{name} as {other}" for name, other in wanted.items()), wanted
    fields = default_schema().fields
    groups = {label: fields[label].group for label in labels if label in fields}
    if groups and len(set(groups.values())) < len(labels):
        yield "merged by group", groups
    if len(labels) > 1:
        yield "merged into one", dict.fromkeys(labels, TARGET)


def _row(
    name: str,
    gold: Sequence[Annotation],
    answers: Sequence[Annotation],
    words: Confusion,
    without: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> Ablation:
    names = names or {}
    seen = (_seen(side, without, names) for side in (gold, answers))
    merged = words.merged(names).averages([OUTSIDE, *without])
    return Ablation(name, merged, score(*seen).micro)


def _seen(
    annotations: Iterable[Annotation], without: Sequence[str], names: Mapping[str, str]
) -> list[Annotation]:
    """The annotations with their spans under other names, some left out."""
    return [
        replace(
            annotation,
            spans=tuple(
                replace(span, label=names.get(span.label, span.label))
                for span in annotation.spans
                if span.label not in without
            ),
        )
        for annotation in annotations
    ]
