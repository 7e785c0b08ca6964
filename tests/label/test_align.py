"""Quotes go to the place they were taken from, each to its own, or are reported as missing."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.label.align import Quote, align
from core.label.normal import bare, folded, normalised, squeezed
from core.label.order import in_order
from core.records import Missing

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
    "the words around decide nothing": (
        "Pain in chest. Denies chest pain. Chest pain resolved.",
        ["Pain", "chest pain", "chest pain"],
        [(0, "exact"), (22, "exact"), (34, "normalised")],
    ),
    "space before a unit is no difference": (
        "1,2 mg poi 1.2mg, 10 % e 10%",
        ["1.2mg", "1,2 mg", "10%", "10 %"],
        [(11, "exact"), (0, "exact"), (25, "exact"), (18, "exact")],
    ),
    "Markdown in the text": ("## **Diagnosi** _nota_", ["Diagnosi nota"], [(5, "normalised")]),
    "Markdown in the quote": ("Diagnosi nota", ["# **Diagnosi** `nota`"], [(0, "normalised")]),
    "a sign is no Markdown": ("FGR < 60 ml", ["FGR 60 ml", "FGR > 60 ml"], [None, None]),
    "a line break in a quote": ("stenosi\ndella IVA", ["stenosi della IVA"], [(0, "normalised")]),
    "a hyphen at a line's end": ("iper-\ntensione", ["ipertensione"], [(0, "normalised")]),
    "letters read as digits": (
        "urea 1O0 mg, v0lte",
        ["100 mg", "volte"],
        [(5, "normalised"), (13, "normalised")],
    ),
    "an article is no number": ("lo mg, l'anca, NYHA II", ["10 mg", "1", "11"], [None, None, None]),
    "a preposition left out": (
        "riduzione di peso (8 kg).",
        ["riduzione peso (8 kg)"],
        [(0, "fuzzy")],
    ),
    "a preposition put in": ("riduzione peso", ["la riduzione del peso"], [(0, "fuzzy")]),
    "a slip in a long word": ("insufficenza cardiaca", ["insufficienza cardiaca"], [(0, "fuzzy")]),
    "another number": ("dose 50 mg, 2,5 mg", ["5 mg", "25 mg", "dose 5 mg"], [None, None, None]),
    "a signed number": ("BE -5, Rh+", ["BE 5", "Rh-"], [None, None]),
    "another day": ("visto il 12/03/2019", ["12/03/2018", "visto 12/03/2018"], [None, None]),
    "the opposite": (
        "ipertensione arteriosa, asintomatico, pressione diastolica, pantoprazolo",
        ["ipotensione arteriosa", "sintomatico", "pressione sistolica", "lansoprazolo"],
        [None, None, None, None],
    ),
    "a look-alike with nothing to vouch for it": ("disfasia", ["disfagia"], [None]),
    "a negation is no slip": ("dolore toracico", ["non dolore toracico"], [None]),
    "two sentences are not one quote": ("Nega dispnea. Tosse secca", ["dispnea tosse"], [None]),
    "a short name keeps its case": ("10 anni fa, la mg", ["FA", "LA", "Mg"], [None, None, None]),
    "a digit inside a name": ("SpO2 98, HbA1c", ["2", "1"], [None, None]),
    "a word broken by an unseen hyphen": ("iper\u00adtensione", ["iper"], [None]),
    "two fields may share a place": ("furosemide 40 mg", ["40 mg", "40 mg"], [(11, "exact"), None]),
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


def test_a_quote_under_two_names_stands_in_one_place() -> None:
    quotes = [Quote("40 mg", "lasix"), Quote("40 mg", "Terapia", state="present", value=40)]
    first, second = align("furosemide 40 mg", quotes).spans
    assert (first.start, second.start) == (11, 11)
    assert (second.state, second.value) == ("present", 40)


def test_edits_count_the_characters_that_differ() -> None:
    text = "creatinine  1,2 mg/dl, riduzione di peso"
    quotes = ["creatinine 1.2 mg/dl", "riduzione peso", "peso"]
    found = align(text, [Quote(quote, "X") for quote in quotes]).spans
    assert [(s.text, s.status, s.edits) for s in found] == [
        ("creatinine  1,2 mg/dl", "normalised", 2),
        ("riduzione di peso", "fuzzy", 3),
        ("peso", "exact", 0),
    ]


def test_only_a_part_of_the_text_is_searched_and_its_words_stay_whole() -> None:
    text = "FA nota, Fà oggi, FAmiglia"
    assert [s.start for s in align(text, [Quote("FA", "X")], low=3).spans] == []
    assert [s.start for s in align(text, [Quote("oggi", "X")], low=3, high=16).spans] == [12]
    assert not align(text, [Quote("oggi", "X")], high=14).spans
    (span,) = align(text, [Quote("fa  oggi", "X")], low=3).spans
    assert span.text == "Fà oggi"


def test_work_is_bounded() -> None:
    """Any of these took minutes where places are weighed one against all others."""
    many = [Quote("a", "X") for _ in range(2_000)]
    assert len(align("a " * 10_000, many).spans) == 2_000
    assert not align("a" * 100_000, many).spans
    longer = [Quote("dolore toracico " * 200 + str(k), "X") for k in range(50)]
    assert not align("dolore toracico", longer).spans
    words = [
        f"parola{chr(97 + k % 26)}{chr(97 + k // 26 % 26)}{chr(97 + k // 676)}"
        for k in range(9_000)
    ]
    found = align(" ".join(words), [Quote(word, "X") for word in words])
    assert len(found.spans) == 9_000


def test_the_longest_row_of_places_is_kept() -> None:
    assert in_order([[9], [1, 12], [3], [5, 2]]) == [None, 1, 3, 5]
    assert in_order([[], [4], [4]]) == [None, 4, None]
    assert in_order([]) == []


FILLER = st.text(" ,;:.()🙂İß\r\n\t—«»0123456789", max_size=12)
ABSENT = ["sufficienza", "insufficienza 25 volte", "più di 5 volte", "2,5 valvole", "dispnea", "OK"]
WORD = st.text("abcdefghilmnopqrstuvzàèìòùé", min_size=2, max_size=8)
QUOTE = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


@settings(deadline=None)
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


PLANTED = "l'insufficienza è più di 2,5 volte (10 %) nel Größe ﬁnale İ"


def unaccented(quote: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", quote) if not unicodedata.combining(c))


DISGUISES: dict[str, tuple[str, Callable[[str], str]]] = {
    "without accents": ("normalised", unaccented),
    "in capitals": ("normalised", str.upper),
    "case folded": ("normalised", str.casefold),
    "decomposed": ("normalised", lambda q: unicodedata.normalize("NFD", q)),
    "other white space": ("normalised", lambda q: q.replace(" ", "\u00a0 \t")),
    "other line ends": ("normalised", lambda q: q.replace(" ", "\r\n", 2)),
    "curly apostrophe": ("normalised", lambda q: q.replace("'", "’")),
    "decimal point": ("normalised", lambda q: q.replace("2,5", "2.5")),
    "unit together": ("normalised", lambda q: q.replace("10 %", "10%")),
    "Markdown": ("normalised", lambda q: f"**{q}**".replace("volte", "_volte_")),
    "soft hyphens": ("normalised", lambda q: q.replace("ff", "f\u00adf")),
    "twins": ("normalised", lambda q: q.replace("10", "1O").replace("volte", "v0lte")),
    "spaces lost": ("normalised", lambda q: q.replace("più di", "piùdi")),
    "preposition lost": ("fuzzy", lambda q: q.replace(" di ", " ")),
    "preposition added": ("fuzzy", lambda q: q.replace("volte", "le volte")),
    "letter lost": ("fuzzy", lambda q: q.replace("insufficienza", "insufficenza")),
    "letter misread": ("fuzzy", lambda q: q.replace("insufficienza", "insufficienca")),
}


@pytest.mark.parametrize("name", DISGUISES)
@settings(deadline=None)
@given(before=FILLER, after=FILLER)
def test_a_disguised_quote_is_found_whole(name: str, before: str, after: str) -> None:
    status, disguise = DISGUISES[name]
    text = f"{before}\n{PLANTED}\n{after}"
    assert disguise(PLANTED) != PLANTED
    (span,) = align(text, [Quote(disguise(PLANTED), "X")]).spans
    assert (span.start, span.text, span.status) == (len(before) + 1, PLANTED, status)
    (same,) = align(f"{before}\n{disguise(PLANTED)}\n{after}", [Quote(PLANTED, "X")]).spans
    assert same.text.strip("*") == disguise(PLANTED).strip("*")


@settings(deadline=None)
@given(before=FILLER, after=FILLER, quote=st.sampled_from(ABSENT))
def test_what_is_not_said_is_missing(before: str, after: str, quote: str) -> None:
    found = align(f"{before}\n{PLANTED}\n{after}", [Quote(quote, "X", "fumo")])
    assert not found.spans
    assert found.missing == (Missing(quote, "fumo"),)


@settings(deadline=None)
@given(st.text(), st.text(max_size=8))
def test_a_view_leads_back_to_where_its_characters_come_from(text: str, more: str) -> None:
    view = normalised(text + more)
    starts = [view.start(at) for at in range(len(view.text))]
    assert starts == sorted(starts)
    assert all(0 <= start < len(text + more) for start in starts)


SPELLED = st.lists(
    st.sampled_from(
        [*"aolI01 25,.-–_*#>`\\n’", "ﬁ", "½", "è", "e\u0301", "\u00ad", "İ", "🙂", " |", "1 0"]
    )
).map("".join)


@settings(deadline=None)
@given(SPELLED, st.integers(0, 12), st.integers(1, 12))
def test_what_a_view_shows_is_in_the_bare_text(text: str, first: int, length: int) -> None:
    """So a quote whose bare letters are not in the bare text need not be looked for."""
    there = bare(folded(text).text)
    for view in (normalised(text), squeezed(normalised(text))):
        assert bare(view.text[first : first + length]) in there


@settings(deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=6), max_size=6))
def test_no_quote_is_lost_and_every_span_quotes_the_text(text: str, quotes: list[str]) -> None:
    found = align(text, [Quote(quote, "X") for quote in quotes])
    assert len(found.spans) + len(found.missing) == len(quotes)
    for span in found.spans:
        assert span.start < span.end
        assert text[span.start : span.end] == span.text
        assert (span.status == "exact") == (span.edits == 0)


WORDS = st.lists(st.sampled_from(["no", "fa", "3", "2,5", "infa", ".", "FA"]), max_size=12)


@settings(deadline=None)
@given(WORDS, st.lists(WORDS.map(lambda words: " ".join(words[:3])), max_size=4), st.integers(0, 3))
def test_quotes_in_order_stand_where_they_would_beside_one_that_is_missing(
    words: list[str], said: list[str], low: int
) -> None:
    """What all stands behind each other is found by one walk; a quote too many ends the walk."""
    text, quotes = " ".join(words), [Quote(quote, "X") for quote in said]
    alone = align(text, quotes, low=low)
    beside = align(text, [*quotes, Quote("pancreatite acuta", "X")], low=low)
    assert alone.spans == beside.spans
    assert (*alone.missing, Missing("pancreatite acuta")) == beside.missing
