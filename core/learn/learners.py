"""A task -> a model folder: the feature CRF learns it here, a network in `core.learn.networks`."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from core.learn.imbalance import distribution, sampled
from core.learn.lesson import Lesson
from core.learn.options import Options, Progress, is_crf
from core.learn.places import write_folder
from core.learn.record import Record
from core.learn.scratch.crfsuite import train_crfsuite
from core.learn.split import Split
from core.learn.tagger import Tagger
from core.learn.tags import words
from core.learn.variety import distinct
from core.records import Annotation, Json


@dataclass(frozen=True, slots=True)
class Task:
    """What is learned from what, and where it goes. `record`: what is known of it beforehand;
    `finished` makes the last record, with scores, of the tagger made."""

    lots: Split
    lesson: Lesson
    out: Path
    options: Options
    record: Record
    finished: Callable[[Tagger], Record]
    progress: Progress | None


def learn(task: Task) -> Record:
    """Learns, writes the folder, and returns its record."""
    if is_crf(task.options.model):
        return _learn_crf(task)
    # Here, for torch takes longer to import than a feature CRF takes to learn.
    from core.learn.networks import learn_network

    return learn_network(task)


def _learn_crf(task: Task) -> Record:
    lots, lesson, options = task.lots, task.lesson, task.options
    kept = kept_of(lots.train, options)
    rounds = float(options.epochs)
    record = dataclasses.replace(
        task.record,
        engine="crfsuite",
        versions=task.record.versions | versions_of("python-crfsuite"),
        spans=lesson.counts((words(a.phrase.text), a) for a in lots.train),
        epochs=rounds,
        best_epoch=rounds,
        distribution=distribution_of(lots.train, kept, options),
    )

    def fill(folder: Path) -> Path:
        return train_crfsuite(kept, lesson.labels, options, folder, task.progress, lots.train)

    return write_folder(fill, record, task.out, task.finished)


def kept_of(annotations: Sequence[Annotation], options: Options) -> list[Annotation]:
    return sampled(distinct(annotations) if options.distinct else annotations, options)


def distribution_of(
    before: Sequence[Annotation], after: Sequence[Annotation], options: Options
) -> Json:
    sampling = options.imbalance in ("downsample", "oversample")
    return distribution(before, after) if sampling else {}


def versions_of(*names: str) -> dict[str, str]:
    return {name: version(name) for name in names}
