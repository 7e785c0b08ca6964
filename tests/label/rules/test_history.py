"""The rules over short phrases: what was before the operation."""

import pytest

from tests.label.rules.letters import Case, check, named

CASES: list[Case] = [
    ("Anamnesi", "La moglie è diabetica", [("diabete", "diabetica", "family", None)]),
    ("Anamnesi", "Il marito ha la BPCO, la paziente no", [("BPCO", "BPCO", "negated", False)]),
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
    ("Anamnesi", "Ex fumatore da 10 anni", [("fumo", "Ex fumatore da 10 anni", "present", 1)]),
    ("Anamnesi", "Fuma 20 sig/die", [("fumo", "Fuma 20 sig/die", "present", 2)]),
    (
        "Anamnesi",
        "Non fumatore, iperteso",
        [("fumo", "Non fumatore", "present", 0), ("ipertensione", "iperteso", "present", True)],
    ),
    (
        "Anamnesi",
        "Tabagismo attivo (15 sigarette/die).",
        [("fumo", "Tabagismo attivo (15 sigarette/die)", "present", 2)],
    ),
    ("Anamnesi", "Non fuma da 5 anni", [("fumo", "Non fuma da 5 anni", "present", 1)]),
    ("Anamnesi", "Nega fumo e potus", [("fumo", "fumo", "negated", 0)]),
    ("Anamnesi", "Fumo: no", [("fumo", "Fumo", "negated", 0)]),
    ("Anamnesi", "Pregresso tabagismo", [("fumo", "Pregresso tabagismo", "present", 1)]),
    ("Anamnesi", "Fumatore fino al 2012", [("fumo", "Fumatore fino al 2012", "present", 1)]),
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
        [("diabete", "diabete", "negated", False), ("fumo", "ex fumatore", "present", 1)],
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
    ("Anamnesi", "Familiarità per diabete", [("diabete", "diabete", "family", None)]),
    (
        "Anamnesi",
        "Familiarità negativa per cardiopatia",
        [("familiarita_cardiovascolare", "Familiarità negativa per cardiopatia", "negated", False)],
    ),
    ("Anamnesi", "madre diabetica", [("diabete", "diabetica", "family", None)]),
    ("Anamnesi", "vive con la moglie, iperteso", [("ipertensione", "iperteso", "present", True)]),
    (
        "Anamnesi",
        "BPCO di grado moderato in terapia inalatoria",
        [("BPCO", "BPCO di grado moderato in terapia inalatoria", "present", True)],
    ),
    (
        "Anamnesi",
        "Pregresso ictus ischemico nel 2016 con lieve emiparesi residua",
        [("stroke_pregresso", "ictus ischemico", "present", True)],
    ),
    ("Anamnesi", "TIA nel 2011", [("TIA_pregresso", "TIA", "present", True)]),
    (
        "Anamnesi",
        "Ateromasia carotidea bilaterale non significativa",
        [("vasculopatiaperif", "Ateromasia carotidea bilaterale", "present", True)],
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
    (
        "Anamnesi",
        "IRC stadio IIIb",
        [("insufficienza_renale_cronica", "IRC stadio IIIb", "present", True)],
    ),
    (
        "Anamnesi",
        "In trattamento emodialitico trisettimanale dal 2018",
        [("dialisi", "trattamento emodialitico trisettimanale", "present", True)],
    ),
    (
        "Anamnesi",
        "Paziente allettata da due anni",
        [("limitazione_mobilita", "allettata da due anni", "present", True)],
    ),
    (
        "Anamnesi",
        "Deambula con girello",
        [("limitazione_mobilita", "Deambula con girello", "present", True)],
    ),
    (
        "Anamnesi",
        "Deambulazione autonoma",
        [("limitazione_mobilita", "Deambulazione autonoma", "negated", False)],
    ),
    (
        "Anamnesi",
        "Assenza di ateromasia carotidea",
        [("vasculopatiaperif", "ateromasia carotidea", "negated", False)],
    ),
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
        [("ipertensione", "iperteso", "present", True), ("diabete", "diabetico", "present", True)],
    ),
    ("Anamnesi", "Possibile BPCO", [("BPCO", "BPCO", "uncertain", None)]),
    ("Anamnesi", "BPCO?", [("BPCO", "BPCO", "uncertain", None)]),
    (
        "Anamnesi",
        "Diabete mellito di nuova diagnosi",
        [("diabete", "Diabete mellito", "present", True)],
    ),
    (
        "Anamnesi",
        "Dislipidemia in terapia con statina",
        [("dislipidemia", "Dislipidemia in terapia con statina", "present", True)],
    ),
    (
        "Anamnesi",
        "Insufficienza renale cronica di grado moderato",
        [
            (
                "insufficienza_renale_cronica",
                "Insufficienza renale cronica di grado moderato",
                "present",
                True,
            )
        ],
    ),
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
        "Padre con IMA a 50 anni, diabete",
        [
            ("familiarita_cardiovascolare", "Padre con IMA a 50 anni", "present", True),
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
    ("Anamnesi", "Vive con il figlio, diabetico", [("diabete", "diabetico", "present", True)]),
    (
        "Anamnesi",
        "Nessuna neoplasia nota",
        [("neoplasia_pregressa", "neoplasia", "negated", False)],
    ),
    (
        "Anamnesi",
        "PTA femorale sinistra nel 2017",
        [("vasculopatiaperif", "PTA femorale sinistra", "present", True)],
    ),
    (
        "Anamnesi",
        "Dolore addominale, FAvorevole; non tabagista",
        [("fumo", "non tabagista", "present", 0)],
    ),
    (
        "Anamnesi",
        "Ha smesso di fumare nel 2005",
        [("fumo", "Ha smesso di fumare nel 2005", "present", 1)],
    ),
    (
        "Anamnesi",
        "Dialisi peritoneale; non emodialisi",
        [
            ("dialisi", "Dialisi peritoneale", "present", True),
            ("dialisi", "emodialisi", "negated", False),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_a_phrase(case: Case) -> None:
    check(case)
