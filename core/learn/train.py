"""Annotations in, a model folder out: network, tokenizer, ONNX form, and the record of it all.

The training is Hugging Face's `Trainer`; the defaults are the paper's Table 3. It is run by
`lettera train corrected.jsonl -o model/`. Checkpoints stand beside the folder until it is written:
a killed training goes on from its last epoch, and the folder appears whole or not at all.
"""

import dataclasses
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from core.errors import BadInput
from core.learn.base import make_network
from core.learn.checkpoints import (
    fingerprint,
    last_checkpoint,
    made_before,
    state_of,
    workplace,
)
from core.learn.encode import Encoder
from core.learn.export import write_model
from core.learn.record import Record, opaque
from core.learn.rows import Collator, Rows
from core.learn.scores import Scores, score
from core.learn.split import Method, Split, split
from core.learn.tagger import Tagger
from core.learn.tags import tags_of
from core.learn.variety import distinct, exchanged
from core.records import Annotation
from core.schema import VIEWS, View, default_schema

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps there are (early stopping may leave some out)."""

SMALL = "small"
BASE = "emilyalsentzer/Bio_ClinicalBERT"
_SMALL = {
    "learning_rate": 3e-3,
    "epochs": 12,
    "warmup": 0.05,
    "patience": 4,
    "max_length": 192,
    "distinct": True,
    "exchange": 0.7,
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to train. The defaults are the paper's (Table 3); `options_for` knows those of `small`.

    `threads`: None takes half the processors for an encoder and one for `small`, which more would
    only slow down. `patience`: epochs without a better F1 before it stops; None trains them all.
    `distinct`, `exchange`: see `core.learn.variety`.
    """

    model: str = BASE
    learning_rate: float = 5e-5
    batch_size: int = 32
    epochs: int = 20
    weight_decay: float = 0.01
    warmup: float = 0.0
    patience: int | None = None
    max_length: int = 512
    distinct: bool = False
    exchange: float = 0.0
    split: Method = "stratified"
    seed: int = 0
    threads: int | None = None


def options_for(model: str = BASE, **changes: Any) -> Options:
    """The defaults of a model: the paper's for an encoder, the measured ones for `small`."""
    own: dict[str, Any] = _SMALL if model == SMALL else {}
    return Options(**{"model": model} | own | changes)


def train(
    annotations: Sequence[Annotation] | Split,
    out: Path,
    options: Options,
    progress: Progress | None = None,
) -> Record:
    """Trains, picks the epoch with the best F1 on the validation letters, scores it on the test
    letters, writes the folder `out`. The labels are those that the annotations carry, so the caller
    chooses the view first; a `Split` is taken as it is, else `options` say how to split. Asked
    again for what `out` already is, it returns that record.
    """
    begun = time.monotonic()
    lots = _lots(annotations, options)
    usable = [*lots.train, *lots.validation, *lots.test]
    sizes = [len(lots.train), len(lots.validation)]
    mark = fingerprint(usable, dataclasses.asdict(options) | {"lots": sizes})
    if (made := made_before(out, mark)) is not None:
        return made
    labels = _labels(lots.train)
    _set_threads(options)
    torch.manual_seed(options.seed)
    network, encoder = make_network(options.model, labels, lots.train, options.max_length)
    work = workplace(out, mark)
    trainer = _trainer(network, encoder, lots, labels, options, work, progress)
    last = last_checkpoint(work)
    resumed_from = None if last is None else float(state_of(last)["epoch"])
    trainer.train(resume_from_checkpoint=None if last is None else str(last))
    record = Record(
        labels=labels,
        view=_view(labels),
        base=options.model,
        limit=encoder.limit,
        options=dataclasses.asdict(options),
        versions={name: version(name) for name in ("torch", "transformers", "tokenizers")},
        phrases=dict(Counter(a.origin for a in usable)),
        spans=_spans(lots, labels, encoder),
        split={
            name: sorted({opaque(a.phrase.letter) for a in getattr(lots, name)})
            for name in ("train", "validation", "test")
        },
        scores={},
        epochs=float(trainer.state.epoch or 0),
        best_epoch=_best_epoch(trainer),
        resumed_from=resumed_from,
        seconds=0.0,
        date=datetime.now(UTC).date().isoformat(),
        weights="",
        fingerprint=mark,
    )

    def finished(tagger: Tagger) -> Record:
        scores = {"validation": _score(tagger, lots.validation), "test": _score(tagger, lots.test)}
        origins = sorted({a.origin for a in lots.test})
        if len(origins) > 1:
            for origin in origins:
                own = [a for a in lots.test if a.origin == origin]
                scores[f"test {origin}"] = _score(tagger, own)
        seconds = round(time.monotonic() - begun, 1)
        return dataclasses.replace(tagger.record, scores=scores, seconds=seconds)

    record = write_model(network.cpu(), encoder, record, out, finished)
    shutil.rmtree(work)
    return record


def _lots(annotations: Sequence[Annotation] | Split, options: Options) -> Split:
    """Train, validation and test; what a person skipped is in none."""
    if isinstance(annotations, Split):
        lots = (annotations.train, annotations.validation, annotations.test)
        return Split(*(tuple(a for a in lot if not a.skipped) for lot in lots))
    usable = [annotation for annotation in annotations if not annotation.skipped]
    return split(usable, method=options.split, seed=options.seed)


def _score(tagger: Tagger, gold: Sequence[Annotation]) -> Scores:
    return score(gold, tagger.label(annotation.phrase for annotation in gold))


def _labels(annotations: Sequence[Annotation]) -> tuple[str, ...]:
    """The labels to learn, in the order of the schema, labels that it does not know at the end."""
    found = {span.label for annotation in annotations for span in annotation.spans}
    if not found:
        raise BadInput("none of the phrases to learn from has a span; label or correct some first")
    order = {label: n for view in VIEWS for n, label in enumerate(default_schema().labels(view))}
    return tuple(sorted(found, key=lambda label: (order.get(label, len(order)), label)))


def _view(labels: Sequence[str]) -> View | None:
    """The view of the schema that knows all the labels, if one does."""
    return next((v for v in VIEWS if set(labels) <= set(default_schema().labels(v))), None)


def _spans(lots: Split, labels: tuple[str, ...], encoder: Encoder) -> dict[str, int]:
    """How many spans the network learns from, and how many it cannot say as they are."""
    counts = Counter({"learned": 0, "overlapped": 0, "cut": 0})
    encoded = encoder.encode([annotation.phrase for annotation in lots.train])
    for annotation, seen in zip(lots.train, encoded, strict=True):
        tagged = tags_of(seen.words, annotation.spans, labels)
        counts["overlapped"] += tagged.overlapped
        counts["cut"] += tagged.cut
        counts["learned"] += len(annotation.spans) - tagged.overlapped - tagged.cut
    return dict(counts)


def _set_threads(options: Options) -> None:
    few = 1 if options.model == SMALL else max(1, (os.cpu_count() or 2) // 2)
    torch.set_num_threads(options.threads or few)


def _trainer(
    network: PreTrainedModel,
    encoder: Encoder,
    lots: Split,
    labels: tuple[str, ...],
    options: Options,
    work: Path,
    progress: Progress | None,
) -> Trainer:
    arguments = TrainingArguments(
        output_dir=str(work),
        learning_rate=options.learning_rate,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=options.batch_size,
        num_train_epochs=options.epochs,
        weight_decay=options.weight_decay,
        warmup_steps=options.warmup,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="no",
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        greater_is_better=True,
        save_total_limit=2,
        train_sampling_strategy="group_by_length",
        seed=options.seed,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    rows = Rows(lots.validation, encoder, labels)
    trainer = Trainer(
        model=network,
        args=arguments,
        train_dataset=Rows(_varied(lots.train, options), encoder, labels),
        eval_dataset=rows,
        data_collator=Collator(encoder),
        compute_metrics=lambda said: {"f1": rows.score(said.predictions).micro.f1},
    )
    trainer.remove_callback(PrinterCallback)
    if options.patience is not None:
        trainer.add_callback(EarlyStoppingCallback(options.patience))
    if progress is not None:
        trainer.add_callback(_Told(progress))
    return trainer


def _varied(annotations: Sequence[Annotation], options: Options) -> Sequence[Annotation]:
    if options.distinct:
        annotations = distinct(annotations)
    if options.exchange:
        annotations = exchanged(annotations, options.exchange, options.seed)
    return annotations


class _Told(TrainerCallback):
    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.progress(state.global_step, state.max_steps)


def _best_epoch(trainer: Trainer) -> float:
    best = trainer.state.best_global_step
    return next((r["epoch"] for r in trainer.state.log_history if r["step"] == best), 0.0)
