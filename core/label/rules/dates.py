"""Dates in letters: their shapes, their ISO value, and what each of them is the date of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.label.rules.words import Line
from core.read.months import MONTHS, ROMAN, STEMS

_MONTH = {name: n for names in (MONTHS, STEMS, ROMAN) for n, name in enumerate(names, 1)}
_MONTH["sett"] = 9
WEEKDAY = r"(?:lun|mar|mer|gio|ven|sab|dom)[a-z]*\.?,?"
NAMES = "|".join(sorted((m for m in _MONTH if m not in ROMAN), key=len, reverse=True))
_ROMANS = "|".join(sorted(ROMAN, key=len, reverse=True))
_DATE = re.compile(
    rf"(?<![\d/,-])(?<!\d\.)(?:(?P<iso>\d{{4}})-(?P<im>\d{{2}})-(?P<id>\d{{2}})"
    rf"|(?P<d>\d{{1,2}}|\bprimo(?=\s))(?:°|º|ª|\^)?(?:"
    rf"\s?(?P<sep>[/.\-]|(?<=\d)\|(?=\d))\s?(?P<m>\d{{1,2}})\s?(?P=sep)\s?(?P<y>\d{{4}}|'?\d{{2}})"
    rf"|\s?[/.\-]\s?(?P<rm>{_ROMANS})\s?[/.\-]\s?(?P<ry>\d{{4}}|'?\d{{2}})"
    rf"|(?:\s(?:di\s|del mese di\s)?|\s?[-/.]\s?)(?P<n>{NAMES})\.?(?![a-z])"
    rf"(?:(?:\s(?:del(?:l'anno)?\s)?|\s?[-/.]\s?)(?P<ny>\d{{4}}|'\d{{2}}|(?<=[-/.])\d{{2}}(?!\d)"
    rf"|(?<=[\d ][a-z]{{3}}\s)\d{{2}}(?![\d:./,]|\s?(?:ore|h|min|giorn|gg|anni|mesi))))?"
    rf"|\s?/\s?(?P<pm>0[1-9]|1[0-2]|[1-9])(?![\d/]|[.,]\d|\s?(?:mg|cp|cm|mm|%|di\b))"
    rf"|\.(?P<qm>0[1-9]|1[0-2])(?![\d/]|[.,]\d|\s?(?:[a-z]{{1,4}}/|mg|cp|cm|mm|g\b|%|di\b))"
    rf")|(?P<sd>\d \d|\d{{2}})/(?P<sm>\d \d|\d{{2}})/(?P<sy>\d{{4}})"
    rf"|(?P<bd>\d{{2}})\s(?P<bm>\d{{2}})\s(?P<by>(?:19|20)\d{{2}}))(?![\d])"
)
# 110338: a birth without separators, behind `nato`.
_SOLID = re.compile(r"\bnat[oa]\s(?:il\s)?(?P<d>[0-3]\d)(?P<m>[01]\d)(?P<y>(?:19|20)?\d{2})(?!\d)")
# Degenza: 4-15/03/2024, where the stroke is no part of a date.
_SPAN = re.compile(
    rf"\b(?:degenza|ricovero|soggiorno|periodo)\W{{1,3}}\d{{1,2}}-(?=\d{{1,2}}(?:[/.]\d"
    rf"|\s(?:{NAMES})))"
)
_FROM_TO = re.compile(
    rf"\b(?:(?:dal|da|tra il|fra il)\s(?:giorno\s)?(?:{WEEKDAY}\s)?|(?:degenza|ricovero"
    rf"|soggiorno|periodo)"
    rf"\W{{1,3}})(?P<a>\d{{1,2}})(?:\s(?P<am>{NAMES}))?"
    rf"(?:(?:\s|[°º^]\s?)(?:al|a|e il|fino al|sino al)\s(?:giorno\s)?(?:{WEEKDAY}\s)?"
    rf"|\s?(?:-|→|->|>)\s?)(?=\d)"
)


@dataclass(frozen=True, slots=True)
class Day:
    """A date as it stands in a line; `iso` is None where the year is not said."""

    start: int
    end: int
    iso: str | None


def days(line: Line, birth: bool = False) -> list[Day]:
    """All dates of a line; one without a year takes that of the next with one."""
    found: list[tuple[int, int, int | None, int, int]] = []
    folded = _SPAN.sub(lambda match: f"{match[0][:-1]}>", line.folded)
    for match in _DATE.finditer(folded):
        year, month, day = _parts(match, birth)
        if 1 <= month <= 12 and 1 <= day <= 31:
            found.append((match.start(), match.end(), year, month, day))
    for match in _SOLID.finditer(line.folded):
        year = _year(match["y"], birth=True)
        found.append((match.start("d"), match.end(), year, int(match["m"]), int(match["d"])))
    for match in _FROM_TO.finditer(folded):
        later = next((f for f in found if 0 <= f[0] - match.end() < 3), None)
        if later and not any(f[0] <= match.start("a") < f[1] for f in found):
            month = _MONTH[match["am"]] if match["am"] else later[3]
            end = match.end("am") if match["am"] else match.end("a")
            found.append((match.start("a"), end, later[2], month, int(match["a"])))
    found.sort()
    dated = []
    for number, (start, end, year, month, day) in enumerate(found):
        if year is None:
            year = next((f[2] for f in found[number + 1 :] if f[2] is not None), None)
        dated.append(Day(start, end, _iso(year, month, day)))
    return dated


def _parts(match: re.Match[str], birth: bool) -> tuple[int | None, int, int]:
    if match["iso"]:
        return int(match["iso"]), int(match["im"]), int(match["id"])
    if match["sd"]:
        return int(match["sy"]), *(int(match[n].replace(" ", "")) for n in ("sm", "sd"))  # type: ignore[return-value]
    if match["by"]:  # the strokes of a form are lost with its table: 07|07|1948
        return int(match["by"]), int(match["bm"]), int(match["bd"])
    day = 1 if match["d"] == "primo" else int(match["d"])
    if match["m"]:
        return _year(match["y"], birth), int(match["m"]), day
    if match["rm"]:
        return _year(match["ry"], birth), _MONTH[match["rm"]], day
    if match["n"]:
        return _year(match["ny"], birth), _MONTH[match["n"]], day
    return None, int(match["pm"] or match["qm"]), day


def _year(digits: str | None, birth: bool) -> int | None:
    if digits is None:
        return None
    year = int(digits.lstrip("'"))
    if year >= 100:
        return year
    # Two digits: a patient of heart surgery is grown up, a stay is of this century.
    return 1900 + year if birth and year > 12 or year >= 70 else 2000 + year


def _iso(year: int | None, month: int, day: int) -> str | None:
    try:
        return None if year is None else date(year, month, day).isoformat()
    except ValueError:
        return None


_BIRTH = re.compile(
    r"(?:\bna\s?t[oa/]+\b[^.;\d]{0,60}|\bdata (?:di )?nascita\b[^\d]{0,12}|\bnascita\b[^\d]{0,12}"
    r"|\bnasce\b[^.;\d]{0,60}|\bnt\.?\s(?:il\s)?|^\W{0,4}\*\s?"
    r"|\(n\.\s(?:a\s)?[a-z' ]{3,25},?\s|\bche e (?:nat[oa] )?(?:il |del |dell'|di )\s?"
    r"|\bdata nasc\S*\s?|\bnasc\.\s?:?\s?|\bd\.?\s?d?\.?\s?n\.?\s?:?\s|\bn\.?\s?il\s"
    r"|\bn\.\s?|[a-z] [mf]\.\s?"
    r"|\bclasse\s(?:del\s)?(?:\d{4}|'\d{2})\b[,;(\s]{1,3}(?:(?:precisamente|esattamente|nat[oa]"
    r"|il|del|giorno)\s){0,3}"
    r"|[a-z]\s?[\s,;/|(-]\s?[mf]\.?\s?[\s,;/|)-]{1,3}"
    r"|\b(?:sig\S*|paz\S*|pz\S*|assistit\S*|nominativo\S*)\s[a-z\' ]{5,40}\s?[,(-]\s?)$"
)
_ADMITTED = re.compile(
    r"(?:\bricoverat[oaie]\b|\bric+over+[oa]\b|\bricoverta\b|\bingress[oi]\b|\bdegen(?:te|za"
    r"|te)\b|\baccettazione\b|\baccettat[oa]\b"
    r"|\bentrat[oa]\b|\bammess[oa]\b|\baccolt[oa]\b|\bgiunt[oa]\b|\bgiunge(?:va)?\b"
    r"|\btrasferit[oa]\b|\btrasferimento (?=(?:in )?(?:c\.?c\.?h|cardiochir))"
    r"|\bprovenien(?:te|za)\b|\barrivat[oa]\b|\barrivo\b|\bricov\b\.?|\bamm(?:issione|\.)"
    r"|\bpres[oa] in carico\b|\bpassaggio\b"
    r"|\b(?:passat|salit)[oa]\b(?= (?:poi |quindi |da noi |qui |presso di noi )*(?:in"
    r"|alla|nella) (?:cardiochir|cch|reparto))|\bing\b\.?|\bric\b\.?"
    r"|\bentra\b(?= (?:in|nel|da noi))|\bpervenut[oa]\b|\btrasiu\b|\bvegnu[oa]?\b"
    r"|\bin (?:cch|cardiochirurgia) (?=dal\b)"
    r"|\bavev(?:o|amo) accolto\b|\bdegente (?=presso di noi|da noi|qui)"
    r"|\bnostr\w+ reparto (?=dal\b|da\b|il\b)"
    r"|\bsi ricovera(?:va)?\b|\bviene ricoverat[oa]\b|\bingr\.?"
    r"|\b(?:inizia|comincia)(?:t[oa]|va)?\b|\bsoggiorn[oa]\b|\bpermanenza\b"
    r"|\bospit(?:e|ata|ato) (?=(?:presso |da |del|della )?(?:di |il |la |noi|nostr|quest|reparto"
    r"|clinica|dal))"
    r"|\b(?:e|era) (?:stat[oa]|rimast[oa]) (?:con|da|presso di) noi\b|\bin cura (?:da"
    r"|presso di) noi\b"
    r"|\baccede(?:va)?\b|\baccesso in reparto\b|\bdata (?:di |dell')?accesso\b"
    r"|\bfa(?:ceva)? (?:il suo )?ingresso\b"
    r"|\bsi (?:presenta|presentava|ricoverava|affida)\b(?= (?:da noi|in reparto|presso di noi"
    r"|nel nostro))"
    r"|\bentra(?:va)?\b(?= (?:il|in data|da|lunedi|martedi|mercoledi|giovedi|venerdi|sabato"
    r"|domenica)\b|\W{0,3}$)"
    r"|\bd\.\s?i\.(?=\W{0,3}$))"
    r"(?P<between>(?:[^;\d]{0,20}\bn\W{0,3}[\d/.-]+\s)?[^;\d]{0,80})$"
)
_ADMITTED_BEHIND = re.compile(
    r"[\s,]*(?:il|la)?\s?(?:pz|paziente|sig\.?(?:ra)?)?[^.;\d]{0,40}?"
    r"\b(?:(?:e stat|veniva |viene |e )?ricoverat[oa]|entrava|fa(?:ceva)? ingresso|giungeva"
    r"|si ricovera\w*|accedeva|ingresso in|ricovero)\b"
)
_DISCHARGED = re.compile(
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
    r"|(?:esce|usciva) (?:dal reparto|dall'ospedale)|lascia(?:va)? (?:il reparto|la clinica"
    r"|l'ospedale)"
    r"|(?:si |viene )conged\w+|(?:dimettiamo|affidiamo|trasferiamo|rimandiamo|congediamo))\b"
)
_DIED = re.compile(
    r"(?:\bmuore\b|\bmoriva\b|\bsi spe(?:gne|nse)\b|\bdecedut[oa]\b"
    r"|\bdecede(?:va)?\b|\bexitus\b|\bmort[oea]\b|\bdeces+[oi]\b|\b(?:e|era) mancat[oa]\b"
    r"|\bvenut[oa] a mancare\b|\bci ha lasciat[oi]\b|\bcessa(?:va)? di vivere\b"
    r"|\bha cessato di vivere\b"
    r"|\barresto irreversibile\b|\bconstatazione di morte\b"
    r"|\bspirat[oa]\b|\bspira(?:va)?\b)[^.;\d]{0,60}"
    r"(?:\b(?:alle(?: ore)?|ore|h)\s?\d{1,2}[.:,]?\d{0,2}\s?(?:del(?: giorno)?|di|in data|,)?\s?)?$"
)
_DIED_BEHIND = re.compile(
    r"(?:[\s,]*(?:alle )?(?:ore|h)\s?\d{1,2}[.:,]?\d{0,2})?[\s,]*[^.;\d]{0,50}?"
    r"\b(?:decede(?:va)?|decesso|exitus|si constata(?:va)? il decesso|decedut[oa]|spira(?:va)?"
    r"|moriva|muore|si spegne(?:va)?|si spense|mancat[oa]|cessa(?:va)? di vivere)\b"
)
# Rossi Mario - 07/08/1939: behind a name that begins the line, a day long past is the birth.
_NAMED = re.compile(r"^[a-z' ]{5,40}(?:\s\(?[mf]\)?)?\s?[-,(]\s?(?:del\s)?$")
_AGED = re.compile(r"(?:\banni\s\d{2,3}|\b\d{2,3}\s(?:anni|aa))\s?[,(]\s?$")
_BORN_BEHIND = re.compile(r"\s?[,(]\s?(?:luogo e )?data di nascita")
_STAYED = re.compile(
    r"[°º]?\s(?:al|fino al)\s[\w/.\-' ]{5,20}?[\s,]+(?:e stat[oa] |era )?(?:ricoverat|degent"
    r"|ospit)[oae]"
)
_GROWN = "2008"
_LATE = ("terapia_alla_dimissione", "esami_alla_dimissione")  # nobody is admitted there
_ASIDE = re.compile(r"\s*\([^()]{1,90}\)\s*")
_COLUMN = re.compile(
    r"\b(?:(?P<di_nascita>nascita|nat[oa])|(?P<ingresso_cch>ingresso|ricovero|ammissione"
    r"|accettazione|entrat[oa])"
    r"|(?P<dimissione_cch>dimissione|dimess[oa]|uscita)|(?P<morte>decesso|exitus)"
    r"|(?P<other>intervento|operazione|procedura))\b"
)
_BIRTH_TO_COME = re.compile(r"\bnat[oa](?: (?:a|ad|in)\b[^.;:\d()]{0,40})?$")
_CLASS = re.compile(r"\bclasse\s(?:del\s)?(\d{4}|'\d{2})\b")
_YEARLESS = re.compile(rf"(\d{{1,2}})[°º^]?\s(?:di\s)?({NAMES})")
_TO = re.compile(
    r"^[°º^]?\s*(?:al|all'|-|/|→|->|>|=>|a|fino al|e dimess[oa]\D{0,12}|sino al"
    r"|,? ?dimess[oa]\D{0,12}|e il|,? e (?:che )?(?:termina\w*|si conclude\w*|si chiude\w*"
    r"|finisc\w+)"
    r"(?: oggi)?,?(?: il)?):?"
    rf"\s*(?:giorno |di?a )?(?:{WEEKDAY}\s*)?$"
)
_IN = re.compile(rf"\b(?:in|ing|i)\W{{1,3}}(?:{WEEKDAY}\s)?$")
_IN_LABEL = re.compile(rf"(?:^|[|•·;,/])[\s•·*-]*in\s?[:=]\s?(?:{WEEKDAY}\s)?$")
_OUT = re.compile(rf"\b(?:out|usc)\W{{1,3}}(?:{WEEKDAY}\s)?$")
_OUT_BEHIND = re.compile(r"[\s/,;|-]{1,5}(?:out|usc|u)\b")
_ELSEWHERE = re.compile(
    r"\b(?:altr[oa] (?:ospedale|sede|nosocomio|struttura|centro|istituto)|ospedale (?:di"
    r"|civile di)|presso (?:l'|il )?(?:ospedale|nosocomio|presidio|p\.?o\.?|pronto soccorso"
    r"|ps\b)(?! (?:nostr|quest))|pronto soccorso|cardiologia|utic|medicina|rianimazione"
    r"|riabilitazione)"
)
_HERE = re.compile(
    r"\b(?:quest|nostr|cardiochirurgi|c\.?c\.?h\b|cch\b|presso di noi|ns\.?\b"
    r"|codest)"
)
_THERE = re.compile(
    r"\b(?:d?ove|in cui|nel quale|nella quale|presso (?:cui|il quale|la quale))"
    r" (?:(?:e|era|fu|veniva|risultava|si trovava) )?(?:(?:gia|stato|stata) )*"
    r"(?:ricoverat[oa]|degente|accolt[oa]|entrat[oa])\b[^.;\d]{0,40}$"
)
_OTHER = re.compile(
    r"\b(?:intervento|sottopost|eseguit|ecocardio|coronarograf|tc\b|ecg|esam|controllo|visita"
    r"|impiant|stampa|referto|firma)\w*[^.;\d]{0,40}$"
)


def roles(line: Line, history: bool) -> Iterator[tuple[str, Day]]:
    """The dates of a line that fill a field. In a history only birth and death count."""
    text = f"{line.before} " if line.before else ""
    shift = len(text)
    whole = text + line.folded
    previous: tuple[str, Day] | None = None
    late = line.section in _LATE
    columns = _columns(line)
    for number, day in enumerate(days(line)):
        left = whole[max(0, day.start + shift - 140) : day.start + shift]
        behind = line.folded[day.end : day.end + 90]
        role = (
            columns[number] if columns else _role(left, behind, previous, line.folded[: day.start])
        )
        named = _NAMED.search(left) or (line.section is None and _AGED.search(left))
        if role is None and day.iso and day.iso < _GROWN and named:
            role = "data_di_nascita"
        if role == "data_di_nascita":
            born = next((d for d in days(line, birth=True) if d.start == day.start), day)
            yield role, _of_year(line, born)
        elif role == "data_ingresso_cch" and late:
            role = None
        elif role and (not history or role == "data_morte" or _HERE.search(left + behind)):
            yield role, day
        if role or not _in_brackets(line.folded, day.start):
            previous = (role, day) if role else None


def _columns(line: Line) -> list[str | None]:
    """The roles of the dates of a table's row, where the row above names one column for each."""
    named = list(_COLUMN.finditer(line.before))
    found = days(line)
    if len(named) < 2 or len(named) != len(found):
        return []
    return [None if match["other"] else f"data_{match.lastgroup}" for match in named]


def is_header(folded: str) -> bool:
    """Whether a line is the head of a table with columns of dates."""
    words = folded.split()
    named = len(_COLUMN.findall(folded))
    return named > 1 and len(words) <= 4 * named and not any(c.isdigit() for c in folded)


def birth_to_come(folded: str) -> str:
    """How a line ends that leaves the day of birth to the next: `nato a Rieti`."""
    match = _BIRTH_TO_COME.search(folded)
    return match[0] if match else ""


def _in_brackets(text: str, place: int) -> bool:
    return text.rfind("(", 0, place) > text.rfind(")", 0, place)


def _of_year(line: Line, born: Day) -> Day:
    """Classe 1943, nato l'8 aprile: the year stands before the day."""
    told = _CLASS.search(line.folded)
    short = _YEARLESS.fullmatch(line.folded[born.start : born.end])
    if told is None or short is None:
        return born
    year = _year(told[1], birth=True)
    return Day(born.start, born.end, _iso(year, _MONTH[short[2]], int(short[1])))


def _role(left: str, behind: str, previous: tuple[str, Day] | None, line: str) -> str | None:
    if previous and _TO.match(_ASIDE.sub(" ", line[previous[1].end :])):
        if previous[0] == "data_ingresso_cch":
            return "data_dimissione_cch"
    if _BIRTH.search(left) or _BORN_BEHIND.match(behind):
        return "data_di_nascita"
    if _DIED.search(left) or _DIED_BEHIND.match(behind):
        return "data_morte"
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
    if admitted:
        return None if _named_elsewhere(left) else _admission(admitted, left + behind)
    if _OTHER.search(left):
        return None
    if _DISCHARGED_BEHIND.match(behind):
        return "data_dimissione_cch"
    if _STAYED.match(behind) and left.endswith(("dal ", "da ")):
        return "data_ingresso_cch"
    if _ADMITTED_BEHIND.match(behind) and (not _ELSEWHERE.search(behind) or _HERE.search(behind)):
        return "data_ingresso_cch"
    return None


def _named_elsewhere(left: str) -> bool:
    """Whether the words lead back to another house: `dalla Medicina di ..., ove era ricoverato`."""
    there = _THERE.search(left)
    if there is None:
        return False
    others = [found.start() for found in _ELSEWHERE.finditer(left, 0, there.start())]
    ours = [found.start() for found in _HERE.finditer(left, 0, there.start())]
    return bool(others) and max(others) > max(ours, default=-1)


def _admission(cue: re.Match[str], around: str) -> str | None:
    """Into this ward, unless the words between speak of another house."""
    coming = re.search(r"\b(?:da|dal|dall'|dalla|provenien\w+|rientr\w+)", cue["between"])
    if _HERE.search(cue[0]) or (cue[0].startswith(("trasferit", "giunt", "provenien")) and coming):
        return "data_ingresso_cch"
    return None if _ELSEWHERE.search(cue[0]) else "data_ingresso_cch"
