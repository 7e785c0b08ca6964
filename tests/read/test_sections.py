"""Sections by their headings."""

import pytest

from core.read import read_text
from core.read.phrases import phrases


def named(text: str) -> list[tuple[str, str]]:
    letter = read_text(text)
    return [(s.name, letter.text[s.start : s.end]) for s in letter.sections]


SPELLINGS = {
    "plain": "Diagnosi alla dimissione",
    "capitals": "DIAGNOSI ALLA DIMISSIONE",
    "a colon": "Diagnosi alla dimissione:",
    "a blank and a colon": "Diagnosi alla dimissione :",
    "a full stop": "Diagnosi alla dimissione.",
    "Markdown": "### Diagnosi alla dimissione",
    "bold": "**Diagnosi alla dimissione:**",
    "bold before the colon": "**Diagnosi alla dimissione**:",
    "numbered": "3. Diagnosi alla dimissione",
    "Roman": "IV) DIAGNOSI ALLA DIMISSIONE",
    "letter-spaced": "D I A G N O S I  A L L A  D I M I S S I O N E",
    "a code behind": "Diagnosi alla dimissione [11535-2]",
    "a date behind": "Diagnosi alla dimissione (02/09/2019):",
    "odd blanks": "Diagnosi\u00a0alla   dimissione",
    "a line break in it": "DIAGNOSI\nALLA DIMISSIONE",
    "dashes around": "--- Diagnosi alla dimissione ---",
    "a lozenge": "◆ Diagnosi alla dimissione",
    "Word's own bullet": "\uf0b7 Diagnosi alla dimissione",
}


@pytest.mark.parametrize("heading", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_heading_is_known_in_many_spellings(heading: str) -> None:
    text = f"Gentile collega,\n\n{heading}\nStenosi aortica severa.\n\nControlli\nTra un mese."
    assert named(text) == [("Diagnosi", "Stenosi aortica severa."), ("Controlli", "Tra un mese.")]


HEADINGS = {
    "Motivo del ricovero": "Motivo ricovero",
    "Cenni anamnestici": "Anamnesi",
    "A.P.R.": "Anamnesi",
    "Terapia in atto all’ingresso": "Terapia",
    "Terapia domiciliare": "Terapia",
    "Esami ematochimici all'ingresso": "esami_all_ingresso",
    "Decorso post-operatorio": "Decorso_post_operatorio",
    "DECORSO POST – OPERATORIO": "Decorso_post_operatorio",
    "Decorso clinico": "Decorso_post_operatorio",
    "Esami alla dimissione": "esami_alla_dimissione",
    "Terapia consigliata": "terapia_alla_dimissione",
    "TERAPIA ALL'USCITA": "terapia_alla_dimissione",
    "Terapia per casa": "terapia_alla_dimissione",
    "Medicine a casa": "Terapia",
    "Terapia in essere": "Terapia",
    "Esami d'uscita": "esami_alla_dimissione",
    "Ultime analisi": "esami_alla_dimissione",
    "Accertamenti iniziali": "esami_all_ingresso",
    "Diario del decorso": "Decorso_post_operatorio",
    "Andamento della degenza": "Decorso_post_operatorio",
    "Malattie pregresse": "Anamnesi",
    "Circostanze del ricovero": "Motivo ricovero",
    "La Sua malattia": "Diagnosi",
    "Intervento": "Intervento",
    "Allergie": "Allergie",
    "Esame obiettivo": "Esame obiettivo",
}


@pytest.mark.parametrize(("heading", "name"), HEADINGS.items())
def test_a_heading_opens_the_section_of_its_field(heading: str, name: str) -> None:
    assert named(f"{heading}\nTesto della sezione") == [(name, "Testo della sezione")]


def test_text_may_follow_on_the_heading_s_own_line() -> None:
    text = (
        "Diagnosi: Insufficienza mitralica severa.\n"
        "ANAMNESI Ipertensione arteriosa.\n"
        "Decorso clinico - regolare.\n"
    )
    assert named(text) == [
        ("Diagnosi", "Insufficienza mitralica severa."),
        ("Anamnesi", "Ipertensione arteriosa."),
        ("Decorso_post_operatorio", "regolare."),
    ]


def test_anamnesis_headings_in_a_row_make_one_section() -> None:
    text = (
        "Anamnesi familiare\nPadre cardiopatico.\n"
        "Anamnesi patologica remota\nAppendicectomia.\n"
        "Anamnesi patologica prossima: dispnea da sforzo.\n"
        "Terapia domiciliare\nBisoprololo 2,5 mg\n"
    )
    (first, body), (second, _) = named(text)
    assert (first, second) == ("Anamnesi", "Terapia")
    assert body.startswith("Padre") and body.endswith("dispnea da sforzo.")


def test_a_heading_without_a_time_is_understood_by_its_place() -> None:
    text = (
        "Terapia\nBisoprololo\nEsami ematochimici\nHb 13\nDecorso post-operatorio\nRegolare\n"
        "Esami ematochimici\nHb 10\nTerapia\nWarfarin\n"
    )
    assert [name for name, _ in named(text)] == [
        "Terapia",
        "esami_all_ingresso",
        "Decorso_post_operatorio",
        "esami_alla_dimissione",
        "terapia_alla_dimissione",
    ]


def test_an_examination_named_within_its_section_does_not_end_it() -> None:
    text = "Esami all'ingresso\nEcocardiogramma\nFE 55%\nEsami ematochimici: Hb 13\nIntervento\nAVR"
    assert named(text) == [
        ("esami_all_ingresso", "Ecocardiogramma\nFE 55%\nEsami ematochimici: Hb 13"),
        ("Intervento", "AVR"),
    ]


def test_a_label_within_prose_does_not_end_it_but_ends_a_list() -> None:
    text = "Recapiti: 045 123456\nAnamnesi\nIperteso\nAllergie: nega\nTerapia domiciliare\nLasix\n"
    assert named(text + "Allergie: lattice") == [
        ("Anamnesi", "Iperteso\nAllergie: nega"),
        ("Terapia", "Lasix"),
        ("Allergie", "lattice"),
    ]


def test_a_sentence_below_a_heading_does_not_become_part_of_it() -> None:
    text = "Terapia domiciliare\nNessuna terapia domiciliare"
    assert named(text) == [("Terapia", "Nessuna terapia domiciliare")]


SPOKEN = {
    "Esami strumentali e di laboratorio all'ingresso": "esami_all_ingresso",
    "ESAMI D'USCITA": "esami_alla_dimissione",
    "Terapia che faceva a casa": "Terapia",
    "Terapia medica consigliata": "terapia_alla_dimissione",
    "Farmaci prescritti per la dimissione": "terapia_alla_dimissione",
    "Elenco dei farmaci prima del ricovero": "Terapia",
    "Sono stati prescritti farmaci alla dimissione": None,
}


@pytest.mark.parametrize(("heading", "name"), SPOKEN.items())
def test_freely_worded_headings_are_known_by_their_time(heading: str, name: str | None) -> None:
    assert named(f"{heading}:\nTesto") == ([(name, "Testo")] if name else [])


def test_advice_ends_the_therapy_at_discharge_but_not_the_course() -> None:
    text = (
        "Decorso clinico\nIl paziente è stato estubato.\nTerapia alla dimissione\nLasix 25 mg\n\n"
        "Controllo dell'INR con Coumadin 5 mg 1 cp\nSi raccomanda dieta.\nVisita a 30 giorni."
    )
    assert named(text) == [
        ("Decorso_post_operatorio", "Il paziente è stato estubato."),
        ("terapia_alla_dimissione", "Lasix 25 mg\n\nControllo dell'INR con Coumadin 5 mg 1 cp"),
    ]


def test_the_closing_belongs_to_no_section() -> None:
    text = "Terapia alla dimissione\nWarfarin secondo INR\n\nCordiali saluti\nDott. Rossi"
    assert named(text) == [("terapia_alla_dimissione", "Warfarin secondo INR")]


MENTIONS = {
    "an item of a list": "- Sintomi: classe NYHA III, angor da sforzo",
    "within a sentence": "Prosegue la terapia domiciliare invariata.",
    "a diagnosis told in prose": "La diagnosi è di stenosi aortica.",
    "no known heading before the colon": "Pressione arteriosa: 120/80",
}


@pytest.mark.parametrize("line", MENTIONS.values(), ids=MENTIONS.keys())
def test_a_mention_is_no_heading(line: str) -> None:
    assert named(f"Gentile collega,\n{line}\n") == []


def test_phrases_know_their_section_and_heading_lines_have_none() -> None:
    text = "Gentile collega,\nDiagnosi\nStenosi aortica\nControlli: tra un mese"
    found = [(p.text, p.section) for p in phrases(read_text(text))]
    assert found == [
        ("Gentile collega,", None),
        ("Diagnosi", None),
        ("Stenosi aortica", "Diagnosi"),
        ("Controlli: tra un mese", "Controlli"),
    ]


def test_risk_factors_are_history_unless_the_letter_has_one_by_that_name() -> None:
    risks, history = ("Fattori di rischio", "Ipertensione"), ("Anamnesi", "TIA nel 2018")
    alone = "\n".join(risks)
    both = "\n\n".join("\n".join(part) for part in (risks, history))
    inside = "Anamnesi\nFattori di rischio: ipertensione\nTIA nel 2018"
    assert named(alone) == [("Anamnesi", "Ipertensione")]
    assert named(both) == [("Fattori di rischio", "Ipertensione"), ("Anamnesi", "TIA nel 2018")]
    assert [name for name, _ in named(inside)] == ["Anamnesi"]


ALONE = {
    "a question": ("Che cure faceva a casa?", "Terapia"),
    "a question of now": ("E gli esami adesso?", "esami_alla_dimissione"),
    "plain words": ("Quello che si è trovato all'ingresso", "esami_all_ingresso"),
    "before leaving": ("Gli esami prima di uscire", "esami_alla_dimissione"),
    "small letters": ("motivo ricovero", "Motivo ricovero"),
    "letters changed round": ("ANAMENSI:", "Anamnesi"),
    "a ward behind": ("ESAMI ALL'INGRESSO IN CARDIOCHIRURGIA", "esami_all_ingresso"),
    "signs of a record": ("@@ Dati obiettivabili T0", "esami_all_ingresso"),
    "a time alone": ("alla dimissione", "esami_alla_dimissione"),
    "a state, and findings below": ("Stato all'ingresso", "esami_all_ingresso"),
    "a time cut short": ("In dim.", "esami_alla_dimissione"),
    "a day behind": ("ALL'INGRESSO (08/04/2024)", "esami_all_ingresso"),
    "half of its words known": ("Sintomi d'esordio e motivo dell'approdo", "Motivo ricovero"),
    "two subjects": ("Complicanze e decorso", "Decorso_post_operatorio"),
    "English": ("Reason for admission", "Motivo ricovero"),
}


@pytest.mark.parametrize(("heading", "field"), ALONE.values(), ids=ALONE.keys())
def test_a_heading_is_told_by_where_it_stands(heading: str, field: str) -> None:
    text = f"Lettera.\n\nDiagnosi\nStenosi aortica.\n\n{heading}\nHb 9,6, creatinina 1,5."
    assert named(text)[-1] == (field, "Hb 9,6, creatinina 1,5.")


BELOW = {
    "a diagnosis": (
        "Quadro conclusivo",
        "Stenosi aortica, coronaropatia bivasale, bypass.",
        "Diagnosi",
    ),
    "a reason": (
        "Di che si trattava?",
        "Dispnea ingravescente, NYHA III; elezione.",
        "Motivo ricovero",
    ),
    "advice that is a therapy": (
        "Prescrizioni",
        "Bisoprololo 2,5 mg 1 cp\nFurosemide 25 mg 2 compresse",
        "terapia_alla_dimissione",
    ),
    "a state that is told": ("Condizioni alla dimissione", "Buone.", "Condizioni alla dimissione"),
}


@pytest.mark.parametrize(("heading", "body", "field"), BELOW.values(), ids=BELOW.keys())
def test_what_stands_below_tells_a_strange_heading(heading: str, body: str, field: str) -> None:
    assert named(f"Lettera.\n\n{heading}\n{body}\n\nDott. Rossi") == [(field, body)]


NO_HEADINGS = {
    "the days of a stay": "Degenza: dal 3 al 12 maggio 2021",
    "a stay in figures": "DEGENZA 06/05/2019 - 17/05/2019",
    "a ward": "Divisione di Cardiochirurgia e Terapia Intensiva",
    "a comparison": "ECG come all'ingresso: ritmo sinusale",
    "a ticked box": "Familiari con cardiopatia ☒ ☐",
    "a cause within": "Causa: shock settico",
}


@pytest.mark.parametrize("line", NO_HEADINGS.values(), ids=NO_HEADINGS.keys())
def test_what_looks_like_a_heading_and_is_none(line: str) -> None:
    assert named(f"Lettera.\n\n{line}\nseguito") == []


def test_a_text_in_brackets_ends_a_section_but_below_its_heading() -> None:
    text = "Diagnosi\n[inserita il 3/4]\nStenosi aortica.\n\n[testo importato da altri]\nDiabete"
    assert named(text) == [("Diagnosi", "[inserita il 3/4]\nStenosi aortica.")]


def test_an_operation_below_the_disease_belongs_to_the_diagnosis() -> None:
    joint = "Stenosi aortica.\nIntervento (12/03/2019): protesi biologica."
    assert named(f"Diagnosi\n{joint}") == [("Diagnosi", joint)]
    assert [name for name, _ in named(f"Diagnosi\n{joint.replace(chr(10), chr(10) * 2)}")] == [
        "Diagnosi",
        "Intervento",
    ]


def test_a_dictated_colon_is_one() -> None:
    said = "Lettera.\n\nDiagnosi due punti stenosi aortica punto\n\nDecorso due punti regolare"
    assert named(said) == [
        ("Diagnosi", "stenosi aortica punto"),
        ("Decorso_post_operatorio", "regolare"),
    ]


def test_a_letterhead_is_no_heading() -> None:
    assert named("Lettera.\n\nCASA DI CURA SANTA RITA - CUORE\nCognome: Rossi") == []
