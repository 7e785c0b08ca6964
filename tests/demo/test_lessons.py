"""What the loop learns from, before and after people have corrected enough."""

import pytest

from core.errors import BadInput
from core.learn.data.split import Side
from core.records import Annotation, Origin, Phrase
from core.schema import FIELDS
from demo.lessons import lessons
from tests.places import DATA

OWN = DATA / "three_fields.toml"


def said(number: int, origin: Origin) -> Annotation:
    letter = f"{number % 9:012x}"
    phrase = Phrase(f"{letter}:{number:08x}.1", letter, 0, 4, "fuma")
    return Annotation(phrase, (), origin, f"{origin}/1", skipped=number == 3)


LABELLED = [said(n, "rules") for n in range(300)]


def test_a_corrected_phrase_takes_the_place_of_its_pre_label() -> None:
    few, told = lessons(LABELLED, [said(n, "human") for n in range(5)], "field", 1)
    by = [a.origin for a in few.train]
    assert by.count("human") == 4 and by.count("rules") == 296 and "fictitious" in by
    assert {a.origin for a in (*few.validation, *few.test)} == {"fictitious"}
    assert "296 pre-labelled phrases that nobody checked, 4 corrected ones" in told


def test_from_200_corrected_phrases_on_pre_labels_are_left_out() -> None:
    many, told = lessons(LABELLED, [said(n, "human") for n in range(250)], "field", 1)
    assert {a.origin for a in many.train} == {"human", "fictitious"}
    assert {a.origin for a in many.test} == {"human", "fictitious"}
    assert "249 phrases that people corrected" in told


@pytest.mark.parametrize("corrected", [0, 250])
@pytest.mark.parametrize("chosen", [True, False])
def test_no_letter_and_no_voice_is_on_two_sides(corrected: int, chosen: bool) -> None:
    gold = [said(n, "human") for n in range(corrected)]
    lots, _ = lessons(LABELLED, gold, "field", 1, chosen=chosen)
    sides = [{a.phrase.letter for a in lot} for lot in (lots.train, lots.validation, lots.test)]
    assert not sides[0] & sides[1] and not sides[1] & sides[2] and not sides[0] & sides[2]
    fiction = [
        {a.source for a in lot if a.origin == "fictitious"} for lot in (lots.train, lots.test)
    ]
    assert not fiction[0] & fiction[1] and len(fiction[1]) == 3


def test_a_letter_that_the_last_model_learned_from_is_not_scored_on() -> None:
    gold = [said(n, "human") for n in range(250)]
    names = sorted({a.phrase.letter for a in gold})
    learned: dict[str, Side] = dict.fromkeys(names[:7], "train")
    lots, _ = lessons(LABELLED, gold, "field", 1, stays=learned)
    assert not learned.keys() & {a.phrase.letter for a in (*lots.validation, *lots.test)}
    assert {a.phrase.letter for a in lots.test if a.origin == "human"} <= set(names[7:])


def test_where_no_epoch_is_chosen_nothing_is_held_back_for_it() -> None:
    checked, _ = lessons([], [], "field", 1)
    whole, _ = lessons([], [], "field", 1, chosen=False)
    assert len(whole.train) == len(checked.train) + len(checked.validation)
    assert not whole.validation and whole.test == checked.test


def test_a_table_of_ones_own_is_learned_without_fiction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FIELDS, str(OWN))
    lots, told = lessons(LABELLED, [said(n, "human") for n in range(9)], "field", 1)
    every = (*lots.train, *lots.validation, *lots.test)
    assert {a.origin for a in every} == {"human", "rules"} and len(every) == 300
    assert "generated" not in told and "fiction" not in told
    with pytest.raises(BadInput, match="too few"):
        lessons(LABELLED[:1], [], "field", 1)
