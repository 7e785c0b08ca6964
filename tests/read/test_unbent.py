"""Words that OCR bent: what they are read as, and what is left as it is written."""

import pytest

from core.label import Labeller
from core.label.rules.rules import Rules
from core.read import read_text
from core.read.phrases import phrases
from core.read.words.unbent import Unbent, straight

WORDS = Unbent(("ipertensione", "dobutamina", "urgenza", "icd", "diabete"), ("giancarlo", "marina"))

BENT = {
    "m as rn": ("in trattarnento", "in trattamento"),
    "digits": ("fibrillazi0ne atriale", "fibrillazione atriale"),
    "two slips": ("per scompcnsa con ipcrtensi0ne", "per scompenso con ipertensione"),
    "a cue": ("neqa diabete", "nega diabete"),
    "short": ("Nori diabete", "Non diabete"),
    "lost blank": ("due volte, nonha diabete", "due volte, non ha diabete"),
    "blank behind a preposition": ("didiabete", "di diabete"),
    "a noun's ending": ("in urgenzo, dobutamino", "in urgenza, dobutamina"),
    "a device in capitals": ("portatore di 1CD", "portatore di ICD"),
    "a given name": ("Glancarlo", "Giancarlo"),
}

LEFT = [
    "Egidio Lo Presti, Manna, Hasson, Torna Tornabene, Castel",
    "sottoposta a valvuloplastica, sottoposto a pericardiocentesi",
    "PCR 12 mg/dl, UO, V1-V4, D1, x2, festa, pasta, mossa",
    "quarantadue anni, duemila, ventiquattro ore",
    "mail: reparto@ospedale.example",
    "mettendosi, prenderla, evidenziava, polmoniti",
]


@pytest.mark.parametrize(("seen", "meant"), BENT.values(), ids=BENT)
def test_reads_the_one_word_left(seen: str, meant: str) -> None:
    read = WORDS.read(seen)
    assert read is not None
    assert read.text == meant
    assert len(read.at) == len(meant)


@pytest.mark.parametrize("text", LEFT)
def test_leaves_words_of_their_own(text: str) -> None:
    assert WORDS.read(text) is None


def test_straight_keeps_offsets() -> None:
    seen = "trattarnento, nonha febbre; dc1la terapia rnedica"
    text = straight(seen)
    assert len(text) == len(seen)
    assert text.index("febbre") == seen.index("febbre")
    assert text.startswith("trattamento ,")


def test_spans_quote_what_is_written() -> None:
    rules: Labeller = Rules()
    text = "Anamnesi\nNeqa ipertensi0nearteriosa, nondiabete; dislipiclemia.\n"
    said = {
        span.field: (span.value, span.text)
        for annotation in rules.label(phrases(read_text(text, "a.txt")))
        for span in annotation.spans
        if annotation.phrase.text[span.start : span.end] == span.text
    }
    assert said["diabete"] == (False, "diabete")
    assert said["dislipidemia"] == (True, "dislipiclemia")
