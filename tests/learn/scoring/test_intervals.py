"""F1 by letters: equal to other people's scores on all, and an interval that holds the value."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from core.learn.scoring.intervals import agreement, compared, strict_counts, strict_intervals
from core.records import Annotation, Phrase, Span

WORDS = 9
TEXT = "x " * WORDS


def annotation(number: int, tags: Sequence[str]) -> Annotation:
    phrase = Phrase(f"l{number % 3}:{number:08x}.1", f"l{number % 3}", 0, len(TEXT), TEXT)
    return Annotation(phrase, tuple(spans(tags)), "human", "person/1")


def spans(tags: Sequence[str]) -> list[Span]:
    found: list[Span] = []
    for at, tag in enumerate(tags):
        if tag.startswith("B-"):
            found.append(Span(2 * at, 2 * at + 1, tag[2:], text="x"))
        elif tag != "O":
            start, end = found.pop().start, 2 * at + 1
            found.append(Span(start, end, tag[2:], text=TEXT[start:end]))
    return found


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    tags: list[str] = []
    while len(tags) < WORDS:
        kind = draw(st.sampled_from(["O", "O", "A", "B"]))
        long = 1 if kind == "O" else draw(st.integers(1, 3))
        tags += ["O"] if kind == "O" else [f"B-{kind}", *[f"I-{kind}"] * (long - 1)]
    return tags[:WORDS]


PHRASES = st.lists(st.tuples(rows(), rows()), min_size=1, max_size=6)


@given(PHRASES)
@pytest.mark.filterwarnings("ignore")  # seqeval's, where there is no span at all
def test_strict_is_seqevals(phrases: list[tuple[list[str], list[str]]]) -> None:
    gold, said = zip(*phrases, strict=True)
    ours = agreement(
        [annotation(n, tags) for n, tags in enumerate(gold)],
        [annotation(n, tags) for n, tags in enumerate(said)],
    )
    theirs = f1_score(list(gold), list(said), mode="strict", scheme=IOB2, zero_division=0)
    assert ours.strict.value == pytest.approx(theirs)
    assert 0 <= ours.strict.low <= ours.strict.high <= 1


@given(rows(), rows())
def test_partial_is_semevals_on_one_phrase(gold: list[str], said: list[str]) -> None:
    ours = agreement([annotation(0, gold)], [annotation(0, said)])
    told = Evaluator([gold], [said], tags=["A", "B"], loader="list").evaluate()
    theirs = told["overall"]["partial"]
    assert ours.partial.value == pytest.approx(theirs.f1)


def test_an_interval_is_wide_where_letters_differ_and_the_same_every_time() -> None:
    good, bad = ["B-A", *["O"] * 8], ["O"] * 9
    gold = [annotation(n, good) for n in range(3)]
    mixed = agreement(gold, [annotation(0, good), annotation(1, bad)])
    assert mixed.strict.value == pytest.approx(0.5)
    assert (mixed.strict.low, mixed.strict.high) == (0.0, 1.0)
    assert mixed == agreement(gold, [annotation(0, good), annotation(1, bad)])
    whole = agreement(gold, gold)
    assert (whole.strict.low, whole.strict.high, whole.right) == (1.0, 1.0, 3)


def lots(right: int, wrong: int, said: bool) -> list[Annotation]:
    """Letters of one span each; of the first `right` it is found."""
    rows = [["B-A"] if not said or n < right else ["O"] for n in range(right + wrong)]
    phrases = [Phrase(f"l{n}:0.1", f"l{n}", 0, len(TEXT), TEXT) for n in range(right + wrong)]
    pairs = zip(phrases, rows, strict=True)
    return [Annotation(p, tuple(spans(row)), "human", "person/1") for p, row in pairs]


def test_two_models_are_compared_on_the_same_letters() -> None:
    gold = lots(20, 0, said=False)
    better, worse = lots(18, 2, said=True), lots(6, 14, said=True)
    found = compared(gold, better, worse)
    back = compared(gold, worse, better)
    assert found.difference == pytest.approx(2 * 18 / 38 - 2 * 6 / 26)
    assert 0 < found.low < found.difference < found.high and found.p < 0.01
    assert (back.difference, back.p) == (-found.difference, found.p)
    assert found == compared(gold, better, worse)


FEW = {"the same answers": (20, 5, 5), "two letters": (2, 2, 0), "one letter": (1, 1, 0)}


@pytest.mark.parametrize(("letters", "one", "other"), FEW.values(), ids=FEW)
def test_little_evidence_proves_nothing(letters: int, one: int, other: int) -> None:
    gold = lots(letters, 0, said=False)
    a, b = (lots(right, letters - right, said=True) for right in (one, other))
    assert compared(gold, a, b).p > 0.4


@given(PHRASES)
def test_the_strict_interval_is_the_same_by_either_way(
    phrases: list[tuple[list[str], list[str]]],
) -> None:
    sides = zip(*phrases, strict=True)
    gold, said = ([annotation(n, tags) for n, tags in enumerate(side)] for side in sides)
    counts = strict_counts(gold, said, ["", "A", "B"])
    assert strict_intervals(counts)[0] == agreement(gold, said).strict
    assert (counts[:, 0] == counts[:, 1:].sum(axis=1)).all()
