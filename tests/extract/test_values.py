"""Quotes of letters -> typed values: dates, doses, codes, numbers, names, states."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract.dates import find_dates, latest_date, read_date, read_year
from core.extract.doses import entry, mg_a_day, not_daily
from core.extract.values import (
    Context,
    read_digits,
    read_phone,
    read_state,
    read_value,
    split_name,
    typed,
)
from core.read.words.dates import written
from core.read.words.months import STEMS
from core.schema import default_schema

DISCHARGED = date(2025, 1, 27)
FIELD = default_schema().field


def cases(table: Mapping[str, Any]) -> Any:
    return pytest.mark.parametrize("quote, value", table.items(), ids=table.keys())


# ---- dates


@cases(
    {
        "02/09/2019": "2019-09-02",
        "2.9.19": "2019-09-02",
        "2-9-2019": "2019-09-02",
        "02 09 2019": "2019-09-02",
        "02 / 09 / 2019": "2019-09-02",
        "2019-09-02": "2019-09-02",
        "2 settembre 2019": "2019-09-02",
        "2 sett. 2019": "2019-09-02",
        "12-gen-2025": "2025-01-12",
        "12 GENNAIO 2025": "2025-01-12",
        "1° marzo 2024": "2024-03-01",
        "primo aprile 2023": "2023-04-01",
        "3/XI/2024": "2024-11-03",
        "21 gennaio '25": "2025-01-21",
        "21/01/2025 ore 10:30": "2025-01-21",
        "in data 21/01/2025": "2025-01-21",
        "O2/O9/2O19": "2019-09-02",
        "l2/01/2025": "2025-01-12",
        "21/01": "2025-01-21",
        "28 dicembre": "2024-12-28",
        "31/02/2020": None,
        "45/13/2020": None,
        "01/01/1789": None,
        "120/80": None,
        "nel 2008": None,
        "il giorno successivo": None,
    }
)
def test_a_date_in_any_italian_form(quote: str, value: str | None) -> None:
    day = read_date(quote, DISCHARGED)
    assert (day and day.isoformat()) == value


@cases({"17.2.66": 1966, "17/02/25": 1925, "17/02/19": 2019, "7/3/1948": 1948, "1/1/30": 1930})
def test_a_birth_makes_nobody_older_than_a_hundred(quote: str, value: int) -> None:
    day = read_date(quote, DISCHARGED, birth=True)
    assert day is not None and day.year == value


@cases({" al 27/01/2025": (20, date(2025, 1, 20)), " al 5 gennaio 2025": (28, date(2024, 12, 28))})
def test_a_bare_day_takes_month_and_year_from_what_follows(
    quote: str, value: tuple[int, date]
) -> None:
    assert read_date(str(value[0]), None, after=quote) == value[1]


def test_a_date_without_a_year_needs_a_day_near_it() -> None:
    assert read_date("21/01") is None


@cases(
    {
        "2008": "2008",
        "nel '98": "1998",
        "'08": "2008",
        "03/2011": "2011",
        "12/05/2011": "2011",
        "12.5.11": "2011",
        "2O08": "2008",
        "circa 10 anni fa": None,
    }
)
def test_a_year(quote: str, value: str | None) -> None:
    assert read_year(quote, DISCHARGED) == value


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("3 marzo del sessantuno", [(3, 3, "61")]),
        ("3 marzo due mila venti", [(3, 3, "2020")]),
        ("12 maggio millenovecentoquarantotto", [(12, 5, "1948")]),
        ("12 maggio duemila circa", [(12, 5, "2000")]),
        ("12 maggio del settantatrr", [(12, 5, None)]),
        ("12 maggio duemilaquattordic", [(12, 5, None)]),
        ("il 12/00/2017", []),
        ("il 32/01/2017, il 00.05.2017", []),
    ],
)
def test_dates_as_they_are_written(text: str, dates: list[Any]) -> None:
    assert [(one.day, one.month, one.year) for one in written(text)] == dates


SHAPES = ("{d:02}/{m:02}/{y}", "{d}.{m}.{y}", "{d}-{m:02}-{y}", "{y}-{m:02}-{d:02}", "{d} {n} {y}")


@given(
    st.dates(date(1925, 1, 1), date(2050, 12, 31)),
    st.sampled_from(SHAPES),
    st.sampled_from(("", "İl 🙂 ", "Ricoverata il ", "PA 120/80, ", "(")),
    st.sampled_from(("", ".", ", 1/2 cp", " ore 8", ")", "\nHb 10.2")),
)
def test_a_date_planted_in_text_is_found_in_its_place(
    day: date, shape: str, before: str, after: str
) -> None:
    written = shape.format(d=day.day, m=day.month, y=day.year, n=STEMS[day.month - 1])
    text = before + written + after
    found = [one for one in find_dates(text)]
    assert [(text[one.start : one.end], one.day) for one in found] == [(written, day)]


def test_the_latest_date_is_one_written_in_full() -> None:
    assert latest_date("Nato il 3.4.50, ricovero 20/01/2025, controllo il 3/2/69") == date(
        2025, 1, 20
    )
    assert latest_date("Lasix 25 mg 1/2 cp") is None


# ---- doses


@cases(
    {
        "Lasix 25 mg 1 cp x 2": 50,
        "Lasix 25: 2+1½+0": 87.5,
        "Lasix 500 mezza compressa al dì (250 mg)": 250,
        "Lasix cp 25 mg ........: 2 cp ore 8, 1 cp ore 16": 75,
        "Lasix 25 mg 1 cp ore 8": 25,
        "25 mg, 1 cp alle 8 e alle 16": 50,
        "Lasix 25 mg 1/2 cp": 12.5,
        "Lasix 25 mg ½ cp": 12.5,
        "Lasix 25 mg 1½ cp": 37.5,
        "Lasix 25 mg 1 e 1/2 cp": 37.5,
        "Lasix 25 mg 1 compressa e mezza": 37.5,
        "Lasix 25 mg mezza compressa al mattino": 12.5,
        "Lasix 500 mg 1/4 cp": 125,
        "furosemide 125 mg (1/4 di cp da 500 mg)": 125,
        "furosemide 25 mg x 2/die": 50,
        "furosemide 25 mg BID": 50,
        "furosemide 25 mg 1x2": 50,
        "furosemide mg 25, due compresse al mattino ed una al vespro": 75,
        "Lasix 25   1   1/2   -": 37.5,
        "Lasix 25   -   1   -": 25,
        "furosemide 25 mg 1-0-1": 50,
        "furosemide 25 mg due volte al dì": 50,
        "furosemide 20 mg ogni 12 ore": 40,
        "furosemide 50 mg/die": 50,
        "furosemide 25 mg die": 25,
        "Lasix 25 mg 2 cp/die": 50,
        "Lasix 25 mg 1 cp h 8 + 1 cp h 16": 50,
        "Lasix 25 mg 1 cp ore 8, 1/2 cp ore 16": 37.5,
        "ore 8: 1 cp, ore 16: 1/2 cp di Lasix 25 mg": 37.5,
        "Lasix 25 mg ore 8 1/2 cp": 12.5,
        "Lasix 25 mg 1 cpr al mattino, mezza alle 16": 37.5,
        "Lasix 25 mg, 2 compresse la mattina e 1 il pomeriggio": 75,
        "Furosemide 25 mg, una compressa al mattino e una alla sera": 50,
        "Lasix 25 mg 1 cp mattina e sera": 50,
        "Lasix 25 mg 1 cp x 2 (ore 8 e ore 16)": 50,
        "Lasix 25 mg: 1 cp ore 8.00; 1 cp ore 14.00": 50,
        "Furosemide 25 mg h 8-14-20": 75,
        "Lasix 25 mg 8-16": 50,
        "40 mg alle ore 8 e 20 mg alle ore 16": 60,
        "Lasix 2 fl da 20 mg": 40,
        "Lasix 25 1 cp": 25,
        "furo 25x2": 50,
        "Lasix 12,5 mg": 12.5,
        "Lasix": None,
        "furosemide 25-50 mg": None,
        "Lasix 25 mg a giorni alterni": None,
        "Lasix 25 mg 1 cp a gg alterni": None,
        "Lasix 25 mg lun-mer-ven": None,
        "Lasix 25 mg 3 volte a settimana": None,
        "Lasix 25 mg al bisogno": None,
    }
)
def test_a_dose_in_milligrams_a_day(quote: str, value: float | None) -> None:
    assert mg_a_day(quote) == value


@cases(
    {
        "Lasix 25 mg a giorni alterni": True,
        "Lasix 25 mg un giorno sì e uno no": True,
        "Lasix 25 mg 1 cp ogni 48 ore": True,
        "Lasix 25 mg 1 cp ore 8": False,
        "Lasix 25 mg ogni 12 ore": False,
    }
)
def test_a_dose_not_taken_every_day_is_known_as_such(quote: str, value: bool) -> None:
    assert not_daily(quote) is value


@pytest.mark.parametrize(
    ("quote", "after", "dose"),
    [
        ("25 mg", " 1 cp x 2, ASA 100 mg 1 cp", 50),
        ("25 mg", ", due compresse alle ore 8 e una alle ore 16, bisoprololo 2,5 mg", 75),
        ("25 mg", " (1 cp ore 8, 1 cp ore 16); ASA 100", 50),
        ("25 mg", " 1 cp ore 8 e bisoprololo 2,5 mg x 2", 25),
        ("20 mg", " 1 fl ev x 2\n", 40),
        ("25", " 2 cp h8 bisoprololo 2,5 1 cp", 50),
        ("25 mg", " una compressa a giorni alterni, digossina", None),
        ("25 mg 1 cp", ", pantoprazolo 20 mg 1 cp x 2", 25),
    ],
)
def test_a_dose_ends_where_the_next_drug_begins(quote: str, after: str, dose: float | None) -> None:
    assert mg_a_day(entry(quote, after)) == dose


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
