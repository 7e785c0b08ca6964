"""Quotes go to the place they were taken from, each to its own, or are reported as missing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.label.align import Quote, align, in_order, normalised

CASES: dict[str, tuple[str, list[str], list[tuple[int, str] | None]]] = {
    "repeated mentions each get their own place": (
        "Dolore toracico. Nega dolore. Dolore regredito.",
        ["Dolore", "dolore", "Dolore"],
        [(0, "exact"), (22, "exact"), (30, "exact")],
    ),
    "the third of two mentions is missing": (
        "FA nota, FA oggi",
        ["FA", "FA", "FA"],
        [(0, "exact"), (9, "exact"), None],
    ),
    "a word is not found inside another": ("Fever later", ["ER"], [None]),
    "a unit written together is found": ("aspirin75mg", ["75mg"], [(7, "exact")]),
    "a decimal comma is a decimal point": (
        "creatinine  1,2 mg/dl",
        ["creatinine 1.2 mg/dl"],
        [(0, "normalised")],
    ),
    "half of a decimal number is no number": ("dose 2,5 mg", ["5 mg", "2"], [None, None]),
    "an accent may be lost": ("è dispnoico", ["e dispnoico"], [(0, "normalised")]),
    "letters that grow in lower case shift nothing": ("İİ pain", ["pain"], [(3, "exact")]),
    "a letter written in two code points is one": (
        unicodedata.normalize("NFD", "perché è grave"),
        ["perché"],
        [(0, "normalised")],
    ),
    "half of such a letter is not found": ("cosi\u0300", ["cosi"], [(0, "normalised")]),
    "line ends, dashes and apostrophes are one kind each": (
        "l’ipertensione\r\nmedio–grave",
        ["l'ipertensione medio-grave"],
        [(0, "normalised")],
    ),
    "a soft hyphen is not seen": ("iper\u00adtensione", ["ipertensione"], [(0, "normalised")]),
    "an emoji is one code point": ("🙂 FA ❤️ FA", ["FA", "FA"], [(2, "exact"), (8, "exact")]),
    "quotes may nest": (
        "furosemide 40 mg, bisoprololo 40 mg",
        ["furosemide 40 mg", "40 mg", "bisoprololo 40 mg"],
        [(0, "exact"), (11, "exact"), (18, "exact")],
    ),
    "the inner of two quotes may start where the outer does": (
        "FA parossistica",
        ["FA parossistica", "FA"],
        [(0, "exact"), (0, "exact")],
    ),
    "one quote out of order does not push the others away": (
        "diabete, fumo, ipertensione, fumo",
        ["ipertensione", "diabete", "fumo", "fumo"],
        [(15, "exact"), (0, "exact"), (9, "exact"), (29, "exact")],
    ),
    "an invented quote is missing": ("Paziente eupnoico", ["dispnea"], [None]),
    "nothing is not a quote": ("Paziente", ["", "  "], [None, None]),
    "a ligature is not cut": ("ﬁbrillazione", ["brillazione"], [None]),
}


@pytest.mark.parametrize(("text", "quotes", "places"), CASES.values(), ids=CASES.keys())
def test_a_quote_gets_its_place(
    text: str, quotes: list[str], places: list[tuple[int, str] | None]
) -> None:
    found = align(text, [Quote(quote, "X", "fumo") for quote in quotes])
    assert [(s.start, s.status) for s in found.spans] == [p for p in places if p is not None]
    lost = [quote for quote, place in zip(quotes, places, strict=True) if place is None]
    assert [missing.quote for missing in found.missing] == lost
    assert all(text[s.start : s.end] == s.text for s in found.spans)


def test_the_longest_row_of_places_is_kept() -> None:
    assert in_order([[9], [1, 12], [3], [5, 2]]) == [None, 1, 3, 5]
    assert in_order([[], [4], [4]]) == [None, 4, None]
    assert in_order([]) == []


FILLER = st.text(" ,;:.()🙂İß\r\n\t—«»0123456789", max_size=12)
WORD = st.text("abcdefghilmnopqrstuvzàèìòùé", min_size=2, max_size=8)
QUOTE = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


@given(st.lists(st.tuples(FILLER, QUOTE), min_size=1, max_size=8), FILLER)
def test_planted_quotes_are_found_where_they_were_planted(
    pieces: list[tuple[str, str]], end: str
) -> None:
    text, planted = "", []
    for filler, quote in pieces:
        text += filler + "\n"
        planted.append((len(text), quote))
        text += quote + "\n"
    text += "\n" + end
    # A planted quote inside another one makes more than one right answer: left to the cases above.
    quotes = [quote for _, quote in planted]
    if any(a != b and a in b for a in quotes for b in quotes):
        return
    found = align(text, [Quote(quote, "X") for quote in quotes])
    assert [(s.start, s.text) for s in found.spans] == planted
    assert not found.missing


DISGUISES = {
    "without accents": lambda q: "".join(
        c for c in unicodedata.normalize("NFKD", q) if not unicodedata.combining(c)
    ),
    "in capitals": str.upper,
    "decomposed": lambda q: unicodedata.normalize("NFD", q),
    "double spaces": lambda q: q.replace(" ", "  \t"),
    "curly apostrophe": lambda q: q.replace("'", "’"),
    "decimal point": lambda q: q.replace("2,5", "2.5"),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES.keys())
@given(before=FILLER, after=FILLER)
def test_a_disguised_quote_is_found_whole(disguise: object, before: str, after: str) -> None:
    planted = "l'insufficienza è più di 2,5 volte"
    text = f"{before}\n{planted}\n{after}"
    assert callable(disguise)
    (span,) = align(text, [Quote(disguise(planted), "X")]).spans
    assert (span.start, span.text) == (len(before) + 1, planted)


@given(st.text(max_size=60), st.lists(st.text(max_size=6), max_size=6))
def test_no_quote_is_lost_and_every_span_quotes_the_text(text: str, quotes: list[str]) -> None:
    found = align(text, [Quote(quote, "X") for quote in quotes])
    assert len(found.spans) + len(found.missing) == len(quotes)
    for span in found.spans:
        assert span.start < span.end
        assert text[span.start : span.end] == span.text
        assert any(normalised(span.text).text == normalised(q.strip()).text for q in quotes)
