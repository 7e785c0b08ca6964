"""The rules over short phrases: drugs at home."""

import pytest

from tests.label.rules.letters import Case, check, named

CASES: list[Case] = [
    (
        "Terapia",
        "Bisoprololo 2,5 mg 1 cp ore 8; Ramipril 5 mg; Lasix 25 mg 2 cp ore 8 e 1 cp ore 16",
        [
            ("betabloc", "Bisoprololo 2,5 mg 1 cp ore 8", "present", True),
            ("aceinib", "Ramipril 5 mg", "present", True),
            ("lasix", "Lasix 25 mg 2 cp ore 8 e 1 cp ore 16", "present", True),
            ("lasix_dosaggio", "25 mg 2 cp ore 8 e 1 cp ore 16", "present", 75),
        ],
    ),
    (
        "Terapia",
        "furosemide (Lasix) 25 mg 1 cp a giorni alterni",
        [("lasix", "furosemide (Lasix) 25 mg 1 cp a giorni alterni", "present", True)],
    ),
    (
        "Terapia",
        "ASA 100 mg + clopidogrel 75 mg",
        [
            ("dapt", "ASA 100 mg + clopidogrel 75 mg", "present", True),
            ("antiaggregante", "ASA 100 mg", "present", True),
            ("antiaggregante", "clopidogrel 75 mg", "present", True),
        ],
    ),
    (
        "Terapia",
        "Coumadin secondo INR, Norvasc 10 mg 1/2 cp",
        [
            ("anticoagorali", "Coumadin secondo INR", "present", True),
            ("caantag", "Norvasc 10 mg 1/2 cp", "present", True),
        ],
    ),
    (
        "Terapia",
        "Nitroderm TTS 10 mg 1 cerotto ore 8-20",
        [("nitrati", "Nitroderm TTS 10 mg 1 cerotto ore 8-20", "present", True)],
    ),
    (
        "Terapia",
        "Plavix sospeso 5 giorni prima dell'intervento",
        [("antiaggregante", "Plavix", "present", True)],
    ),
    (
        "Terapia",
        "Nessuna terapia domiciliare",
        [
            ("aceinib", "terapia domiciliare", "negated", False),
            ("antiaggregante", "terapia domiciliare", "negated", False),
            ("anticoagorali", "terapia domiciliare", "negated", False),
            ("betabloc", "terapia domiciliare", "negated", False),
            ("caantag", "terapia domiciliare", "negated", False),
            ("dapt", "terapia domiciliare", "negated", False),
            ("lasix", "terapia domiciliare", "negated", False),
            ("nitrati", "terapia domiciliare", "negated", False),
            ("sartanici", "terapia domiciliare", "negated", False),
        ],
    ),
    (
        "Anamnesi",
        "In TAO con Coumadin per FA permanente",
        [
            ("anticoagorali", "TAO", "present", True),
            ("anticoagorali", "Coumadin", "present", True),
            ("fibrillazione_atriale", "FA permanente", "present", 2),
        ],
    ),
    (
        "Terapia",
        "Triatec 2,5 mg 1 cp la sera; Cardicor 1,25 mg 1 cp al mattino",
        [
            ("aceinib", "Triatec 2,5 mg 1 cp la sera", "present", True),
            ("betabloc", "Cardicor 1,25 mg 1 cp al mattino", "present", True),
        ],
    ),
    (
        "Terapia",
        "Eliquis 5 mg x 2/die",
        [("anticoagorali", "Eliquis 5 mg x 2/die", "present", True)],
    ),
    (
        "Terapia",
        "Karvea 150 mg 1 cp ore 8, Adalat crono 30 mg",
        [
            ("sartanici", "Karvea 150 mg 1 cp ore 8", "present", True),
            ("caantag", "Adalat crono 30 mg", "present", True),
        ],
    ),
    (
        "Terapia",
        "Monoket 40 mg 1/2 cp x 2",
        [("nitrati", "Monoket 40 mg 1/2 cp x 2", "present", True)],
    ),
    (
        "Terapia",
        "Lasix 25 mg 1-0-1",
        [
            ("lasix", "Lasix 25 mg 1-0-1", "present", True),
            ("lasix_dosaggio", "25 mg 1-0-1", "present", 50),
        ],
    ),
    (
        "Terapia",
        "Furosemide 500 mg 1/4 cp",
        [
            ("lasix", "Furosemide 500 mg 1/4 cp", "present", True),
            ("lasix_dosaggio", "500 mg 1/4 cp", "present", 125),
        ],
    ),
    (
        "Terapia",
        "Lasix 25 mg 1 cp il lun, mer e ven",
        [("lasix", "Lasix 25 mg 1 cp il lun, mer e ven", "present", True)],
    ),
    (
        "Terapia",
        "Duoplavin 75/100 mg 1 cp",
        [
            ("antiaggregante", "Duoplavin 75/100 mg 1 cp", "present", True),
            ("dapt", "Duoplavin 75/100 mg 1 cp", "present", True),
        ],
    ),
    (
        "Terapia",
        "Exforge 5/160 mg 1 cp",
        [
            ("caantag", "Exforge 5/160 mg 1 cp", "present", True),
            ("sartanici", "Exforge 5/160 mg 1 cp", "present", True),
        ],
    ),
    (
        "Terapia",
        "Non assume anticoagulanti",
        [("anticoagorali", "anticoagulanti", "negated", False)],
    ),
    (
        "Anamnesi",
        "In doppia antiaggregazione piastrinica",
        [
            ("antiaggregante", "doppia antiaggregazione piastrinica", "present", True),
            ("dapt", "doppia antiaggregazione piastrinica", "present", True),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_a_phrase(case: Case) -> None:
    check(case)
