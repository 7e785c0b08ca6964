"""The rules over short phrases of our own: every kind of field, every state, and the traps."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.label import LABELLERS
from core.label.rules.rules import Rules
from core.records import Annotation, Phrase, phrase_ids
from core.schema import default_schema

SECTIONS = [
    None,
    "Diagnosi",
    "Anamnesi",
    "Motivo ricovero",
    "Terapia",
    "esami_all_ingresso",
    "Decorso_post_operatorio",
    "esami_alla_dimissione",
    "terapia_alla_dimissione",
    "Consigli",
]

# Section, phrase, and all that is to be found: field, quote, state, value.
CASES: list[tuple[str | None, str, list[tuple[str, str, str, object]]]] = [
    ("Anamnesi", "La moglie è diabetica", [("diabete", "diabetica", "family", None)]),
    ("Anamnesi", "Il marito ha la BPCO, la paziente no", [("BPCO", "BPCO", "negated", False)]),
    (
        "Anamnesi",
        "PM/ICD: no",
        [("icd", "PM/ICD", "negated", False), ("pm", "PM/ICD", "negated", False)],
    ),
    ("Anamnesi", "PM/ICD dal 2019", [("icd", "PM/ICD", "present", True)]),
    (
        "Anamnesi",
        "Cammina da sola",
        [("limitazione_mobilita", "Cammina da sola", "negated", False)],
    ),
    (
        "Anamnesi",
        "La pressione è sempre stata normale",
        [("ipertensione", "pressione è sempre stata normale", "negated", False)],
    ),
    (
        "Anamnesi",
        "Nessuna cardiopatia in famiglia",
        [("familiarita_cardiovascolare", "cardiopatia in famiglia", "negated", False)],
    ),
    ("Anamnesi", "irc no", [("insufficienza_renale_cronica", "irc", "negated", False)]),
    ("Anamnesi", "Non fumatrice da sempre", [("fumo", "Non fumatrice", "present", 0)]),
    ("Decorso_post_operatorio", "Niente inotropi", [("Inotropi", "inotropi", "negated", False)]),
    (
        "Decorso_post_operatorio",
        "Un solo run di CEC",
        [("II_Run", "Un solo run di CEC", "negated", False)],
    ),
    (
        "Decorso_post_operatorio",
        "Episodio di FA (già nota)",
        [("FA_di_nuova_insorgenza", "Episodio di FA (già nota)", "negated", False)],
    ),
    (
        None,
        "SCARPELLINI Norma, F, 17.11.1947, Forlimpopoli",
        [
            ("cognome", "SCARPELLINI", "present", "SCARPELLINI"),
            ("nome", "Norma", "present", "Norma"),
            ("data_di_nascita", "17.11.1947", "present", "1947-11-17"),
        ],
    ),
    (
        None,
        "Rimando a casa ESPOSITO CIRO, nato il 1/11/1951",
        [
            ("cognome", "ESPOSITO", "present", "ESPOSITO"),
            ("nome", "CIRO", "present", "CIRO"),
            ("data_di_nascita", "1/11/1951", "present", "1951-11-01"),
        ],
    ),
    (
        None,
        "In CCH dal 6 giugno 2021 all'11 giugno 2021",
        [
            ("data_ingresso_cch", "6 giugno 2021", "present", "2021-06-06"),
            ("data_dimissione_cch", "11 giugno 2021", "present", "2021-06-11"),
        ],
    ),
    ("Anamnesi", "Insufficienza renale acuta nel 2019", []),
    ("Anamnesi", "Fibrillazione ventricolare defibrillata", []),
    ("Anamnesi", "Dolore toracico con irradiazione al giugulo", []),
    ("esami_all_ingresso", "FA 71 mg/dl, GGT 15 mg/dl", []),
    (None, "TC CRANIALE (07/12/18): nella norma", []),
    ("Anamnesi", "Nel 2005, all'età di 82 anni, ricovero", []),
    (
        "Decorso_post_operatorio",
        "Supporto inotropo (adrenalina, levosimendan)",
        [("Inotropi", "Supporto inotropo (adrenalina, levosimendan)", "present", True)],
    ),
    (
        None,
        "Gent.ma Sig.ra ROSSI Maria Teresa, nata a Pavia il 3 aprile 1948",
        [
            ("cognome", "ROSSI", "present", "ROSSI"),
            ("nome", "Maria Teresa", "present", "Maria Teresa"),
            ("data_di_nascita", "3 aprile 1948", "present", "1948-04-03"),
        ],
    ),
    (
        None,
        "Paziente: De Luca Giovanni",
        [
            ("cognome", "De Luca", "present", "De Luca"),
            ("nome", "Giovanni", "present", "Giovanni"),
        ],
    ),
    (
        None,
        "COGNOME: BIANCHI NOME: Anna Maria",
        [
            ("cognome", "BIANCHI", "present", "BIANCHI"),
            ("nome", "Anna Maria", "present", "Anna Maria"),
        ],
    ),
    (
        None,
        "Cognome e nome: ESPOSITO CARMELA",
        [
            ("cognome", "ESPOSITO", "present", "ESPOSITO"),
            ("nome", "CARMELA", "present", "CARMELA"),
        ],
    ),
    (
        None,
        "Mario Verdi, nato il 12.05.51",
        [
            ("nome", "Mario", "present", "Mario"),
            ("cognome", "Verdi", "present", "Verdi"),
            ("data_di_nascita", "12.05.51", "present", "1951-05-12"),
        ],
    ),
    (
        None,
        "VILLA GIUSEPPE n. il 01/02/1940 a Lecco",
        [
            ("cognome", "VILLA", "present", "VILLA"),
            ("nome", "GIUSEPPE", "present", "GIUSEPPE"),
            ("data_di_nascita", "01/02/1940", "present", "1940-02-01"),
        ],
    ),
    (None, "Il medico curante Dott. Paolo Neri", []),
    (
        None,
        "Recapito: figlia Sig.ra Bruni Lucia 333 1234567",
        [
            ("numero di telefono", "333 1234567", "present", "333 1234567"),
        ],
    ),
    (
        None,
        "Cell. 347/9876543 - Tel. casa 0382-456789",
        [
            ("numero di telefono", "347/9876543", "present", "347/9876543"),
            ("numero di telefono", "0382-456789", "present", "0382-456789"),
        ],
    ),
    (None, "Per informazioni telefonare al reparto 0382 987654", []),
    (
        None,
        "Cartella clinica n. 2024/001234",
        [
            ("n_cartella", "2024/001234", "present", "2024001234"),
        ],
    ),
    (
        None,
        "N. nosologico: 20190567",
        [
            ("n_cartella", "20190567", "present", "20190567"),
        ],
    ),
    (
        None,
        "ricoverata presso la nostra Divisione dal 3 al 12 marzo 2024",
        [
            ("data_ingresso_cch", "3", "present", "2024-03-03"),
            ("data_dimissione_cch", "12 marzo 2024", "present", "2024-03-12"),
        ],
    ),
    (
        None,
        "Ricoverato dal 27/08/2019 al 02/09/2019",
        [
            ("data_ingresso_cch", "27/08/2019", "present", "2019-08-27"),
            ("data_dimissione_cch", "02/09/2019", "present", "2019-09-02"),
        ],
    ),
    (
        None,
        "Data ingresso: 5-3-2024   Data dimissione: 15-3-2024",
        [
            ("data_ingresso_cch", "5-3-2024", "present", "2024-03-05"),
            ("data_dimissione_cch", "15-3-2024", "present", "2024-03-15"),
        ],
    ),
    (
        None,
        "Dimesso il 14 maggio 2023 in buone condizioni",
        [
            ("data_dimissione_cch", "14 maggio 2023", "present", "2023-05-14"),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Il paziente decede il 4/5/2023 alle ore 12.30 per shock settico",
        [
            ("Morte", "decede", "present", True),
            ("data_morte", "4/5/2023", "present", "2023-05-04"),
            ("Causa_morte", "shock settico", "present", "shock settico"),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Exitus in data 10 gennaio 2022 per insufficienza multiorgano.",
        [
            ("Morte", "Exitus", "present", True),
            ("data_morte", "10 gennaio 2022", "present", "2022-01-10"),
            ("Causa_morte", "insufficienza multiorgano", "present", "insufficienza multiorgano"),
        ],
    ),
    ("Anamnesi", "Nel 2015 ricoverato presso l'Ospedale di Lodi per polmonite dal 3/4/2015", []),
    (
        None,
        "Giunto da noi l'11/02/2021 dalla Medicina di Crema, ove era ricoverato dal 02/02/2021",
        [
            ("data_ingresso_cch", "11/02/2021", "present", "2021-02-11"),
        ],
    ),
    (
        None,
        "Trasferito dall'Ospedale di Crema in data 11/02/2021",
        [
            ("data_ingresso_cch", "11/02/2021", "present", "2021-02-11"),
        ],
    ),
    (
        None,
        "di anni 72",
        [
            ("età al momento dell'intervento", "72", "present", 72),
        ],
    ),
    (
        None,
        "uomo di 68 anni",
        [
            ("Sesso", "uomo", "present", "M"),
            ("età al momento dell'intervento", "68", "present", 68),
        ],
    ),
    (
        None,
        "paziente 75enne, sesso M",
        [
            ("età al momento dell'intervento", "75", "present", 75),
            ("Sesso", "M", "present", "M"),
        ],
    ),
    (
        None,
        "Padre deceduto a 62 anni per infarto",
        [
            (
                "familiarita_cardiovascolare",
                "Padre deceduto a 62 anni per infarto",
                "present",
                True,
            ),
            ("STEMI/NSTEMI", "infarto", "family", None),
        ],
    ),
    (
        None,
        "degenza di 9 giorni",
        [
            ("H_Stay_giorni", "9", "present", 9),
        ],
    ),
    (
        None,
        "dimesso in VIII giornata post-operatoria",
        [
            ("H_Stay_giorni", "VIII", "present", 8),
        ],
    ),
    (
        "Anamnesi",
        "Ex fumatore da 10 anni",
        [
            ("fumo", "Ex fumatore da 10 anni", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Fuma 20 sig/die",
        [
            ("fumo", "Fuma 20 sig/die", "present", 2),
        ],
    ),
    (
        "Anamnesi",
        "Non fumatore, iperteso",
        [
            ("fumo", "Non fumatore", "present", 0),
            ("ipertensione", "iperteso", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Tabagismo attivo (15 sigarette/die).",
        [
            ("fumo", "Tabagismo attivo (15 sigarette/die)", "present", 2),
        ],
    ),
    (
        "Anamnesi",
        "Non fuma da 5 anni",
        [
            ("fumo", "Non fuma da 5 anni", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Nega fumo e potus",
        [
            ("fumo", "fumo", "negated", 0),
        ],
    ),
    (
        "Anamnesi",
        "Fumo: no",
        [
            ("fumo", "Fumo", "negated", 0),
        ],
    ),
    (
        "Anamnesi",
        "Pregresso tabagismo",
        [
            ("fumo", "Pregresso tabagismo", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Fumatore fino al 2012",
        [
            ("fumo", "Fumatore fino al 2012", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "FRCV: ipertensione arteriosa, dislipidemia, DM tipo 2 in insulina, familiarità per CAD",
        [
            ("ipertensione", "ipertensione arteriosa", "present", True),
            ("dislipidemia", "dislipidemia", "present", True),
            ("diabete", "DM tipo 2 in insulina", "present", True),
            ("familiarita_cardiovascolare", "familiarità per CAD", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Non diabetico, iperteso in trattamento farmacologico",
        [
            ("diabete", "diabetico", "negated", False),
            ("ipertensione", "iperteso in trattamento farmacologico", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Ipertensione non controllata, diabete mellito",
        [
            ("ipertensione", "Ipertensione non controllata", "present", True),
            ("diabete", "diabete mellito", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Nega diabete, ex fumatore",
        [
            ("diabete", "diabete", "negated", False),
            ("fumo", "ex fumatore", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Diabete: no. Ipertensione: sì",
        [
            ("diabete", "Diabete", "negated", False),
            ("ipertensione", "Ipertensione: sì", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Familiarità per cardiopatia ischemica, ipertensione arteriosa, ex fumatrice",
        [
            (
                "familiarita_cardiovascolare",
                "Familiarità per cardiopatia ischemica",
                "present",
                True,
            ),
            ("ipertensione", "ipertensione arteriosa", "present", True),
            ("fumo", "ex fumatrice", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Familiarità per diabete",
        [
            ("diabete", "diabete", "family", None),
        ],
    ),
    (
        "Anamnesi",
        "Familiarità negativa per cardiopatia",
        [
            (
                "familiarita_cardiovascolare",
                "Familiarità negativa per cardiopatia",
                "negated",
                False,
            ),
        ],
    ),
    (
        "Anamnesi",
        "madre diabetica",
        [
            ("diabete", "diabetica", "family", None),
        ],
    ),
    (
        "Anamnesi",
        "vive con la moglie, iperteso",
        [
            ("ipertensione", "iperteso", "present", True),
        ],
    ),
    ("Anamnesi", "Ipertensione polmonare severa", []),
    (
        "Anamnesi",
        "BPCO di grado moderato in terapia inalatoria",
        [
            ("BPCO", "BPCO di grado moderato in terapia inalatoria", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Pregresso ictus ischemico nel 2016 con lieve emiparesi residua",
        [
            ("stroke_pregresso", "ictus ischemico", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "TIA nel 2011",
        [
            ("TIA_pregresso", "TIA", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Ateromasia carotidea bilaterale non significativa",
        [
            ("vasculopatiaperif", "Ateromasia carotidea bilaterale", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "K mammella dx operato nel 2009 e trattato con RT",
        [
            ("neoplasia_pregressa", "K mammella dx", "present", True),
            ("irradiazionetoracica", "RT", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Pregressa radioterapia toracica per linfoma di Hodgkin",
        [
            ("irradiazionetoracica", "radioterapia toracica", "present", True),
            ("neoplasia_pregressa", "linfoma di Hodgkin", "present", True),
        ],
    ),
    ("Anamnesi", "Rx torace: nei limiti", []),
    (
        "Anamnesi",
        "IRC stadio IIIb",
        [
            ("insufficienza_renale_cronica", "IRC stadio IIIb", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "In trattamento emodialitico trisettimanale dal 2018",
        [
            ("dialisi", "trattamento emodialitico trisettimanale", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Paziente allettata da due anni",
        [
            ("limitazione_mobilita", "allettata da due anni", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Deambula con girello",
        [
            ("limitazione_mobilita", "Deambula con girello", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Deambulazione autonoma",
        [
            ("limitazione_mobilita", "Deambulazione autonoma", "negated", False),
        ],
    ),
    (
        "Anamnesi",
        "Pregressa endocardite su valvola mitralica",
        [
            ("endocardite", "endocardite su valvola mitralica", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Sospetta endocardite infettiva",
        [
            ("endocardite", "endocardite infettiva", "uncertain", None),
        ],
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
        [
            ("fibrillazione_atriale", "FA parossistica", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Nega episodi di FA",
        [
            ("fibrillazione_atriale", "episodi di FA", "negated", 0),
        ],
    ),
    (
        "Anamnesi",
        "10 anni fa colecistectomia; 3 ANNI FA PTCA su IVA",
        [
            ("pci_pregressa", "PTCA su IVA", "present", True),
        ],
    ),
    (
        "esami_all_ingresso",
        "ECG: ritmo sinusale, 72 bpm, BBS",
        [
            ("ritmo_all_ingresso", "ritmo sinusale", "present", 0),
        ],
    ),
    (
        "esami_all_ingresso",
        "ECG: FA a risposta ventricolare media 80 bpm",
        [
            ("ritmo_all_ingresso", "FA a risposta ventricolare media 80 bpm", "present", 1),
        ],
    ),
    (
        "esami_all_ingresso",
        "ECG: ritmo da PM",
        [
            ("ritmo_all_ingresso", "ritmo da PM", "present", 2),
        ],
    ),
    (
        "esami_alla_dimissione",
        "ECG: RS a 70 bpm",
        [
            ("Ritmo_alla_dimissione", "RS", "present", 0),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Alla dimissione ritmo sinusale stabile.",
        [
            ("Ritmo_alla_dimissione", "ritmo sinusale stabile", "present", 0),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "In III giornata episodio di FA trattato con amiodarone e ripristino del RS",
        [
            ("FA_di_nuova_insorgenza", "episodio di FA", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "FA di nuova insorgenza",
        [
            ("FA_di_nuova_insorgenza", "FA di nuova insorgenza", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Impianto di PM definitivo bicamerale in VI giornata per BAV completo",
        [
            (
                "Impianto_PM_post_intervento",
                "Impianto di PM definitivo bicamerale",
                "present",
                True,
            ),
        ],
    ),
    (
        "Anamnesi",
        "Portatore di PM bicamerale dal 2014",
        [
            ("pm", "PM bicamerale", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Portatore di CRT-D",
        [
            ("crt", "CRT-D", "present", True),
            ("icd", "CRT-D", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "ICD in prevenzione primaria",
        [
            ("icd", "ICD in prevenzione primaria", "present", True),
        ],
    ),
    ("Decorso_post_operatorio", "Rimossi elettrodi di PM temporaneo", []),
    (
        "Anamnesi",
        "Pregressa PTCA + DES su IVA e Cdx (2015)",
        [
            ("pci_pregressa", "PTCA + DES su IVA e Cdx (2015)", "present", True),
        ],
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
    ("Anamnesi", "Pregresso IMA inferiore nel 2003", []),
    (
        "Anamnesi",
        "Recente ricovero per scompenso cardiaco acuto",
        [
            (
                "scompenso_cardiaco_nei_3_mesi_precedenti",
                "ricovero per scompenso cardiaco acuto",
                "present",
                True,
            ),
        ],
    ),
    (
        "Anamnesi",
        "Nega episodi di scompenso",
        [
            ("scompenso_cardiaco_nei_3_mesi_precedenti", "episodi di scompenso", "negated", False),
        ],
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
        "Anamnesi",
        "Nel 2008 triplice by-pass aorto-coronarico (AMIS-IVA, VGS-MO, VGS-IVP)",
        [
            ("Anno REDO", "2008", "present", "2008"),
            (
                "Tipo di REDO",
                "triplice by-pass aorto-coronarico (AMIS-IVA, VGS-MO, VGS-IVP)",
                "present",
                "triplice by-pass aorto-coronarico (AMIS-IVA, VGS-MO, VGS-IVP)",
            ),
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
        [
            ("lasix", "furosemide (Lasix) 25 mg 1 cp a giorni alterni", "present", True),
        ],
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
        [
            ("nitrati", "Nitroderm TTS 10 mg 1 cerotto ore 8-20", "present", True),
        ],
    ),
    (
        "Terapia",
        "Plavix sospeso 5 giorni prima dell'intervento",
        [
            ("antiaggregante", "Plavix", "present", True),
        ],
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
    ("Anamnesi", "Allergia ad ASA", []),
    ("terapia_alla_dimissione", "Lasix 25 mg 1 cp ore 8", []),
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
        "Decorso_post_operatorio",
        "Contropulsatore aortico posizionato in sala",
        [
            ("IABP/ECMO/IMPELLA", "Contropulsatore aortico", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Supporto inotropo con adrenalina 0,05 mcg/kg/min e dobutamina",
        [
            (
                "Inotropi",
                "Supporto inotropo con adrenalina 0,05 mcg/kg/min e dobutamina",
                "present",
                True,
            ),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Non ha necessitato di inotropi né di emotrasfusioni",
        [
            ("Inotropi", "inotropi", "negated", False),
            ("Necessità_di_trasfusioni", "emotrasfusioni", "negated", False),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Trasfuse 2 unità di emazie concentrate",
        [
            ("Necessità_di_trasfusioni", "Trasfuse 2 unità di emazie", "present", True),
            ("Necessità_di_trasfusioni", "emazie concentrate", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Non emotrasfuso",
        [
            ("Necessità_di_trasfusioni", "emotrasfuso", "negated", False),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "IRA con necessità di CVVH",
        [
            ("IRA", "IRA", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Insufficienza respiratoria acuta con reintubazione",
        [
            ("Insufficienza_respiratoria", "Insufficienza respiratoria acuta", "present", True),
            ("Insufficienza_respiratoria", "reintubazione", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Ictus ischemico in II giornata",
        [
            ("Stroke_TIA_post_op", "Ictus ischemico", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "LCOS trattata con levosimendan",
        [
            ("LCOS", "LCOS", "present", True),
            ("Inotropi", "levosimendan", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Secondo run di CEC per sanguinamento dalla radice aortica",
        [
            ("II_Run", "Secondo run di CEC", "present", True),
            (
                "Causa_II_Run_CEC",
                "sanguinamento dalla radice aortica",
                "present",
                "sanguinamento dalla radice aortica",
            ),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Riapertura del torace per tamponamento cardiaco",
        [
            (
                "Tipo_secondo_intervento",
                "Riapertura del torace per tamponamento cardiaco",
                "present",
                "Riapertura del torace per tamponamento cardiaco",
            ),
            ("secondo_intervento", "Riapertura del torace", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Decorso regolare, non reinterventi",
        [
            ("secondo_intervento", "reinterventi", "negated", False),
        ],
    ),
    ("Anamnesi", "Esame neurologico: FARMACI, RS1 PM10", []),
    (
        "Anamnesi",
        "Non si esclude IMA",
        [
            ("STEMI/NSTEMI", "IMA", "uncertain", None),
        ],
    ),
    (
        "Anamnesi",
        "Angina?",
        [
            ("angor", "Angina", "uncertain", None),
        ],
    ),
    (
        "Anamnesi",
        "Assenza di ateromasia carotidea",
        [
            ("vasculopatiaperif", "ateromasia carotidea", "negated", False),
        ],
    ),
    (None, "Ricoverato alle ore 4 PM del giorno seguente", []),
    ("Anamnesi", "Esegue RX torace; PM10 nella norma, MERS, PERSO", []),
    (
        "Anamnesi",
        "Ictus emorragico; TIA nel 2011; non deficit residui",
        [
            ("stroke_pregresso", "Ictus emorragico", "present", True),
            ("TIA_pregresso", "TIA", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Familiarità per cardiopatia ischemica, diabete mellito tipo 2, dislipidemia",
        [
            (
                "familiarita_cardiovascolare",
                "Familiarità per cardiopatia ischemica",
                "present",
                True,
            ),
            ("diabete", "diabete mellito tipo 2", "present", True),
            ("dislipidemia", "dislipidemia", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Madre affetta da ipertensione, diabete e dislipidemia",
        [
            ("familiarita_cardiovascolare", "Madre affetta da ipertensione", "present", True),
            ("ipertensione", "ipertensione", "family", None),
            ("diabete", "diabete", "family", None),
            ("dislipidemia", "dislipidemia", "family", None),
        ],
    ),
    (
        "Anamnesi",
        "Non solo iperteso ma anche diabetico",
        [
            ("ipertensione", "iperteso", "present", True),
            ("diabete", "diabetico", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Nega angor, riferisce dispnea da sforzo NYHA III",
        [
            ("angor", "angor", "negated", False),
            ("classe_nyha", "NYHA III", "present", 3),
        ],
    ),
    (
        "Anamnesi",
        "Possibile BPCO",
        [
            ("BPCO", "BPCO", "uncertain", None),
        ],
    ),
    (
        "Anamnesi",
        "BPCO?",
        [
            ("BPCO", "BPCO", "uncertain", None),
        ],
    ),
    (
        "Anamnesi",
        "Diabete mellito di nuova diagnosi",
        [
            ("diabete", "Diabete mellito", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Dislipidemia in terapia con statina",
        [
            ("dislipidemia", "Dislipidemia in terapia con statina", "present", True),
        ],
    ),
    ("Anamnesi", "Diabete insipido", []),
    ("Anamnesi", "Ipertensione portale in cirrosi", []),
    ("Anamnesi", "Profilassi antibiotica dell'endocardite", []),
    ("Anamnesi", "Dieta per diabetici", []),
    (
        "Anamnesi",
        "Insufficienza renale cronica di grado moderato",
        [
            (
                "insufficienza_renale_cronica",
                "Insufficienza renale cronica di grado moderato",
                "present",
                True,
            ),
        ],
    ),
    ("Anamnesi", "Mai trasfuso, non allergie", []),
    (
        "Anamnesi",
        "Nega pregressi ictus o TIA",
        [
            ("stroke_pregresso", "ictus", "negated", False),
            ("TIA_pregresso", "TIA", "negated", False),
        ],
    ),
    (
        "Anamnesi",
        "Senza segni di scompenso",
        [
            ("scompenso_cardiaco_nei_3_mesi_precedenti", "scompenso", "negated", False),
        ],
    ),
    (
        "Anamnesi",
        "Padre con IMA a 50 anni, diabete",
        [
            ("familiarita_cardiovascolare", "Padre con IMA a 50 anni", "present", True),
            ("STEMI/NSTEMI", "IMA", "family", None),
            ("diabete", "diabete", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Cardiopatia ischemica (padre), diabete (madre)",
        [
            ("familiarita_cardiovascolare", "Cardiopatia ischemica (padre)", "present", True),
            ("diabete", "diabete", "family", None),
        ],
    ),
    (
        "Anamnesi",
        "Vive con il figlio, diabetico",
        [
            ("diabete", "diabetico", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Nessuna neoplasia nota",
        [
            ("neoplasia_pregressa", "neoplasia", "negated", False),
        ],
    ),
    (
        "Anamnesi",
        "Impianto di ICD nel 2018",
        [
            ("icd", "ICD", "present", True),
        ],
    ),
    ("Anamnesi", "Codice ICD-9 414.01", []),
    ("esami_all_ingresso", "Ecocardiogramma: FE 45%", []),
    (
        "esami_alla_dimissione",
        "ECG: FA a risposta ventricolare controllata",
        [
            ("Ritmo_alla_dimissione", "FA a risposta ventricolare controllata", "present", 1),
        ],
    ),
    ("Anamnesi", "In data 12/03/2019 coronarografia", []),
    (
        "Anamnesi",
        "nato il 12/3/45 ricoverato in cardiologia dal 01/02/2020",
        [
            ("data_di_nascita", "12/3/45", "present", "1945-03-12"),
        ],
    ),
    (
        None,
        "Ingresso in Cardiochirurgia il 7 gennaio 2021",
        [
            ("data_ingresso_cch", "7 gennaio 2021", "present", "2021-01-07"),
        ],
    ),
    (
        None,
        "Viene dimessa in data odierna 18.II.2020",
        [
            ("data_dimissione_cch", "18.II.2020", "present", "2020-02-18"),
        ],
    ),
    (
        None,
        "nata l'8 marzo 1950 a Torino",
        [
            ("data_di_nascita", "8 marzo 1950", "present", "1950-03-08"),
        ],
    ),
    (
        "Diagnosi",
        "Diagnosi alla dimissione: Stenosi aortica severa",
        [
            ("Diagnosi", "Stenosi aortica severa", "present", None),
        ],
    ),
    (
        "Motivo ricovero",
        "- Insufficienza mitralica severa",
        [
            ("Motivo ricovero", "- Insufficienza mitralica severa", "present", None),
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
        [
            ("anticoagorali", "Eliquis 5 mg x 2/die", "present", True),
        ],
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
        [
            ("nitrati", "Monoket 40 mg 1/2 cp x 2", "present", True),
        ],
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
        [
            ("lasix", "Lasix 25 mg 1 cp il lun, mer e ven", "present", True),
        ],
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
        [
            ("anticoagorali", "anticoagulanti", "negated", False),
        ],
    ),
    ("Terapia", "Metformina 500 mg x 3; Torvast 20 mg; Omeprazolo 20 mg", []),
    (
        "Anamnesi",
        "In doppia antiaggregazione piastrinica",
        [
            ("antiaggregante", "doppia antiaggregazione piastrinica", "present", True),
            ("dapt", "doppia antiaggregazione piastrinica", "present", True),
        ],
    ),
    ("Anamnesi", "Clopidogrel sospeso nel 2018 per emorragia digestiva", []),
    ("terapia_alla_dimissione", "Bisoprololo 2,5 mg; Coumadin secondo INR", []),
    ("Decorso_post_operatorio", "Iniziata terapia con Bisoprololo 2,5 mg", []),
    ("Decorso_post_operatorio", "Si dimette in terapia con ASA 100 mg", []),
    (
        "Decorso_post_operatorio",
        "Nessun supporto inotropo",
        [
            ("Inotropi", "supporto inotropo", "negated", False),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Posizionamento di ECMO veno-arterioso",
        [
            ("IABP/ECMO/IMPELLA", "ECMO veno-arterioso", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Non complicanze neurologiche",
        [
            ("Stroke_TIA_post_op", "complicanze neurologiche", "negated", False),
        ],
    ),
    ("Decorso_post_operatorio", "Pregresso ictus: non nuovi deficit", []),
    (
        "Decorso_post_operatorio",
        "Non IRA",
        [
            ("IRA", "IRA", "negated", False),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Ripresa della CEC per instabilità emodinamica",
        [
            ("II_Run", "Ripresa della CEC", "present", True),
            ("Causa_II_Run_CEC", "instabilità emodinamica", "present", "instabilità emodinamica"),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Sindrome da bassa portata trattata con contropulsazione",
        [
            ("LCOS", "Sindrome da bassa portata", "present", True),
            ("IABP/ECMO/IMPELLA", "contropulsazione", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Mantiene ritmo sinusale stabile",
        [
            ("Ritmo_alla_dimissione", "ritmo sinusale stabile", "present", 0),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Trasfuso con 3 sacche",
        [
            ("Necessità_di_trasfusioni", "Trasfuso", "present", True),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Causa del decesso: shock cardiogeno",
        [
            ("Morte", "decesso", "present", True),
            ("Causa_morte", "shock cardiogeno", "present", "shock cardiogeno"),
        ],
    ),
    (
        "Decorso_post_operatorio",
        "Revisione della ferita sternale per deiscenza",
        [
            (
                "Tipo_secondo_intervento",
                "Revisione della ferita sternale per deiscenza",
                "present",
                "Revisione della ferita sternale per deiscenza",
            ),
            ("secondo_intervento", "Revisione della ferita sternale", "present", True),
        ],
    ),
    (
        "Intervento",
        "Sostituzione valvolare mitralica in regime di urgenza",
        [
            ("elettivo_urgenza_emergenza", "urgenza", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Già operato nel 1998 di plastica mitralica",
        [
            ("Anno REDO", "1998", "present", "1998"),
            ("Tipo di REDO", "plastica mitralica", "present", "plastica mitralica"),
        ],
    ),
    ("Anamnesi", "Indicazione a PTCA", []),
    (
        "Anamnesi",
        "PTA femorale sinistra nel 2017",
        [
            ("vasculopatiaperif", "PTA femorale sinistra", "present", True),
        ],
    ),
    (
        "Anamnesi",
        "Dolore addominale, FAvorevole; non tabagista",
        [
            ("fumo", "non tabagista", "present", 0),
        ],
    ),
    (
        "Anamnesi",
        "Ha smesso di fumare nel 2005",
        [
            ("fumo", "Ha smesso di fumare nel 2005", "present", 1),
        ],
    ),
    (
        "Anamnesi",
        "Dialisi peritoneale; non emodialisi",
        [
            ("dialisi", "Dialisi peritoneale", "present", True),
            ("dialisi", "emodialisi", "negated", False),
        ],
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
    (
        "Anamnesi",
        "III classe NYHA",
        [
            ("classe_nyha", "III classe NYHA", "present", 3),
        ],
    ),
]


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules()


def letter(*lines: tuple[str | None, str], name: str = "a" * 12) -> list[Phrase]:
    """The phrases of a letter, a line each."""
    phrases, start = [], 0
    ids = phrase_ids(name, [text for _, text in lines])
    for key, (section, text) in zip(ids, lines, strict=True):
        phrases.append(Phrase(key, name, start, start + len(text), text, section))
        start += len(text) + 1
    return phrases


def told(annotation: Annotation) -> list[tuple[str | None, str, str | None, object]]:
    return [(span.field, span.text, span.state, span.value) for span in annotation.spans]


def fields(annotations: Sequence[Annotation]) -> list[str | None]:
    return [span.field for annotation in annotations for span in annotation.spans]


@pytest.mark.parametrize(
    ("section", "text", "expected"), CASES, ids=[f"{section}: {text}" for section, text, _ in CASES]
)
def test_a_phrase(
    rules: Rules,
    section: str | None,
    text: str,
    expected: list[tuple[str, str, str, object]],
) -> None:
    (annotation,) = rules.label(letter((section, text)))
    found = sorted(told(annotation), key=str)
    assert found == sorted(expected, key=str)


def test_every_field_that_is_no_section_text_is_reached_by_some_phrase() -> None:
    reached = {field for _, _, expected in CASES for field, *_ in expected}
    assert set(default_schema().labels("field")) - reached == set()


def test_an_annotation_a_phrase_in_order_also_when_empty(rules: Rules) -> None:
    phrases = letter((None, "di anni 72"), (None, "Cordiali saluti."), ("Anamnesi", "Iperteso"))
    annotations = list(rules.label(iter(phrases)))
    assert [a.phrase for a in annotations] == phrases
    assert annotations[1].spans == ()
    assert {(a.origin, a.source) for a in annotations} == {("rules", "rules/1")}


def test_the_registry_knows_the_rules() -> None:
    assert LABELLERS.get("rules") is Rules


def test_a_date_finds_its_label_in_the_cell_before(rules: Rules) -> None:
    phrases = letter((None, "Data di nascita:"), (None, "03/04/1950"), (None, "03/04/2024"))
    annotations = list(rules.label(phrases))
    assert told(annotations[1]) == [("data_di_nascita", "03/04/1950", "present", "1950-04-03")]
    assert annotations[2].spans == ()


def test_a_known_fibrillation_is_not_new_after_the_operation(rules: Rules) -> None:
    after = ("Decorso_post_operatorio", "In terza giornata episodio di FA.")
    known = letter(("Anamnesi", "FA parossistica dal 2017."), after)
    unknown = letter(("Anamnesi", "Nega FA."), after)
    assert "FA_di_nuova_insorgenza" not in fields(list(rules.label(known)))
    assert "FA_di_nuova_insorgenza" in fields(list(rules.label(unknown)))


def test_letters_do_not_mix(rules: Rules) -> None:
    known = letter(("Anamnesi", "FA parossistica."), name="a" * 12)
    other = letter(("Decorso_post_operatorio", "Episodio di FA."), name="b" * 12)
    assert "FA_di_nuova_insorgenza" in fields(list(rules.label([*known, *other])))


def test_the_section_decides_whether_a_drug_is_therapy_at_home(rules: Rules) -> None:
    line = "Bisoprololo 2,5 mg 1 cp ore 8"
    for section, expected in (
        ("Terapia", ["betabloc"]),
        ("Anamnesi", ["betabloc"]),
        ("terapia_alla_dimissione", []),
        ("Decorso_post_operatorio", []),
        ("Terapia consigliata alla dimissione", []),
        ("Terapia domiciliare", ["betabloc"]),
    ):
        assert fields(list(rules.label(letter((section, line))))) == expected, section


def test_rhythm_belongs_to_admission_or_discharge_by_its_section(rules: Rules) -> None:
    line = "ECG: ritmo sinusale"
    admitted, leaving = letter(("esami_all_ingresso", line), ("esami_alla_dimissione", line))
    assert fields(list(rules.label([admitted]))) == ["ritmo_all_ingresso"]
    assert fields(list(rules.label([leaving]))) == ["Ritmo_alla_dimissione"]


CLINICAL = st.lists(
    st.sampled_from(
        "nega non FA PM diabete iperteso , . ; : ( ) padre nel 2008 Lasix 25 mg 1 cp ore 8 e IRC ? "
        "NYHA III Sig. ROSSI Mario nato il 12/3/45 dal al ex fumatore STEMI redo di per EC 1/2 - / "
        "deceduto causa tel 333 1234567 cartella n. 123456 REDO CEC II run dimissione ECG".split()
        + ["\u0130", "\U0001f600", "  ", "\t", "\u00a0", "e\u0301", "\r", "½", "ß", "’"]
    ),
    max_size=40,
).map(" ".join)


@settings(max_examples=300, deadline=None)
@example(text="PADRE/IPERTES\r", section=None)
@given(text=st.one_of(st.text(max_size=80), CLINICAL), section=st.sampled_from(SECTIONS))
def test_never_crashes_and_every_span_quotes(text: str, section: str | None) -> None:
    phrases = letter((section, text))
    annotations = list(SHARED.label(phrases))
    assert len(annotations) == 1
    known = set(default_schema().fields)
    for span in annotations[0].spans:
        assert text[span.start : span.end] == span.text
        assert span.text.strip() == span.text
        assert span.field in known and span.label == span.field
        assert span.state in ("present", "negated", "uncertain", "family")
    assert list(SHARED.label(phrases)) == annotations


def test_an_abbreviation_inside_a_word_is_none(rules: Rules) -> None:
    for word in ("FAvore", "PERSO", "EPMA", "dIRAdo", "xTIAy"):
        (annotation,) = SHARED.label(letter(("Anamnesi", word)))
        assert annotation.spans == ()


SHARED = Rules()


ANSWERS = {
    "a label's answer behind a stroke": ("C", "IABP/ECMO NO", {"IABP/ECMO/IMPELLA": False}),
    "an answer behind an adjective": (
        "A",
        "Neoplasia pregressa NO",
        {"neoplasia_pregressa": False},
    ),
    "a mai that denies the cure alone": ("A", "IPT mai trattata", {"ipertensione": True}),
    "a denial far before a denial": (
        "A",
        "no bpco, no ictus, no k. cammina senza aiuto",
        {
            "BPCO": False,
            "stroke_pregresso": False,
            "neoplasia_pregressa": False,
            "limitazione_mobilita": False,
        },
    ),
    "a stenosis measured": (
        "A",
        "Stenosi del 60% della carotide interna",
        {"vasculopatiaperif": True},
    ),
    "nobody with cancer": ("A", "Anamnesi oncologica muta.", {"neoplasia_pregressa": False}),
    "a relative in apposition": ("A", "La madre, diabetica da tempo, vive sola.", {}),
    "a sentence of a relative": (
        "A",
        "Il fratello maggiore, portatore di pace-maker, è morto d'infarto.",
        {"familiarita_cardiovascolare": True},
    ),
    "denied of the patient, said of others": (
        "A",
        "La mamma e una zia sono diabetiche mentre lei non lo è.",
        {"diabete": False},
    ),
    "a cause before its event": (
        "C",
        "Per disfunzione del ventricolo destro si rientra in CEC.",
        {"II_Run": True, "Causa_II_Run_CEC": "disfunzione del ventricolo destro"},
    ),
    "read as an attack": (
        "C",
        "Disartria, TC negativa per lesioni recenti, interpretata come TIA.",
        {"Stroke_TIA_post_op": True},
    ),
    "infarction of the brain": (
        "C",
        "TC encefalo: esteso infarto ischemico emisferico destro.",
        {"Stroke_TIA_post_op": True},
    ),
    "numbers of sacks": ("C", "trasf 2 gr", {"Necessità_di_trasfusioni": True}),
    "a transfer, no transfusion": ("C", "Trasf. in reparto in II giornata.", {}),
    "platelets counted": ("C", "Hb 11, piastrine 240.000", {}),
    "a filtration": ("C", "CRRT per anuria dal 3 al 6 aprile.", {"IRA": True}),
    "no filtration says nothing": ("C", "Non CVVH.", {}),
    "paused on a day": ("T", "Xarelto 15 mg a cena (sospeso 06/06)", {"anticoagorali": True}),
    "replaced by heparin": (
        "T",
        "Coumadin (sospeso e sostituito con Clexane)",
        {"anticoagorali": True},
    ),
    "took the place of": ("T", "Entresto, che ha preso il posto del ramipril", {"sartanici": True}),
    "class of today": ("A", "NYHA II nel 2021, ora NYHA III.", {"classe_nyha": 3}),
    "a flutter of the past is no rhythm": ("A", "Flutter atriale trattato con ablazione.", {}),
    "pacing": ("E", "ECG: pacing ventricolare", {"ritmo_all_ingresso": 2}),
    "rhythm by the pacemaker": (
        "E",
        "ECG: ritmo indotto dal pacemaker, 60.",
        {"ritmo_all_ingresso": 2},
    ),
    "a hurried hand": (
        "A",
        "ipertenzione, displipidemia.",
        {"ipertensione": True, "dislipidemia": True},
    ),
    "a letter missed": ("T", "clopidogel 75", {"antiaggregante": True}),
    "letters twice or once": ("C", "Insuficenza renale acuta.", {"IRA": True}),
    "a word of its own": ("A", "Frazione di eiezione 55%.", {}),
    "the husband's dialysis": ("A", "Il marito è in dialisi.", {}),
    "a cause before a duty": (
        "C",
        "Per disfunzione del ventricolo destro si è dovuto rientrare in CEC per 20 minuti.",
        {"II_Run": True, "Causa_II_Run_CEC": "disfunzione del ventricolo destro"},
    ),
    "a cause and what it led to": (
        "C",
        "Ripresa della CEC per shunt residuo e ulteriore patch.",
        {"II_Run": True, "Causa_II_Run_CEC": "shunt residuo"},
    ),
    "not needed": (
        "C",
        "Una revisione chirurgica non fu necessaria.",
        {"secondo_intervento": False},
    ),
    "a stent on a vessel": (
        "A",
        "Infarto nel 2003, stent sulla discendente.",
        {"pci_pregressa": True},
    ),
    "a stent elsewhere": ("A", "Pregresso stent iliaco destro.", {"vasculopatiaperif": True}),
}
_PLACES = {
    "A": "Anamnesi",
    "C": "Decorso_post_operatorio",
    "T": "Terapia",
    "E": "esami_all_ingresso",
}


@pytest.mark.parametrize(("place", "text", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
def test_what_a_sentence_answers(
    rules: Rules, place: str, text: str, expected: dict[str, object]
) -> None:
    (annotation,) = rules.label(letter((_PLACES[place], text)))
    said = {s.field: s.value for s in annotation.spans if s.value is not None}
    assert said == expected


HEADS = {
    "all in small letters": ("de santis aldo n.7/1/58", "de santis", "aldo", "1958-01-07"),
    "a month between dashes": ("SIG. LODI UGO NATO IL 04-NOV-1979", "LODI", "UGO", "1979-11-04"),
    "in the order of its label": ("Cognome e nome: Trevisol Swami", "Trevisol", "Swami", None),
    "a date behind a dash": ("ESPOSITO CARMELA - 07/08/1939", "ESPOSITO", "CARMELA", "1939-08-07"),
    "particles in a row": ("Sig. Van Der Berg Johannes", "Van Der Berg", "Johannes", None),
}


@pytest.mark.parametrize(("text", "family", "given", "born"), HEADS.values(), ids=HEADS.keys())
def test_who_the_patient_is(
    rules: Rules, text: str, family: str, given: str, born: str | None
) -> None:
    (annotation,) = rules.label(letter((None, text)))
    said = {s.field: s.text for s in annotation.spans}
    days = [s.value for s in annotation.spans if s.field == "data_di_nascita"]
    assert (said["cognome"], said["nome"], days) == (family, given, [born] if born else [])


STAYS = {
    "days of the week": "Ricoverato da lunedì 4 marzo 2024 a venerdì 15 marzo 2024.",
    "a stroke between days": "Degenza: 4-15/03/2024",
    "in and out": "In: lun 04/03/2024 | Out: ven 15/03/2024",
    "a place in brackets": "Ricovero dal 2024-03-04 (dal PS, ivi dal 2024-03-02) al 2024-03-15.",
    "told to the patient": "Il soggiorno è iniziato il 4 marzo 2024 e termina oggi, 15 marzo 2024.",
    "entered and left": "Entrata il: 4 marzo '24    Uscita il: 15 marzo '24",
    "hurried": "ricoverata il 04.03.2024   dimesa il 15.03.2024",
    "Roman months": "Ingresso 4/III/24, dimissione 15/III/24",
    "a row of a table": "Data ricovero   Data dimissione\n04/03/2024   15/03/2024",
}


@pytest.mark.parametrize("text", STAYS.values(), ids=STAYS.keys())
def test_the_days_of_the_stay(rules: Rules, text: str) -> None:
    lines = [(None, line) for line in text.split("\n")]
    spans = [span for a in rules.label(letter(*lines)) for span in a.spans]
    days = {span.field: span.value for span in spans if str(span.field).startswith("data_")}
    assert days == {"data_ingresso_cch": "2024-03-04", "data_dimissione_cch": "2024-03-15"}


DEATHS = {
    "found dead": "Alle ore 3.40 del 14/03/2024 se ne constatava il decesso.",
    "gone": "La paziente è mancata il 14 marzo 2024.",
    "died": "Il 14 marzo 2024 il paziente moriva.",
}


@pytest.mark.parametrize("text", DEATHS.values(), ids=DEATHS.keys())
def test_the_day_of_death(rules: Rules, text: str) -> None:
    (annotation,) = rules.label(letter(("Decorso_post_operatorio", text)))
    said = {span.field: span.value for span in annotation.spans}
    assert (said.get("Morte"), said.get("data_morte")) == (True, "2024-03-14")


def test_a_birth_goes_on_in_the_line_below(rules: Rules) -> None:
    _, below = rules.label(letter((None, "Sig. Ugo Lodi    nato a"), (None, "Rieti il 26/01/1987")))
    assert ("data_di_nascita", "1987-01-26") in {(s.field, s.value) for s in below.spans}


def test_a_name_stands_alone_above_its_birth(rules: Rules) -> None:
    name, _ = rules.label(letter((None, "FERRI LUIGI"), (None, "nato a Lecce il 12/12/1944")))
    assert {s.field: s.text for s in name.spans} == {"cognome": "FERRI", "nome": "LUIGI"}


def test_a_letter_that_sends_the_patient_off_is_dated_on_the_day(rules: Rules) -> None:
    sent = letter((None, "Torino, 9 dicembre 2020"), (None, "Le affido il Sig. Ugo Lodi."))
    dates = [s.value for a in rules.label(sent) for s in a.spans]
    assert "2020-12-09" in dates
