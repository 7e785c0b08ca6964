"""Annotations in, a model folder out: what tags phrases, and the record of how it came to be.

The defaults are the paper's Table 3. It is run by `lettera train corrected.jsonl -o model/`. What
is done so far stands beside the folder until it is written: a killed training goes on from its last
epoch, and the folder appears whole or not at all.
"""

import dataclasses
import importlib.util
import platform
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from core.errors import BadInput, MissingExtra, UnknownName
from core.learn.data.leakage import leaks, refuse
from core.learn.data.lesson import Lesson
from core.learn.data.split import SIDES, Split, split
from core.learn.data.stored import unskipped
from core.learn.heads import HEADS
from core.learn.learners import learn
from core.learn.networks.checkpoints import fingerprint, made_before
from core.learn.options import IMBALANCES, REPORTERS, Options, Progress, is_crf
from core.learn.places import room_for
from core.learn.record import Record, opaque, read_record
from core.learn.scoring.intervals import strict_counts, strict_intervals
from core.learn.scoring.scores import Scores, score
from core.learn.tagger import Tagger
from core.learn.tags import SCHEMES
from core.learn.task import Task
from core.records import Annotation, Json
from core.schema import VIEWS, View, default_schema


def train(
    annotations: Sequence[Annotation] | Split,
    out: Path,
    options: Options,
    progress: Progress | None = None,
    *,
    recipe: Json | None = None,
) -> Record:
    """Trains, picks the epoch with the best F1 on the validation letters, scores it on the test
    letters, writes the folder `out`. The labels are those that the annotations carry, so the caller
    chooses the view first; a `Split` is taken as it is, else `options` say how to split. Asked
    again for what `out` already is, it returns that record.
    """
    begun = time.monotonic()
    _check(options)
    lots = lots_of(annotations, options)
    mark = mark_of(lots, options)
    if (made := made_before(out, mark)) is not None:
        return made
    found = leaks(lots)
    if not options.allow_leaks:
        refuse(found)
    lesson = _lesson(lots.train, options)
    record = _record(lots, lesson, options, mark)
    record = dataclasses.replace(record, leaks=found.to_json(), recipe=recipe)

    def finished(tagger: Tagger) -> Record:
        scores, intervals = _scored(tagger, lots, lesson)
        seconds = round(time.monotonic() - begun, 1)
        return dataclasses.replace(
            tagger.record, scores=scores, intervals=intervals, seconds=seconds
        )

    with room_for(out):
        return learn(Task(lots, lesson, out, options, record, finished, progress))


def lots_of(annotations: Sequence[Annotation] | Split, options: Options) -> Split:
    """Train, validation and test; what a person skipped is in none. Raises BadInput where a lot
    that is needed is empty."""
    if not isinstance(annotations, Split):
        shares = shares_of(options)
        return split(unskipped(annotations), method=options.split, seed=options.seed, shares=shares)
    found = Split(*(unskipped(getattr(annotations, side)) for side in SIDES))
    needed = {"learn from": found.train, "be scored on": found.test}
    if options.keep == "best":
        needed["choose the best epoch by"] = found.validation
    for purpose, lot in needed.items():
        if not lot:
            raise BadInput(f"the split leaves no phrase to {purpose}; split the letters otherwise")
    return found


def shares_of(options: Options) -> tuple[float, float]:
    """What is set aside for validation and for test: nothing, where nothing is chosen by it."""
    return (0.1 if options.keep == "best" else 0.0, 0.1)


def mark_of(lots: Split, options: Options) -> str:
    """The fingerprint of a training, before it is done."""
    sizes = [len(lots.train), len(lots.validation)]
    known = dataclasses.asdict(options) | {"lots": sizes}
    if options.start is not None:
        known["start"] = read_record(Path(options.start)).weights
    return fingerprint(chain(lots.train, lots.validation, lots.test), known)


def _check(options: Options) -> None:
    """Says what cannot be, before anything is read or made."""
    known = {"head": tuple(HEADS), "scheme": SCHEMES, "imbalance": IMBALANCES}
    for kind, names in known.items():
        name = getattr(options, kind)
        if name not in names:
            raise UnknownName(f"no {kind} named '{name}'; choose one of: {', '.join(names)}")
    for kind in ("epochs", "batch_size", "accumulate", "max_length"):
        if (number := getattr(options, kind)) < 1:
            raise BadInput(f"{number} for {kind.replace('_', ' ')}: it must be at least 1")
    if not options.learning_rate > 0:
        raise BadInput(f"a learning rate of {options.learning_rate} teaches nothing; try 5e-5")
    if options.imbalance == "downsample" and not 0 <= options.plain < 1:
        raise BadInput("the share of phrases without a span must be at least 0 and under 1")
    if is_crf(options.model):
        _check_crf(options)
    if options.report_to is not None:
        _check_reporter(options.report_to)


def _check_crf(options: Options) -> None:
    if options.imbalance in ("weighted", "clamped"):
        raise BadInput(
            "a feature CRF weighs no labels; choose --imbalance downsample or oversample"
        )
    if options.head != "crf" or options.scheme != "bio":
        raise BadInput("a feature CRF is its own head, over bio; leave --head and --scheme out")
    if options.report_to is not None:
        raise BadInput("a feature CRF has nothing to report by epoch; leave --report-to out")


def _check_reporter(name: str) -> None:
    """What goes there: loss, F1, options; of letters nothing."""
    if name not in REPORTERS:
        raise UnknownName(f"no reporter named '{name}'; choose one of: {', '.join(REPORTERS)}")
    if importlib.util.find_spec(name) is None:
        raise MissingExtra(f"--report-to {name} needs {name}: pip install {name}")


def _lesson(annotations: Sequence[Annotation], options: Options) -> Lesson:
    labels = _labels(annotations, options.labels)
    if is_crf(options.model):
        return Lesson(labels, "crf")
    return Lesson(labels, options.head, options.scheme)


def _labels(
    annotations: Sequence[Annotation], wanted: Sequence[str] | None = None
) -> tuple[str, ...]:
    """The labels to learn, in the order of the schema, labels that it does not know at the end."""
    found = {span.label for annotation in annotations for span in annotation.spans}
    if not found:
        raise BadInput("none of the phrases to learn from has a span; label or correct some first")
    if missing := sorted(set(wanted or ()) - found):
        raise BadInput(
            f"no phrase to learn from has the label {', '.join(missing)}; "
            f"there are: {', '.join(sorted(found))}"
        )
    order = {label: n for view in VIEWS for n, label in enumerate(default_schema().labels(view))}
    kept = found if wanted is None else set(wanted)
    return tuple(sorted(kept, key=lambda label: (order.get(label, len(order)), label)))


def _view(labels: Sequence[str]) -> View | None:
    """The view of the schema that knows all the labels, if one does."""
    return next((v for v in VIEWS if set(labels) <= set(default_schema().labels(v))), None)


def _record(lots: Split, lesson: Lesson, options: Options, mark: str) -> Record:
    """What is known before anything is learned."""
    letters: dict[str, set[str]] = {side: set() for side in SIDES}
    origins: Counter[str] = Counter()
    for side, own in letters.items():
        for annotation in getattr(lots, side):
            own.add(annotation.phrase.letter)
            origins[annotation.origin] += 1
    return Record(
        labels=lesson.labels,
        view=_view(lesson.labels),
        base=options.model,
        limit=0,
        options=dataclasses.asdict(options),
        versions={"python": platform.python_version()},
        phrases=dict(origins),
        spans={},
        split={side: sorted(set(map(opaque, own))) for side, own in letters.items()},
        scores={},
        epochs=0.0,
        best_epoch=0.0,
        resumed_from=None,
        seconds=0.0,
        date=datetime.now(UTC).date().isoformat(),
        weights="",
        fingerprint=mark,
        head=lesson.head,
        scheme=lesson.scheme,
        data=fingerprint(lots.train, {}),
        sources=_sources(lots.train, lesson.labels),
    )


def _sources(annotations: Sequence[Annotation], labels: Sequence[str]) -> dict[str, int]:
    """How many of the spans each source said: which person, rules, or model and prompt."""
    counts: Counter[str] = Counter()
    for annotation in annotations:
        counts[annotation.source] += sum(span.label in labels for span in annotation.spans)
    return {source: count for source, count in sorted(counts.items()) if count}


def _scored(tagger: Tagger, lots: Split, lesson: Lesson) -> tuple[dict[str, Scores], Json]:
    """Scores and intervals on validation and test; on test by origin too, where it has several."""
    sides = {"validation": lots.validation, "test": lots.test}
    origins = sorted({a.origin for a in lots.test})
    if len(origins) > 1:
        own = {o: tuple(a for a in lots.test if a.origin == o) for o in origins}
        sides |= {f"test {origin}": lot for origin, lot in own.items()}
    scores, intervals = {}, {}
    for name, gold in sides.items():
        if gold:
            answers = list(tagger.label(annotation.phrase for annotation in gold))
            scores[name] = score(gold, answers, nested=lesson.nested)
            counts = strict_counts(gold, answers, ("",), nested=lesson.nested)
            intervals[name] = dataclasses.asdict(strict_intervals(counts)[0])
    return scores, intervals
