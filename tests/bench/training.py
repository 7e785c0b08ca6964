"""Fine-tuning a network of BERT-base's width beside Trainer's defaults (dynamic padding, fp32):
python -m tests.bench.training [--layers N] [--steps N] [--threads N].

Processor seconds, turn by turn, so that what else the machine does counts for little; real tokens
are those that are not filled up. Both take the same phrases in the same batches of 32. The loss is
compared on a narrow network that is trained to the end, over three seeds.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median, stdev
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

ROUNDS = 3
_NARROW = {"hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 256}


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
        """What of the tokens of a batch is real."""
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


def by_default(trainer: Trainer) -> None:
    """Batches that are filled up, as Trainer's own collator of tokens makes them."""
    trainer.model.packs = False  # type: ignore[union-attr, assignment]


def speed(gold: Sequence[Annotation], layers: int, steps: int, folder: Path) -> None:
    base = bert_base([a.phrase.text for a in gold], ("any",), folder / "base", layers)
    ours = options_for(str(base), epochs=1, keep="last")
    ways = {"theirs": replace(ours, precision="fp32"), "ours": ours}
    clocks: dict[str, list[Clock]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, options in ways.items():
            trainer = trainer_of(str(base), gold, options, folder / "work")
            if name == "theirs":
                by_default(trainer)
            clock = Clock(steps, trainer.data_collator)
            trainer.data_collator = clock
            trainer.add_callback(clock)
            trainer.train()
            clocks[name].append(clock)
    theirs, mine = ([clock.pace for clock in some] for some in clocks.values())
    tell(
        f"training, {precision_of(ours)}, {layers} layers",
        f"{median(mine):.0f} tokens/s",
        f"Trainer {median(theirs):.0f} tokens/s, {clocks['theirs'][0].share:.0%}",
        median(a / b for a, b in zip(mine, theirs, strict=True)),
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
    base = bert_base([a.phrase.text for a in gold], ("any",), folder / "narrow", 2, **_NARROW)
    ends: dict[str, list[float]] = {"filled up": [], "packed": []}
    for seed in range(3):
        options = options_for(
            str(base), epochs=3, keep="last", seed=seed, learning_rate=1e-3, precision="fp32"
        )
        for name, end in ends.items():
            trainer = trainer_of(str(base), gold, options, folder / "work")
            if name == "filled up":
                by_default(trainer)
            trainer.train()
            end.append(loss_of(trainer))
    theirs, mine = (f"{mean(end):.3f} (+-{stdev(end):.3f})" for end in ends.values())
    tell("loss after three epochs, a narrow network", mine, f"Trainer {theirs}")


def bench(folder: Path, layers: int, steps: int) -> None:
    once = {a.phrase.text: default_schema().seen_as(a, "group") for a in corpus(voices(), 6)}
    gold = list(once.values())
    speed(gold, layers, steps, folder)
    losses(gold[::3], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as name:
        bench(Path(name), asked.layers, asked.steps)


if __name__ == "__main__":
    main()
