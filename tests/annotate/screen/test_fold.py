"""Which phrases are shown, which get another's answer, and which are left out."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from annotate.screen.fold import folded, furniture, settled
from core.records import Annotation, Missing, Phrase, Span


def line(
    letter: str, number: int, text: str, section: str | None = None, **more: Any
) -> Annotation:
    start = number * 1000
    phrase = Phrase(f"{letter}:{number}", letter, start, start + len(text), text, section)
    spans = tuple(
        Span(text.index(quote), text.index(quote) + len(quote), label, text=quote, **how)
        for quote, label, how in more.pop("spans", ())
    )
    return Annotation(phrase, spans, "rules", "rules/1", **more)


DOSE = "Bisoprololo 2,5 mg"


def test_an_equal_phrase_is_shown_once() -> None:
    drug = [("Bisoprololo", "betabloc", {"score": 0.5})]
    lines = [
        line("a", 1, DOSE, "Terapia", spans=drug),
        line("a", 2, DOSE, "terapia_alla_dimissione", spans=drug),
        line("b", 1, DOSE, "Terapia", spans=[("Bisoprololo", "betabloc", {"score": 0.9})]),
        line("b", 2, DOSE, "Terapia", spans=[("Bisoprololo", "aceinib", {})]),
        line("c", 1, DOSE, "Terapia", spans=drug, missing=(Missing("x"),)),
        line("c", 2, DOSE, "Terapia", spans=[("Bisoprololo", "betabloc", {"value": True})]),
        line("d", 1, DOSE, "Terapia", spans=[("Bisoprololo", "betabloc", {"value": 1})]),
    ]
    folding = folded(lines)
    assert [a.key for a in folding.shown] == ["a:1", "a:2", "b:2", "c:1", "c:2", "d:1"]
    assert folding.copies == {"a:1": (lines[2].phrase,)}
    assert folding.hidden == ()


def test_what_is_there_already_is_neither_shown_nor_folded() -> None:
    lines = [line(letter, 1, DOSE, "Terapia") for letter in "abcd"]
    folding = folded(lines, {"a:1", "c:1"})
    assert [a.key for a in folding.shown] == ["b:1"]
    assert folding.copies == {"b:1": (lines[3].phrase,)}
    assert folded(lines, {"a:1", "b:1", "c:1", "d:1"}).shown == ()


def test_headings_headers_and_footers_are_not_shown() -> None:
    letters = [
        [
            line(letter, 1, "OSPEDALE  di Prova" if letter == "a" else "Ospedale di prova"),
            line(letter, 2, "ANAMNESI:"),
            line(letter, 3, "Diagnosi: stenosi aortica", "Diagnosi"),
            line(letter, 4, "Paziente stabile.", "Anamnesi"),
            line(letter, 5, f"Cartella 12345{letter}"),
        ]
        for letter in "abc"
    ]
    shown, hidden = furniture(a for letter in letters for a in letter)
    assert {a.key[2:] for a in hidden} == {"1", "2"} and len(hidden) == 6
    assert len(shown) == 9


def test_a_line_with_something_found_in_it_is_always_shown() -> None:
    lines = [line(letter, 1, "Dott. Rossi - Ospedale") for letter in "abcd"]
    lines.append(line("e", 1, "Dott. Rossi - Ospedale", spans=[("Rossi", "cognome", {})]))
    lines.append(line("e", 2, "ANAMNESI", missing=(Missing("diabete"),)))
    assert furniture(lines) == (lines, [])


def test_two_letters_have_no_running_lines() -> None:
    lines = [line(letter, 1, "Ospedale di Prova") for letter in "ab"]
    assert furniture(lines) == (lines, [])


def person(letter: str, number: str, **extra: str) -> Annotation:
    phrase = Phrase(f"{letter}:1", letter, 0, 1, "x", None)
    return Annotation(phrase, (), "human", f"person/{number}", extra=extra)


def test_an_answer_carried_over_gives_way_to_anybodys_own() -> None:
    own = person("b", "2")
    lines = [
        person("a", "1"),
        person("b", "1", carried="a:1"),
        own,
        person("c", "1", carried="a:1"),
    ]
    assert settled(lines) == [lines[0], own, lines[3]]


TEXTS = st.sampled_from(["ANAMNESI", DOSE, "👩🏽‍⚕️", "Ospedale", "Ospedale\u2028di <b>Prova</b>"])
LINES = st.lists(st.tuples(st.sampled_from("abc"), TEXTS, st.sampled_from(["Terapia", None])))


@given(LINES, st.sets(st.integers(0, 30)))
def test_every_phrase_is_accounted_for_once(rows: list[Any], there: set[int]) -> None:
    lines = [line(letter, n, text, section) for n, (letter, text, section) in enumerate(rows)]
    known = {lines[n].key for n in there if n < len(lines)}
    folding = folded(lines, known)
    copies = [phrase.id for phrases in folding.copies.values() for phrase in phrases]
    told = [a.key for a in (*folding.shown, *folding.hidden)] + copies
    assert sorted([*told, *known]) == sorted(a.key for a in lines)
    by_key = {a.key: a.phrase for a in lines}
    for key, phrases in folding.copies.items():
        assert all(p.text == by_key[key].text for p in phrases)
        assert all(p.section == by_key[key].section for p in phrases)
