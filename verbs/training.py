"""How training is run and told, by whichever verb: `train`, `learn`, `up`."""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verbs.terminal import as_view, count, say, view_of

if TYPE_CHECKING:
    from core.learn.data.split import Split
    from core.learn.data.stored import Stored
    from core.learn.record import Record
    from core.records import Annotation
    from core.schema import View


def stored(path: Path, out: Path, view: "View | None" = None) -> "Stored":
    """The annotations of a file, as a view sees them, on the disk where a model is to be made."""
    from core.jsonl import read_records
    from core.learn.data.stored import Stored
    from core.records import Annotation
    from core.schema import default_schema

    known: Iterable[Annotation] = read_records(path, Annotation)
    if view is not None:
        known = (default_schema().seen_as(annotation, view) for annotation in known)
    return Stored.of(known, out.absolute().parent)


def labels_chosen(labels: str | None) -> "tuple[View | None, tuple[str, ...] | None]":
    """The view, or the labels named."""
    from core.schema import VIEWS

    if labels in VIEWS:
        return as_view(labels), None
    return None, None if labels is None else tuple(labels.split(","))


def train_after(
    data: "Sequence[Annotation] | Split", out: Path, model: str, last: Path | None, **how: Any
) -> "Record":
    """As `train_step`; a last model that nothing could be compared on fairly is left out, aloud."""
    from core.learn.retrain import Incomparable

    try:
        return train_step(data, out, model, last, **how)
    except Incomparable as why:
        say(f"not compared with the model in {last}: {why}")
        return train_step(data, out, model, **how)


def train_step(
    data: "Sequence[Annotation] | Split",
    out: Path,
    model: str,
    last: Path | None = None,
    **how: Any,
) -> "Record":
    """Annotations, or a split of them -> a model folder, compared with the last model if any."""
    from tqdm import tqdm

    from annotate.backend.progress import report
    from core.learn.options import options_for
    from core.learn.retrain import retrain
    from core.learn.told import meanings_of, needs_an_eye, score_of, verdict
    from core.learn.train import train

    options = options_for(model, **how)
    with tqdm(desc="training", disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()
            report(done, total)

        if last is None:
            record = train(data, out, options, show)
        else:
            record = retrain(data, out, options, last, show)
    for name, found in record.scores.items():
        if name.startswith("test"):
            whose = name.removeprefix("test").strip() or "all"
            spans = count(found.micro.support, "span")
            say(f"{score_of(record, name)} not trained on ({whose}; {spans})")
    for line in meanings_of(record):
        say(line)
    if record.compared is not None and record.offered:
        say(verdict(record))
    say(f"learned in {record.seconds:.0f} s: {out}")
    say(f"  phrases learned from, validated and scored on: {_origins(record)}")
    if record.int8_cost is not None:
        chosen = "tags with it (a quarter of the size)" if record.quantised else "tags in fp32"
        say(f"  int8 loses {record.int8_cost:.4f} of strict F1 on the validation letters: {chosen}")
    for line in needs_an_eye(record):
        say(f"  look at: {line}")
    return record


def _origins(record: "Record") -> str:
    words = {"human": "corrected", "fictitious": "generated", "rules": "pre-labelled by rules"}
    return ", ".join(f"{n:,} {words.get(o, o)}" for o, n in record.phrases.items())


def train_lessons(
    labelled: Sequence["Annotation"], corrected: Sequence["Annotation"], out: Path, model: str
) -> None:
    """Trains on what there is: corrections, generated letters, pre-labels while those are few. The
    next model is compared with the last, where there is one."""
    from core.learn.options import options_for
    from core.learn.record import read_record
    from core.learn.retrain import last_model, stays_of
    from demo.lessons import lessons

    chosen = options_for(model).keep == "best"
    view = view_of(chain(labelled, corrected))
    last = last_model(out)
    stays = None if last is None else stays_of(read_record(last), chain(labelled, corrected))
    folder = out.absolute().parent
    lots, told = lessons(labelled, corrected, view, chosen=chosen, stays=stays, folder=folder)
    say(told)
    train_after(lots, out, model, last)
