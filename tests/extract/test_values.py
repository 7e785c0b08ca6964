"""Quotes of letters -> typed values: codes, numbers, names, states."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract.values import (
    Context,
    read_digits,
    read_phone,
    read_state,
    read_value,
    split_name,
    typed,
)
from core.schema import default_schema
from tests.extract.quotes import DISCHARGED, cases

FIELD = default_schema().field


# ---- codes


@cases(
    {
        "NYHA III": 3,
        "classe NYHA II-III": 3,
        "NYHA II/III": 3,
        "classe funzionale NYHA 2": 2,
        "N.Y.H.A. IV": 4,
        "NYHA IIb": 2,
        "NYHA ll": 2,
        "NYHA lII": 3,
        "classe NYHA": None,
    }
)
def test_nyha(quote: str, value: int | None) -> None:
    assert read_value(FIELD("classe_nyha"), quote) == value


@cases(
    {
        "Ex fumatore, stop nel 1990": 1,
        "ex-tabagista": 1,
        "ha smesso di fumare nel 2010": 1,
        "non fuma più da 5 anni": 1,
        "pregresso tabagismo": 1,
        "fumatore attivo, 20 sig/die": 2,
        "fuma circa 10 sigarette al giorno": 2,
        "tabagista": 2,
        "mai fumato": 0,
        "non ha mai fumato": 0,
        "non fumatrice": 0,
    }
)
def test_smoking(quote: str, value: int) -> None:
    assert read_value(FIELD("fumo"), quote) == value


@cases(
    {
        "ritmo sinusale": 0,
        "RS a fc 70": 0,
        "RS con BAV di I grado": 0,
        "FA a risposta ventricolare controllata": 1,
        "fibrillazione atriale": 1,
        "FA cardiovertita a ritmo sinusale": 0,
        "flutter atriale": 2,
        "ritmo elettroindotto da PM": 2,
        "giunzionale": 2,
        "tachicardico": None,
    }
)
def test_rhythm(quote: str, value: int | None) -> None:
    assert read_value(FIELD("ritmo_all_ingresso"), quote) == value


@cases(
    {
        "FA parossistica": 1,
        "FAP": 1,
        "f.a.p.": 1,
        "FA permanente": 2,
        "fibrillazione atriale cronica": 2,
        "FA persistente": 2,
        "FA": None,
    }
)
def test_atrial_fibrillation(quote: str, value: int | None) -> None:
    assert read_value(FIELD("fibrillazione_atriale"), quote) == value


@cases(
    {
        "intervento in elezione": 0,
        "programmato": 0,
        "in regime d'urgenza": 1,
        "in emergenza": 2,
        "urgenza-emergenza": 2,
    }
)
def test_urgency(quote: str, value: int) -> None:
    assert read_value(FIELD("elettivo_urgenza_emergenza"), quote) == value


@cases({"F": "F", "M": "M", "femmina": "F", "maschile": "M", "Sig.ra": "F", "Sig.": "M", "?": None})
def test_sex(quote: str, value: str | None) -> None:
    assert read_value(FIELD("Sesso"), quote) == value


# ---- numbers and texts


@cases(
    {
        "3287351755": "3287351755",
        "328 735 1755": "3287351755",
        "328/7351755": "3287351755",
        "02/7654321": "027654321",
        "+39 328 7351755": "+393287351755",
        "Tel. 328-7351755 (figlia)": "3287351755",
        "3287351755 / 02 7654321": "3287351755",
        "n.d.": None,
    }
)
def test_a_telephone(quote: str, value: str | None) -> None:
    assert read_phone(quote) == value


@cases({"2025003002": "2025003002", "2025/003002": "2025003002", "n. 00123": "00123", "-": None})
def test_a_record_number_keeps_its_zeros(quote: str, value: str | None) -> None:
    assert read_digits(quote) == value


def test_a_record_number_forgives_ocr() -> None:
    assert read_digits("2O25OO3OO2") == "2025003002"


@cases(
    {
        "ROSSI Mario": ("Mario", "ROSSI"),
        "Mario ROSSI": ("Mario", "ROSSI"),
        "ROSSI MARIO": ("MARIO", "ROSSI"),
        "DE LUCA ANNA MARIA": ("ANNA MARIA", "DE LUCA"),
        "Sig.ra Bianchi Anna": ("Anna", "Bianchi"),
        "De Luca": None,
        "Rossi": None,
    }
)
def test_a_name_written_as_one(quote: str, value: tuple[str, str] | None) -> None:
    assert split_name(quote) == value


# ---- states


@pytest.mark.parametrize(
    ("field", "state", "code", "value"),
    [
        pytest.param("diabete", "present", None, True, id="present is true"),
        pytest.param("diabete", None, None, True, id="no state is present"),
        pytest.param("diabete", "negated", None, False, id="negated is false"),
        pytest.param("diabete", "uncertain", None, None, id="uncertain is no value"),
        pytest.param("diabete", "family", None, None, id="a relative's disease is no value"),
        pytest.param("familiarita_cardiovascolare", "family", None, True, id="family history"),
        pytest.param("familiarita_cardiovascolare", "negated", None, False, id="no family history"),
        pytest.param("fumo", "negated", 2, 0, id="a negated habit is never"),
        pytest.param("fibrillazione_atriale", "negated", None, 0, id="no fibrillation is never"),
        pytest.param("fumo", "uncertain", 2, None, id="an uncertain habit"),
        pytest.param("classe_nyha", "negated", 3, None, id="a negated class is no value"),
        pytest.param("nome", "family", "Anna", None, id="a relative's name"),
    ],
)
def test_what_a_state_makes_of_a_value(field: str, state: Any, code: Any, value: Any) -> None:
    assert read_state(FIELD(field), state, code) is value


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        ("diabete", 1, True),
        ("diabete", "false", False),
        ("diabete", "forse", None),
        ("fumo", "1", 1),
        ("fumo", 7, None),
        ("Sesso", "f", "F"),
        ("lasix_dosaggio", "12,5", 12.5),
        ("lasix_dosaggio", 50.0, 50),
        ("data_di_nascita", "17/02/1966", "1966-02-17"),
        ("Anno REDO", 2008, "2008"),
        ("n_cartella", 2025003002, "2025003002"),
    ],
)
def test_a_value_somebody_wrote_takes_the_fields_type(field: str, given: Any, value: Any) -> None:
    read = typed(FIELD(field), given)
    assert read == value and type(read) is type(value)


@given(st.text(max_size=40), st.sampled_from(list(default_schema().fields.values())))
def test_no_quote_breaks_the_reading(quote: str, field: Any) -> None:
    value = read_value(field, quote, Context(DISCHARGED, quote))
    if field.type == "code":
        assert value is None or value in field.codes
    if field.type == "date" and value is not None:
        assert abs(date.fromisoformat(str(value)) - DISCHARGED) < timedelta(days=366 * 130)
