"""Scores: strict as seqeval counts it, overlap as a person would."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from core.learn.scoring.scores import Scores, score
from core.learn.tags import runs, spans_of, tag_names, words
from core.records import Annotation, Phrase
from tests.tiny_model import marked

LABELS = ("fumo", "diabete", "lasix")
NAMES = tag_names(LABELS)


def annotated(number: int, tags: list[int]) -> Annotation:
    text = " ".join("x" * len(tags))
    phrase = Phrase(f"{number}", "0" * 12, 0, len(text), text)
    return Annotation(phrase, spans_of(text, words(text), tags, LABELS), "human", "person/1")


def closed(tags: list[int]) -> list[int]:
    """The row with every stray I turned into the opening that this house takes it for."""
    row = list(tags)
    for first, _, label in runs(tags):
        row[first] = 1 + 2 * label
    return row


@st.composite
def two_rows(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    size = draw(st.integers(1, 12))
    tag = st.integers(0, 2 * len(LABELS))
    row = st.lists(tag, min_size=size, max_size=size)
    return closed(draw(row)), closed(draw(row))


@settings(deadline=None)
@given(st.lists(two_rows(), min_size=1, max_size=6))
def test_strict_scores_are_seqevals(rows: list[tuple[list[int], list[int]]]) -> None:
    gold, said = zip(*rows, strict=True)
    ours = score(
        [annotated(n, row) for n, row in enumerate(gold)],
        [annotated(n, row) for n, row in enumerate(said)],
    )
    if not ours.labels:
        return
    theirs = classification_report(
        [[NAMES[tag] for tag in row] for row in gold],
        [[NAMES[tag] for tag in row] for row in said],
        mode="strict",
        scheme=IOB2,
        output_dict=True,
        zero_division=0,
    )
    assert set(ours.labels) == set(theirs) - {"micro avg", "macro avg", "weighted avg"}
    for label, found in {**ours.labels, "micro avg": ours.micro}.items():
        assert found.precision == pytest.approx(theirs[label]["precision"])
        assert found.recall == pytest.approx(theirs[label]["recall"])
        assert found.f1 == pytest.approx(theirs[label]["f1-score"])
        assert found.support == theirs[label]["support"]


GOLD = marked("noto [[diabete|diabete mellito tipo 2]] e [[fumo|ex fumatore]]")
OVERLAP = {
    "the same": ("noto [[diabete|diabete mellito tipo 2]] e [[fumo|ex fumatore]]", 1.0, 1.0),
    "too short": ("noto [[diabete|diabete mellito]] tipo 2 e [[fumo|ex fumatore]]", 0.5, 1.0),
    "in two parts": ("noto [[diabete|diabete]] mellito [[diabete|tipo 2]] e ex fumatore", 0, 2 / 3),
    "another label": ("noto [[lasix|diabete mellito tipo 2]] e ex fumatore", 0.0, 0.0),
    "nothing": ("noto diabete mellito tipo 2 e ex fumatore", 0.0, 0.0),
}


@pytest.mark.parametrize(("text", "strict", "overlap"), OVERLAP.values(), ids=OVERLAP)
def test_strict_and_overlap(text: str, strict: float, overlap: float) -> None:
    found = score([GOLD], [marked(text)])
    assert (found.micro.f1, found.overlap.f1) == (pytest.approx(strict), pytest.approx(overlap))


def test_a_phrase_nobody_answered_counts_as_missed() -> None:
    found = score([GOLD, marked("non [[fumo|fuma]]")], [GOLD])
    assert (found.unanswered, found.micro.recall, found.micro.precision) == (1, 2 / 3, 1.0)


def test_nested_gold_is_left_out_and_counted_unless_asked_for() -> None:
    inner = dataclasses.replace(GOLD.spans[0], start=5, end=12, text="diabete", label="fumo")
    gold = dataclasses.replace(GOLD, spans=(*GOLD.spans, inner))
    assert (score([gold], [GOLD]).overlapped, score([gold], [GOLD]).micro.f1) == (1, 1.0)
    assert score([gold], [gold], nested=True).micro.support == 3


def test_macro_is_over_the_labels_that_gold_has() -> None:
    found = score([GOLD], [marked("[[lasix|noto]] diabete mellito tipo 2 e [[fumo|ex fumatore]]")])
    assert found.macro_f1 == 0.5


def test_scores_come_back_from_json() -> None:
    found = score([GOLD], [GOLD])
    assert Scores.from_json(found.to_json()) == found
