"""Spans and BIO tags: what can be said in tags comes back the same, what cannot is counted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.tags import (
    longest,
    runs,
    spans_of,
    tag_names,
    tags_of,
    words,
)
from core.records import Span

LABELS = ("fumo", "diabete", "lasix")


def span(text: str, start: int, end: int, label: str) -> Span:
    return Span(start, end, label, text=text[start:end])


WORDS = {
    "a dose is number, sign, number, unit": ("Lasix 2,5mg", ["Lasix", "2", ",", "5", "mg"]),
    "a date": ("03/11/1951", ["03", "/", "11", "/", "1951"]),
    "accents, also as marks of their own": ("e\u0300 città", ["e\u0300", "città"]),
    "apostrophes part": ("all'ingresso", ["all", "'", "ingresso"]),
    "an emoji and a dotted capital": ("İctus 🫀 ok", ["İctus", "🫀", "ok"]),
    "line ends are white": ("uno\r\ndue", ["uno", "due"]),
    "low lines are signs": ("n_cartella", ["n", "_", "cartella"]),
    "nothing": (" \t ", []),
}


@pytest.mark.parametrize(("text", "expected"), WORDS.values(), ids=WORDS)
def test_words(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in words(text)] == expected


@st.composite
def aligned(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """A text and spans that begin and end with its words and do not overlap."""
    text = draw(st.text(alphabet="ab1 ,.è'🫀İ\n/", max_size=60))
    places = words(text)
    edges = sorted(draw(st.sets(st.integers(0, len(places)), max_size=10)))
    pairs = [(a, b) for a, b in zip(edges, edges[1:], strict=False) if draw(st.booleans())]
    return text, [
        span(text, places[a][0], places[b - 1][1], draw(st.sampled_from(LABELS))) for a, b in pairs
    ]


@settings(deadline=None)
@given(aligned())
def test_spans_to_tags_to_spans_is_the_identity(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    tagged = tags_of(words(text), spans, LABELS)
    assert (tagged.overlapped, tagged.cut) == (0, 0)
    assert list(spans_of(text, words(text), tagged.tags, LABELS)) == spans


def test_of_nested_spans_the_longest_stays_and_the_others_are_counted() -> None:
    text = "diabete tipo 2 in ex fumatore"
    outer, inner = span(text, 0, 14, "diabete"), span(text, 8, 14, "fumo")
    crossing = span(text, 13, 20, "lasix")
    assert longest([inner, crossing, outer]) == [outer]
    assert tags_of(words(text), [inner, crossing, outer], LABELS).overlapped == 2


def test_a_span_that_cuts_a_word_is_counted_and_not_widened() -> None:
    text = "ex fumatore"
    tagged = tags_of(words(text), [span(text, 0, 7, "fumo")], LABELS)
    assert tagged.cut == 1
    assert [s.text for s in spans_of(text, words(text), tagged.tags, LABELS)] == ["ex"]


def test_an_inside_without_opening_opens() -> None:
    names = tag_names(LABELS)
    row = [names.index(n) for n in ("I-fumo", "I-fumo", "O", "I-lasix", "I-fumo", "B-fumo")]
    assert runs(row) == [(0, 2, 0), (3, 4, 2), (4, 5, 0), (5, 6, 0)]


def test_a_span_is_as_sure_as_its_least_sure_word() -> None:
    found = spans_of("ex fumatore", words("ex fumatore"), [1, 2], LABELS, [0.9, 0.4])
    assert [s.score for s in found] == [0.4]


def test_io_joins_neighbours_of_one_label_and_counts_them() -> None:
    text = "fumo alcol fumo"
    spans = [span(text, 0, 4, "fumo"), span(text, 5, 10, "fumo"), span(text, 11, 15, "lasix")]
    tagged = tags_of(words(text), spans, LABELS, "io")
    assert (tagged.tags, tagged.merged) == ((1, 1, 3), 1)
    found = spans_of(text, words(text), tagged.tags, LABELS, scheme="io")
    assert [(s.text, s.label) for s in found] == [("fumo alcol", "fumo"), ("fumo", "lasix")]
    assert tag_names(LABELS, "io") == ["O", "I-fumo", "I-diabete", "I-lasix"]
    assert tags_of(words(text), spans, LABELS).merged == 0
