"""The rules over short phrases: what says nothing."""

import pytest

from tests.label.rules.letters import Case, check, named

CASES: list[Case] = [
    ("Anamnesi", "Insufficienza renale acuta nel 2019", []),
    ("Anamnesi", "Fibrillazione ventricolare defibrillata", []),
    ("Anamnesi", "Dolore toracico con irradiazione al giugulo", []),
    ("esami_all_ingresso", "FA 71 mg/dl, GGT 15 mg/dl", []),
    (None, "TC CRANIALE (07/12/18): nella norma", []),
    ("Anamnesi", "Nel 2005, all'età di 82 anni, ricovero", []),
    (None, "Il medico curante Dott. Paolo Neri", []),
    (None, "Per informazioni telefonare al reparto 0382 987654", []),
    ("Anamnesi", "Nel 2015 ricoverato presso l'Ospedale di Lodi per polmonite dal 3/4/2015", []),
    ("Anamnesi", "Ipertensione polmonare severa", []),
    ("Anamnesi", "Rx torace: nei limiti", []),
    ("Decorso_post_operatorio", "Rimossi elettrodi di PM temporaneo", []),
    ("Anamnesi", "Pregresso IMA inferiore nel 2003", []),
    ("Anamnesi", "Allergia ad ASA", []),
    ("terapia_alla_dimissione", "Lasix 25 mg 1 cp ore 8", []),
    ("Anamnesi", "Esame neurologico: FARMACI, RS1 PM10", []),
    (None, "Ricoverato alle ore 4 PM del giorno seguente", []),
    ("Anamnesi", "Esegue RX torace; PM10 nella norma, MERS, PERSO", []),
    ("Anamnesi", "Diabete insipido", []),
    ("Anamnesi", "Ipertensione portale in cirrosi", []),
    ("Anamnesi", "Profilassi antibiotica dell'endocardite", []),
    ("Anamnesi", "Dieta per diabetici", []),
    ("Anamnesi", "Mai trasfuso, non allergie", []),
    ("Anamnesi", "Codice ICD-9 414.01", []),
    ("esami_all_ingresso", "Ecocardiogramma: FE 45%", []),
    ("Anamnesi", "In data 12/03/2019 coronarografia", []),
    ("Terapia", "Metformina 500 mg x 3; Torvast 20 mg; Omeprazolo 20 mg", []),
    ("Anamnesi", "Clopidogrel sospeso nel 2018 per emorragia digestiva", []),
    ("terapia_alla_dimissione", "Bisoprololo 2,5 mg; Coumadin secondo INR", []),
    ("Decorso_post_operatorio", "Iniziata terapia con Bisoprololo 2,5 mg", []),
    ("Decorso_post_operatorio", "Si dimette in terapia con ASA 100 mg", []),
    ("Decorso_post_operatorio", "Pregresso ictus: non nuovi deficit", []),
    ("Anamnesi", "Indicazione a PTCA", []),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_a_phrase(case: Case) -> None:
    check(case)
