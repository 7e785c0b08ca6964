"""The rules over short phrases: the operation and what followed."""

import pytest

from tests.label.rules.letters import Case, check, named

CASES: list[Case] = [
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
        "Decorso_post_operatorio",
        "Supporto inotropo (adrenalina, levosimendan)",
        [("Inotropi", "Supporto inotropo (adrenalina, levosimendan)", "present", True)],
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
    (None, "degenza di 9 giorni", [("H_Stay_giorni", "9", "present", 9)]),
    (None, "dimesso in VIII giornata post-operatoria", [("H_Stay_giorni", "VIII", "present", 8)]),
    ("esami_alla_dimissione", "ECG: RS a 70 bpm", [("Ritmo_alla_dimissione", "RS", "present", 0)]),
    (
        "Decorso_post_operatorio",
        "Alla dimissione ritmo sinusale stabile.",
        [("Ritmo_alla_dimissione", "ritmo sinusale stabile", "present", 0)],
    ),
    (
        "Decorso_post_operatorio",
        "In III giornata episodio di FA trattato con amiodarone e ripristino del RS",
        [("FA_di_nuova_insorgenza", "episodio di FA", "present", True)],
    ),
    (
        "Decorso_post_operatorio",
        "FA di nuova insorgenza",
        [("FA_di_nuova_insorgenza", "FA di nuova insorgenza", "present", True)],
    ),
    (
        "Decorso_post_operatorio",
        "Impianto di PM definitivo bicamerale in VI giornata per BAV completo",
        [("Impianto_PM_post_intervento", "Impianto di PM definitivo bicamerale", "present", True)],
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
        "Decorso_post_operatorio",
        "Contropulsatore aortico posizionato in sala",
        [("IABP/ECMO/IMPELLA", "Contropulsatore aortico", "present", True)],
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
            )
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
        [("Necessità_di_trasfusioni", "emotrasfuso", "negated", False)],
    ),
    ("Decorso_post_operatorio", "IRA con necessità di CVVH", [("IRA", "IRA", "present", True)]),
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
        [("Stroke_TIA_post_op", "Ictus ischemico", "present", True)],
    ),
    (
        "Decorso_post_operatorio",
        "LCOS trattata con levosimendan",
        [("LCOS", "LCOS", "present", True), ("Inotropi", "levosimendan", "present", True)],
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
        [("secondo_intervento", "reinterventi", "negated", False)],
    ),
    (
        "esami_alla_dimissione",
        "ECG: FA a risposta ventricolare controllata",
        [("Ritmo_alla_dimissione", "FA a risposta ventricolare controllata", "present", 1)],
    ),
    (
        "Decorso_post_operatorio",
        "Nessun supporto inotropo",
        [("Inotropi", "supporto inotropo", "negated", False)],
    ),
    (
        "Decorso_post_operatorio",
        "Posizionamento di ECMO veno-arterioso",
        [("IABP/ECMO/IMPELLA", "ECMO veno-arterioso", "present", True)],
    ),
    (
        "Decorso_post_operatorio",
        "Non complicanze neurologiche",
        [("Stroke_TIA_post_op", "complicanze neurologiche", "negated", False)],
    ),
    ("Decorso_post_operatorio", "Non IRA", [("IRA", "IRA", "negated", False)]),
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
        [("Ritmo_alla_dimissione", "ritmo sinusale stabile", "present", 0)],
    ),
    (
        "Decorso_post_operatorio",
        "Trasfuso con 3 sacche",
        [("Necessità_di_trasfusioni", "Trasfuso", "present", True)],
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
        [("elettivo_urgenza_emergenza", "urgenza", "present", 1)],
    ),
    (
        "Anamnesi",
        "Già operato nel 1998 di plastica mitralica",
        [
            ("Anno REDO", "1998", "present", "1998"),
            ("Tipo di REDO", "plastica mitralica", "present", "plastica mitralica"),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_a_phrase(case: Case) -> None:
    check(case)
