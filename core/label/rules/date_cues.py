"""What a date is the date of, by the words before and behind it."""

import re

from core.label.rules.days import Day
from core.read.words.dates import WEEKDAY
from core.read.words.shape import Shape

_BIRTH = Shape(
    r"(?:\b(?:dob|date of birth)\b[^\d]{0,12}|\bna\s?t[oa/]+\b[^.;\d]{0,60}"
    r"|\bnat[oa]\snel\s\d{4},?\s(?:il\s)?"
    r"|\b(?:data (?:di )?)?nascita\b(?:[^\d]{0,12}|\s?:?\s[^\d;.:]{0,45},\s(?:il\s)?)"
    r"|\bnasce\b[^.;\d]{0,60}|\bnt\.?\s(?:il\s)?|^\W{0,4}\*\s?"
    r"|\(n\.\s(?:a\s)?[a-z' ]{3,25},?\s|\bche e (?:nat[oa] )?(?:il |del |dell'|di )\s?"
    r"|\bdata nasc\S*\s?|\bnasc\.\s?:?\s?|\bd\.?\s?d?\.?\s?n\.?\s?:?\s|\bn\.?\s?il\s"
    r"|\bn\.:?\s?|[a-z] [mf]\.\s?"
    r"|\bclasse\s(?:del\s)?(?:\d{4}|'\d{2})\b[,;(\s]{1,3}(?:(?:precisamente|esattamente|nat[oa]"
    r"|il|del|giorno)\s){0,3}"
    r"|[a-z]\s?[\s,;/|(-]\s?[mf]\.?\s?[\s,;/|)-]{1,3}"
    r"|\b(?:sig\S*|paz\S*|pz\S*|assistit\S*|nominativo\S*)\s[a-z\' ]{5,40}\s?[,(-]\s?"
    r"(?:(?:(?:classe )?del(?:la classe)?\s|dell')|[a-z][a-z\' ]{2,25},\s)?)$"
)
_ADMITTED = Shape(
    r"(?:\bricoverat[oaie]?\b|\bric+over+[oa]\b|\bricoverta\b|\bingress[oi]\b|\bdegen(?:te|za"
    r"|te)\b|\baccettazione\b|\baccettat[oa]\b"
    r"|\bentrat[oa]\b|\bammess[oa]\b|\baccolt[oa]\b|\bgiunt[oa]\b|\bgiunge(?:va)?\b"
    r"|\btrasferit[oa]\b|\btrasferimento (?=(?:(?:in|alla|presso|nel|nella|al) )?(?:di |la |il "
    r"|questo |questa )?(?:c\.?c\.?h|cardiochir|noi\b|nostr|reparto)|qui\b|da noi)"
    r"|\bprovenien(?:te|za)\b|\barrivat[oa]\b|\barrivo\b|\bricov\b\.?|\bamm(?:issione|\.)"
    r"|\bpres[oa] in carico\b|\bpassaggio\b(?! in (?:reparto|corsia|degenza))"
    r"|\b(?:passat|salit)[oa]\b(?= (?:poi |quindi |da noi |qui |presso di noi )*(?:in"
    r"|alla|nella) (?:cardiochir|cch|reparto))|\bing\b\.?|\bric\b\.?"
    r"|\bentra\b(?= (?:in|nel|da noi))|\bpervenut[oa]\b|\btrasiu\b|\bvegnu[oa]?\b"
    r"|\bin (?:cch|cardiochirurgia) (?=dal\b)"
    r"|\bavev(?:o|amo) accolto\b|\b(?:accogliemmo|ricoverammo|ammettemmo)\b"
    r"|\bdegente (?=presso di noi|da noi|qui)"
    r"|(?<!lasciato il )(?<!lascia il )(?<!lasciava il )\bnostr\w+ reparto (?=dal\b|da\b|il\b)"
    r"|\bsi ricovera(?:va)?\b|\bviene ricoverat[oa]\b|\bingr\.?"
    r"|\b(?:inizia|comincia)(?:t[oa]|va)?\b|\bsoggiorn[oa]\b|\bpermanenza\b"
    r"|\b(?:con|presso di|da|fra|tra) noi (?=dal\b|da\b)|\babbiamo (?:avuto|ospitato|curato"
    r"|assistito)\b"
    r"|\bospit(?:e|ata|ato) (?=(?:presso |da |del|della )?(?:di |il |la |noi|nostr|quest|reparto"
    r"|clinica|dal))"
    r"|\b(?:e|era) (?:stat[oa]|rimast[oa]) (?:con|da|presso di) noi\b|\bin cura (?:da"
    r"|presso di) noi\b"
    r"|\baccede(?:va)?\b|\baccesso in (?:reparto|cardiochir\w*|c\.?c\.?h\b)"
    r"|\bdata (?:di |dell')?accesso\b|\baccesso\b(?=\W{1,3}$)|\bperiodo\b(?=\W{1,3}$)"
    r"|\bin (?:reparto|clinica|divisione|ospedale|cura) (?=(?:dal|da|il)\b)"
    r"|\bfa(?:ceva)? (?:il suo )?ingresso\b"
    r"|\bsi (?:presenta|presentava|ricoverava|affida)\b(?= (?:da noi|in reparto|presso di noi"
    r"|nel nostro))"
    r"|\bentra(?:va)?\b(?= (?:il|in data|da|lunedi|martedi|mercoledi|giovedi|venerdi|sabato"
    r"|domenica)\b|\W{0,3}$)"
    r"|\bd\.\s?i\.(?=\W{0,3}$))"
    r"(?P<between>(?:[^;\d]{0,20}\bn\W{0,3}[\d/.-]+\s)?[^;\d]{0,80})$"
)
_ADMITTED_BEHIND = re.compile(
    r"\s(?:e stat[oa] |viene |veniva )?(?:trasferit|accolt|entrat)[oa]\s(?:in|alla|presso)\s"
    r"(?:la |questa |nostra |questo )*(?:cardiochir|c\.?c\.?h\b|reparto)|"
    r"[\s,]*(?:il|la)?\s?(?:pz|paziente|sig\.?(?:ra)?)?[^.;\d]{0,40}?"
    r"\b(?:(?:e stat|veniva |viene |e )?ricoverat[oa]|entrava|fa(?:ceva)? ingresso|giungeva"
    r"|si ricovera\w*|accedeva|ingresso in|ricovero)\b"
    r"(?!\W{0,3}(?:il |in data |:)?\W{0,3}\d)"
)
_DISCHARGED = Shape(
    r"(?:\bsi dimett\w+\b|\btrasferit[oa] (?:in|presso|alla|al"
    r"|c/o) (?:\w+ ){0,3}riabilit\w*|\bdimettiamo\b"
    r"|\buscita\b"
    r"|\bdim(?:iss)?\b\.?"
    r"|\b(?:si|lo|la) (?:trasferisc\w+|trasferiamo)\b|\bdimetteva\b|\btornat[oa] a casa\b"
    r"|\bdimes+[oae]\b|\bdimis+ion[ei]\b|\buscit[oa]\b(?=\W{0,3}(?:il|in data|dal reparto"
    r"|di casa)?\W{0,3}$)"
    r"|\b(?:termin(?:a|ato|ata|ava)|finit[oa]|finisc[ea]|si (?:chiude|conclude|e chius[oa]"
    r"|e conclus[oa])|conclus[oa]si|conclus[oa])\b"
    r"|\b(?:si |viene |veniva |e stat[oa] )(?:conged\w+|licenziat[oa]|rilasciat[oa]"
    r"|lasciat[oa] andare)\b"
    r"|\b(?:rientro|ritorno|rientrat[oa]|ritornat[oa]|fa ritorno|faceva ritorno|rientra(?:va)?"
    r"|ritorna(?:va)?) (?:a casa|a domicilio|al (?:suo |proprio )?domicilio|in famiglia)\b"
    r"|\b(?:ha lasciato|lascia(?:va)?) (?:il reparto|la clinica|l'ospedale|la casa di cura"
    r"|il nostro)\b"
    r"|(?:^|[.;]\s)(?:uscit|dimess)[oa],?\s[^.;:\d]{3,50}:\s?$|\b(?:dimettemmo|congedammo)\b"
    r"|\b(?:congedo|rilascio|partenza)\b(?=\W{0,5}(?:il )?$)|\busci(?= il )"
    r"|\bd\.\s?d\.(?=\W{0,3}$)"
    r"|\besce(?=\W{0,3}(?:lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica)\b|,)"
    r"|\besce(?= (?:oggi\b|il\b|in\b|da\b|dal\b|domani\b)|\s*$)"
    r"|\busci(?:to|ta)? (?:dall'ospedale|dal reparto|di qui)"
    r"|\b(?:va|torna|ritorna) casa\b|\brimand\w+ a casa\b|\btorna a ca\b"
    r"|\bse ne (?:va|torna)\b|\blascia(?:va)? (?:il|la|l'|questo|il nostro)\b"
    r"|\b(?:torna|va|rientra|mandat[oa]|rinviat[oa]|rimandat[oa]"
    r"|inviat[oa]|ritorna) (?:a casa|al (?:suo |proprio )?domicilio|a domicilio)\b)"
    r"[^.;\d]{0,60}$"
)
_DISCHARGED_BEHIND = re.compile(
    r"[\s,]*[^.;\d]{0,30}?\b(?:viene dimess[oa]|si dimette(?:va)?|dimes+[oa]|dimissione"
    r"|(?:torna|rientra|ritorna|va) (?:a casa|a domicilio|al (?:suo |proprio )?domicilio"
    r"|in famiglia)"
    r"|dimissibil\w+|puo (?:tornare|rientrare|essere dimess[oa]|andare a casa)"
    r"|(?:esce|usciva) (?:dal reparto|dall'ospedale)|lascia(?:va)? (?:il reparto|la clinica"
    r"|l'ospedale)"
    r"|(?:si |viene )conged\w+|(?:dimettiamo|affidiamo|trasferiamo|rimandiamo|congediamo))\b"
    r"(?!\W{0,3}(?:il |in data |:)?\W{0,3}\d)"
)
_DIED = Shape(
    r"(?:\bmuore\b|\bmoriva\b|\bsi spe(?:gne|nse)\b|\bdecedut[oa]\b"
    r"|\bdecede(?:va)?\b|\bexitus\b|\bmort[oea]\b|\bdeces+[oi]\b|\b(?:e|era) mancat[oa]\b"
    r"|\bvenut[oa] a mancare\b|\bci ha lasciat[oi]\b|\bcessa(?:va)? di vivere\b"
    r"|\bha cessato di vivere\b"
    r"|\barresto irreversibile\b|\bconstatazione di morte\b"
    r"|\bspirat[oa]\b|\bspira(?:va)?\b)[^.;\d]{0,60}$"
)
_DIED_BEHIND = re.compile(
    r"[\s,]*[^.;\d]{0,50}?"
    r"\b(?:decede(?:va)?|decesso|exitus|si constata(?:va)? il decesso|decedut[oa]|spira(?:va)?"
    r"|moriva|muore|si spegne(?:va)?|si spense|mancat[oa]|cessa(?:va)? di vivere)\b"
    r"(?!\W{0,3}(?:il |in data |:)?\W{0,3}\d)"
)
# 02.02 asistolia. Si constata il decesso: of a diary, whose lines begin with the day.
_DIED_LATER = re.compile(
    r"[^.;\d]{0,50}\.\s[^.;\d]{0,20}\b(?:si constata il decesso|decesso|exitus|decede)\b"
)
_BORN_BEHIND = re.compile(r"\s?[,(]\s?(?:luogo e )?data di nascita")
_STAYED = re.compile(
    r"[°º]?\s(?:al|fino al)\s[\w/.\-' ]{5,20}?[\s,]+(?:e stat[oa] |era )?(?:ricoverat|degent"
    r"|ospit)[oae]"
)
_ASIDE = re.compile(r"\s*\([^()]{1,90}\)\s*")
# Trasf. 29.11.19 a Riab.: to another house, which ends the stay here.
_AWAY = Shape(r"\b(?:trasf(?:erit[oa]|erimento)?|invi(?:at[oa]|o))\b\.?\W{0,3}(?:il |in data )?$")
_AWAY_TO = re.compile(
    r"\s?,?\s?(?:in|a|ad|al|alla|presso|c/o|presso (?:il|la))\s[^.;\d]{0,25}?"
    r"(?:riab|lungodeg|rsa\b|r\.s\.a|casa di cura|hospice|domicil|altr[oa])"
)
_TO = re.compile(
    r"^[°º^]?\s*(?:al|all'|-|/|→|->|>|=>|a|fino al|e dimess[oa]\D{0,12}|sino al"
    r"|,? ?dimess[oa]\D{0,12}|e il|,? e (?:che )?(?:termina\w*|si conclude\w*|si chiude\w*"
    r"|finisc\w+)"
    r"(?: oggi)?,?(?: il)?):?"
    rf"\s*(?:giorno |di?a )?(?:{WEEKDAY}\s*)?$"
)
_IN = Shape(rf"\b(?:in|ing|i)\W{{1,3}}(?:{WEEKDAY}\s)?$")
_IN_LABEL = Shape(rf"(?:^|[|•·;,/])[\s•·*-]*in\s?[:=]\s?(?:{WEEKDAY}\s)?$")
_OUT = Shape(rf"\b(?:out|usc)\W{{1,3}}(?:{WEEKDAY}\s)?$")
_OUT_BEHIND = re.compile(r"[\s/,;|-]{1,5}(?:u\b|(?:[^;]{0,40}\s)?(?:out|usc)\b)")
_ELSEWHERE = Shape(
    r"\b(?:altr[oa] (?:ospedale|sede|nosocomio|struttura|centro|istituto)|ospedale (?:di"
    r"|civile di)|presso (?:l'|il )?(?:ospedale|nosocomio|presidio|p\.?o\.?|pronto soccorso"
    r"|ps\b)(?! (?:nostr|quest))|pronto soccorso|cardiologia|utic|medicina|rianimazione"
    r"|riabilitazione)"
)
# Rispetto all'ingresso, TC 20/03: the day of an examination.
_EXAMINED = Shape(
    r"\b(?:tc|rm|ecg|eco[a-z]*|rx|esam[ei]|coronarografia|cgf|emocoltur[ae])\b[^.;\d]{0,20}$"
)
# Ingresso il venti. Intervento il ventidue: a label of its own parts them.
_NEXT_LABEL = Shape(r"\.\s+(?:intervento|operazione|operat[oa]|procedura)\b")
HERE = Shape(
    r"\b(?:quest|nostr|cardiochirurgi|c\.?c\.?h\b|cch\b|presso di noi|ns\.?\b"
    r"|codest|ci (?:e|era|fu|venne|veniva|viene) (?:stat[oa] )?(?:trasferit|inviat|affidat)[oa])"
)
_THERE = Shape(
    r"\b(?:d?ove|in cui|nel quale|nella quale|presso (?:cui|il quale|la quale))"
    r" (?:(?:e|era|fu|veniva|risultava|si trovava) )?(?:(?:gia|stato|stata) )*"
    r"(?:ricoverat[oa]|degente|accolt[oa]|entrat[oa])\b[^.;\d]{0,40}$"
)
# Fine ricovero: 17/05; the cue of an admission stands in that of its end.
_ENDED = Shape(
    r"\b(?:fine|termine|conclusione|chiusura|uscita dal)\s(?:del |della )?(?:ricovero|degenza"
    r"|soggiorno|cartella)\W{0,4}(?:il |in data )?$"
)
_OTHER = Shape(
    r"\b(?:intervento|operat[oa]|sottopost|eseguit|ecocardio|coronarograf|tc\b|ecg|esam|controllo"
    r"|visita"
    r"|impiant|stampa|referto|firma)\w*[^.;\d]{0,40}$"
)


def role_of(left: str, behind: str, previous: tuple[str, Day] | None, line: str) -> str | None:
    if previous and _TO.match(_ASIDE.sub(" ", line[previous[1].end :])):
        if previous[0] == "data_ingresso_cch":
            return "data_dimissione_cch"
    if _BIRTH.search(left) or _BORN_BEHIND.match(behind):
        return "data_di_nascita"
    diary = not line.strip() and _DIED_LATER.match(behind)
    if _DIED.search(left) or _DIED_BEHIND.match(behind) or diary:
        return "data_morte"
    if _ENDED.search(left):
        return "data_dimissione_cch"
    if _AWAY.search(left) and _AWAY_TO.match(behind):
        return "data_dimissione_cch"
    admitted = _ADMITTED.search(left)
    if _IN_LABEL.search(left) or _IN.search(left) and _OUT_BEHIND.match(behind):
        return "data_ingresso_cch"
    if _OUT.search(left):
        return "data_dimissione_cch"
    discharged = _DISCHARGED.search(left)
    if discharged and (not admitted or discharged.start() >= admitted.start()):
        elsewhere = _ELSEWHERE.search(discharged[0])
        onwards = re.search(r"(?<!dalla )riabilit", discharged[0])  # from here, not from there
        return None if elsewhere and not onwards else "data_dimissione_cch"
    if admitted and _EXAMINED.search(left):
        return None
    if admitted and not _NEXT_LABEL.search(admitted["between"]):
        return None if _named_elsewhere(left) else _admission(admitted, left + behind)
    if _OTHER.search(left):
        return None
    if _DISCHARGED_BEHIND.match(behind):
        return "data_dimissione_cch"
    if _STAYED.match(behind) and left.endswith(("dal ", "da ")):
        return "data_ingresso_cch"
    if _ADMITTED_BEHIND.match(behind) and (not _ELSEWHERE.search(behind) or HERE.search(behind)):
        return "data_ingresso_cch"
    return None


def _named_elsewhere(left: str) -> bool:
    """Whether the words lead back to another house: `dalla Medicina di ..., ove era ricoverato`."""
    there = _THERE.search(left)
    if there is None:
        return False
    others = [found.start() for found in _ELSEWHERE.finditer(left, 0, there.start())]
    ours = [found.start() for found in HERE.finditer(left, 0, there.start())]
    return bool(others) and max(others) > max(ours, default=-1)


def _admission(cue: re.Match[str], around: str) -> str | None:
    """Into this ward, unless the words between speak of another house."""
    coming = re.search(r"\b(?:da|dal|dall'|dalla|provenien\w+|rientr\w+)", cue["between"])
    if HERE.search(cue[0]) or (cue[0].startswith(("trasferit", "giunt", "provenien")) and coming):
        return "data_ingresso_cch"
    return None if _ELSEWHERE.search(cue[0]) else "data_ingresso_cch"
