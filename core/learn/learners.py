"""A task -> a model folder: the feature CRF learns it here, a network in `core.learn.networks`."""

import dataclasses
from pathlib import Path

from core.learn.meanings import learn_meanings
from core.learn.options import is_crf
from core.learn.places import write_folder
from core.learn.record import Record
from core.learn.scratch.crfsuite import train_crfsuite
from core.learn.tagger import Tagger
from core.learn.tags import words
from core.learn.task import Task, distribution_of, kept_of, versions_of


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
    from core.learn.networks import learn_network

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

    return write_folder(fill, record, task.out, task.finished)
