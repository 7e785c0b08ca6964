"""The split: no letter on two sides, the same for the same seed, scored on known answers only."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, UnknownName
from core.learn.data.split import folds, split
from core.learn.options import METHODS, Method
from core.records import Annotation
from tests.tiny_model import four_letters, marked

LABELS = ("fumo", "diabete", "lasix", "betabloc")


@st.composite
def some_letters(draw: st.DrawFn) -> list[Annotation]:
    count = draw(st.integers(3, 12))
    rows = []
    for letter in range(count):
        for _ in range(draw(st.integers(1, 3))):
            label = draw(st.sampled_from((*LABELS, "")))
            text = f"paziente [[{label}|con reperto]]" if label else "decorso regolare"
            rows.append(marked(text, f"{letter:012x}"))
    return draw(st.permutations(rows))


@settings(deadline=None)
@given(some_letters(), st.sampled_from(METHODS), st.integers(0, 99))
def test_a_letter_is_on_one_side_only(rows: list[Annotation], method: Method, seed: int) -> None:
    lots = split(rows, method=method, seed=seed)
    sides = [{a.phrase.letter for a in lot} for lot in (lots.train, lots.validation, lots.test)]
    assert all(sides)
    assert sum(len(side) for side in sides) == len(set().union(*sides))
    assert sorted(map(repr, rows)) == sorted(map(repr, lots.train + lots.validation + lots.test))
    assert lots == split(rows, method=method, seed=seed)


def test_stratified_gives_each_side_its_share_of_every_label() -> None:
    rows = [
        marked(f"qui [[{LABELS[letter % 4]}|reperto]]", f"{letter:012x}") for letter in range(80)
    ]
    lots = split(rows, shares=(0.1, 0.1), seed=3)
    for lot in (lots.validation, lots.test):
        assert {s.label for a in lot for s in a.spans} == set(LABELS)


def test_what_a_voice_wrote_stays_together() -> None:
    rows = [
        marked("un rigo", f"{n:012x}", origin="fictitious", source=f"fictitious/{n % 4}")
        for n in range(40)
    ]
    lots = split(rows)
    voices = [{a.source for a in lot} for lot in (lots.train, lots.validation, lots.test)]
    assert sum(map(len, voices)) == 4


def test_only_known_answers_are_held_out() -> None:
    told = [dataclasses.replace(a, origin="rules", source="rules/1") for a in four_letters()]
    known = [marked("un rigo", f"{n:012x}") for n in range(100, 105)]
    lots = split([*told, *known])
    assert {a.origin for a in lots.validation + lots.test} == {"human"}
    assert {a.origin for a in lots.train} == {"rules", "human"}


def test_too_few_letters_is_said() -> None:
    with pytest.raises(BadInput, match="too few letters .*: 2; .* at least 3"):
        split(four_letters()[:8])


def test_an_unknown_method_is_said() -> None:
    with pytest.raises(UnknownName, match="choose one of: stratified, random"):
        split(four_letters(), method="by phrase")  # type: ignore[arg-type]


@settings(deadline=None)
@given(some_letters(), st.sampled_from(METHODS), st.integers(0, 99))
def test_folds_score_every_letter_once(rows: list[Annotation], method: Method, seed: int) -> None:
    lots = folds(rows, 2, seed, method=method)
    letters = {a.phrase.letter for a in rows}
    tests = [{a.phrase.letter for a in lot.test} for lot in lots]
    assert set.union(*tests) == letters and sum(map(len, tests)) == len(letters)
    for lot in lots:
        sides = [{a.phrase.letter for a in side} for side in (lot.train, lot.validation, lot.test)]
        assert sum(map(len, sides)) == len(set.union(*sides)) == len(letters)
    assert lots == folds(rows, 2, seed, method=method)


def test_too_many_folds_are_said() -> None:
    with pytest.raises(BadInput, match="4 letters cannot be parted into 4 lots"):
        folds(four_letters(), 4)
    assert len(folds(four_letters(), 4, validation=0.0)) == 4


def test_the_letters_of_a_patient_stay_together() -> None:
    rows = [marked("un rigo", f"{n:012x}", extra={"patient": n % 5}) for n in range(40)]
    lots = split(rows)
    patients = [{a.extra["patient"] for a in lot} for lot in (lots.train, lots.test)]
    assert patients[0].isdisjoint(patients[1])


def test_letters_keep_the_side_that_they_had() -> None:
    rows = [marked("un rigo", f"{n:012x}") for n in range(30)]
    stays = {f"{n:012x}": "train" for n in range(20)} | {"000000000014": "test"}
    lots = split(rows, stays=stays)  # type: ignore[arg-type]
    assert {f"{n:012x}" for n in range(20)} <= {a.phrase.letter for a in lots.train}
    test = {a.phrase.letter for a in lots.test}
    assert "000000000014" in test
    assert (len(lots.test), len(lots.validation)) == (3, 3), "a tenth of all the letters each"
