"""Scores from rows of tags and from words: what seqeval, nervaluate and scikit-learn say."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics.v1 import precision_recall_fscore_support as seqeval_scores
from seqeval.scheme import IOB2
from sklearn.metrics import precision_recall_fscore_support as sklearn_scores

from core.learn.scoring.averages import Averages
from core.learn.scoring.confusion import OUTSIDE, word_confusion
from core.learn.scoring.scores import Score
from core.learn.scoring.semeval import RULES, Way, semeval, semeval_by_label, semeval_by_letter
from core.learn.scoring.sequences import strict_of_rows
from core.learn.tags import spans_of, tag_names, words
from core.records import Annotation, Phrase
from tests.tiny_model import marked

LABELS = ("fumo", "diabete", "lasix")
NAMES = tag_names(LABELS)
Row = list[str]
Rows = list[tuple[Row, Row]]


@st.composite
def two_rows(draw: st.DrawFn, stray: bool = True) -> tuple[Row, Row]:
    """Gold and answer of a phrase; without `stray` no I stands where nothing opened it."""
    size = draw(st.integers(1, 14))
    tag = st.sampled_from(NAMES)
    row = st.lists(tag, min_size=size, max_size=size)
    gold, said = draw(row), draw(row)
    return (gold, said) if stray else (opened(gold), opened(said))


def opened(row: Row) -> Row:
    closed: Row = []
    for tag in row:
        before = closed[-1] if closed else "O"
        lost = tag[0] == "I" and before[2:] != tag[2:]
        closed.append(f"B-{tag[2:]}" if lost else tag)
    return closed


STRAY = st.lists(two_rows(), min_size=1, max_size=6)
OPENED = st.lists(two_rows(stray=False), min_size=1, max_size=6)


def annotated(number: int, row: Sequence[str]) -> Annotation:
    text = " ".join("x" * len(row))
    phrase = Phrase(f"{number}", f"letter {number % 2}", 0, len(text), text)
    tags = [NAMES.index(tag) for tag in row]
    return Annotation(phrase, spans_of(text, words(text), tags, LABELS), "human", "person/1")


def sides(rows: Rows) -> tuple[list[Annotation], list[Annotation]]:
    gold, said = zip(*rows, strict=True)
    both = [[annotated(n, row) for n, row in enumerate(side)] for side in (gold, said)]
    return both[0], both[1]


def plain(row: Row) -> Row:
    return [tag[2:] or "O" for tag in row]


def same(ours: Score, theirs: Sequence[float]) -> bool:
    return [ours.precision, ours.recall, ours.f1] == pytest.approx(list(theirs)[:3], abs=1e-15)


@settings(deadline=None)
@given(STRAY)
def test_strict_rows_are_seqevals_to_the_last_digit(rows: Rows) -> None:
    gold, said = zip(*rows, strict=True)
    ours = strict_of_rows(gold, said)
    for average in ("micro", "weighted"):
        theirs = seqeval_scores(gold, said, average=average, scheme=IOB2, zero_division=0)
        assert same(getattr(ours, average), theirs)
    each = seqeval_scores(gold, said, average=None, scheme=IOB2, zero_division=0)
    names = sorted(ours.labels)
    for n, label in enumerate(names):
        assert same(ours.labels[label], [column[n] for column in each])
        assert ours.labels[label].support == each[3][n]
    known = [n for n, label in enumerate(names) if ours.labels[label].support]
    if known:
        assert same(ours.macro, [np.mean([column[n] for n in known]) for column in each[:3]])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="same lengths"):
        strict_of_rows([["O", "O"]], [["O"]])


THEIRS: dict[Way, str] = {w: {"type": "ent_type"}.get(w, w) for w in RULES}


@settings(deadline=None)
@given(OPENED)
def test_the_four_ways_are_nervaluates(rows: Rows) -> None:
    gold, said = sides(rows)
    told = Evaluator(
        [row for row, _ in rows], [row for _, row in rows], tags=list(LABELS), loader="list"
    ).evaluate()
    by_label = semeval_by_label(gold, said)
    for way, fate in semeval(gold, said).items():
        assert counted(fate) == counted(told["overall"][THEIRS[way]])
        assert same(fate.score, theirs_of(told["overall"][THEIRS[way]]))
        for label, fates in by_label.items():
            assert counted(fates[way]) == counted(told["entities"][label][THEIRS[way]])
    for way in RULES:
        letters = semeval_by_letter(gold, said).values()
        assert sum(fates[way].correct for fates in letters) == semeval(gold, said)[way].correct


def counted(found: object) -> list[int]:
    fates = ("correct", "incorrect", "partial", "missed", "spurious")
    return [getattr(found, fate) for fate in fates]


def theirs_of(found: object) -> list[float]:
    return [getattr(found, name) for name in ("precision", "recall", "f1")]


GOLD = marked("noto [[diabete|diabete mellito]] e [[fumo|ex fumatore]]")
WAYS = {
    "a bound too short": ("noto [[diabete|diabete]] mellito e [[fumo|ex fumatore]]", 1, 1, 1.5, 2),
    "another label": ("noto [[lasix|diabete mellito]] e [[fumo|ex fumatore]]", 1, 2, 2, 1),
    "both wrong": ("noto [[lasix|diabete]] mellito e [[fumo|ex fumatore]]", 1, 1, 1.5, 1),
    "nothing said": ("noto diabete mellito e ex fumatore", 0, 0, 0, 0),
}


@pytest.mark.parametrize(("text", "strict", "exact", "partial", "type_"), WAYS.values(), ids=WAYS)
def test_what_counts_as_right(
    text: str, strict: float, exact: float, partial: float, type_: float
) -> None:
    found = semeval([GOLD], [marked(text)])
    right = [found[way].score.recall * 2 for way in RULES]
    assert right == [strict, exact, partial, type_]


def report(rows: Rows, bio: bool, merge: dict[str, str], without: Sequence[str]) -> None:
    """Our averages over words beside scikit-learn's over the same words."""
    gold, said = sides(rows)
    confusion = word_confusion(gold, said, LABELS, bio=bio).merged(merge)
    ours: Averages = confusion.averages(without)
    flat = [[tag for row in side for tag in row] for side in zip(*rows, strict=True)]
    seen = [[merge.get(t, t) for t in (side if bio else plain(side))] for side in flat]
    kept = [n for n in dict.fromkeys(confusion.names) if n not in without and n in seen[0]]
    if not kept:
        return
    heard = [n for n in confusion.names if n not in without and n in (*seen[0], *seen[1])]
    for average, labels in (("micro", heard), ("macro", kept), ("weighted", kept)):
        theirs = sklearn_scores(*seen, labels=labels, average=average, zero_division=0)
        assert same(getattr(ours, average), theirs)


LEFT_OUT = {
    "words with O": (False, {}, ()),
    "words without O": (False, {}, (OUTSIDE,)),
    "B and I apart, without O": (True, {}, (OUTSIDE,)),
    "two labels left out": (False, {}, ("fumo", "lasix")),
    "two labels and O left out": (False, {}, (OUTSIDE, "fumo", "lasix")),
    "two labels seen as one": (False, {"fumo": "diabete"}, ()),
}


@pytest.mark.parametrize(("bio", "merge", "without"), LEFT_OUT.values(), ids=LEFT_OUT)
@settings(deadline=None, max_examples=25)
@given(rows=OPENED)
def test_words_are_scikit_learns(
    bio: bool, merge: dict[str, str], without: Sequence[str], rows: Rows
) -> None:
    report(rows, bio, merge, without)
