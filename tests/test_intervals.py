"""F1 by letters: equal to other people's scores on all, and an interval that holds the value."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from core.learn.intervals import agreement
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
