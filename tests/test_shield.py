"""Identity and dates stay on the machine; answers come back to the very place they speak of."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.label.shield.preview import preview
from core.label.shield.shield import Shield, Shielded, is_loopback, needed
from core.records import Annotation, Missing, Phrase, Span
from core.schema import default_schema
from demo.fictitious import annotations, voices, write

SECRET = b"s" * 32
LETTER = """\
Si dimette in data 02/09/2019
il Sig. BERTOLDI FRANCO
Nato il 27/03/1939 a Lucca, telefono 347 9927663
C.F. BRTFNC39C27E715X, franco.bertoldi@posta.example
ricoverato dal 27/08 al 2 settembre 2019, cartella n. 2019/034139
Ex fumatore, stop nel 1990. Bertoldi è stato visto dal Dr. P. De Sanctis.
Franco miglioramento; diametro 12,5 mm, PA 120/80, schema 1-0-0, furosemide 25 mg.
La figlia Anna Neri (0583 445566) è informata. Residente in via Garibaldi 12.
ROSSI MARIO nato il 3O/O3/1950; nov. 2011 PTCA; intervento il 30 AGOSTO 2019."""
IDENTITY = (
    "BERTOLDI Bertoldi bertoldi FRANCO Franco franco. Lucca 9927663 BRTFNC39C27E715X posta.example"
    " 034139 Sanctis Anna Neri 445566 Garibaldi ROSSI MARIO"
).split()
DATES = "02/09/2019 27/03/1939 27/08 settembre 3O/O3/1950 nov. AGOSTO".split()


def phrases(text: str, letter: str = "a") -> list[Phrase]:
    return [
        Phrase(f"{letter}:{n}", letter, 0, len(line), line)
        for n, line in enumerate(text.split("\n"))
    ]


def hidden(
    text: str, letter: str = "a", found: Iterable[Annotation] = (), secret: bytes = SECRET
) -> list[Shielded]:
    parts = phrases(text, letter)
    shield = Shield(parts, found, default_schema(), secret)
    return [shield.hide(part) for part in parts]


def together(parts: Iterable[Shielded]) -> str:
    return "\n".join(part.text for part in parts)


def test_no_identity_value_and_no_date_is_left() -> None:
    text = together(hidden(LETTER))
    assert [value for value in IDENTITY + DATES if value in text] == []


def test_what_is_clinical_stays_as_it_is() -> None:
    text = together(hidden(LETTER))
    clinical = (
        "Ex fumatore, stop nel 1990.",
        "miglioramento; diametro 12,5 mm, PA 120/80, schema 1-0-0, furosemide 25 mg.",
        "è informata",
        " PTCA; intervento",
    )
    assert [words for words in clinical if words not in text] == []


def test_stand_ins_have_the_shape_of_what_they_stand_for() -> None:
    parts = hidden("Sig.ra D'AMICO Rosa, tel. +39 055 1234567, nata il 7/3/41")
    assert re.fullmatch(
        r"Sig\.ra [A-Z]'[A-Z]{5} [A-Z][a-z]{3}, tel\. \+39 \d{3} \d{7},"
        r" nata il \d{1,2}/\d{1,2}/\d\d",
        parts[0].text,
    )


def test_a_name_is_the_same_all_over_its_letter_and_another_one_in_the_next() -> None:
    lines = "Sig. Ferri\nFERRI torna\ncome ferri chirurgici"
    first, second, third = (part.text for part in hidden(lines))
    name = first.removeprefix("Sig. ")
    assert (second, third) == (f"{name.upper()} torna", "come ferri chirurgici")
    assert hidden(lines)[0].text == first
    assert hidden(lines, letter="b")[0].text != first
    assert hidden(lines, secret=b"t" * 32)[0].text != first


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


TRACES = {
    "a title without a full stop": ("visto dal dott Verdelli", "Verdelli"),
    "a name before its birth": ("GALLINARI PIA nata a Pisa il", "GALLINARI"),
    "a labelled name": ("Cognome e nome: Ghirlandi Ada", "Ghirlandi"),
    "a patient by name": ("La paziente Enrica Salvini riferisce", "Salvini"),
    "a patient by a name like an adjective": ("Paziente Federico Onesti", "Onesti"),
    "a physician with initials": ("Dott.ssa M.G. Pellicani", "Pellicani"),
    "a date with blanks": ("il 12 - 03 - 2019", "03"),
    "a month": ("nel marzo del 2018", "marzo"),
    "a date beside a record number": ("cartella 12/03/2019", "12/03"),
    "a tax code in small letters": ("cf rssmra50a01h501u", "rssmra"),
    "a phone with full stops": ("cell. 333.12.34.567", "12.34"),
    "a name beside a bar": ("Cognome e Nome | FRUGONI ADA", "FRUGONI"),
    "a name in two boxes": ("Cognome FRUGONI Nome ADALGISA Sesso [F]", "ADALGISA"),
    "a known given name beside it": ("In fede, Luisa Frugoni", "Frugoni"),
    "a line that begins with a name": ("FRUGONI ADALGISA - Sesso F", "FRUGONI"),
    "a record number before its name": ("21-03691 (n. cartella)", "03691"),
    "a landline": ("0574/123456", "123456"),
    "a street with a particle": ("in via delle Cerquette 12, 00041", "Cerquette"),
    "a town before its street": ("ad Albano Laziale, via Roma 12", "Albano"),
    "a town behind its postcode": ("CAP/Comune: 80058 TORRE ANNUNZIATA", "TORRE"),
    "a street in German": ("Bachlaufstraße 17, 39038 Innichen", "Bachlaufstraße"),
    "a birth place behind the day": ("Nato il 30/04/1944, Acireale", "Acireale"),
    "a labelled birth": ("Data e luogo di nascita: 30 aprile 1944, Acireale", "Acireale"),
    "the town of a letterhead": ("Ospedale San Liberale - Valdoro", "Valdoro"),
    "a day of a month said later": ("controlli il 17 e 19 marzo", "17"),
    "a day alone": ("dimesso il 17 in buone condizioni", "17"),
    "a day no score has": ("biopsie 8/7, 22/7", "8/7"),
    "a day behind a test": ("ETE 2/4: vegetazione", "2/4"),
    "a card": ("doc. C.I. CA55190MB", "55190"),
    "a long number": ("nosologico: AB-7781", "7781"),
    "a name nobody knows": ("ECO di controllo (Crastulovic): FE 45%", "Crastulovic"),
    "a name nobody knows at the head of a line": ("Crastulovic riferisce tosse", "Crastulovic"),
    "a name nobody knows in capitals": ("ECO DI CONTROLLO (CRASTULOVIC): FE 45%", "CRASTULOVIC"),
    "an ordinary word beside such a name": ("Speranza Crastulovic", "Speranza"),
    "an ordinary word behind a relative": ("informato il genero Salvo", "Salvo"),
    "a name in small letters": ("la moglie harkiran kaur presente", "harkiran"),
    "a name in a field": ("paziente.cognome=GENTILE", "GENTILE"),
    "a number with full stops": ("id 2.16.840.1.113883.2", "113883"),
    "a serial number without a cue": ("passaporto estero C4F7HX9K2", "C4F7"),
    "a number figure by figure": ("telefono zero nove sei due uno quattro", "nove sei"),
    "a branch of a telephone": ("al lavoro 0332745-900 int. 12", "12"),
    "a dictated day": ("visto il ventotto giugno duemilaventitré", "ventotto"),
    "an American day": ("Admission: Sept 14, 2024", "14"),
    "a month with a slip": ("controllo il 14 magio", "14"),
    "a Roman month without a year": ("entra il 28/X ed esce oggi", "28/X"),
    "a day with a dash": ("proc 13-4: PVI", "13-4"),
    "a day with a full stop": ("drenaggio rimosso 13.01.", "13.01"),
    "eight figures": ("doc.data=20230616", "20230616"),
    "a day of the week": ("il martedì 10 controllo", "10"),
    "a house without a number": ("c.da Montevicoli snc, 72013 Ceglie", "Montevicoli"),
    "a house number in words": ("via dei Normanni centodiciassette", "centodiciassette"),
    "a yard": ("abita in cortile Spadaro 6, Misilmeri", "Spadaro 6"),
    "a street in capitals that is a word": ("STRADA VALENZA 8, FRAZ. PIANO", "VALENZA 8"),
    "a street towards a town": ("in via per Bodio 61 a Gavirate", "Bodio 61"),
    "a home in small letters": ("abita in cascina ca' nova 3 pessina", "nova 3"),
    "a record in three groups": ("N. nosologico 2O22 00 4519", "4519"),
    "a record behind a word of one letter": ("numero di cartella è K 31 882", "882"),
    "a serial number in groups": ("anello Physio n. 32 (S/N 58 10422)", "10422"),
    "a lot with letters behind it": ("lotto N° 0117734 GV", "GV"),
    "a serial number of a device and its size": ("codice SJM 27MJ-501 / 88320174", "27MJ"),
    "a serial number that ends like hours": ("generatore matr. RNB 611820H", "611820"),
    "letters nobody knows before a number": ("batterie BAT 60231, BAT 60232", "BAT"),
    "such letters before a stroke": ("depositate al Comune (n. DAT 118/21)", "118/21"),
    "a number two words behind its cue": ("cod. sanitario regionale SRD 55 203 781", "203"),
    "twelve figures in groups": ("prenotato, 8901 2237 4410", "2237"),
    "a record in which a scan put blanks": ("Nos. MED/24 /O1188", "O1188"),
    "a telephone one figure by one": ("3 4 9 5 5 0 2 1 8 8 (cellulare)", "5 5 0"),
    "a telephone around a long dash": ("la figlia al 333 – 29 01 854", "29 01"),
    "a telephone that a scan broke": ("tel. 33 8 - 77l 20 65", "77l 20"),
    "a telephone half in words": ("casa: zero nove sette uno, 44 70 16", "44 70"),
    "a telephone in odd groups": ("alle 0382 / 50.7.741", "50.7"),
    "a date that a scan broke": ("Ferrara, 1 8. 0 6 .2 O19", "1 8"),
    "a day that a scan broke": ("ECO (13 .06): FE 48 %", "13 .06"),
    "a month that a scan broke": ("programmata 10 giu gno, previo", "giu gno"),
    "a month with a figure in it": ("visita il 23 lug1io ore 10", "lug1io"),
    "a Roman day": ("Addì XXX maggio MMXXII", "XXX"),
    "a year before its day": ("Kowalczyk, 1949, 17 ottobre", "17 ottobre"),
    "a day before a bracket": ("rimosso il 24 (Bozzani)", "24"),
    "a road by its number": ("S.S. 16 Adriatica km 327, Castelfidardo", "327"),
    "a house without a street": ("rione Lucania, palazzina 7, scala D, quarto piano", "scala D"),
    "a quarter of Venice": ("alloggio Cannaregio 4418", "4418"),
    "a square in short": ("Bussoleno, p.za del Mulino", "Mulino"),
    "a street with letters in its number": ("Via Comacchio 1O3 / 4    441 24 FERRARA", "441 24"),
    "a number before a postcode": ("Valrovina 48, 90884 Terenziano", "48"),
    "a town that is a word": ("abita a Ostia, via delle Baleniere 200", "Ostia"),
    "a province behind its town": ("Crastulo (SR), in cura", "SR"),
    "a short name behind a role": ("vista dalla ginecologa Po, impostato", "Po"),
    "a short name in two parts": ("il sostituto (Dal Bo, giusto?)", "Bo"),
    "a name that a scan broke": ("Endocrinologo dr. Zatel li: gozzo", " li:"),
}


@pytest.mark.parametrize(("line", "secret"), TRACES.values(), ids=TRACES.keys())
def test_a_trace_is_found_by_its_shape(line: str, secret: str) -> None:
    assert secret not in hidden(line)[0].text


CLINICAL = [
    "PAZIENTE DIABETICO, Paziente Iperteso, padre IMA a 60 anni, madre: Diabete",
    "STENOSI SIGNIFICATIVA, PROFILASSI, DRENAGGIO IN SEDE, NOMENCLATURA, vitamina D Calcio",
    "PA 130/80 mmHg, FC 72, FE 35-40 %, INR 2,5, TAPSE 18 mm, EuroSCORE 3.21, PLT 98.000",
    "Bisoprololo 2,5 mg 1-0-0, furosemide 25 mg 1 cp alle 8 e 16, clopidogrel 75 mg 0-1-0",
    "Somministrato per via endovenosa nel corso della degenza; largo esame eseguito",
    "Nella TC non versamento; La paziente. Ultima diuresi valida; Esame obiettivo: nella norma",
    "Al controllo: apiretico; mobilizzato; NYHA II-III; II giornata post-operatoria",
    "Triatec 5 mg, Lasix 25 mg, Cardioaspirin 100 mg; Stranonimil 20 mg 1 cp; 1/2 cp di Coumadin",
    "GB 8.450, PLT 245.000/μl, NT-proBNP 12450, leucociti 10970 -> 17240, troponina 31.200 ng/L",
    "bioprotesi Perimount 25, anello Physio II 28, stent Xience 3.0x28 mm, soffio 2/6, INR 2-3",
    "Frattura di Crastulovic, segno di Strobl, protesi meccanica Yukatan 27, stent Bravura 3.0",
    "STERNOTOMIA MEDIANA. CARDIOPLEGIA EMATICA FREDDA. LEMBI ISPESSITI. CALCIFICAZIONE DELL'ANULUS",
    "enoxaparina 6000 x 2, EPO 4000, DES 2.75x22 su OM1, NT-proBNP 4410 -> 1290, CK 5200 U/l",
    "anello Physio n. 32, protesi n. 21 mm, n. 4 emazie, 6MWT 140 -> 335 metri, T2N0M0, 18F, JL4",
    "IMA anteriore 2006 PTCA 2015 CABG 2018, QTc 440 msec PR 240, PLT 245 000, BEV 1340",
    "PA 120/80 FC 72, Sodio 138 Potassio 4.2, calo del 12 %, via radiale dx 6F, piano 2",
    "ICD 428.0, DRG 104, il dermatologo consiglia Bactrim, il chirurgo Vascolare, La Cx indenne",
    "FE 55 %, E/A 0,8, V4-V6, P2Y12, HbA1c 7,1 %, SARS-CoV-2, CHA2DS2-VASc 3, GCS 15/15, Hb 12.10",
]


@pytest.mark.parametrize("line", CLINICAL)
def test_clinical_lines_are_sent_as_they_are(line: str) -> None:
    assert hidden(line)[0].text == line


class Knows:
    """A labeller that sees a lower-case name no shape gives away, a strange record and a date."""

    source = "test"

    def label(self, letter: Iterable[Phrase]) -> Iterator[Annotation]:
        fields = {"ugolini": "cognome", "XY/77b": "n_cartella", "fine luglio": "data_morte"}
        for phrase in letter:
            spans = [
                Span(phrase.text.index(q), phrase.text.index(q) + len(q), f, f, text=q)
                for q, f in fields.items()
                if q in phrase.text
            ]
            yield Annotation(phrase, tuple(spans), "rules", self.source)


def test_what_a_labeller_calls_identity_is_hidden_too() -> None:
    text = "ugolini vede XY/77b\nde ugolini, Ugolini a fine luglio"
    parts = hidden(text, found=Knows().label(phrases(text)))
    assert "golini" not in together(parts)
    assert "XY/77b" not in together(parts)
    assert "luglio" not in together(parts)
    assert [len(part.text.split()) for part in parts] == [3, 6]


@pytest.mark.parametrize("voice", voices())
def test_no_identity_of_a_fictitious_letter_is_left(voice: str) -> None:
    """Against what the letter is known to say, by the shield alone: no labeller helps it."""
    schema = default_schema()
    _, known = annotations(write(voice, 7))
    shield = Shield([a.phrase for a in known], (), schema, SECRET)
    values = left = 0
    for annotation in known:
        text = shield.hide(annotation.phrase).text
        for span in annotation.spans:
            field = schema.field(span.field or "")
            if field.kind == "derived" or (field.group != "identity" and field.type != "date"):
                continue
            name = span.text.isalpha() or " " in span.text and field.name in ("nome", "cognome")
            for value in re.findall(r"\w{3,}", span.text) if name else [span.text]:
                values += 1
                left += bool(re.search(rf"\b{re.escape(value)}\b", text))
    assert values >= 4
    assert left == 0


def whole(part: Shielded, stand_in: int) -> Span:
    edit = part.edits[stand_in]
    text = part.text[edit.new_start : edit.new_end]
    return Span(edit.new_start, edit.new_end, "TARGET", text=text, status="exact")


def test_a_span_of_a_stand_in_of_another_length_comes_back_whole() -> None:
    (part,) = hidden("dal 30 settembre 2019 al 3 maggio 2020, FA")
    assert len(part.text) != len(part.original)
    assert [part.span(whole(part, n)).text for n in (0, 1)] == [
        "30 settembre 2019",
        "3 maggio 2020",
    ]
    inside = Span(part.edits[0].new_start + 3, part.edits[0].new_end - 2, "TARGET")
    assert part.span(inside).text == "30 settembre 2019"
    end = len(part.text)
    assert part.span(Span(end - 2, end, "TARGET", text="FA")).text == "FA"


def test_a_span_inside_a_stand_in_of_the_same_length_but_other_words_comes_back_whole() -> None:
    for day in range(1, 29):
        (part,) = hidden(f"il {day} settembre 2019.")
        for word in re.finditer(r"\w+", part.text):
            span = part.span(Span(word.start(), word.end(), "X"))
            assert span.text in ("il", f"{day} settembre 2019", str(day), "settembre", "2019")


def test_a_lost_quote_comes_back_in_the_words_of_the_letter() -> None:
    (part,) = hidden("Sig. Ferri, 12/03/2019")
    quote = part.text.replace(",", " del")
    assert part.missing(Missing(quote)).quote == "Sig. Ferri del 12/03/2019"


# The first line loads the lists of words, which may take longer than the others are allowed.
@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(["Sig. Ferri", "12/03/2019", "3 maggio 2020", "tel 3331234567", "İ🙂"]),
        ),
        max_size=8,
    ).map(" ".join)
)
def test_what_was_not_hidden_comes_back_to_its_place(line: str) -> None:
    line = line.replace("\n", " ")
    (part,) = hidden(line)
    done = new_done = 0
    for edit in (*part.edits, None):
        end, new_end = (edit.start, edit.new_start) if edit else (len(line), len(part.text))
        assert line[done:end] == part.text[new_done:new_end]
        if new_done < new_end:
            assert part.span(Span(new_done, new_end, "X")).text == line[done:end]
        if edit:
            done, new_done = edit.end, edit.new_end
            assert part.span(Span(edit.new_start, edit.new_end, "X")).start == edit.start
            assert part.span(Span(edit.new_start, edit.new_end, "X")).end == edit.end


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


def test_a_name_its_initial_and_a_slip_of_it_go_together() -> None:
    text = "Sig. ROSSINI Mario\nM. Rossini\nrossini\nil Rossinl torna"
    full, short, small, slip = (part.text for part in hidden(text))
    surname, given_name = full.removeprefix("Sig. ").split()
    assert short == f"{given_name[0]}. {surname.title()}"
    assert small == surname.lower()
    assert "Rossinl" not in slip


NAMES = st.sampled_from(
    [
        "D'Angelo",
        "De Luca",
        "Lo Presti",
        "Rossi Bertani",
        "Müller",
        "El Amrani",
        "Dell'Orto",
        "Niccolò",
    ]
)
LEADS = st.sampled_from(["Sig. ", "Dott.ssa ", "Prof. ", "Cognome: ", "il dr "])


# The first line loads the lists of words, which may take longer than the others are allowed.
@settings(deadline=None)
@given(LEADS, NAMES, st.text(alphabet="abcde ,.;🙂é", max_size=12), st.booleans())
def test_a_planted_name_is_hidden_and_found_again(
    lead: str, name: str, tail: str, shouted: bool
) -> None:
    name = name.upper() if shouted else name
    (part,) = hidden(f"{lead}{name} {tail}")
    words = re.findall(r"[^\W\d_]{3,}", name)
    assert [word for word in words if re.search(rf"\b{word}\b", part.text)] == []
    assert len(part.text.split()) == len(part.original.split())
    start = part.original.index(words[-1])
    edit = next(edit for edit in part.edits if edit.start <= start < edit.end)
    assert part.span(Span(edit.new_start, edit.new_end, "X")).text in part.original
    assert words[-1] in part.span(Span(edit.new_start, edit.new_end, "X")).text


# The first line loads the lists of words, which may take longer than the others are allowed.
@settings(deadline=None)
@given(st.text(alphabet="0123456789/.-OIl mageitobr@d'", max_size=40))
def test_any_figures_are_sent_in_one_line_and_come_back(line: str) -> None:
    (part,) = hidden(f"il {line}")
    for edit in part.edits:
        assert (
            part.span(Span(edit.new_start, edit.new_end, "X")).text
            == (part.original[edit.start : edit.end])
        )


def test_a_name_broken_by_the_end_of_a_line_goes_too() -> None:
    first, second = hidden("visto dal dott. Verdelli, poi da Ver-\ndelli stesso")
    assert "Ver-" not in first.text
    assert "delli" not in second.text


def test_a_letter_in_small_letters_hides_what_nobody_knows() -> None:
    lines = "entra ieri\ndal reparto\ncon febbre\nda tre giorni\nil padrone guindani chiama"
    assert "guindani" not in together(hidden(lines))
    assert together(hidden(lines)).startswith("entra ieri\ndal reparto\ncon febbre\nda tre giorni")


def test_a_day_of_the_week_moves_with_its_date() -> None:
    (part,) = hidden("lunedì 7 ottobre 2024 e venerdì 11 ottobre 2024")
    names = ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"]
    first, second = (names.index(word) for word in part.text.split() if word in names)
    assert (second - first) % 7 == 4


def test_a_stand_in_inside_another_word_is_no_stand_in() -> None:
    (part,) = hidden("Sig. Al, cell 3331234567")
    name = part.text.removeprefix("Sig. ").split(",")[0]
    assert part.missing(Missing(f"{name}bero")).quote == f"{name}bero"


def test_a_preview_shows_what_is_sent_and_keeps_the_way_back_apart() -> None:
    first, second = phrases("Sig. Ferri, dal 30 settembre 2019\nFA")
    parts = [replace(first, section="Sig. Ferri"), replace(second, section="Anamnesi")]
    shield = Shield(parts, (), default_schema(), SECRET)
    sent, back = preview(parts, shield)
    assert [one["text"] for one in sent] == [shield.hide(part).text for part in parts]
    assert [one.get("section") for one in sent] == [None, "Anamnesi"]
    assert "Ferri" not in json.dumps(sent)
    assert back["letter"] == "a"
    assert [(one["original"], one["kind"]) for one in back["stand_ins"]] == [
        ("Ferri", "name"),
        ("30 settembre 2019", "date"),
    ]
    for one in back["stand_ins"]:
        assert one["phrase"] == first.id
        assert first.text[one["start"] : one["end"]] == one["original"]
        assert one["stand_in"] in sent[0]["text"]
    assert preview([], Shield([], (), default_schema(), SECRET)) == (
        [],
        {"letter": "", "stand_ins": []},
    )


ADDRESSES = {
    "http://127.0.0.1:8000": True,
    "http://localhost:11434/v1": True,
    "http://[::1]:8000": True,
    "http://127.8.9.1": True,
    "https://api.together.ai": False,
    "http://localhost.example.com": False,
    "http://127.0.0.1.example.com": False,
    "http://192.168.1.4:8000": False,
    "nonsense": False,
}


@pytest.mark.parametrize(("address", "local"), ADDRESSES.items())
def test_only_loopback_is_this_machine(address: str, local: bool) -> None:
    assert is_loopback(address) is local
    assert needed("auto", address) is not local
    assert needed("on", address) is True
    assert needed("off", address) is False


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(BadInput, match="no shield mode 'no'; choose one of: auto, on, off"):
        needed("no", "http://127.0.0.1")
