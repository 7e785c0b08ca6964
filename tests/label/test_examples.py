"""Examples for a question: near, diverse, from another letter, and with nobody's identity."""

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.label.examples import Examples
from core.label.formats import Example
from core.label.rules.rules import Rules
from core.records import Annotation, Phrase, Span
from core.schema import View, default_schema

SECRET = b"s" * 32
SCHEMA = default_schema()
COUNT = itertools.count()


def corrected(text: str, letter: str, **more: Any) -> Annotation:
    """A phrase as a person corrected it: [field|words] in the text are its spans."""
    plain, spans = "", []
    while "[" in text:
        before, _, rest = text.partition("[")
        field, _, rest = rest.partition("|")
        words, _, text = rest.partition("]")
        plain += before
        label = SCHEMA.label_of(field, "field") or field
        spans.append(Span(len(plain), len(plain) + len(words), label, field, text=words))
        plain += words
    plain += text
    phrase = Phrase(f"{letter}:{next(COUNT)}", letter, 0, len(plain), plain)
    return Annotation(phrase, tuple(spans), **{"origin": "human", "source": "person/1"} | more)


POOL = [
    corrected("[ipertensione|Ipertensione arteriosa] in terapia", "a"),
    corrected("[ipertensione|Ipertensione arteriosa] nota", "b"),
    corrected("[ipertensione|Ipertensione] e [diabete|diabete mellito] in terapia", "c"),
    corrected("[lasix|Lasix 25 mg] ore 8", "d"),
    corrected("Ferita asciutta, apiretica.", "e"),
]


def examples(
    pool: Iterable[Annotation] = POOL, view: View = "field", secret: bytes | None = None
) -> Examples:
    return Examples(pool, SCHEMA, view, secret, Rules() if secret else None)


def texts(found: Iterable[Example]) -> list[str]:
    return [example.text for example in found]


def test_the_nearest_comes_first_and_then_what_is_new() -> None:
    found = examples().nearest("Ipertensione arteriosa in terapia medica", "z", 2)
    assert texts(found) == [
        "Ipertensione arteriosa in terapia",
        "Ipertensione e diabete mellito in terapia",
    ]
    assert [(s.field, s.text) for s in found[1].spans] == [
        ("ipertensione", "Ipertensione"),
        ("diabete", "diabete mellito"),
    ]


def test_never_an_example_from_the_same_letter() -> None:
    found = examples().nearest("Ipertensione arteriosa in terapia", "a", 5)
    assert "Ipertensione arteriosa in terapia" not in texts(found)
    assert len(found) >= 2


def test_what_has_nothing_in_common_is_no_example() -> None:
    assert examples().nearest("Xyz qwk", "z", 3) == ()


@pytest.mark.parametrize("origin", ["llm", "rules", "model"])
def test_only_people_and_inventors_are_believed(origin: Any) -> None:
    pool = [replace(one, origin=origin) for one in POOL]
    assert examples(pool).nearest("Ipertensione arteriosa", "z", 3) == ()
    invented = [replace(one, origin="fictitious") for one in POOL]
    assert examples(invented).nearest("Ipertensione arteriosa", "z", 3) != ()


def test_a_skipped_phrase_is_no_example_and_the_last_correction_counts() -> None:
    first = POOL[0]
    second = replace(first, spans=())
    (found,) = examples([first, second]).nearest("Ipertensione arteriosa", "z", 3)
    assert found.spans == ()
    assert examples([replace(first, skipped=True)]).nearest("Ipertensione", "z", 3) == ()


def test_an_empty_pool_and_a_count_of_none_give_none() -> None:
    assert examples([]).nearest("Ipertensione", "z", 3) == ()
    assert examples().nearest("Ipertensione", "z", 0) == ()
    assert list(examples([]).for_texts(["a", "b"], "z", 3)) == [(), ()]


def test_the_same_words_are_shown_once() -> None:
    pool = [corrected("[fumo|Ex fumatore]", letter) for letter in "abc"]
    assert len(examples(pool).nearest("Ex fumatore", "z", 3)) == 1


@pytest.mark.parametrize(("view", "label"), [("target", "TARGET"), ("group", "risk")])
def test_spans_are_shown_as_the_view_calls_them(view: View, label: str) -> None:
    pool = [corrected("[fumo|Ex fumatore] dal 1990", "a")]
    (found,) = examples(pool, view).nearest("Ex fumatore", "z", 1)
    assert [s.label for s in found.spans] == [label]


IDENTITY = [
    corrected("Il Sig. [cognome|BERTOLDI] [nome|FRANCO], ipertensione in terapia", "a"),
    corrected("Bertoldi fuma, dimesso il [data_dimissione_cch|2 settembre 2019]", "a"),
    corrected("tel. [numero di telefono|347 9927663] (moglie Ines Malvezzi), ipertensione", "a"),
    corrected("[cognome|Ipertensi] [nome|Ugo] con ipertensione", "b"),
]
WORDS = ("BERTOLDI", "Bertoldi", "FRANCO", "2 settembre 2019", "9927663", "Malvezzi", "Ugo")


def test_an_example_goes_out_without_its_patients_identity() -> None:
    hidden = examples(IDENTITY, secret=SECRET)
    found = hidden.nearest("ipertensione in terapia, fuma, dimesso, tel moglie", "z", 9)
    told = " ".join(texts(found))
    assert len(found) == 4
    assert [word for word in WORDS if word in told] == []
    assert "ipertensione" in told
    fields = {span.field for example in found for span in example.spans}
    assert {"cognome", "nome", "data_dimissione_cch", "numero di telefono"} <= fields


def test_spans_of_hidden_examples_quote_their_text() -> None:
    for example in examples(IDENTITY, secret=SECRET).nearest("ipertensione fuma", "z", 9):
        assert all(s.text and example.text[s.start : s.end] == s.text for s in example.spans)


def test_a_letters_texts_are_compared_together_and_each_gets_its_own() -> None:
    pool = examples()
    asked = ["Ipertensione arteriosa", "Lasix 25 mg", "Apiretica"] * 50
    together = list(pool.for_texts(asked, "z", 2))
    assert together[:3] == [pool.nearest(text, "z", 2) for text in asked[:3]]
    assert together[:3] * 50 == together


def many(count: int) -> Iterator[Annotation]:
    rng = random.Random(7)
    words = "ipertensione diabete lasix fumo angor dispnea stenosi aortica protesi bypass".split()
    for number in range(count):
        text = " ".join(rng.choices(words, k=8)) + f" caso {number}"
        yield corrected(text, f"letter {number % 50}")


def test_a_large_pool_gives_diverse_answers_of_the_number_asked_for() -> None:
    pool = examples(many(2_000))
    for found in pool.for_texts(["stenosi aortica e protesi"] * 100, "letter 1", 4):
        assert len(set(texts(found))) == 4
