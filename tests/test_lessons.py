"""What the loop learns from, before and after people have corrected enough."""

from core.records import Annotation, Origin, Phrase
from demo.lessons import lessons


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


def test_no_letter_and_no_voice_is_on_two_sides() -> None:
    for corrected in ([], [said(n, "human") for n in range(250)]):
        lots, _ = lessons(LABELLED, corrected, "field", 1)
        sides = [{a.phrase.letter for a in lot} for lot in (lots.train, lots.validation, lots.test)]
        assert not sides[0] & sides[1] and not sides[1] & sides[2] and not sides[0] & sides[2]
        fiction = [
            {a.source for a in lot if a.origin == "fictitious"} for lot in (lots.train, lots.test)
        ]
        assert not fiction[0] & fiction[1] and len(fiction[1]) == 3
