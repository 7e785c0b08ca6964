"""The rules over short phrases: the heart before the operation, and why it is operated."""

import pytest

from tests.label.rules.letters import Case, check, named

CASES: list[Case] = [
    (
        "Anamnesi",
        "PM/ICD: no",
        [("icd", "PM/ICD", "negated", False), ("pm", "PM/ICD", "negated", False)],
    ),
    ("Anamnesi", "PM/ICD dal 2019", [("icd", "PM/ICD", "present", True)]),
    (
        "Anamnesi",
        "Pregressa endocardite su valvola mitralica",
        [("endocardite", "endocardite su valvola mitralica", "present", True)],
    ),
    (
        "Anamnesi",
        "Sospetta endocardite infettiva",
        [("endocardite", "endocardite infettiva", "uncertain", None)],
    ),
    (
        "Anamnesi",
        "FA permanente in TAO",
        [
            ("fibrillazione_atriale", "FA permanente", "present", 2),
            ("anticoagorali", "TAO", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "FA parossistica dal 2017",
        [("fibrillazione_atriale", "FA parossistica", "present", 1)],
    ),
    ("Anamnesi", "Nega episodi di FA", [("fibrillazione_atriale", "episodi di FA", "negated", 0)]),
    (
        "Anamnesi",
        "10 anni fa colecistectomia; 3 ANNI FA PTCA su IVA",
        [("pci_pregressa", "PTCA su IVA", "present", True)],
    ),
    (
        "esami_all_ingresso",
        "ECG: ritmo sinusale, 72 bpm, BBS",
        [("ritmo_all_ingresso", "ritmo sinusale", "present", 0)],
    ),
    (
        "esami_all_ingresso",
        "ECG: FA a risposta ventricolare media 80 bpm",
        [("ritmo_all_ingresso", "FA a risposta ventricolare media 80 bpm", "present", 1)],
    ),
    (
        "esami_all_ingresso",
        "ECG: ritmo da PM",
        [("ritmo_all_ingresso", "ritmo da PM", "present", 2)],
    ),
    ("Anamnesi", "Portatore di PM bicamerale dal 2014", [("pm", "PM bicamerale", "present", True)]),
    (
        "Anamnesi",
        "Portatore di CRT-D",
        [("crt", "CRT-D", "present", True), ("icd", "CRT-D", "present", True)],
    ),
    (
        "Anamnesi",
        "ICD in prevenzione primaria",
        [("icd", "ICD in prevenzione primaria", "present", True)],
    ),
    (
        "Anamnesi",
        "Pregressa PTCA + DES su IVA e Cdx (2015)",
        [("pci_pregressa", "PTCA + DES su IVA e Cdx (2015)", "present", True)],
    ),
    (
        "Anamnesi",
        "NYHA II-III, angor da sforzo CCS II",
        [
            ("classe_nyha", "NYHA II-III", "present", 3),
            ("angor", "angor da sforzo CCS II", "present", True),
        ],
    ),
    (
        "Motivo ricovero",
        "Dispnea classe NYHA III; nega angor",
        [
            ("Motivo ricovero", "Dispnea classe NYHA III; nega angor", "present", None),
            ("classe_nyha", "classe NYHA III", "present", 3),
            ("angor", "angor", "negated", False),
        ],
    ),
    (
        "Motivo ricovero",
        "NSTEMI in coronaropatia trivasale",
        [
            ("Motivo ricovero", "NSTEMI in coronaropatia trivasale", "present", None),
            ("STEMI/NSTEMI", "NSTEMI", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Recente ricovero per scompenso cardiaco acuto",
        [
            (
                "scompenso_cardiaco_nei_3_mesi_precedenti",
                "ricovero per scompenso cardiaco acuto",
                "present",
                True,
            )
        ],
    ),
    (
        "Anamnesi",
        "Nega episodi di scompenso",
        [("scompenso_cardiaco_nei_3_mesi_precedenti", "episodi di scompenso", "negated", False)],
    ),
    (
        "Diagnosi",
        "Sostituzione valvolare aortica REDO con bioprotesi",
        [
            ("Diagnosi", "Sostituzione valvolare aortica REDO con bioprotesi", "present", None),
            ("REDO", "REDO", "present", True),
        ],
    ),
    (
        "Diagnosi",
        "In elezione sostituzione valvolare aortica",
        [
            ("Diagnosi", "In elezione sostituzione valvolare aortica", "present", None),
            ("elettivo_urgenza_emergenza", "elezione", "present", 0),
        ],
    ),
    (
        "Diagnosi",
        "BPAC x 3 in urgenza",
        [
            ("Diagnosi", "BPAC x 3 in urgenza", "present", None),
            ("elettivo_urgenza_emergenza", "urgenza", "present", 1),
        ],
    ),
    (
        "Diagnosi",
        "Intervento in emergenza per dissezione aortica tipo A",
        [
            ("Diagnosi", "Intervento in emergenza per dissezione aortica tipo A", "present", None),
            ("elettivo_urgenza_emergenza", "emergenza", "present", 2),
        ],
    ),
    ("Anamnesi", "Non si esclude IMA", [("STEMI/NSTEMI", "IMA", "uncertain", None)]),
    ("Anamnesi", "Angina?", [("angor", "Angina", "uncertain", None)]),
    (
        "Anamnesi",
        "Nega angor, riferisce dispnea da sforzo NYHA III",
        [("angor", "angor", "negated", False), ("classe_nyha", "NYHA III", "present", 3)],
    ),
    (
        "Anamnesi",
        "Senza segni di scompenso",
        [("scompenso_cardiaco_nei_3_mesi_precedenti", "scompenso", "negated", False)],
    ),
    ("Anamnesi", "Impianto di ICD nel 2018", [("icd", "ICD", "present", True)]),
    (
        "Diagnosi",
        "Diagnosi alla dimissione: Stenosi aortica severa",
        [("Diagnosi", "Stenosi aortica severa", "present", None)],
    ),
    (
        "Motivo ricovero",
        "- Insufficienza mitralica severa",
        [("Motivo ricovero", "- Insufficienza mitralica severa", "present", None)],
    ),
    (
        "Motivo ricovero",
        "Angina instabile, STEMI anteriore",
        [
            ("Motivo ricovero", "Angina instabile, STEMI anteriore", "present", None),
            ("angor", "Angina instabile", "present", True),
            ("STEMI/NSTEMI", "STEMI anteriore", "present", True),
        ],
    ),
    (
        "Motivo ricovero",
        "Classe NYHA II/III",
        [
            ("Motivo ricovero", "Classe NYHA II/III", "present", None),
            ("classe_nyha", "Classe NYHA II/III", "present", 3),
        ],
    ),
    ("Anamnesi", "III classe NYHA", [("classe_nyha", "III classe NYHA", "present", 3)]),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_a_phrase(case: Case) -> None:
    check(case)
