"""What is learned from instead of the phrases: each once, spans exchanged for their like."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.data.variety import distinct, exchanged
from core.learn.tags import longest
from tests.tiny_model import four_letters, marked


@settings(deadline=None)
@given(st.integers(0, 999))
def test_labels_stay_and_every_quote_was_said_of_the_same_label(seed: int) -> None:
    rows = four_letters()
    said = {(span.label, span.text) for a in rows for span in a.spans}
    for old, new in zip(rows, exchanged(rows, 1.0, seed), strict=True):
        assert [s.label for s in new.spans] == [s.label for s in longest(old.spans)]
        assert {(s.label, s.text) for s in new.spans} <= said


def test_what_stands_around_a_span_stays() -> None:
    rows = [marked("mai [[fumo|fumato]], dice"), marked("è [[fumo|ex fumatore da anni]]")]
    texts = {a.phrase.text for seed in range(9) for a in exchanged(rows, 1.0, seed)}
    assert texts == {
        "mai fumato, dice",
        "mai ex fumatore da anni, dice",
        "è ex fumatore da anni",
        "è fumato",
    }


def test_the_share_is_kept() -> None:
    rows = four_letters()
    assert list(exchanged(rows, 0.0, 0)) == rows


def test_a_repeated_phrase_counts_once_unless_its_section_or_spans_differ() -> None:
    row = marked("[[lasix|Lasix 25 mg]]")
    elsewhere = replace(row, phrase=replace(row.phrase, section="Terapia"))
    unmarked = replace(row, spans=())
    assert list(distinct([row, row, elsewhere, unmarked, row])) == [row, elsewhere, unmarked]
