"""Several documents in one file: letters cut apart, other papers left out."""

from pathlib import Path

import pytest

from core.read import read_file
from core.records import Letter

TITLE = "RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA"


def one(name: str, record: str, born: str, page: str = "") -> str:
    return (
        f"Ospedale San Liberale {page}\n{TITLE}\n\nCartella clinica n. {record}\n"
        f"Sig. {name} nato il {born}\nDiagnosi\nStenosi aortica severa.\n"
        "Decorso post-operatorio\nRegolare, estubato dopo sei ore.\n"
    )


ROSSI = one("ROSSI Mario", "2020/0011", "01/02/1950")
VERDI = one("VERDI Carlo", "2020/0022", "03/04/1949")
MORE = f"{TITLE}\nTerapia alla dimissione\nRamipril 5 mg.\n"
VERBALE = "VERBALE OPERATORIO\nCartella clinica n. 2020/0011\nOperatori: tre.\n"
CONSENT = "Pag. 1 di 2\nCONSENSO INFORMATO\nIo sottoscritto.\n"


def letters(tmp_path: Path, *pages: str) -> list[Letter]:
    path = tmp_path / "cartella.txt"
    path.write_text("\f".join(pages), encoding="utf-8")
    return read_file(path)


FOLDERS = {
    "one letter": ([ROSSI], [[1]]),
    "one letter with its heading on each page": ([ROSSI, MORE], [[1, 2]]),
    "two patients": ([ROSSI, VERDI], [[1], [2]]),
    "two patients, the first on two pages": ([ROSSI, MORE, VERDI], [[1, 2], [3]]),
    "two stays of one patient": (
        [ROSSI, one("ROSSI Mario", "2021/0099", "01/02/1950")],
        [[1], [2]],
    ),
    "other papers before, between and behind": (
        [CONSENT, ROSSI, VERBALE, VERDI, CONSENT],
        [[2], [4]],
    ),
    "numbered pages": (
        [one("ROSSI Mario", "11", "1/2/1950", "Pag. 1 di 2"), f"Pag. 2 di 2 {TITLE}\nFine.", VERDI],
        [[1, 2], [3]],
    ),
    "no letter at all": ([CONSENT, VERBALE], [[1, 2]]),
}


@pytest.mark.parametrize(("pages", "expected"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_folder_is_cut_into_letters(
    tmp_path: Path, pages: list[str], expected: list[list[int]]
) -> None:
    found = letters(tmp_path, *pages)
    assert [[page.page for page in letter.pages] for letter in found] == expected
    first = found[0].id
    ids = [first, *(f"{first}.{number}" for number in range(2, len(found) + 1))]
    assert [letter.id for letter in found] == ids


def test_two_letters_on_one_page_are_cut_and_lead_back_into_the_file(tmp_path: Path) -> None:
    raw = f"{ROSSI}\n\n\n{VERDI}"
    found = letters(tmp_path, raw)
    assert ["ROSSI" in x.text for x in found] == [True, False]
    assert ["VERDI" in x.text for x in found] == [False, True]
    for letter in found:
        assert letter.discharge_letter
        for here, there, length in letter.map:
            assert letter.text[here : here + length] == raw[there : there + length]


def test_a_folder_without_a_letter_is_turned_away_whole(tmp_path: Path) -> None:
    (found,) = letters(tmp_path, CONSENT, VERBALE)
    assert not found.discharge_letter
    assert "no heading" in found.extra["reason"]
