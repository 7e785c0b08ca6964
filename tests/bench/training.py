"""Fine-tuning a network of BERT-base's width beside Trainer's defaults (dynamic padding, fp32):
python -m tests.bench.training [--layers N] [--steps N] [--threads N].

Processor seconds, so that what else the machine does counts for little; real tokens are those that
are not filled up. Both take the same phrases in batches of 32. The loss is compared on a narrow
network that is trained to the end, over three seeds.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from transformers import Trainer, TrainerCallback

from core.learn.data.lesson import Lesson
from core.learn.networks.base import make_network
from core.learn.networks.rows import Collator, Rows
from core.learn.networks.trainer import make_trainer, precision_of
from core.learn.options import Options, options_for
from core.records import Annotation
from core.schema import default_schema
from demo.fictitious import corpus, voices
from tests.bench.bert import bert_base
from tests.bench.table import tell

_NARROW = (("width", 64), ("layers", 2), ("attention_heads", 2))


@dataclass
class Clock(TrainerCallback):
    """Processor seconds of each step, and what its batch held; stops after so many steps."""

    steps: int
    collate: Collator
    seconds: list[float] = field(default_factory=list)
    real: list[int] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = self.collate(rows)
        self.real.append(int(batch["attention_mask"].sum()))
        self.filled.append(batch["attention_mask"].numel())
        return batch

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._begun = time.process_time()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.seconds.append(time.process_time() - self._begun)
        control.should_training_stop = state.global_step >= self.steps

    @property
    def pace(self) -> float:
        """Real tokens a processor second; the first step warms up."""
        done = len(self.seconds)
        return sum(self.real[1:done]) / sum(self.seconds[1:])

    @property
    def share(self) -> float:
        """What of the tokens is real."""
        return sum(self.real) / sum(self.filled)


def trainer_of(base: str, gold: Sequence[Annotation], options: Options, work: Path) -> Trainer:
    """As `lettera train` sets it up, but that it writes nothing."""
    labels = tuple(sorted({span.label for a in gold for span in a.spans}))
    torch.manual_seed(options.seed)
    network, encoder = make_network(base, labels, gold, 512, **dict(options.network))
    rows, none = (Rows(some, encoder, Lesson(labels)) for some in (gold, ()))
    made = make_trainer(network, rows, none, options, work, work, None)
    made.args.save_strategy = "no"  # type: ignore[assignment]
    return made


def by_default(trainer: Trainer) -> Trainer:
    trainer.args.train_sampling_strategy = "random"
    return trainer


def speed(gold: Sequence[Annotation], layers: int, steps: int, folder: Path) -> None:
    base = bert_base([a.phrase.text for a in gold], ("any",), folder / "base", layers)
    ours = options_for(str(base), epochs=1, keep="last")
    clocks = {}
    for name, options in {
        "Trainer's defaults": replace(ours, precision="fp32"),
        "lettera train": ours,
    }.items():
        trainer = trainer_of(str(base), gold, options, folder / "work")
        if options is not ours:
            by_default(trainer)
        clocks[name] = clock = Clock(steps, trainer.data_collator)
        trainer.data_collator = clock
        trainer.add_callback(clock)
        trainer.train()
    theirs, mine = clocks.values()
    tell(
        f"training, {precision_of(ours)}, {layers} layers, {mine.share:.0%} real",
        f"{mine.pace:.0f} tokens/s",
        f"Trainer {theirs.pace:.0f} tokens/s, {theirs.share:.0%}",
        mine.pace / theirs.pace,
        "7",
    )


def loss_of(trainer: Trainer) -> float:
    """The mean loss of a word of all rows. What a trainer logs is the mean of its batches, in which
    the words of short phrases weigh more once these stand together."""
    rows, network, words, total = trainer.train_dataset, trainer.model.eval(), 0, 0.0
    for at in range(0, len(rows), 32):
        batch = trainer.data_collator([rows[n] for n in range(at, min(at + 32, len(rows)))])
        known = int((batch["labels"] >= 0).sum())
        with torch.no_grad():
            total += float(network(**batch).loss) * known
        words += known
    return total / words


def losses(gold: Sequence[Annotation], folder: Path) -> None:
    """The loss after three epochs over three seeds, both ways."""
    ends: dict[str, list[float]] = {"random": [], "grouped": []}
    for seed in range(3):
        options = options_for(
            "transformer", epochs=3, keep="last", network=_NARROW, seed=seed, exchange=0.0
        )
        for name, end in ends.items():
            trainer = trainer_of("transformer", gold, options, folder / "narrow")
            if name == "random":
                by_default(trainer)
            trainer.train()
            end.append(loss_of(trainer))
    theirs, mine = (f"{mean(end):.3f} (+-{stdev(end):.3f})" for end in ends.values())
    tell("loss after three epochs, a narrow network", mine, f"Trainer {theirs}")


def bench(folder: Path, layers: int = 3, steps: int = 4) -> None:
    once = {a.phrase.text: default_schema().seen_as(a, "group") for a in corpus(voices(), 6)}
    gold = list(once.values())
    speed(gold, layers, steps, folder)
    losses(gold[::3], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as name:
        bench(Path(name), asked.layers, asked.steps)


if __name__ == "__main__":
    main()
