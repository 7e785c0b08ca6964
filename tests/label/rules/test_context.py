"""How far negations, doubts and relatives reach: tables of sentences, the concept in brackets."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.label.rules.context import Context
from core.label.rules.lexicon import LEXICON, read_lexicon
from core.label.rules.words import Line
from core.read.words.fold import fold
from core.schema import default_schema

CONTEXT = Context(read_lexicon(LEXICON, default_schema()))

NEGATED = {
    "nega": "Nega [diabete].",
    "nega reaches over commas": "Nega allergie, ipertensione e [diabete]",
    "non": "Non [diabetico]",
    "non with words between": "Non evidenza di [diabete]",
    "assenza di": "Assenza di [diabete]",
    "senza": "Senza segni di [diabete]",
    "negativo per": "Anamnesi negativa per [diabete]",
    "behind, after a colon": "[Diabete]: no",
    "behind, as an adjective": "[Diabete] assente",
    "excluded": "Escluso [diabete]",
    "excluded behind": "[Diabete] escluso",
    "mai": "Mai avuto [diabete]",
    "nessun": "Nessun [diabete]",
    "né": "Non allergie né [diabete]",
    "not known of": "Non sono noti [diabete] o altro",
    "several behind": "([Diabete], ipertensione) assenti",
    "in a denial of the past": "Nega pregresso [diabete]",
}
PRESENT = {
    "nothing said": "Affetto da [diabete]",
    "a sentence ends the reach": "Nega allergie. [Diabete]",
    "ma ends the reach": "Non allergie ma [diabete]",
    "tuttavia ends the reach": "Nega angor, tuttavia ha il [diabete]",
    "a person begins anew": "Nega allergie, [iperteso]",
    "a person begins anew after e": "Non fumatore e [diabetico]",
    "non controllata says nothing of what follows": "Ipertensione non controllata, [diabete]",
    "non solo is no negation": "Non solo [diabete]",
    "non più di is no negation": "Da non più di tre anni [diabete]",
    "each no has its own": "No allergie, no asma, [diabete]",
    "a form with no in front": "PM: NO [diabete]: SI",
    "a new verb": "Nega angor, riferisce [diabete]",
    "a history begins": "Nega allergie, pregresso [diabete]",
    "non significativa": "Stenosi non significativa, [diabete]",
}
UNCERTAIN = {
    "sospetto": "Sospetto [diabete]",
    "verosimile": "Verosimile [diabete]",
    "da escludere": "[Diabete] da escludere",
    "per escludere": "Esami per escludere [diabete]",
    "a question mark": "[Diabete]?",
    "in brackets": "[Diabete] (?)",
    "non si esclude": "Non si esclude [diabete]",
    "in case of": "In caso di [diabete]",
}
FAMILY = {
    "a father with": "Padre con [diabete]",
    "a father who is": "Padre [iperteso]",
    "behind, in brackets": "[Diabete] (padre)",
    "behind, of the": "[Diabete] nella madre",
    "familiarità": "Familiarità per [diabete]",
    "familiarità with e": "Familiarità per ictus e [diabete]",
    "a list that a relative is affected by": "Madre affetta da ictus, [diabete]",
    "cause of death": "Madre deceduta per [infarto]",
    "in the same brackets": "Familiarità positiva (padre: ictus, [infarto])",
}
NOT_FAMILY = {
    "after the comma the patient's list begins": "Familiarità per ictus, [diabete]",
    "a new sentence": "Padre con ictus. [Diabete]",
    "somebody to live with": "Vive con il figlio, [diabetico]",
}


def state(marked: str) -> str:
    """The state of the stretch in brackets of our own."""
    start, end = marked.index("["), marked.index("]") - 1
    line = Line(marked.replace("[", "").replace("]", ""))
    others = [(m.start(), m.end()) for m in _words(line) if not start <= m.start() < end]
    return CONTEXT.state(line, CONTEXT.cues(line), start, end, others)


def _words(line: Line) -> list[re.Match[str]]:
    return list(re.finditer(r"allergie|asma|ipertensione|ictus", line.folded))


@pytest.mark.parametrize("marked", NEGATED.values(), ids=NEGATED)
def test_negated(marked: str) -> None:
    assert state(marked) == "negated"


@pytest.mark.parametrize("marked", PRESENT.values(), ids=PRESENT)
def test_present(marked: str) -> None:
    assert state(marked) == "present"


@pytest.mark.parametrize("marked", UNCERTAIN.values(), ids=UNCERTAIN)
def test_uncertain(marked: str) -> None:
    assert state(marked) == "uncertain"


@pytest.mark.parametrize("marked", FAMILY.values(), ids=FAMILY)
def test_of_a_relative(marked: str) -> None:
    assert state(marked) == "family"


@pytest.mark.parametrize("marked", NOT_FAMILY.values(), ids=NOT_FAMILY)
def test_of_the_patient(marked: str) -> None:
    assert state(marked) == "present"


@pytest.mark.parametrize(
    ("text", "word", "old"),
    [
        ("Pregresso infarto", "infarto", True),
        ("Infarto nel 2003", "infarto", True),
        ("Nel 2003 infarto", "infarto", True),
        ("Infarto dieci anni fa", "infarto", True),
        ("Esiti di infarto", "infarto", True),
        ("Infarto in atto", "infarto", False),
        ("Recente infarto", "infarto", False),
        ("Ricovero per infarto", "infarto", False),
        ("Operato nel 2003. Infarto", "infarto", False),
    ],
)
def test_long_past(text: str, word: str, old: bool) -> None:
    line = Line(text)
    start = line.folded.index(word)
    assert CONTEXT.is_old(line, start, start + len(word)) is old


@given(st.text())
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)
    for word in Line(text).words:
        assert 0 <= word.start < word.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("nega non no padre familiarità ? , . ( ) e diabete".split())))
def test_any_order_of_cues_has_a_state(words: list[str]) -> None:
    line = Line(" ".join([*words, "ictus"]))
    start = len(line.text) - len("ictus")
    found = CONTEXT.state(line, CONTEXT.cues(line), start, len(line.text))
    assert found in ("present", "negated", "uncertain", "family")
