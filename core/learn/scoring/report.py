"""An evaluation -> report.json (numbers alone) and report.html (with the places of the mistakes).

The page quotes letters: it stands by itself, is readable by its owner alone and is never published.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.files import private_folder, write_json, write_text
from core.learn.record import Record
from core.learn.scoring.averages import Averages
from core.learn.scoring.confusion import OUTSIDE, Confusion
from core.learn.scoring.curves import Curve
from core.learn.scoring.drawings import cloud, colour_of, learning
from core.learn.scoring.evaluation import Evaluation
from core.learn.scoring.intervals import Interval
from core.learn.scoring.pairs import MISSED, SPURIOUS
from core.records import Json
from core.schema import default_schema

PAGE, NUMBERS = "report.html", "report.json"
_MATRIX, _OTHERS = 18, "other labels"
_HERE = Path(__file__).parent


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Writes both files, mode 0600, into the folder; returns the page."""
    private_folder(folder)
    write_json(folder / NUMBERS, numbers(evaluation))
    write_text(folder / PAGE, page(evaluation))
    return folder / PAGE


def numbers(found: Evaluation) -> Json:
    """All that the page tells but the words of the letters."""
    return {
        "source": found.source,
        "gold": found.gold,
        "notes": list(found.notes),
        "scores": found.scores.to_json(),
        "ways": {
            way: fate.to_json() | {"interval": asdict(found.way_intervals[way])}
            for way, fate in found.ways.items()
        },
        "labels": {
            label: asdict(score)
            | {
                "interval": asdict(found.intervals[label]),
                "partial_f1": _partial(found, label),
                "average_precision": _area(found.curves, label),
            }
            for label, score in found.scores.labels.items()
        },
        "words": {name: averages.to_json() for name, averages in _word_averages(found).items()},
        "word_confusion": found.words.to_json(),
        "span_confusion": found.spans.to_json(),
        "curves": {label: asdict(curve) for label, curve in found.curves.items()},
        "ablations": [row.to_json() for row in found.ablations],
        "hands": [asdict(hand) for hand in found.hands],
        "meanings": {name: meaning.to_json() for name, meaning in found.meanings.items()},
        "mistakes": [
            {"kind": m.kind, "gold": m.true, "said": m.said, "count": m.count}
            for m in found.mistakes
        ],
        "shared_letters": found.shared,
        "labels_never_taught": found.strangers,
        "unchecked_phrases": found.unchecked,
        "history": list(found.record.history) if found.record else [],
        "distribution": found.record.distribution if found.record else {},
        "against": found.rival
        and {
            "source": found.rival.source,
            "strict": asdict(found.rival.strict),
            "paired": asdict(found.rival.paired),
            "won": found.rival.won,
            "lost": found.rival.lost,
            "differing_phrases": found.rival.differing,
        },
    }


def page(found: Evaluation) -> str:
    """One HTML page that asks for nothing outside itself."""
    labels = [label for label in found.spans.names if label in found.scores.labels]
    record, schema = found.record, default_schema()
    taught = record.labels if record else ()
    known = dict.fromkeys([*labels, *found.entity_words, *taught])
    colours = {label: colour_of(label, n) for n, label in enumerate(known)}
    pages = Environment(
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"share": _share, "bounds": _bounds, "points": _points}
    ranked = sorted(found.scores.labels.items(), key=lambda row: (-row[1].support, row[0]))
    sampled = record.distribution if record else {}
    used = {name: schema.fields[name].group if name in schema.fields else name for name in labels}
    return pages.get_template("page.html").render(
        found=found,
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        ranked=ranked,
        colours=colours,
        legend=[group for name, group in schema.groups.items() if name in used.values()],
        partial={label: _partial(found, label) for label in labels},
        area={label: _area(found.curves, label) for label in labels},
        words=_word_averages(found),
        outside=_outside(found.words),
        confused=_confused(found.spans),
        grid=_grid(found.spans),
        learning=learning(record.history, record.best_epoch) if record and record.history else "",
        counted=[(label, score.support, score.said) for label, score in ranked],
        thresholds=_thresholds(record),
        sampled=sampled,
        sampled_rows=_sampled(sampled),
        cloud=cloud(found.entity_words, colours),
    )


def _partial(found: Evaluation, label: str) -> float:
    return found.by_label[label]["partial"].score.f1


def _area(curves: Mapping[str, Curve], label: str) -> float | None:
    return curves[label].area if label in curves else None


def _word_averages(found: Evaluation) -> dict[str, Averages]:
    """The four ways to count words that the papers have."""
    return {
        "without O": found.words.averages([OUTSIDE]),
        "with O": found.words.averages(),
        "without O, B and I apart": found.bio.averages([OUTSIDE]),
        "with O, B and I apart": found.bio.averages(),
    }


def _outside(words: Confusion) -> float:
    """The share of gold's words that are in no span."""
    total = int(words.counts.sum())
    return int(words.counts[words.names.index(OUTSIDE)].sum()) / total if total else 0.0


def _confused(spans: Confusion) -> list[tuple[str, str, int]]:
    """What is taken for what most often: gold, answer, how often."""
    names = spans.names[:-1]
    pairs = [
        (one, other, int(spans.counts[i, j]))
        for i, one in enumerate(names)
        for j, other in enumerate(names)
        if i != j and spans.counts[i, j]
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:12]


def _grid(spans: Confusion) -> Json:
    """The matrix as the page draws it: each cell with its share of gold's label. Of many labels
    those that are confused most; the others are summed up, since nobody reads a thousand cells."""
    names, beside = spans.names[:-1], spans.names[-1]
    between = spans.counts[:-1, :-1]
    confused = between.sum(axis=0) + between.sum(axis=1) - 2 * between.diagonal()
    most = sorted(range(len(names)), key=lambda n: (-int(confused[n]), n))[:_MATRIX]
    rest = {name: _OTHERS for n, name in enumerate(names) if n not in most}
    seen = spans.merged(rest)
    order = [name for name in seen.names if name not in (_OTHERS, beside)]
    order += [name for name in (_OTHERS, beside) if name in seen.names]
    place = [seen.names.index(name) for name in order]
    counts = seen.counts[np.ix_(place, place)]
    totals = counts.sum(axis=1)
    cells = [
        [(int(n), n / max(1, totals[i]), i == j) for j, n in enumerate(row)]
        for i, row in enumerate(counts)
    ]
    return {
        "columns": [*order[:-1], MISSED],
        "rows": list(zip([*order[:-1], SPURIOUS], cells, totals.tolist(), strict=True)),
        "others": len(rest),
    }


def _thresholds(record: Record | None) -> list[tuple[str, float]]:
    """The probabilities picked on the validation letters: by label, or one under no name."""
    told = (record and record.thresholds) or []
    names = record.labels if record and len(told) == len(record.labels) else ("",)
    return list(zip(names, told, strict=False))


def _sampled(told: Json) -> list[tuple[str, int, int]]:
    """Spans of each label before and after sampling, the most frequent first."""
    after = told.get("after", {})
    rows = [(label, count, after.get(label, 0)) for label, count in told.get("before", {}).items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.2f}–{interval.high:.2f}"


def _points(curve: Curve) -> str:
    """A curve as the path of an SVG of 100 by 100, recall to the right, precision up."""
    points = zip(curve.recall, curve.precision, strict=True)
    steps = [f"{100 * recall:.1f} {100 - 100 * precision:.1f}" for recall, precision in points]
    return f"M0 {100 - 100 * curve.precision[0]:.1f} L" + " L".join(steps)
