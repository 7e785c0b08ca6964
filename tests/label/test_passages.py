"""Lines run together into texts, and spans of those texts cut back to lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.label.passages import Passage, line_by_line, middle, run_together
from core.records import Missing, Span

LINES = st.lists(
    st.text(st.characters(exclude_characters="\n"), min_size=1, max_size=30), max_size=9
)


@given(LINES, st.integers(1, 60))
def test_every_line_stands_in_one_text_and_texts_are_as_long_as_allowed(
    lines: list[str], longest: int
) -> None:
    numbers = [n for n in range(len(lines)) if n % 3]
    passages = run_together(lines, numbers, longest)
    placed = [(n, p.text[start:end]) for p in passages for n, start, end in p.lines]
    assert placed == [(n, lines[n]) for n in numbers]
    assert all(len(p.text) <= longest or len(p.lines) == 1 for p in passages)


@given(LINES, st.data())
def test_a_span_over_lines_becomes_one_a_line(lines: list[str], data: st.DataObject) -> None:
    for passage in run_together(lines, range(len(lines)), 50):
        low = data.draw(st.integers(0, len(passage.text) - 1))
        high = data.draw(st.integers(low + 1, len(passage.text)))
        span = Span(low, high, "TARGET", text=passage.text[low:high])
        parts = list(passage.cut(span))
        assert all(lines[n][part.start : part.end] == part.text for n, part in parts)
        assert all(part.text == part.text.strip() != "" for _, part in parts)
        assert "".join("".join(p.text.split()) for _, p in parts) == "".join(span.text.split())


def test_a_line_by_itself_is_its_own_text() -> None:
    assert line_by_line(["a", "b", "c"], [0, 2]) == [
        Passage("a", ((0, 0, 1),)),
        Passage("c", ((2, 0, 1),)),
    ]


def test_a_lost_quote_is_shown_with_the_line_it_is_most_like() -> None:
    (passage,) = run_together(["Nega diabete.", "Fumo: ex fumatore.", "---"], [0, 1, 2], 99)
    assert passage.line_of(Missing("ex fumatore forte")) == 1
    assert passage.line_of(Missing("altro")) == 0


CUTS = {
    "a short text is left whole": ("uno due tre", None),
    "between lines": ("a, b. " * 10 + "a, b.\n" + "a, b. " * 12, "\n"),
    "between sentences": ("Diabete, fumo. " * 8, ". "),
    "at a comma": ("diabete mellito, " * 8, ", "),
    "between words": ("diabete " * 15, " "),
    "one word is left whole": ("x" * 200, None),
}


@pytest.mark.parametrize(("text", "mark"), CUTS.values(), ids=CUTS.keys())
def test_a_long_text_is_cut_near_its_middle_at_the_best_break(text: str, mark: str | None) -> None:
    at = middle(text)
    if mark is None:
        assert at is None
    else:
        assert at is not None and text[:at].endswith(mark)
        assert len(text) / 4 <= at <= 3 * len(text) / 4
