"""What a sentence answers: of each phrase the values alone."""

import pytest

from tests.label.rules.letters import RULES, letter

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
    "a box left empty": ("A", "[x] ipertensione   [ ] diabete   [ ] BPCO", {"ipertensione": True}),
    "a box before an answer": ("A", "Diabete: [ ] sì [x] no", {"diabete": False}),
    "a label without a value": ("A", "Vasculopatia periferica:", {}),
    "excluded in the end": ("A", "Sospetta TIA, diagnosi poi esclusa.", {"TIA_pregresso": False}),
    "organ by organ": ("C", "Neurologico: nessun evento.", {"Stroke_TIA_post_op": False}),
    "a list in brackets": ("C", "Supporto (IABP, ECMO): no", {"IABP/ECMO/IMPELLA": False}),
    "abbreviations end no sentence": (
        "A",
        "No pregr. cardiochir. Iperteso.",
        {"ipertensione": True},
    ),
    "a verb begins anew": (
        "A",
        "Nega diabete, è in trattamento per ipertensione.",
        {"diabete": False, "ipertensione": True},
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
def test_what_a_sentence_answers(place: str, text: str, expected: dict[str, object]) -> None:
    (annotation,) = RULES.label(letter((_PLACES[place], text)))
    said = {s.field: s.value for s in annotation.spans if s.value is not None}
    assert said == expected
