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
    "a copy of a letter": ([ROSSI, ROSSI], [[1], [2]]),
    "a copy of two pages": ([ROSSI, MORE, ROSSI, MORE], [[1, 2], [3, 4]]),
    "brothers": (
        [ROSSI, one("ROSSI Carlo", "2020/0012", "09/02/1948")],
        [[1], [2]],
    ),
    "three patients": ([ROSSI, VERDI, one("BIANCHI Ugo", "2020/33", "5/6/1951")], [[1], [2], [3]]),
    "headings in other case, bent and split": (
        [
            ROSSI,
            VERDI.replace(TITLE, "Relazione clinica\nalla Dimissione – Definitiva"),
            ROSSI.replace(TITLE, "RELAZIOHE CLINICA ALLA DIMISSICNE - DEFINITIVA")
            .replace("ROSSI Mario", "BIANCHI Ugo")
            .replace("2020/0011", "2020/0033"),
        ],
        [[1], [2], [3]],
    ),
    "a relative on a later page": (
        [ROSSI, f"{TITLE}\nfiglia: Sig.ra ROSSI Anna nata il 3/4/1980, tel. 333 1234567\n"],
        [[1, 2]],
    ),
    "somebody spoken to on a later page": (
        [ROSSI, f"{TITLE}\nColloquio con la Sig.ra NERI Lucia, moglie.\n"],
        [[1, 2]],
    ),
    "a slip of OCR in a running header": (
        [ROSSI, f"{TITLE}\nCartella n. 2020/0017 Sig. R0SSI Mario nato il 01/02/1950\nFine."],
        [[1, 2]],
    ),
    "a record and a birth written in another way": (
        [ROSSI, f"{TITLE}\nCartella 0011/2020 Mario ROSSI nato il 1.2.50\nFine."],
        [[1, 2]],
    ),
    "another kind of number in a running header": (
        [ROSSI, f"{TITLE}\nNosologico 445566 Sig. ROSSI Mario\nFine."],
        [[1, 2]],
    ),
    "no patient told, pages counted": (
        [f"{TITLE}\n1/2\nUno.", f"{TITLE}\n2/2\nDue.", f"{TITLE}\n1/2\nTre.", "2/2\nFine."],
        [[1, 2], [3, 4]],
    ),
    "no patient told, the first signed": (
        [f"{TITLE}\nDiagnosi\nUno.\nCordiali saluti\n", f"{TITLE}\nDiagnosi\nDue.\n"],
        [[1], [2]],
    ),
    "signed on each page": (
        [f"{TITLE}\nDiagnosi\nUno.\nCordiali saluti\n", f"{TITLE}\nDecorso\nDue.\n"],
        [[1, 2]],
    ),
    "names in a form": (
        [f"{TITLE}\nCognome: ROSSI  Nome: Mario\n", f"{TITLE}\nCognome: VERDI  Nome: Carlo\n"],
        [[1], [2]],
    ),
    "births in words": (
        [f"{TITLE}\nnato il 1 febbraio 1950\n", f"{TITLE}\nnato il 3 aprile 1949\n"],
        [[1], [2]],
    ),
    "the minutes of the operation, unnumbered and unnamed": (
        [ROSSI, "VERBALE OPERATORIO\nOperatori: tre.\n", VERDI],
        [[1], [3]],
    ),
    "the operation's minutes as a section": (
        [ROSSI.replace("Liberale ", "Liberale Pag. 1 di 2"), "Pag. 2 di 2\nVERBALE OPERATORIO\nx"],
        [[1, 2]],
    ),
    "a line that begins like another paper": (
        [ROSSI, "certificato di malattia rilasciato in data odierna\nRamipril 5 mg.\n"],
        [[1, 2]],
    ),
    "a numbered report that no list knows": (
        [ROSSI, "EMOGASANALISI\nCartella clinica n. 2020/0011\nPag. 1 di 1\n", VERDI],
        [[1], [3]],
    ),
    "a provisional letter of another patient": (
        [ROSSI, VERDI.replace("DEFINITIVA", "PROVVISORIA")],
        [[1]],
    ),
    "a page of another patient without a heading": (
        [ROSSI, "Cartella clinica n. 2020/0022\nSig. VERDI Carlo nato il 03/04/1949\nFine."],
        [[1]],
    ),
    "a first page whose heading OCR lost": (
        ["Pag. 1/2\nSig. ROSSI Mario\nUno.", f"{TITLE}\nPag. 2/2\nSig. ROSSI Mario\nFine."],
        [[1, 2]],
    ),
    "a cover sheet": (["Foglio di accompagnamento", f"{TITLE}\nPag. 1/2\n", "2/2\nx"], [[2, 3]]),
    "a mention on a later page": (
        [ROSSI, f"Si allega la {TITLE} del Sig. VERDI Carlo, ricovero precedente."],
        [[1, 2]],
    ),
    "the heading as a running footer": (
        [ROSSI, f"Terapia alla dimissione\nRamipril 5 mg.\n{TITLE}\n"],
        [[1, 2]],
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


def test_the_end_of_a_letter_above_the_next_heading_stays_with_its_patient(tmp_path: Path) -> None:
    head = "Cartella 2020/0011 Sig. ROSSI Mario\n"
    end = f"{head}Terapia alla dimissione\nRamipril 5 mg.\nCordiali saluti\n\n\n"
    first, second = letters(tmp_path, ROSSI, end + VERDI)
    assert "Ramipril" in first.text
    assert "VERDI" not in first.text
    assert "Ramipril" not in second.text
    assert [[page.page for page in letter.pages] for letter in (first, second)] == [[1, 2], [2]]


def test_pages_that_belong_to_no_letter_are_told(tmp_path: Path) -> None:
    first, second = letters(tmp_path, CONSENT, ROSSI, VERBALE, VERDI)
    assert first.extra["pages_left_out"] == [1, 3]
    assert "pages_left_out" not in second.extra
    (alone,) = letters(tmp_path, ROSSI)
    assert "pages_left_out" not in alone.extra


def test_a_folder_of_many_letters_and_papers_comes_apart(tmp_path: Path) -> None:
    """As the clinical folder of a ward: 97 patients, each with a letter of one or two pages."""
    pages: list[str] = []
    expected: list[list[int]] = []
    for number in range(97):
        day = f"{number % 28 + 1:02}/{number % 12 + 1:02}/{1930 + number % 40}"
        surname = "".join(chr(65 + int(digit)) for digit in f"{number:02}") + "ANTI"
        expected.append([len(pages) + 1])
        pages.append(one(f"{surname} Pio", f"2020/{number * 37:05}", day))
        if number % 2:
            expected[-1].append(len(pages) + 1)
            pages.append(f"{TITLE}\nSig. {surname} Pio\nTerapia alla dimissione\nRamipril.\n")
        pages += [CONSENT, VERBALE][: number % 3]
    found = letters(tmp_path, *pages)
    assert [[page.page for page in letter.pages] for letter in found] == expected
