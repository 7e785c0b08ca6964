"""Rare labels beside common ones: which phrases are learned from how often, what each tag weighs.

Down-sampling is the "efficient training" of Belkadi et al., arXiv:2210.12770 (n2c2 2018), section
III-C: phrases without a span are left out until they make up a given share of what is learned from,
there 20 % instead of 75 %. Weights and oversampling are those of the SemClinBr study (BERTs and
LLMs for clinical NER in Portuguese), section 2.4: a class weighs N without it / N with it, counted
in training examples, as PyTorch proposes for `pos_weight`; clamped, at least 1.0; oversampling
repeats examples, of the rarest class first, until it is as frequent as the mean of the classes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from core.learn.data.stored import taken
from core.learn.options import Options
from core.records import Annotation, Json

_LEAST = 0.01


def sampled(annotations: Sequence[Annotation], options: Options) -> Sequence[Annotation]:
    """The phrases to learn from, in order; repeated ones at the end."""
    if options.imbalance == "downsample":
        return taken(annotations, _fewer(annotations, options.plain, options.seed))
    if options.imbalance == "oversample":
        rows = [*range(len(annotations)), *_repeats(annotations, options.seed)]
        return taken(annotations, rows)
    return annotations


def _fewer(annotations: Sequence[Annotation], plain: float, seed: int) -> list[int]:
    """The numbers of the phrases that are left."""
    empty = [n for n, annotation in enumerate(annotations) if not annotation.spans]
    room = round((len(annotations) - len(empty)) * plain / (1 - plain))
    order = np.random.default_rng(seed).permutation(empty).tolist()
    left_out = set(order[room:])
    return [n for n in range(len(annotations)) if n not in left_out]


def _repeats(annotations: Sequence[Annotation], seed: int) -> list[int]:
    """The numbers of further copies of phrases with rare labels. The mean stays that of the first
    counts, for a copy brings its other labels along and the mean would run away from the rare
    ones."""
    known: dict[frozenset[str], frozenset[str]] = {}  # few, that many phrases share
    sets = (frozenset(span.label for span in annotation.spans) for annotation in annotations)
    holds = [known.setdefault(labels, labels) for labels in sets]
    counts = Counter(label for labels in holds for label in labels)
    mean = sum(counts.values()) / max(1, len(counts))
    rng = np.random.default_rng(seed)
    repeats: list[int] = []
    for label in sorted(counts, key=lambda name: (counts[name], name)):
        rows = rng.permutation([n for n, labels in enumerate(holds) if label in labels]).tolist()
        at = 0
        while counts[label] < mean:
            row = rows[at % len(rows)]
            repeats.append(row)
            counts.update(holds[row])
            at += 1
    return repeats


def weights(
    there: Iterable[frozenset[int]], tags: Sequence[str], options: Options
) -> list[float] | None:
    """The weight of each tag in the loss, from the tags that each example holds; None where the
    options weigh nothing.

    The study's classes are entities, each judged alone. Where a head chooses between them and O, O
    weighs 1, or its weight, next to 0, would have every word named. So weighs a tag that no example
    holds. No weight is 0, which would divide by zero where a batch held nothing else.
    """
    if options.imbalance not in ("weighted", "clamped"):
        return None
    floor = 1.0 if options.imbalance == "clamped" else _LEAST
    counts: Counter[int] = Counter()
    examples = 0
    for held in there:
        counts.update(held)
        examples += 1
    return [
        1.0 if tag == "O" or not counts[n] else max(floor, (examples - counts[n]) / counts[n])
        for n, tag in enumerate(tags)
    ]


def distribution(before: Sequence[Annotation], after: Sequence[Annotation]) -> Json:
    """Spans by label, phrases, and phrases without a span, before and after sampling."""
    sides = {"before": before, "after": after}
    labels = {name: _labels(rows) for name, rows in sides.items()}
    return labels | {
        "phrases": {name: len(rows) for name, rows in sides.items()},
        "empty": {name: sum(not a.spans for a in rows) for name, rows in sides.items()},
    }


def _labels(annotations: Sequence[Annotation]) -> dict[str, int]:
    return dict(sorted(Counter(s.label for a in annotations for s in a.spans).items()))
