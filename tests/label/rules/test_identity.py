"""The rules over short phrases: who the patient is."""

import pytest

from tests.label.rules.letters import Case, check, named

CASES: list[Case] = [
    (
        None,
        "PAZ: 00734412 TORRISI AGATINA F",
        [("cognome", "TORRISI", "present", "TORRISI"), ("nome", "AGATINA", "present", "AGATINA")],
    ),
    (
        None,
        "L'inferma Elda Passalacqua, di anni sessantanove",
        [
            ("cognome", "Passalacqua", "present", "Passalacqua"),
            ("nome", "Elda", "present", "Elda"),
        ],
    ),
    (
        None,
        "cartella numero venti barra trecentododici, ossia 20/00312",
        [("n_cartella", "20/00312", "present", "2000312")],
    ),
    (
        None,
        "cartella numero undicimilaquattrocentodue",
        [("n_cartella", "undicimilaquattrocentodue", "present", "11402")],
    ),
    (
        None,
        "telefono tre quattro otto sette uno zero zero due cinque sei",
        [
            (
                "numero di telefono",
                "tre quattro otto sette uno zero zero due cinque sei",
                "present",
                "3487100256",
            )
        ],
    ),
    (
        None,
        "Tel. 059 3370184 / 340 5566129 (preferire il cellulare)",
        [("numero di telefono", "340 5566129", "present", "340 5566129")],
    ),
    (
        None,
        "Divisione di Cardiochirurgia        Cartella reg. 4/1187-24",
        [("n_cartella", "4/1187-24", "present", "4118724")],
    ),
    (
        None,
        "al n. 1127 del registro delle cartelle",
        [("n_cartella", "1127", "present", "1127")],
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
        [("cognome", "De Luca", "present", "De Luca"), ("nome", "Giovanni", "present", "Giovanni")],
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
        [("cognome", "ESPOSITO", "present", "ESPOSITO"), ("nome", "CARMELA", "present", "CARMELA")],
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
    (
        None,
        "Recapito: figlia Sig.ra Bruni Lucia 333 1234567",
        [("numero di telefono", "333 1234567", "present", "333 1234567")],
    ),
    (
        None,
        "Cell. 347/9876543 - Tel. casa 0382-456789",
        [
            ("numero di telefono", "347/9876543", "present", "347/9876543"),
            ("numero di telefono", "0382-456789", "present", "0382-456789"),
        ],
    ),
    (
        None,
        "Cartella clinica n. 2024/001234",
        [("n_cartella", "2024/001234", "present", "2024001234")],
    ),
    (None, "N. nosologico: 20190567", [("n_cartella", "20190567", "present", "20190567")]),
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
        [("data_dimissione_cch", "14 maggio 2023", "present", "2023-05-14")],
    ),
    (
        None,
        "Giunto da noi l'11/02/2021 dalla Medicina di Crema, ove era ricoverato dal 02/02/2021",
        [("data_ingresso_cch", "11/02/2021", "present", "2021-02-11")],
    ),
    (
        None,
        "Trasferito dall'Ospedale di Crema in data 11/02/2021",
        [("data_ingresso_cch", "11/02/2021", "present", "2021-02-11")],
    ),
    (None, "di anni 72", [("età al momento dell'intervento", "72", "present", 72)]),
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
        [("età al momento dell'intervento", "75", "present", 75), ("Sesso", "M", "present", "M")],
    ),
    (
        "Anamnesi",
        "nato il 12/3/45 ricoverato in cardiologia dal 01/02/2020",
        [("data_di_nascita", "12/3/45", "present", "1945-03-12")],
    ),
    (
        None,
        "Ingresso in Cardiochirurgia il 7 gennaio 2021",
        [("data_ingresso_cch", "7 gennaio 2021", "present", "2021-01-07")],
    ),
    (
        None,
        "Viene dimessa in data odierna 18.II.2020",
        [("data_dimissione_cch", "18.II.2020", "present", "2020-02-18")],
    ),
    (
        None,
        "nata l'8 marzo 1950 a Torino",
        [("data_di_nascita", "8 marzo 1950", "present", "1950-03-08")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_a_phrase(case: Case) -> None:
    check(case)
