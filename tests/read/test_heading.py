"""Which documents are discharge letters."""

import pytest

from core.read import read_text

TITLE = "RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA"
BODY = "\n\nSi dimette in data odierna.\nDiagnosi\nStenosi aortica severa.\n"

LETTERS = {
    "as it is written": TITLE,
    "an en dash": "RELAZIONE CLINICA ALLA DIMISSIONE – DEFINITIVA",
    "an em dash without spaces": "RELAZIONE CLINICA ALLA DIMISSIONE—DEFINITIVA",
    "no dash": "RELAZIONE CLINICA ALLA DIMISSIONE DEFINITIVA",
    "in brackets": "RELAZIONE CLINICA ALLA DIMISSIONE (DEFINITIVA)",
    "small letters": "Relazione clinica alla dimissione - definitiva",
    "odd blanks": "RELAZIONE\u00a0CLINICA   ALLA\tDIMISSIONE  -  DEFINITIVA",
    "letter-spaced": "  ".join(" ".join(word) for word in TITLE.split()),
    "a line break before the dash": "RELAZIONE CLINICA ALLA DIMISSIONE\n- DEFINITIVA",
    "a line break in the middle": "RELAZIONE CLINICA\nALLA DIMISSIONE – DEFINITIVA",
    "hyphenated over a line's end": "RELAZIONE CLINICA ALLA DIMISSIONE - DEFINI-\nTIVA",
    "a stray accent": "RELAZIONE CLINICA ALLÀ DIMISSIONE - DEFINITIVA",
    "Markdown heading in bold": "# **RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA**",
    "OCR twins": "RELAZI0NE CLlNICA ALLA DIMISSI0NE - DEFINlTIVA",
    "after a page header": f"Ospedale San Liberale - U.O. Cardiochirurgia - {TITLE}",
    "a date behind it": f"{TITLE} del 02/09/2019",
    "a page number behind it": f"{TITLE} - Pag. 1 di 3",
    "a record number behind it": f"{TITLE} n. 2019034139",
    "cut short": "RELAZ. CLIN. ALLA DIMISSIONE - DEFINITIVA",
    "m read as rn": "RELAZIONE CLINICA ALLA DIrnISSIONE - DEFINITIVA",
    "in a frame of stars": f"* {TITLE}     rev. 2   *",
    "as an item of a list": f"• {TITLE}",
    "between rules": f"=== {TITLE} ===",
    "an aside behind it": f"{TITLE} (decesso intraospedaliero)",
    "ticked in a form": f"MODULO CCH/LD-09   [X] {TITLE}   [ ] provvisoria",
    "its last word ticked": "RELAZIONE CLINICA ALLA DIMISSIONE   [ ] provvisoria [X] definitiva",
    "behind the number of a form": f"MOD. 14/B  {TITLE}",
    "joined to a letterhead in small letters": f"osp. san carlo - cardiochirurgia {TITLE.lower()}",
    "the subject of a message": f"Oggetto: {TITLE} / Sig. Rossi",
    "the death told behind it": f"{TITLE} - PAZIENTE DECEDUTO",
    "two letters read as others": "RELAZIOHE CLINICA ALLA DIMISSICNE - DEFINITIVA",
    "below a letterhead": f"AZIENDA OSPEDALIERA\nU.O.C. Cardiochirurgia\n\n{TITLE}",
}

OTHERS = {
    "another document": "VERBALE OPERATORIO",
    "a provisional one": "RELAZIONE CLINICA ALLA DIMISSIONE - PROVVISORIA",
    "without its last word": "RELAZIONE CLINICA ALLA DIMISSIONE",
    "mentioned in a sentence": "Alleghiamo relazione clinica alla dimissione - definitiva del 3/5",
    "mentioned in capitals": f"Si veda la {TITLE} già inviata al curante.",
    "mentioned after a cue": f"Vedi {TITLE}",
    "quoted": f'Documento intitolato "{TITLE}"',
    "mentioned at a line's beginning": f"Per i dettagli si rimanda alla\n{TITLE}\ndel mese scorso.",
    "a sentence that begins with it": f"{TITLE} inviata al medico curante in data odierna.",
    "not ticked in a form": f"[ ] {TITLE}   [X] provvisoria",
    "ticked as provisional": "RELAZIONE CLINICA ALLA DIMISSIONE [X] provvisoria [ ] definitiva",
    "an aside that says it is enclosed": f"{TITLE} (allegata)",
    "brought along by the patient": f"Reparto di Medicina: porta in visione {TITLE.lower()}",
    "glued to another word": "PRERELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA",
}


@pytest.mark.parametrize("head", LETTERS.values(), ids=LETTERS.keys())
def test_a_discharge_letter_is_known_by_its_heading(head: str) -> None:
    letter = read_text(head + BODY)
    assert letter.discharge_letter
    assert "reason" not in letter.extra


@pytest.mark.parametrize("head", OTHERS.values(), ids=OTHERS.keys())
def test_another_document_is_turned_away_with_a_reason(head: str) -> None:
    letter = read_text(head + BODY)
    assert not letter.discharge_letter
    reason = "no heading RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA"
    assert letter.extra["reason"].startswith(reason)


REASONS = {
    "a provisional one": "it is a provisional one",
    "without its last word": "the heading lacks its last word",
    "mentioned in a sentence": "only mentioned in another document",
}


@pytest.mark.parametrize(("name", "why"), REASONS.items(), ids=REASONS.keys())
def test_the_reason_says_what_the_document_is_instead(name: str, why: str) -> None:
    assert read_text(OTHERS[name] + BODY).extra["reason"].endswith(why)


def test_a_letter_in_another_language_is_told() -> None:
    text = (
        "Discharge letter\n" + "The patient was admitted with pain to the ward of the house. " * 5
    )
    assert read_text(text).extra["reason"].endswith("it is written in English")
    assert read_text(f"{TITLE}\n{text}").extra["language"] == "English"


def test_the_heading_may_stand_on_a_later_page() -> None:
    assert read_text(f"Foglio di accompagnamento\f{TITLE}{BODY}").discharge_letter
