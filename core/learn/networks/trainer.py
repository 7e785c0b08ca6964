"""Hugging Face's Trainer as it is used here: set up, gone on with after a kill, reported."""

import os
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import SequentialSampler
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from core.errors import BadInput, UnknownName
from core.learn.heads.headed import Headed
from core.learn.networks.base import decoder_of
from core.learn.networks.checkpoints import last_checkpoint, seal, state_of
from core.learn.networks.rows import Collator, Rows
from core.learn.options import PRECISIONS, Options, Progress
from core.learn.scoring.thresholds import shared
from core.learn.scratch import SCRATCH
from core.records import Json


def make_trainer(
    network: Headed,
    lesson_rows: Rows,
    validation: Rows,
    options: Options,
    work: Path,
    logs: Path,
    progress: Progress | None,
) -> Trainer:
    """A trainer that scores each epoch on the validation rows, if any, in strict F1. `logs`: where
    the files of TensorBoard go when it is asked for."""
    if options.report_to == "tensorboard":
        os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(logs))
    if options.checkpointing:
        _save_memory(network, options.model)
    checked, best = len(validation) > 0, options.keep == "best"
    arguments = TrainingArguments(
        output_dir=str(work),
        learning_rate=options.learning_rate,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=options.batch_size,
        gradient_accumulation_steps=options.accumulate,
        num_train_epochs=options.epochs,
        weight_decay=options.weight_decay,
        warmup_steps=options.warmup,
        bf16=precision_of(options) == "bf16",
        use_cpu=not torch.cuda.is_available(),
        optim="adamw_torch_fused",
        eval_strategy="epoch" if checked else "no",
        save_strategy="epoch",
        logging_strategy="epoch",
        load_best_model_at_end=best,
        metric_for_best_model="f1" if best else None,
        greater_is_better=True if best else None,
        save_total_limit=2,
        # One that packs fills nothing up, in whatever order it reads.
        train_sampling_strategy="random" if network.packs else "group_by_length",
        seed=options.seed,
        report_to=options.report_to or "none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )

    def f1(said: Any) -> dict[str, float]:
        # Made anew each time: what a CRF has learned of the steps between tags moves, and so does
        # the probability from which on a nested label is best believed.
        nested = validation.lesson.nested
        least = [shared(*validation.judged(said.predictions))] if nested else None
        decoder = decoder_of(network, validation.lesson.labels, least)
        return {"f1": validation.score(said.predictions, decoder).micro.f1}

    trainer = _InOrder(
        model=network,
        args=arguments,
        train_dataset=lesson_rows,
        eval_dataset=validation if checked else None,
        data_collator=Collator(lesson_rows.encoder),
        compute_metrics=f1 if checked else None,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Sealed())
    if options.patience is not None and best:
        trainer.add_callback(EarlyStoppingCallback(options.patience))
    if progress is not None:
        trainer.add_callback(_Told(progress))
    return trainer


def fit(trainer: Trainer, work: Path) -> float | None:
    """Trains, from the last whole checkpoint where there is one; returns its epoch."""
    # Of several processes the first looks first: it removes what is not whole.
    with trainer.args.main_process_first(local=False):
        last = last_checkpoint(work)
    # Asked now: checkpoints are removed on the way.
    done = None if last is None else float(state_of(last)["epoch"])
    trainer.train(resume_from_checkpoint=None if last is None else str(last))
    return done


def precision_of(options: Options) -> str:
    """fp32 or bf16. By itself: bf16 where a GPU or the processor computes in it, but for networks
    from scratch, which are too small to gain by it."""
    if options.precision not in PRECISIONS:
        raise UnknownName(
            f"no precision named '{options.precision}'; choose one of: {', '.join(PRECISIONS)}"
        )
    if options.precision != "auto":
        return options.precision
    return "bf16" if options.model not in SCRATCH and _has_bf16() else "fp32"


def _has_bf16() -> bool:
    if torch.cuda.is_available():
        # Without emulation: old GPUs do it in software, slower than fp32.
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    known = torch.cpu.get_capabilities()
    return any(has for name, has in known.items() if name.endswith("bf16"))


def _save_memory(network: Headed, model: str) -> None:
    """Gradient checkpointing: what a layer said is computed again when its gradient is due."""
    body: Any = getattr(network, "body", network)
    if not body.supports_gradient_checkpointing:
        raise BadInput(f"{model}: has no gradient checkpointing; leave it out")
    body.activation_checkpointing_enable({"use_reentrant": False})


def history_of(trainer: Trainer) -> list[Json]:
    """Training loss and strict F1 on validation, one entry an epoch."""
    epochs: dict[float, Json] = {}
    for row in trainer.state.log_history:
        known = {"loss": row.get("loss"), "f1": row.get("eval_f1")}
        told = {name: round(value, 4) for name, value in known.items() if value is not None}
        if told:
            epochs.setdefault(row["epoch"], {"epoch": row["epoch"]}).update(told)
    return list(epochs.values())


def best_epoch(trainer: Trainer) -> float:
    """The epoch whose network was kept."""
    best = trainer.state.best_global_step
    own = (row["epoch"] for row in trainer.state.log_history if row["step"] == best)
    return next(own, float(trainer.state.epoch or 0))


class _InOrder(Trainer):
    """Grouping rows by length is for learning alone: what is scored must come back in its order."""

    def _get_eval_sampler(self, eval_dataset: Any) -> SequentialSampler:
        return SequentialSampler(eval_dataset)


class _Told(TrainerCallback):
    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.progress(state.global_step, state.max_steps)


class _Sealed(TrainerCallback):
    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
