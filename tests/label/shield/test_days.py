"""How the shield moves days: all by the same number, however they are written."""

import re
from datetime import date, timedelta

import pytest

from tests.label.shield.shielding import hidden, together


def test_all_dates_of_a_letter_move_by_the_same_days() -> None:
    parts = hidden("dal 27/08/2019\nal 2019-09-02\nnato 01.03.1940\nil 5/12/18")
    texts = [part.text for part in parts]
    days, iso, dots = re.findall(r"\d[\d/.\-]+\d", " ".join(texts))[:3]
    moved = [
        date(*map(int, reversed(days.split("/")))) - date(2019, 8, 27),
        date.fromisoformat(iso) - date(2019, 9, 2),
        date(*map(int, reversed(dots.split(".")))) - date(1940, 3, 1),
    ]
    assert len(set(moved)) == 1
    assert -360 <= moved[0].days <= -30
    assert re.fullmatch(r"il \d{1,2}/\d{1,2}/\d\d", texts[3])


DAYS = {
    "with a dot": "02.09.19",
    "without noughts": "2/9/2019",
    "with blanks": "2 - 9 - 2019",
    "year first": "2019-09-02",
    "a scan's": "O2/O9/2Ol9",
    "in words": "2 settembre 2019",
    "in short": "2 sett. 2019",
    "between dashes": "02-set-2019",
    "a Roman month": "2/IX/2019",
}


@pytest.mark.parametrize("written", DAYS.values(), ids=DAYS.keys())
def test_a_day_moves_the_same_way_however_it_is_written(written: str) -> None:
    plain, other = (part.text for part in hidden(f"il 02/09/2019\nil {written}"))
    day, month, year = plain.removeprefix("il ").split("/")
    numbers = {day.lstrip("0"), month.lstrip("0"), year, year[-2:]}
    said = set(re.findall(r"[1-9]\d*", re.sub(r"(?<!\d)0", "", other.removeprefix("il "))))
    assert said <= numbers
    assert day.lstrip("0") in said


def test_days_keep_their_order_and_their_distances() -> None:
    texts = hidden("Ricovero 27/08/2019\ndal 28 al 3 settembre\nil 2 e il 5 settembre 2019")
    first, second, third = (part.text for part in texts)
    begun = date(*map(int, reversed(re.findall(r"\d+", first))))
    moved = begun - date(2019, 8, 27)
    assert [int(n) for n in re.findall(r"\d+", second)] == [
        (day + moved).day for day in (date(2019, 8, 28), date(2019, 9, 3))
    ]
    assert [int(n) for n in re.findall(r"\d+", third)][:2] == [
        (day + moved).day for day in (date(2019, 9, 2), date(2019, 9, 5))
    ]


NO_DAYS = {
    "a day no month has": ("il 31/02/2019", r"il \d\d/\d\d/201[89]"),
    "a leap day without a year": ("il 29/02", r"il \d\d/(?:0[1-9]|1[0-2])"),
    "no date at all": ("il 99/99/2019", r"il \d\d/\d\d/\d{4}"),
    "noughts": ("nato il 00/00/0000", r"nato il \d\d/\d\d/\d{4}"),
    "ages and lengths of time": ("67 anni, da 3 mesi, 10 gg", "67 anni, da 3 mesi, 10 gg"),
    "a year alone": ("PTCA nel 2011", "PTCA nel 2011"),
}


@pytest.mark.parametrize(("line", "shape"), NO_DAYS.values(), ids=NO_DAYS.keys())
def test_what_is_no_day_keeps_its_shape(line: str, shape: str) -> None:
    assert re.fullmatch(shape, hidden(line)[0].text)


def test_no_moved_day_is_a_real_one_of_the_letter() -> None:
    days = [date(2019, 1, 1) + timedelta(days=n) for n in range(0, 300, 7)]
    written = [f"{day:%d/%m/%Y}" for day in days]
    text = together(hidden("\n".join(f"il {day}" for day in written)))
    assert [day for day in written if day in text] == []


def test_a_day_of_the_week_moves_with_its_date() -> None:
    (part,) = hidden("lunedì 7 ottobre 2024 e venerdì 11 ottobre 2024")
    names = ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"]
    first, second = (names.index(word) for word in part.text.split() if word in names)
    assert (second - first) % 7 == 4
