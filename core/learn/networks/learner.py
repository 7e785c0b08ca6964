"""A task -> the folder of a network that learned it, by Hugging Face's `Trainer`."""

import dataclasses
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from accelerate import PartialState  # type: ignore[import-untyped]
from transformers import Trainer

from core.learn.data.imbalance import weights
from core.learn.data.stored import Stored
from core.learn.data.variety import exchanged
from core.learn.networks.base import make_network
from core.learn.networks.checkpoints import workplace
from core.learn.networks.export import SOME, write_model
from core.learn.networks.rows import Rows
from core.learn.networks.trainer import best_epoch, fit, history_of, make_trainer, precision_of
from core.learn.options import Options
from core.learn.record import Record, read_record
from core.learn.scoring.scores import score
from core.learn.scoring.thresholds import per_label, shared
from core.learn.scratch import SCRATCH
from core.learn.tagger import Tagger
from core.learn.task import Task, distribution_of, kept_of, versions_of
from core.records import Annotation


def learn_network(task: Task) -> Record:
    """Learns, writes the folder, and returns its record."""
    lots, lesson, options = task.lots, task.lesson, task.options
    torch.set_num_threads(options.threads or _threads(options))
    torch.manual_seed(options.seed)
    kept = kept_of(lots.train, options)
    heft = weights((lesson.there(a) for a in kept), lesson.tags, options)
    network, encoder = make_network(
        options.start or options.model,
        lesson.labels,
        lots.train,
        options.max_length,
        head=lesson.head,
        scheme=lesson.scheme,
        weights=None if heft is None else torch.tensor(heft),
        **dict(options.network),
    )
    together = PartialState(cpu=not torch.cuda.is_available())  # under torchrun: several processes
    with together.main_process_first():
        work = workplace(task.out, task.record.fingerprint)
    learned = Rows(_varied(kept, options, work), encoder, lesson, work)
    checked = Rows(lots.validation, encoder, lesson, work)
    logs = task.out.absolute().with_name(f"{task.out.absolute().name}.runs")
    trainer = make_trainer(network, learned, checked, options, work, logs, task.progress)
    resumed_from = fit(trainer, work)
    record = dataclasses.replace(
        task.record,
        limit=encoder.limit,
        versions=task.record.versions | versions_of("torch", "transformers", "tokenizers"),
        spans=lesson.counts(
            (seen.words, annotation)
            for annotation, seen in zip(
                lots.train, encoder.stream(a.phrase for a in lots.train), strict=True
            )
        ),
        epochs=float(trainer.state.epoch or 0),
        best_epoch=best_epoch(trainer),
        resumed_from=resumed_from,
        precision=precision_of(options),
        history=history_of(trainer),
        distribution=distribution_of(lots.train, kept, options),
        thresholds=_thresholds(trainer, checked, options) if lesson.nested else None,
    )

    def strict(tagger: Tagger) -> float:
        answers = tagger.label(annotation.phrase for annotation in lots.validation)
        return score(lots.validation, answers, nested=lesson.nested).micro.f1

    if not together.is_main_process:
        together.wait_for_everyone()  # the first one writes
        return read_record(task.out)
    # Without the autocast that accelerate puts around `forward`: what is exported is fp32.
    plain = trainer.accelerator.unwrap_model(network, keep_fp32_wrapper=False)
    record = write_model(
        plain.cpu(),
        encoder,
        record,
        task.out,
        task.finished,
        strict if lots.validation else None,
        [annotation.phrase for annotation in lots.train[:: max(1, len(lots.train) // SOME)]],
    )
    shutil.rmtree(work)
    together.wait_for_everyone()
    return record


def _threads(options: Options) -> int:
    """Half the processors for an encoder, shared among the processes of one machine; one for a
    network from scratch, which more would only slow down."""
    share = 2 * int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return 1 if options.model in SCRATCH else max(1, (os.cpu_count() or 2) // share)


def _varied(
    annotations: Sequence[Annotation], options: Options, folder: Path
) -> Sequence[Annotation]:
    if not options.exchange:
        return annotations
    return Stored.of(exchanged(annotations, options.exchange, options.seed), folder)


def _thresholds(trainer: Trainer, checked: Rows, options: Options) -> list[float] | None:
    """From which probability on a word carries a label; by the validation letters alone."""
    if not len(checked):
        return None
    sure, gold = checked.judged(trainer.predict(checked).predictions)
    return [shared(sure, gold)] if options.thresholds == "shared" else per_label(sure, gold)
