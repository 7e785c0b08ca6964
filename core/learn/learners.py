"""A task -> a model folder: the feature CRF learns it here, a network in `networks.learner`."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from core.learn.engines.crfsuite import LEAST, CrfsuiteEngine
from core.learn.meanings import learn_meanings
from core.learn.options import is_crf
from core.learn.places import write_folder
from core.learn.record import Record
from core.learn.scoring.scores import score
from core.learn.scratch.crfsuite import train_crfsuite
from core.learn.tagger import Tagger
from core.learn.tags import words
from core.learn.task import Task, distribution_of, kept_of, versions_of
from core.records import Annotation

_LEASTS = (LEAST, 0.4, 0.5, 0.6, 0.7, 0.8)


def learn(task: Task) -> Record:
    """Learns, writes the folder, and returns its record. States and values are learned beside the
    spans once these are: what is scored tells both."""

    def finished(tagger: Tagger) -> Record:
        meanings = learn_meanings(task.lots, task.lesson.labels, tagger.folder)
        return task.finished(tagger.telling(meanings))

    whole = dataclasses.replace(task, finished=finished)
    if is_crf(task.options.model):
        return _learn_crf(whole)
    # Here, for torch takes longer to import than a feature CRF takes to learn.
    from core.learn.networks.learner import learn_network

    return learn_network(whole)


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

    def chosen(tagger: Tagger, folder: Path) -> Record:
        """Of equally good thresholds the default, which stands first."""
        f1 = {least: _f1(tagger.record, least, folder, lots.validation) for least in _LEASTS}
        return dataclasses.replace(tagger.record, thresholds=[max(f1, key=lambda n: f1[n])])

    validated = chosen if lots.validation else None
    return write_folder(fill, record, task.out, task.finished, validated)


def _f1(record: Record, least: float, folder: Path, gold: Sequence[Annotation]) -> float:
    """Strict F1 on gold where a word is in a span from a probability of `least` on."""
    told = dataclasses.replace(record, thresholds=[least])
    tagger = Tagger(told, CrfsuiteEngine.load(folder, told), "", folder)
    return score(gold, list(tagger.label(a.phrase for a in gold))).micro.f1
