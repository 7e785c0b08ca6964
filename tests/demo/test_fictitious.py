"""Whether the fictitious letters say what they claim to say, and never twice in the same way."""

from collections import defaultdict
from datetime import date
from functools import cache
from itertools import combinations

import pytest

from core.schema import default_schema
from demo.fictitious import FictitiousLetter, annotations, voices, write

SEEDS = range(5)
MANY = range(25)
BOTH_WAYS = (
    "angor diabete ipertensione dislipidemia BPCO stroke_pregresso TIA_pregresso"
    " neoplasia_pregressa irradiazionetoracica insufficienza_renale_cronica"
    " familiarita_cardiovascolare endocardite pm icd crt dialisi pci_pregressa REDO"
    " limitazione_mobilita vasculopatiaperif STEMI/NSTEMI"
    " scompenso_cardiaco_nei_3_mesi_precedenti IABP/ECMO/IMPELLA Inotropi secondo_intervento"
    " II_Run LCOS Impianto_PM_post_intervento Stroke_TIA_post_op Necessità_di_trasfusioni IRA"
    " Morte Insufficienza_respiratoria FA_di_nuova_insorgenza lasix antiaggregante"
    " anticoagorali betabloc"
).split()

every_voice = pytest.mark.parametrize("voice", voices())


@cache
def letter_of(voice: str, seed: int) -> FictitiousLetter:
    """Written once for all tests that only look at it."""
    return write(voice, seed)


def letters_of(voice: str) -> list[FictitiousLetter]:
    return [letter_of(voice, seed) for seed in MANY]


@pytest.fixture(scope="module")
def letters() -> dict[str, list[FictitiousLetter]]:
    return {voice: letters_of(voice) for voice in voices()}


def test_there_are_at_least_fourteen_voices() -> None:
    assert len(voices()) >= 14


@every_voice
@pytest.mark.parametrize("seed", SEEDS)
def test_spans_quote_the_text(voice: str, seed: int) -> None:
    letter = letter_of(voice, seed)
    assert len(letter.spans) > 15
    for span in letter.spans:
        assert letter.text[span.start : span.end] == span.text
        assert span.text == span.text.strip()


@every_voice
@pytest.mark.parametrize("seed", SEEDS)
def test_no_notation_is_left(voice: str, seed: int) -> None:
    text = letter_of(voice, seed).text
    for sign in ("[[", "]]", "{", "}", "¦", "%%", "::", "\x00", "⏎", "<page", " ,", "; ;", ".. "):
        assert sign not in text, sign


@every_voice
@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_always_writes_the_same_letter(voice: str, seed: int) -> None:
    assert write(voice, seed) == letter_of(voice, seed)
    assert letter_of(voice, seed).text != letter_of(voice, seed + 1).text


@every_voice
def test_values_have_the_type_of_their_field(voice: str) -> None:
    for letter in letters_of(voice):
        for name, value in letter.fields.items():
            field = default_schema().field(name)
            assert field.name == name
            if field.type == "boolean":
                assert isinstance(value, bool)
            elif field.type == "code":
                assert value in field.codes
            elif field.type == "number":
                assert isinstance(value, int | float) and value > 0
            elif field.type == "date":
                assert date.fromisoformat(str(value)).isoformat() == value
            elif field.type in ("digits", "year"):
                assert str(value).isdigit()
            else:
                assert str(value).strip()


@every_voice
def test_dates_follow_each_other(voice: str) -> None:
    for letter in letters_of(voice):
        values = letter.fields
        last = values.get("data_dimissione_cch", values.get("data_morte"))
        assert str(values["data_di_nascita"]) < str(values["data_ingresso_cch"]) < str(last)
        born, admitted = (
            date.fromisoformat(str(values[name]))
            for name in ("data_di_nascita", "data_ingresso_cch")
        )
        had_birthday = (admitted.month, admitted.day) >= (born.month, born.day)
        assert (
            values["età al momento dell'intervento"] == admitted.year - born.year - 1 + had_birthday
        )
        assert ("data_morte" in values) == (values.get("Morte") is True)
        assert ("H_Stay_giorni" in values) == ("data_dimissione_cch" in values)


@every_voice
def test_states_and_values_agree(voice: str) -> None:
    for letter in letters_of(voice):
        for span in letter.spans:
            field = default_schema().field(span.field)
            if span.state in ("uncertain", "family"):
                assert span.value is None
            elif field.type == "boolean":
                assert span.value is (span.state == "present")
        if letter.fields.get("dapt"):
            assert letter.fields["antiaggregante"] is True


@every_voice
@pytest.mark.parametrize("seed", SEEDS)
def test_the_gold_survives_reading_and_cleaning(voice: str, seed: int) -> None:
    letter = letter_of(voice, seed)
    read, labelled = annotations(letter)
    assert {a.origin for a in labelled} == {"fictitious"}
    assert {a.source for a in labelled} == {f"fictitious/{voice}"}
    for annotation in labelled:
        phrase = annotation.phrase
        assert read.text[phrase.start : phrase.end] == phrase.text
    found = sorted((span.field or "") for a in labelled for span in a.spans)
    for name in {span.field for span in letter.spans}:
        wanted = sum(span.field == name for span in letter.spans)
        assert found.count(name) >= wanted, name


def test_every_field_is_spoken_of_by_two_voices(
    letters: dict[str, list[FictitiousLetter]],
) -> None:
    speakers = defaultdict(set)
    for voice, written in letters.items():
        for letter in written:
            for name in letter.fields:
                speakers[name].add(voice)
    few = {name for name in default_schema().fields if len(speakers[name]) < 2}
    assert not few


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_common_booleans_are_said_and_denied(
    name: str, letters: dict[str, list[FictitiousLetter]]
) -> None:
    said = {letter.fields.get(name) for written in letters.values() for letter in written}
    assert {True, False} <= said


@pytest.mark.parametrize("name", ["fumo", "fibrillazione_atriale", "Ritmo_alla_dimissione"])
def test_every_code_is_used(name: str, letters: dict[str, list[FictitiousLetter]]) -> None:
    said = {letter.fields.get(name) for written in letters.values() for letter in written}
    assert set(default_schema().field(name).codes) <= said


def test_two_voices_bury_a_patient_and_two_operate_again(
    letters: dict[str, list[FictitiousLetter]],
) -> None:
    for name in ("Morte", "REDO", "secondo_intervento", "IABP/ECMO/IMPELLA"):
        telling = [
            v for v, written in letters.items() if any(le.fields.get(name) for le in written)
        ]
        assert len(telling) >= 2, name


def _prose(letter: FictitiousLetter) -> set[str]:
    lines = (li.text for li in letter.lines if li.kind not in ("heading", "title"))
    return {line for line in lines if len(line) > 12}


@every_voice
def test_two_letters_of_a_voice_share_few_lines(voice: str) -> None:
    shares = [
        len(one & other) / min(len(one), len(other))
        for one, other in combinations(map(_prose, letters_of(voice)[:10]), 2)
    ]
    assert sum(shares) / len(shares) < 0.3
    assert max(shares) < 0.55


def test_no_two_voices_share_a_line_of_prose(letters: dict[str, list[FictitiousLetter]]) -> None:
    for one, other in combinations(voices(), 2):
        mine, theirs = (
            {line for letter in letters[v] for line in _prose(letter) if len(line) > 45}
            for v in (one, other)
        )
        assert len(mine & theirs) <= 1, (one, other)


@every_voice
def test_few_people_are_met_twice(voice: str) -> None:
    people = {(le.fields["cognome"], le.fields["nome"]) for le in letters_of(voice)}
    assert len(people) >= len(MANY) - 1
