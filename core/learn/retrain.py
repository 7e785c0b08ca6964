"""Corrections and the last model in, the next model out: better by test, or marked as not better.

Training begins twice: with the weights of the last model, and with what it was made from. The one
with the better strict F1 on the validation letters is taken; then it is compared with the last
model on the test letters, which none of the three has learned from: on those that people corrected,
where these are enough. A letter stays on the side of the split where the last model had it.
"""

import dataclasses
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.errors import BadInput
from core.learn.data.split import SIDES, Side, Split, split
from core.learn.data.stored import unskipped, where
from core.learn.networks.checkpoints import made_before, refuse_other
from core.learn.options import Options, Progress, is_crf
from core.learn.places import in_place, put_in_place
from core.learn.record import FILE, WEIGHTS, Record, opaque, read_record, write_record
from core.learn.scoring.intervals import Paired, compared
from core.learn.tagger import Tagger
from core.learn.told import FEWEST
from core.learn.train import lots_of, mark_of, shares_of, train
from core.records import Annotation

SURE = 0.05


class Incomparable(BadInput):
    """Nothing is left that both models could be scored on fairly."""


def last_model(folder: Path) -> Path | None:
    """The model that the next one has to beat: that in `folder`, or the one that waits beside it
    because that in `folder` was not better; None where there is no model."""
    kept = kept_of(folder)
    return next((place for place in (kept, folder) if (place / FILE).is_file()), None)


def kept_of(out: Path) -> Path:
    """Where the last model stays when the one at `out` is not better."""
    return out.absolute().with_name(f"{out.absolute().name}.last")


def retrain(
    annotations: Sequence[Annotation] | Split,
    out: Path,
    options: Options,
    last: Path,
    progress: Progress | None = None,
) -> Record:
    """Trains the next model after `last` and writes it to `out`, with the comparison in its record.

    Where `last` is the model at `out` and is not beaten, it goes to `kept_of(out)`. A training that
    was killed goes on when it is asked for again; one that is done is not done again. Raises
    Incomparable where the last model has learned from all the letters, or knows none of the labels.
    """
    before = read_record(last)
    lots = _lots(annotations, options, before)
    mark = mark_of(lots, options)
    if (made := _done(out, mark, last)) is not None:
        return made
    refuse_other(out)
    why = _cannot_go_on(before, last, options)
    ways = {"base": options}
    if why is None:
        ways["last"] = dataclasses.replace(options, start=str(last), network=())
    places = {way: out.absolute().with_name(f".{out.absolute().name}.from-{way}") for way in ways}
    tried = {
        way: train(lots, places[way], own, _part(progress, number, len(ways)))
        for number, (way, own) in enumerate(ways.items())
    }
    f1 = {way: _on_validation(record) for way, record in tried.items()}
    chosen = max(f1, key=lambda way: f1[way])
    gold, corrected = _gold(lots.test)
    found = _compared(gold, places[chosen], last, options)
    better = found.difference > 0 and found.p < SURE
    told = {
        "previous": before.weights,
        "began with": chosen,
        "validation": {way: round(value, 4) for way, value in f1.items()},
        "letters": len({a.phrase.letter for a in gold}),
        "corrected": corrected,
        **{name: round(value, 4) for name, value in dataclasses.asdict(found).items()},
    }
    if why is not None:
        told["not gone on with"] = why
    record = dataclasses.replace(
        tried[chosen],
        compared=told,
        offered=better,
        fingerprint=_after(mark, before.weights),
    )
    write_record(places[chosen], record)
    if better:
        shutil.rmtree(kept_of(out), ignore_errors=True)
    elif last.absolute() == out.absolute():
        with in_place(kept_of(out)) as kept:
            shutil.copytree(last, kept, dirs_exist_ok=True)
    put_in_place(places[chosen], out.absolute())
    for place in places.values():
        shutil.rmtree(place, ignore_errors=True)
    return record


def _lots(annotations: Sequence[Annotation] | Split, options: Options, before: Record) -> Split:
    """The split, in which letters that the last model knew keep their side."""
    if isinstance(annotations, Split):
        lots = lots_of(annotations, options)
        if any(side != "test" for side in stays_of(before, lots.test).values()):
            raise Incomparable("the last model has learned from letters that are to be scored on")
    else:
        known = unskipped(annotations)
        lots = split(
            known,
            method=options.split,
            seed=options.seed,
            shares=shares_of(options),
            stays=stays_of(before, known),
        )
    if not lots.test or not (lots.validation or options.keep == "last"):
        raise Incomparable(
            "the last model has learned from nearly all of these letters; to compare the next one "
            "with it, correct at least two letters that it has not seen, or begin anew: --from none"
        )
    if not {s.label for a in lots.test for s in a.spans} & set(before.labels):
        raise Incomparable(
            "the last model knows none of the labels of the letters to be scored on; "
            "choose another folder with -o, or begin anew: --from none"
        )
    return lots


def stays_of(before: Record, annotations: Iterable[Annotation]) -> dict[str, Side]:
    """The side that each of the letters had in the split of a model."""
    sides: dict[str, Side] = {name: side for side in SIDES for name in before.split.get(side, ())}
    letters = {a.phrase.letter: opaque(a.phrase.letter) for a in annotations}
    return {letter: sides[name] for letter, name in letters.items() if name in sides}


def _done(out: Path, mark: str, last: Path) -> Record | None:
    """The record of `out` where it is the outcome of this very comparison, won or lost (the model
    that it was compared with may be gone by now), or the first of its kind, with none before it."""
    made = read_record(out) if (out / FILE).is_file() else None
    if made is None:
        return None
    if made.compared is None:
        return made_before(out, mark) if last.absolute() == out.absolute() else None
    return made_before(out, _after(mark, made.compared["previous"]))


def _after(mark: str, previous: str) -> str:
    return f"{mark} after {previous}"


def _cannot_go_on(before: Record, last: Path, options: Options) -> str | None:
    """Why training cannot begin with the weights of the last model."""
    if is_crf(options.model):
        return "a feature CRF always begins anew"
    if before.base != options.model:
        return f"it was made from {before.base}, this one from {options.model}"
    if not (last / WEIGHTS).is_file():
        return f"its folder holds no {WEIGHTS}"
    if options.keep == "last":
        return "there are no validation letters to choose by"
    return None


def _on_validation(record: Record) -> float:
    """Strict F1 on the validation letters; 0 where there are none, as for what has no choice."""
    found = record.scores.get("validation")
    return 0.0 if found is None else found.micro.f1


def _part(progress: Progress | None, number: int, of: int) -> Progress | None:
    """Progress of one of several trainings of like length."""
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, of * total)


def _gold(test: Sequence[Annotation]) -> tuple[Sequence[Annotation], bool]:
    """What two models are compared on, and whether it is corrections alone."""
    corrected = where(test, lambda annotation: annotation.origin == "human")
    enough = len({a.phrase.letter for a in corrected}) >= FEWEST
    return (corrected if enough else test), enough or len(corrected) == len(test)


def _compared(gold: Sequence[Annotation], new: Path, last: Path, options: Options) -> Paired:
    """Each model reads with what its own record says, the thresholds that it picked among it."""
    phrases = [annotation.phrase for annotation in gold]
    answers, before = (list(Tagger.load(place).label(phrases)) for place in (new, last))
    return compared(gold, answers, before, nested=options.head == "multilabel")
