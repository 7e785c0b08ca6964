"""The rules over whole letters, and over any text at all."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.label import LABELLERS
from core.label.rules.rules import Rules
from core.records import Phrase
from core.schema import default_schema
from tests.label.rules import test_course as course
from tests.label.rules import test_drugs as drugs
from tests.label.rules import test_heart as heart
from tests.label.rules import test_history as history
from tests.label.rules import test_identity as identity
from tests.label.rules.letters import RULES, fields, letter, told

TABLES = (identity.CASES, history.CASES, heart.CASES, drugs.CASES, course.CASES)
SECTIONS = [
    None,
    "Diagnosi",
    "Anamnesi",
    "Motivo ricovero",
    "Terapia",
    "esami_all_ingresso",
    "Decorso_post_operatorio",
    "esami_alla_dimissione",
    "terapia_alla_dimissione",
    "Consigli",
]


def test_every_field_that_is_no_section_text_is_reached_by_some_phrase() -> None:
    reached = {field for table in TABLES for _, _, expected in table for field, *_ in expected}
    assert set(default_schema().labels("field")) - reached == set()


def test_an_annotation_a_phrase_in_order_also_when_empty() -> None:
    phrases = letter((None, "di anni 72"), (None, "Cordiali saluti."), ("Anamnesi", "Iperteso"))
    annotations = list(RULES.label(iter(phrases)))
    assert [a.phrase for a in annotations] == phrases
    assert annotations[1].spans == ()
    assert {(a.origin, a.source) for a in annotations} == {("rules", "rules/1")}


def test_the_registry_knows_the_rules() -> None:
    assert LABELLERS.get("rules") is Rules


def test_a_date_finds_its_label_in_the_cell_before() -> None:
    phrases = letter((None, "Data di nascita:"), (None, "03/04/1950"), (None, "03/04/2024"))
    annotations = list(RULES.label(phrases))
    assert told(annotations[1]) == [("data_di_nascita", "03/04/1950", "present", "1950-04-03")]
    assert annotations[2].spans == ()


def new_fibrillation(phrases: list[Phrase]) -> list[object]:
    said = (span for annotation in RULES.label(phrases) for span in annotation.spans)
    return [span.value for span in said if span.field == "FA_di_nuova_insorgenza"]


def test_a_known_fibrillation_is_not_new_after_the_operation() -> None:
    after = ("Decorso_post_operatorio", "In terza giornata episodio di FA.")
    known = letter(("Anamnesi", "FA parossistica dal 2017."), after)
    unknown = letter(("Anamnesi", "Nega FA."), after)
    lasting = letter(("Anamnesi", "FA permanente dal 2017."), after)
    assert [new_fibrillation(one) for one in (known, unknown, lasting)] == [[False], [True], []]


def test_letters_do_not_mix() -> None:
    known = letter(("Anamnesi", "FA parossistica."), name="a" * 12)
    other = letter(("Decorso_post_operatorio", "Episodio di FA."), name="b" * 12)
    assert "FA_di_nuova_insorgenza" in fields(list(RULES.label([*known, *other])))


def test_the_section_decides_whether_a_drug_is_therapy_at_home() -> None:
    line = "Bisoprololo 2,5 mg 1 cp ore 8"
    for section, expected in (
        ("Terapia", ["betabloc"]),
        ("Anamnesi", ["betabloc"]),
        ("terapia_alla_dimissione", []),
        ("Decorso_post_operatorio", []),
        ("Terapia consigliata alla dimissione", []),
        ("Terapia domiciliare", ["betabloc"]),
    ):
        assert fields(list(RULES.label(letter((section, line))))) == expected, section


def test_rhythm_belongs_to_admission_or_discharge_by_its_section() -> None:
    line = "ECG: ritmo sinusale"
    admitted, leaving = letter(("esami_all_ingresso", line), ("esami_alla_dimissione", line))
    assert fields(list(RULES.label([admitted]))) == ["ritmo_all_ingresso"]
    assert fields(list(RULES.label([leaving]))) == ["Ritmo_alla_dimissione"]


def test_of_a_letter_that_lists_the_therapy_the_history_tells_of_drugs_long_past() -> None:
    past = ("Anamnesi", "Dopo lo stent clopidogrel per un anno.")
    listed = letter(past, ("Terapia", "Bisoprololo 2,5 mg"))
    assert fields(list(RULES.label(listed))) == ["betabloc"]
    assert "antiaggregante" in fields(list(RULES.label(letter(past))))


def test_a_telephone_of_the_letterhead_gives_way_to_the_patient_s() -> None:
    above, name = (
        (None, "Cardiochirurgia - tel. 0432 123456"),
        (None, "Sig. Ugo LODI tel. 0433 654321"),
    )
    said = [
        s.text for a in RULES.label(letter(above, name)) for s in a.spans if "tel" in str(s.field)
    ]
    assert said == ["0433 654321"]


@pytest.mark.parametrize("line", ["(" * 60_000, "ipertensione " * 1_200], ids=["signs", "words"])
def test_an_endless_line_is_read_to_its_end(line: str) -> None:
    (annotation,) = RULES.label(letter((None, line.strip())))
    assert all(span.field == "ipertensione" for span in annotation.spans)


CLINICAL = st.lists(
    st.sampled_from(
        "nega non FA PM diabete iperteso , . ; : ( ) padre nel 2008 Lasix 25 mg 1 cp ore 8 e IRC ? "
        "NYHA III Sig. ROSSI Mario nato il 12/3/45 dal al ex fumatore STEMI redo di per EC 1/2 - / "
        "deceduto causa tel 333 1234567 cartella n. 123456 REDO CEC II run dimissione ECG".split()
        + ["\u0130", "\U0001f600", "  ", "\t", "\u00a0", "e\u0301", "\r", "½", "ß", "’"]
    ),
    max_size=40,
).map(" ".join)


@settings(max_examples=300, deadline=None)
@example(text="PADRE/IPERTES\r", section=None)
@given(text=st.one_of(st.text(max_size=80), CLINICAL), section=st.sampled_from(SECTIONS))
def test_never_crashes_and_every_span_quotes(text: str, section: str | None) -> None:
    phrases = letter((section, text))
    annotations = list(RULES.label(phrases))
    assert len(annotations) == 1
    known = set(default_schema().fields)
    for span in annotations[0].spans:
        assert text[span.start : span.end] == span.text
        assert span.text.strip() == span.text
        assert span.field in known and span.label == span.field
        assert span.state in ("present", "negated", "uncertain", "family")
    assert list(RULES.label(phrases)) == annotations


def test_an_abbreviation_inside_a_word_is_none() -> None:
    for word in ("FAvore", "PERSO", "EPMA", "dIRAdo", "xTIAy"):
        (annotation,) = RULES.label(letter(("Anamnesi", word)))
        assert annotation.spans == ()
