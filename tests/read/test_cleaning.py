"""Cleaning: what goes, what stays, what is joined, and that every row of the map quotes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.read import read_text
from core.read.phrases import phrases
from core.read.readers.raw import RawDocument, RawPage
from core.read.words.mapped import Mapped
from core.records import Letter


def cleaned(text: str) -> list[str]:
    return [phrase.text for phrase in phrases(read_text(text))]


def check(letter: Letter, origin: str) -> None:
    """Everything a letter promises about its offsets."""
    here = there = 0
    for start, source, length in letter.map:
        assert start >= here and source >= there and length > 0
        assert letter.text[start : start + length] == origin[source : source + length]
        here, there = start + length, source + length
    assert letter.pages[0].start == 0 and letter.pages[-1].end == len(letter.text)
    for one, other in zip(letter.pages, letter.pages[1:], strict=False):
        assert one.end == other.start
    for phrase in phrases(letter):
        assert letter.text[phrase.start : phrase.end] == phrase.text == phrase.text.strip() != ""
    for section in letter.sections:
        assert 0 <= section.start < section.end <= len(letter.text)


LINES = {
    "bold": ("**Stenosi aortica** severa", "Stenosi aortica severa"),
    "bold and italic": ("***Urgente*** e _grave_", "Urgente e grave"),
    "bold that begins here and ends elsewhere": ("**Stenosi aortica", "Stenosi aortica"),
    "a heading's marks": ("### Diagnosi ###", "Diagnosi"),
    "an image": ("![](page_0_img.jpeg) Diagnosi", "Diagnosi"),
    "a link": ("[scheda](https://example.org/x) allegata", "scheda allegata"),
    "a table's row": ("| Bisoprololo | 2,5 mg | ore 8 |", "Bisoprololo 2,5 mg ore 8"),
    "a cell's border that OCR saw": ("Telefono |310 26 33", "Telefono 310 26 33"),
    "HTML": ('<span id="p1"></span>10<sup>3</sup>/µl<br>', "10 3 /µl"),
    "an entity": ("PA &lt; 140 &amp; FC &gt; 60", "PA < 140 & FC > 60"),
    "less and greater stay": ("EF <40% e PAPs >50 mmHg", "EF <40% e PAPs >50 mmHg"),
    "an escape": (r"Hb 10\.5 \* anemia", "Hb 10.5 * anemia"),
    "a product stays": ("protesi 2*3 e snake_case_name", "protesi 2*3 e snake_case_name"),
    "a bullet stays": ("- Lasix 25 mg", "- Lasix 25 mg"),
    "a star bullet stays": ("* Lasix 25 mg", "* Lasix 25 mg"),
    "a symbol font's bullet": ("\uf0b7 Lasix 25 mg", "• Lasix 25 mg"),
    "a leader": ("Terapia ............ Lasix", "Terapia Lasix"),
    "a rule of underscores": ("Firma ____________", "Firma"),
    "ligatures": ("ﬁbrillazione con reﬂusso, eﬃcace", "fibrillazione con reflusso, efficace"),
    "odd blanks": ("ore\u00a08\u2009e\u3000ore\t16", "ore 8 e ore 16"),
    "zero width and controls": ("dis\u200bp\x07nea\ufeff", "dispnea"),
    "a soft hyphen within": ("cardio\u00admiopatia", "cardiomiopatia"),
    "combining marks": ("familiarita\u0300 e\u0300", "familiarità è"),
    "accents and case stay": ("È NOTA familiarità", "È NOTA familiarità"),
    "emoji stay": ("Gentile collega 👩‍⚕️ 😀", "Gentile collega 👩‍⚕️ 😀"),
}


@pytest.mark.parametrize(("raw", "clean"), LINES.values(), ids=LINES.keys())
def test_a_line_is_cleaned(raw: str, clean: str) -> None:
    assert cleaned(raw) == [clean]


NOTHING = {
    "a table's rule": "|---|:---:|",
    "a rule": "---------",
    "stars": "* * * * *",
    "a page counter": "Pagina 1 di 3",
    "an image alone": "![](x.png)",
}


@pytest.mark.parametrize("line", NOTHING.values(), ids=NOTHING.keys())
def test_a_line_that_says_nothing_goes(line: str) -> None:
    assert cleaned(f"Diagnosi\nStenosi\n{line}") == ["Diagnosi", "Stenosi"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85", "\v"])
def test_every_kind_of_line_end_parts_lines(end: str) -> None:
    assert cleaned(f"Diagnosi{end}Stenosi aortica") == ["Diagnosi", "Stenosi aortica"]


PROSE = (
    "Il paziente, portatore di stenosi valvolare aortica severa, veniva sottoposto\n"
    "a intervento di sostituzione valvolare con protesi biologica; il decorso nella\n"
    "Terapia Intensiva è stato regolare e il paziente è stato estubato dopo circa\n"
    "sei ore dall'arrivo. In seconda giornata il trasferimento in reparto, dove ha\n"
    "ripreso la deambulazione.\n"
)


def test_a_wrapped_paragraph_is_one_phrase() -> None:
    (phrase,) = cleaned(PROSE)
    assert phrase == PROSE.replace("\n", " ").strip()


def test_a_paragraph_ends_at_a_blank_line() -> None:
    assert len(cleaned(PROSE + "\n" + PROSE)) == 2


APART = {
    "bullets": "- Stenosi aortica severa\n- ipertensione arteriosa",
    "numbers": "1) Stenosi aortica severa\n2) ipertensione arteriosa",
    "drugs": "Bisoprololo 2,5 mg 1 cp\nRamipril 5 mg 1 cp ore 20",
    "drugs in small letters": "bisoprololo 2,5 mg 1 cp alle ore otto\nramipril 5 mg 1 cp ore 20",
    "labels": "Cognome: ROSSI\nNome: MARIO",
    "short lines": "Stenosi aortica\nIpertensione",
    "a heading in prose": "Diagnosi\nstenosi aortica severa",
    "a label and what follows": "Terapia con:\nwarfarin",
    "a sentence that ended": "Il decorso è stato regolare.\nSi dimette in data odierna.",
    "dated lines": "Ricovero in cardiologia il\n12/03/2019 coronarografia",
}


@pytest.mark.parametrize("text", APART.values(), ids=APART.keys())
def test_lines_of_a_list_stay_apart(text: str) -> None:
    assert cleaned(text) == text.split("\n")


def test_a_list_stays_apart_within_a_letter_whose_prose_is_wrapped() -> None:
    drugs = (
        "Cardioaspirina 100 mg 1 compressa dopo pranzo da proseguire per tutta la vita\n"
        "Bisoprololo 2,5 mg 1 compressa alle ore 8 con controllo della frequenza a casa\n"
        "Warfarin secondo schema e controllo dell'INR, mantenere valori tra due e tre"
    )
    assert cleaned(f"{PROSE}\nTerapia alla dimissione\n{drugs}")[2:] == drugs.split("\n")


HYPHENS = {
    "a broken word": (
        "fibrillazione atriale parossi-\nstica",
        "fibrillazione atriale parossistica",
    ),
    "a soft hyphen": ("insufficienza mitra\u00ad\nlica", "insufficienza mitralica"),
    "a compound": ("decorso post-\noperatorio", "decorso post-operatorio"),
    "a compound known from the letter": (
        "bypass aorto-coronarico. Bypass aorto-\ncoronarico",
        "bypass aorto-coronarico. Bypass aorto-coronarico",
    ),
    "capitals": ("DEFINI-\nTIVA", "DEFINITIVA"),
}


@pytest.mark.parametrize(("raw", "clean"), HYPHENS.values(), ids=HYPHENS.keys())
def test_a_hyphen_at_the_line_s_end_is_mended(raw: str, clean: str) -> None:
    assert cleaned(raw) == [clean]


def test_a_dash_after_a_number_is_no_broken_word() -> None:
    assert cleaned("Ricoveri nel 2017-\n2019") == ["Ricoveri nel 2017-", "2019"]


def page(number: int, *body: str) -> str:
    head = f"Ospedale San Liberale\nPaziente: ROSSI MARIO - cartella 2019034139\nPag. {number} di 3"
    return "\n".join([head, "", *body, "", "Via Roma 1, tel. 045 123456", f"- {number} -"])


def test_running_headers_and_footers_stay_once() -> None:
    text = "\f".join(page(n, f"Testo della pagina numero {n}.") for n in (1, 2, 3))
    assert cleaned(text) == [
        "Ospedale San Liberale",
        "Paziente: ROSSI MARIO - cartella 2019034139",
        "Testo della pagina numero 1.",
        "Testo della pagina numero 2.",
        "Testo della pagina numero 3.",
        "Via Roma 1, tel. 045 123456",
    ]


def test_a_sentence_runs_over_the_page_s_end_through_the_furniture() -> None:
    lines = PROSE.strip().split("\n")
    text = "\f".join([page(1, *lines[:2]), page(2, *lines[2:])])
    letter = read_text(text)
    whole = " ".join(lines)
    assert whole in [phrase.text for phrase in phrases(letter)]
    start = letter.text.index(whole)
    assert letter.page_of(start) == 1
    assert letter.page_of(start + len(whole) - 1) == 2


def test_page_numbers_part_a_text_that_lost_its_page_breaks() -> None:
    head, lines = "Ospedale San Liberale - Cardiochirurgia", PROSE.strip().split("\n")
    text = "\n".join([head, *lines[:2], "Pag. 1 di 2", head, *lines[2:], "Pag. 2 di 2"])
    assert cleaned(text) == [head, " ".join(lines)]


def test_therapy_that_comes_back_on_the_next_page_stays() -> None:
    drugs = "Lasix 25 mg\nBisoprololo 2,5 mg"
    text = f"Lettera\nTerapia domiciliare\n{drugs}\fAltro\nTerapia alla dimissione\n{drugs}\nSaluti"
    assert cleaned(text).count("Lasix 25 mg") == 2


def test_pages_without_words_keep_their_number() -> None:
    letter = read_text("Diagnosi\f\fStenosi")
    assert [(p.page, letter.text[p.start : p.end].strip()) for p in letter.pages] == [
        (1, "Diagnosi"),
        (2, ""),
        (3, "Stenosi"),
    ]


PIECES = st.sampled_from(
    """**bold** __x__ * - • # | |---| ![](i.png) [a](http://b) <br> </b> &amp; ﬁ a\u0300 è\u0301
    \u00ad \u00a0 \u2028 \u2009 😀 👩‍⚕️ İ ß \r\n \r \n \n\n \f \t \v \x00 \x85 \ufeff \uf0b7 \ud800
    Diagnosi: Terapia alla dimissione Pag. 1 di 3 2,5 mg Bisoprololo parossi- stica dott. _______
    ........ ` \\* ] ( > 1) ROSSI e di della 12/03/2019""".split(" ")
    + ["\n", "\n\n", "\f", " ", "   ", "\u2028", "\r\n", "paziente portatore di stenosi aortica"]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map(" ".join))
def test_no_text_shifts_the_map(text: str) -> None:
    check(read_text(text), text)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_any_text_at_all_is_read(text: str) -> None:
    check(read_text(text), text)


@given(st.lists(st.text(alphabet="ab ﬁ\n", max_size=6), min_size=1, max_size=5))
def test_the_reader_s_text_is_its_pages(pages: list[str]) -> None:
    document = RawDocument(tuple(map(RawPage, pages)), "text")
    for start, one in zip(document.starts(), pages, strict=True):
        assert document.text[start : start + len(one)] == one


def test_a_mapped_text_says_what_came_from_where() -> None:
    text = Mapped.of("abc", 10) + Mapped.of("xyz", 20)
    assert text.rows("." * 10 + "abc" + "." * 7 + "xYz") == ((0, 10, 3), (3, 20, 1), (5, 22, 1))
