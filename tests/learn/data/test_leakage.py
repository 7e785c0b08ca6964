"""A letter that is scored on must not have been learned from, nor a copy of it."""

import dataclasses
from pathlib import Path

import pytest

from core.errors import BadInput
from core.learn.data.leakage import leaks, refuse
from core.learn.data.split import Split
from core.learn.options import options_for
from core.records import Annotation, phrase_ids
from demo.fictitious import corpus
from tests.tiny_model import four_letters, marked

CASE = (
    "Il paziente viene ricoverato per dispnea ingravescente insorta da circa tre settimane.",
    "All'ingresso si presentava vigile, orientato, in compenso emodinamico, polsi normosfigmici.",
    "L'ecocardiogramma documentava ventricolo sinistro dilatato con frazione di eiezione ridotta.",
    "Durante la degenza il sig. Mezzalira eseguiva terapia diuretica con beneficio clinico.",
    "Si dimette in data odierna con indicazione a controllo ambulatoriale presso il Centro.",
)
OTHER = (
    "Giunge per sincope durante sforzo; nega cardiopalmo, febbre e recenti variazioni di peso.",
    "La coronarografia mostrava lesione critica del ramo interventricolare anteriore medio.",
    "Si procedeva ad angioplastica con impianto di uno stent medicato e buon risultato finale.",
    "Il monitoraggio telemetrico non evidenziava aritmie maggiori nelle quarantotto ore seguenti.",
    "Programmato test ergometrico a sei mesi; proseguire doppia antiaggregazione per un anno.",
)


def letter(number: int, texts: tuple[str, ...]) -> tuple[Annotation, ...]:
    """A letter's phrases, with ids as a reader gives them."""
    name = f"{number:012x}"
    rows = [marked(text, name) for text in texts]
    return tuple(
        dataclasses.replace(a, phrase=dataclasses.replace(a.phrase, id=own))
        for a, own in zip(rows, phrase_ids(name, texts), strict=True)
    )


def named_otherwise(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.replace("Mezzalira", "Tormen").replace("tre", "due") for text in texts)


FOUND = {
    "the same letter under another name": (CASE, 1, 0),
    "in capitals and other spaces": (tuple(t.upper().replace(" ", "  ") for t in CASE), 1, 0),
    "with the name and a number changed": (named_otherwise(CASE), 0, 1),
    "with a phrase more": ((*CASE, "Allergie: nessuna nota al momento del ricovero."), 0, 1),
    "another letter": (OTHER, 0, 0),
    "another letter with one phrase in common": ((*OTHER, CASE[-1]), 0, 0),
}


@pytest.mark.parametrize(("texts", "same", "near"), FOUND.values(), ids=FOUND)
def test_copies_across_the_split(texts: tuple[str, ...], same: int, near: int) -> None:
    lots = Split(letter(1, CASE), letter(2, OTHER[:2]), letter(3, texts))
    told = leaks(dataclasses.replace(lots, validation=())).to_json()
    assert (told["letters copied"], told["letters nearly copied"]) == (same, near)


def test_a_copy_is_refused_by_id_and_without_a_word() -> None:
    lots = Split(letter(1, CASE), letter(2, OTHER), letter(3, named_otherwise(CASE)))
    with pytest.raises(BadInput, match="000000000003 and 000000000001.*--allow-leaks") as said:
        refuse(leaks(lots))
    assert "Mezzalira" not in str(said.value)


def test_a_letter_on_two_sides_is_refused() -> None:
    lots = Split(letter(1, CASE[:3]), letter(2, OTHER), letter(1, CASE[3:]))
    with pytest.raises(BadInput, match=r"two sides of the split \(000000000001\)"):
        refuse(leaks(lots))


def test_stock_phrases_are_counted_and_let_through() -> None:
    stock = ("ANAMNESI PATOLOGICA REMOTA", "Si consiglia controllo clinico presso il curante.")
    lots = Split(letter(1, (*stock, *CASE)), letter(2, stock), letter(3, (*stock, *OTHER)))
    found = leaks(lots)
    assert (found.phrases, found.of) == (2, 7)
    refuse(found)


def test_letters_of_different_voices_are_no_copies_of_each_other() -> None:
    voices = ("percutaneo", "prosa", "lampo")
    train, validation, test = (tuple(corpus([voice], 3)) for voice in voices)
    refuse(leaks(Split(train, validation, test)))


@pytest.mark.training
def test_leaks_are_refused_in_training_unless_allowed(tiny_base: Path, tmp_path: Path) -> None:
    from core.learn.train import train

    copy = letter(9, tuple(a.phrase.text for a in letter(8, CASE)))
    lots = Split((*four_letters(), *letter(8, CASE)), tuple(four_letters()[:4]), copy)
    lots = dataclasses.replace(lots, train=lots.train[4:])
    options = options_for(str(tiny_base), epochs=1)
    with pytest.raises(BadInput, match="copies of each other"):
        train(lots, tmp_path / "m", options)
    assert not list(tmp_path.iterdir())
    record = train(lots, tmp_path / "m", dataclasses.replace(options, allow_leaks=True))
    assert record.leaks["letters copied"] == 1
