"""The next model after the last: better on letters that neither knows, or marked as not better."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.learn.data.split import Split
from core.learn.engines.decode import THRESHOLD
from core.learn.options import Options, options_for
from core.learn.record import read_record
from core.learn.retrain import Incomparable, kept_of, last_model, retrain, stays_of
from core.learn.scoring.scores import score
from core.learn.tagger import Tagger
from core.learn.told import verdict
from core.learn.train import train
from core.records import Annotation, Phrase
from tests.tiny_model import marked

pytestmark = pytest.mark.training


def letters(start: int, stop: int) -> list[Annotation]:
    """Corrected letters of two phrases that a network learns in seconds."""
    habits, drugs = ("mai fumato", "ex fumatore", "fumatrice"), ("Bisoprololo", "Lasix")
    rows = []
    for n in range(start, stop):
        habit = marked(f"Abitudini: [[fumo|{habits[n % 3]}]] da {n} anni", f"{n:012x}")
        spans = tuple(replace(span, value=n % 3) for span in habit.spans)
        rows.append(replace(habit, spans=spans))
        rows.append(marked(f"Terapia: [[betabloc|{drugs[n % 2]} {n} mg]] ore {n}", f"{n:012x}"))
    return rows


_CODES = {"mai fumato": 0, "ex fumatore": 1, "fumatrice": 2}


def _habits() -> list[Phrase]:
    return [marked(f"Abitudini: {habit} da 7 anni").phrase for habit in _CODES]


def options(**changes: object) -> Options:
    own = {"epochs": 1, "patience": None, "learning_rate": 1e-2, "batch_size": 8}
    return options_for("windows", **own | changes)


def test_a_better_model_takes_the_place_and_a_worse_one_is_not_offered(tmp_path: Path) -> None:
    out = tmp_path / "model"
    first = train(letters(0, 20), out, options(labels=("fumo",)))
    assert last_model(out) == out

    better = retrain(letters(0, 60), out, options(epochs=2), out)
    told = better.compared
    assert told is not None and better.offered, verdict(better)
    assert told["previous"] == first.weights and told["letters"] >= 6
    assert set(told["validation"]) == {"base", "last"}
    assert told["difference"] > 0 and told["p"] < 0.05
    assert "better than the last model: strict F1 +" in verdict(better)
    held = set(better.split["test"])
    assert held.isdisjoint(first.split["train"]) and set(first.split["test"]) <= held
    assert retrain(letters(0, 60), out, options(epochs=2), out) == better, "done is done"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    answers = list(Tagger.load(out).label(_habits()))
    assert any(answer.spans for answer in answers) and set(better.meanings["codes"]) == {"fumo"}
    for code, answer in zip(_CODES.values(), answers, strict=True):
        assert {span.value for span in answer.spans} <= {code}, "a network tells codes too"

    worse = retrain(letters(0, 62), out, options(labels=("fumo",)), out)
    assert not worse.offered and worse.compared is not None
    assert "not shown to be better than the last model" in verdict(worse)
    assert read_record(out) == worse
    assert last_model(out) == kept_of(out)
    assert read_record(kept_of(out)) == better, "the better one is not lost"
    assert {path.name for path in tmp_path.iterdir()} == {"model", "model.last"}


def test_other_labels_and_another_base_begin_where_they_can(
    tiny_base: Path, tmp_path: Path
) -> None:
    last = tmp_path / "last"
    train(letters(0, 20), last, options(labels=("fumo",)))
    more = retrain(letters(0, 40), tmp_path / "more", options(epochs=2), last)
    assert set(more.labels) == {"fumo", "betabloc"}
    assert more.compared is not None and "last" in more.compared["validation"]
    other = options_for(str(tiny_base), epochs=1)
    base_only = retrain(letters(0, 40), tmp_path / "other", other, last)
    assert base_only.compared is not None
    assert set(base_only.compared["validation"]) == {"base"}
    assert base_only.compared["not gone on with"].startswith("it was made from windows")
    assert read_record(last).labels == ("fumo",), "the last model stays where it is"


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    last = tmp_path / "last"
    record = train(letters(0, 12), last, options())
    learned = [a for a in letters(0, 12) if a.phrase.letter in record.split["train"]]
    with pytest.raises(Incomparable, match="has learned from nearly all of these letters"):
        retrain(learned, tmp_path / "next", options(), last)
    strange = [
        replace(a, spans=tuple(replace(s, label="diabete", field="diabete") for s in a.spans))
        for a in letters(20, 40)
    ]
    with pytest.raises(Incomparable, match="knows none of the labels"):
        retrain(strange, tmp_path / "next", options(), last)
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


def test_of_corrected_and_generated_letters_the_corrected_decide(tmp_path: Path) -> None:
    """As `lettera up` learns: a split of its own, generated letters on every side."""
    small = options_for("crfsuite", epochs=10, exchange=0.0)
    told = [replace(a, origin="fictitious", source="fiction/v") for a in letters(500, 507)]
    last = train(Split(tuple(letters(0, 9)), (), tuple(told)), tmp_path / "m", small)
    assert (
        retrain(Split(tuple(letters(0, 9)), (), tuple(told)), tmp_path / "m", small, tmp_path / "m")
        == last
    )
    lots = Split(tuple(letters(0, 20)), (), (*letters(30, 37), *told))
    record = retrain(lots, tmp_path / "m", small, tmp_path / "m")
    assert record.compared is not None and record.compared["letters"] == 7
    assert "on 7 corrected letters that neither has learned from" in verdict(record)
    few = Split(tuple(letters(0, 20)), (), (*letters(40, 42), *told))
    record = retrain(few, tmp_path / "m", small, tmp_path / "m")
    assert record.compared is not None and record.compared["letters"] == 9
    assert "corrected" not in verdict(record)
    assert stays_of(record, letters(0, 41))["0" * 12] == "train"
    with pytest.raises(Incomparable, match="has learned from letters that are to be scored on"):
        retrain(Split(lots.test, (), lots.train), tmp_path / "m", small, tmp_path / "m")


def test_overlapping_entities_are_compared_by_the_thresholds_that_each_model_picked(
    tmp_path: Path,
) -> None:
    nested = options(head="multilabel", epochs=2, thresholds="each")
    out = tmp_path / "model"
    train(letters(0, 20), out, nested)
    old = Tagger.load(out)
    record = retrain(letters(0, 40), out, nested, out)
    assert record.thresholds is not None and len(record.thresholds) == len(record.labels)
    assert record.thresholds != [THRESHOLD] * 2, "else nothing is shown"
    held = set(record.split["test"])
    gold = [a for a in letters(0, 40) if a.phrase.letter in held]

    def f1(tagger: Tagger) -> float:
        return score(gold, tagger.label(a.phrase for a in gold), nested=True).micro.f1

    assert record.compared is not None
    new = Tagger.load(out)
    assert record.scores["test"].micro.f1 == f1(new)
    assert record.compared["difference"] == pytest.approx(f1(new) - f1(old), abs=1e-4)
