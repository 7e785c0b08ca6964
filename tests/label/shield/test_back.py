"""Answers come back from the shield to the very place they speak of."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from core.label.shield.shield import Shielded
from core.records import Missing, Span
from tests.label.shield.shielding import hidden


def whole(part: Shielded, stand_in: int) -> Span:
    edit = part.edits[stand_in]
    text = part.text[edit.new_start : edit.new_end]
    return Span(edit.new_start, edit.new_end, "TARGET", text=text, status="exact")


def test_a_span_of_a_stand_in_of_another_length_comes_back_whole() -> None:
    (part,) = hidden("dal 30 settembre 2019 al 3 maggio 2020, FA")
    assert len(part.text) != len(part.original)
    assert [part.span(whole(part, n)).text for n in (0, 1)] == [
        "30 settembre 2019",
        "3 maggio 2020",
    ]
    inside = Span(part.edits[0].new_start + 3, part.edits[0].new_end - 2, "TARGET")
    assert part.span(inside).text == "30 settembre 2019"
    end = len(part.text)
    assert part.span(Span(end - 2, end, "TARGET", text="FA")).text == "FA"


def test_a_span_inside_a_stand_in_of_the_same_length_but_other_words_comes_back_whole() -> None:
    for day in range(1, 29):
        (part,) = hidden(f"il {day} settembre 2019.")
        for word in re.finditer(r"\w+", part.text):
            span = part.span(Span(word.start(), word.end(), "X"))
            assert span.text in ("il", f"{day} settembre 2019", str(day), "settembre", "2019")


def test_a_lost_quote_comes_back_in_the_words_of_the_letter() -> None:
    (part,) = hidden("Sig. Ferri, 12/03/2019")
    quote = part.text.replace(",", " del")
    assert part.missing(Missing(quote)).quote == "Sig. Ferri del 12/03/2019"


# The first line loads the lists of words, which may take longer than the others are allowed.
@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(["Sig. Ferri", "12/03/2019", "3 maggio 2020", "tel 3331234567", "İ🙂"]),
        ),
        max_size=8,
    ).map(" ".join)
)
def test_what_was_not_hidden_comes_back_to_its_place(line: str) -> None:
    line = line.replace("\n", " ")
    (part,) = hidden(line)
    done = new_done = 0
    for edit in (*part.edits, None):
        end, new_end = (edit.start, edit.new_start) if edit else (len(line), len(part.text))
        assert line[done:end] == part.text[new_done:new_end]
        if new_done < new_end:
            assert part.span(Span(new_done, new_end, "X")).text == line[done:end]
        if edit:
            done, new_done = edit.end, edit.new_end
            assert part.span(Span(edit.new_start, edit.new_end, "X")).start == edit.start
            assert part.span(Span(edit.new_start, edit.new_end, "X")).end == edit.end


NAMES = st.sampled_from(
    [
        "D'Angelo",
        "De Luca",
        "Lo Presti",
        "Rossi Bertani",
        "Müller",
        "El Amrani",
        "Dell'Orto",
        "Niccolò",
    ]
)
LEADS = st.sampled_from(["Sig. ", "Dott.ssa ", "Prof. ", "Cognome: ", "il dr "])


# The first line loads the lists of words, which may take longer than the others are allowed.
@settings(deadline=None)
@given(LEADS, NAMES, st.text(alphabet="abcde ,.;🙂é", max_size=12), st.booleans())
def test_a_planted_name_is_hidden_and_found_again(
    lead: str, name: str, tail: str, shouted: bool
) -> None:
    name = name.upper() if shouted else name
    (part,) = hidden(f"{lead}{name} {tail}")
    words = re.findall(r"[^\W\d_]{3,}", name)
    assert [word for word in words if re.search(rf"\b{word}\b", part.text)] == []
    assert len(part.text.split()) == len(part.original.split())
    start = part.original.index(words[-1])
    edit = next(edit for edit in part.edits if edit.start <= start < edit.end)
    assert part.span(Span(edit.new_start, edit.new_end, "X")).text in part.original
    assert words[-1] in part.span(Span(edit.new_start, edit.new_end, "X")).text


# The first line loads the lists of words, which may take longer than the others are allowed.
@settings(deadline=None)
@given(st.text(alphabet="0123456789/.-OIl mageitobr@d'", max_size=40))
def test_any_figures_are_sent_in_one_line_and_come_back(line: str) -> None:
    (part,) = hidden(f"il {line}")
    for edit in part.edits:
        assert (
            part.span(Span(edit.new_start, edit.new_end, "X")).text
            == (part.original[edit.start : edit.end])
        )


def test_a_stand_in_inside_another_word_is_no_stand_in() -> None:
    (part,) = hidden("Sig. Al, cell 3331234567")
    name = part.text.removeprefix("Sig. ").split(",")[0]
    assert part.missing(Missing(f"{name}bero")).quote == f"{name}bero"
