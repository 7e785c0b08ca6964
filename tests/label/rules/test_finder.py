"""Expressions of a lexicon in a line: numbers, capitals, abbreviations, slips and torn words."""

import pytest

from core.label.rules.finder import Finder
from core.label.rules.lexicon import Concept
from core.label.rules.words import Line

SAY = {
    "AF": ("FA", "fibrillazione atriale( parossistica|)"),
    "stents": ("# (stent|DES)", "(stent|DES) su (CDX|CDx)"),
    "heart failure": ("(disl|dislipidemia)", "scompenso cardiaco"),
}
CASES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a short word counts in capitals only": ("FA nota, fa freddo", [("AF", "FA")]),
    "the shorter expression inside the longer one is told, too": (
        "Fibrillazione  atriale\nparossistica",
        [("AF", "Fibrillazione  atriale"), ("AF", "Fibrillazione  atriale\nparossistica")],
    ),
    "a number is any small number, in figures or words": (
        "2 stent, due stent, 2019 stent",
        [("stents", "2 stent"), ("stents", "due stent")],
    ),
    "a word that may stand in small letters need not be loud": (
        "DES su cdx",
        [("stents", "DES su cdx")],
    ),
    "an abbreviation takes its full stop along": ("disl. nota", [("heart failure", "disl.")]),
    "a letter left out and a letter written twice": (
        "scompeso cardiacco, fibrilazione atriale",
        [("heart failure", "scompeso cardiacco"), ("AF", "fibrilazione atriale")],
    ),
    "a word that OCR tore apart": (
        "scomp enso cardiaco",
        [("heart failure", "scomp enso cardiaco")],
    ),
    "nothing": ("", []),
}


@pytest.fixture(scope="module")
def finder() -> Finder:
    concepts = [Concept((name,), say, frozenset(("any",))) for name, say in SAY.items()]
    return Finder(concepts, {"disl": "dislipidemia"})


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_expressions_are_found_where_they_stand(
    finder: Finder, text: str, expected: list[tuple[str, str]]
) -> None:
    hits = finder.find(Line(text))
    assert [(hit.concept.fields[0], text[hit.start : hit.end]) for hit in hits] == expected


def test_a_line_is_parted_into_sentences_but_not_behind_abbreviations() -> None:
    line = Line("Il dott. Rossi vede la sig.ra. Poi dorme; infine esce!")
    parts = {line.text[slice(*line.sentence(at))].strip() for at in range(len(line.text))}
    assert parts == {"Il dott. Rossi vede la sig.ra.", "Poi dorme;", "infine esce!"}
