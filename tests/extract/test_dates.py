"""Quotes of letters -> dates and years."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract.dates import find_dates, latest_date, read_date, read_year
from core.read.words.dates import written
from core.read.words.months import STEMS
from tests.extract.quotes import DISCHARGED, cases


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
