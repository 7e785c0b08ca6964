"""What follows from other values and from how the letter speaks: age, stay, sex, implied values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from core.extract.dates import Found, find_dates
from core.extract.result import in_order, quote
from core.extract.words import families, sex_signs, words
from core.label.rules.date_columns import COLUMN, is_header
from core.read.words.dates import NUMBERS, written
from core.read.words.fold import fold
from core.read.words.slips import mended
from core.read.words.unbent import straight
from core.records import Evidence, FieldValue, Letter, Value

AGE, STAY, SEX = "età al momento dell'intervento", "H_Stay_giorni", "Sesso"
HOME_DRUGS = (
    *("lasix", "nitrati", "antiaggregante", "dapt", "anticoagorali"),
    *("aceinib", "betabloc", "sartanici", "caantag"),
)
PARTICIPLES = 3  # kinds of signs of sex: statement, column, address; then what may be a relative's
Values = Mapping[str, FieldValue]
Operation = tuple[date, tuple[Evidence, ...]]
"""The day of operation and the places that say it."""

_NEXT_DATE = re.compile(r"\be il \d{1,2} [a-z]{3,9}\b")  # "mandato il 10, e il 12 ottobre operato"
_OWN_DATE = re.compile(
    r"[\w']{0,6}\s*(?:il\s|:\s?|in\sdata\s)?(?:(?:lun|mar|mer|gio|ven|sab|dom)[a-zì]*\.?,?\s)?"
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}(?:\s?[/.| -]\s?(?:\d{1,2}|[ivx]{1,4})\s?[/.| -]\s?'?\d{2}"
    r"|\s(?:gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic)))"
    r"|\s(?:il|(?:lun|mar|mer|gio|ven|sab|dom)[a-zì]*)\s\d{1,2}\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[;\n]|(?<!\bsec)(?<!\bmecc)(?<!\bvalv)\.(?=\s+[A-ZÀ-Ú*•-])")


def derive(letter: Letter, values: Values, operation: Operation | None) -> Iterator[FieldValue]:
    """Sex, age on the day of operation, stay, and what other values imply.

    The letter is read with its bent words put right; places quote it as it is written.
    """
    for value in _derived(straightened(letter), values, operation):
        places = tuple(quote(letter, place.start, place.end) for place in value.evidence)
        yield replace(value, evidence=places)


def straightened(letter: Letter) -> Letter:
    """The letter with its bent words put right; itself where there are none."""
    text = straight(letter.text)
    return letter if text == letter.text else replace(letter, text=text)


def _derived(letter: Letter, values: Values, operation: Operation | None) -> Iterator[FieldValue]:
    yield from _sex(letter)
    birth, discharge = values.get("data_di_nascita"), values.get("data_dimissione_cch")
    if operation is not None:
        day, places = operation
        if birth is not None:
            age = age_on(date.fromisoformat(str(birth.value)), day)
            yield from _said(AGE, age if 0 <= age <= 120 else None, (*birth.evidence[:1], *places))
        if discharge is not None:
            stay = (date.fromisoformat(str(discharge.value)) - day).days
            yield from _said(STAY, stay, (*places, *discharge.evidence[:1]))
    elif birth is not None:
        yield from _age_of_stay(birth, values)
    yield from _implied(letter, values)


def age_on(birth: date, day: date) -> int:
    """Whole years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _age_of_stay(birth: FieldValue, values: Values) -> Iterator[FieldValue]:
    """Without a day of operation: the age, where it is the same all through the stay."""
    born = date.fromisoformat(str(birth.value))
    ends = [values[name] for name in ("data_ingresso_cch", "data_dimissione_cch") if name in values]
    ages = {age_on(born, date.fromisoformat(str(end.value))) for end in ends}
    if len(ends) == 2 and len(ages) == 1:
        places = (place for value in (birth, *ends) for place in value.evidence[:1])
        yield from _said(AGE, ages.pop(), tuple(places))


def operation_day(letter: Letter, values: Values) -> Operation | None:
    """The first day of this stay on which the letter tells of an operation, and where it says so.

    A date counts when it lies within the stay and when, within its clause, the word nearest to it
    speaks of an operation. Without a known stay the history is left out.
    """
    first = _day(values, "data_ingresso_cch")
    last = _day(values, "data_dimissione_cch") or _day(values, "data_morte")
    found = []
    for place in find_dates(letter.text, first or last, yearless=bool(first and last)):
        inside = (first is None or place.day >= first) and (last is None or place.day <= last)
        if inside and _is_operation(letter, place, known=first is not None):
            found.append(place)
    if not found:
        return _day_after(letter, first, last)
    day = min(place.day for place in found)
    return day, in_order(quote(letter, p.start, p.end) for p in found if p.day == day)


def _day_after(letter: Letter, first: date | None, last: date | None) -> Operation | None:
    """Entrato il 7 aprile e operato il giorno successivo, due giorni dopo: counted from then."""
    told = words("operation", "next_day").search(letter.text)
    if told is None or first is None or last is None:
        return None
    count = fold(told["days"] or "uno")
    day = first + timedelta(days=NUMBERS.get(count) or int(count))
    return (day, (quote(letter, *told.span()),)) if day <= last else None


def _is_operation(letter: Letter, place: Found, known: bool) -> bool:
    section = next((s for s in letter.sections if s.start <= place.start < s.end), None)
    name = section.name if section else ""
    if not known and name == "Anamnesi":
        return False
    start, end = _clause(letter.text, place)
    before, after = letter.text[start : place.start], letter.text[place.end : end]
    if title := _title(letter.text, place):
        before, after = title, ""
    operation, other = _nearest("said", before, after), _nearest("other", before, after)
    titled = (
        name != "Decorso_post_operatorio" and words("operation", "section").search(name) is not None
    )
    if operation is None and titled:
        return other is None
    return operation is not None and (other is None or operation <= other)


def _title(text: str, place: Found) -> str:
    """The heading of the column that a date stands in, where the line above names one for each."""
    start = text.rfind("\n", 0, place.start) + 1
    above = fold(text[:start].rstrip("\n").rpartition("\n")[2])
    if not is_header(above):
        return ""
    row = text[start:].partition("\n")[0]
    starts = [day.start + start for day in written(fold(mended(row)))]
    named = [match[0] for match in COLUMN.finditer(above)]
    fits = len(named) == len(starts) and place.start in starts
    return named[starts.index(place.start)] if fits else ""


def _clause(text: str, place: Found) -> tuple[int, int]:
    line = text.rfind("\n", 0, place.start) + 1
    before = max((m.end() for m in _CLAUSE_END.finditer(text, line, place.start)), default=line)
    after = _CLAUSE_END.search(text, place.end)
    return before, after.start() if after else len(text)


def _nearest(cues: str, before: str, after: str) -> int | None:
    """How far the nearest cue is from the date: its characters, more behind it or past a comma."""
    cue = words("operation", cues)
    gaps = [before[match.end() :] for match in cue.finditer(before)]
    # "Ricovero 04/05/2022   Intervento 05/05/2022": a word may have a date of its own.
    gaps += [
        "   " + after[: match.start()]
        for match in cue.finditer(after)
        if not _OWN_DATE.match(after, match.end())
        and not _NEXT_DATE.search(after, 0, match.start())
    ]
    return min((len(gap) + 15 * gap.count(",") for gap in gaps), default=None)


def _sex(letter: Letter) -> Iterator[FieldValue]:
    """By statement, address, birth, article, participle; not where relatives are spoken of."""
    for number, (male, female) in enumerate(sex_signs()):
        reach = 40 if number >= PARTICIPLES else 0
        signs: dict[str, list[Evidence]] = {
            "M": _signs(letter, male, reach),
            "F": _signs(letter, female, reach),
        }
        code = max(signs, key=lambda code: len(signs[code]))
        if len(signs["M"]) != len(signs["F"]):
            yield from _said(SEX, code, tuple(signs[code][:3]))
            return


def _signs(letter: Letter, sign: re.Pattern[str], reach: int) -> list[Evidence]:
    """The places of a sign where no relative is named before it or within `reach` behind it."""
    found = []
    for match in sign.finditer(letter.text):
        start = letter.text.rfind("\n", 0, match.start()) + 1
        around = letter.text[max(start, match.start() - 60) : match.end() + reach].split("\n")[0]
        if not words("people", "relatives").search(around):
            found.append(quote(letter, match.start(), match.end()))
    return found


def _implied(letter: Letter, values: Values) -> Iterator[FieldValue]:
    """DAPT is an antiplatelet, two antiplatelets are DAPT, a CRT-D defibrillates, a dose is a drug,
    an earlier heart operation makes this one a redo, no therapy is no drug, a first fibrillation
    after the operation had none before it.
    """
    true = {name: value for name, value in values.items() if value.value is True}
    plates = true["antiaggregante"].evidence if "antiaggregante" in true else ()
    if len(families("antiplatelets", (place.text for place in plates))) > 1:
        yield FieldValue("dapt", True, plates)
    if "antiaggregante" in values and values["antiaggregante"].value is False:
        yield FieldValue("dapt", False, values["antiaggregante"].evidence)
    if "dapt" in true:
        yield FieldValue("antiaggregante", True, true["dapt"].evidence)
    if "FA_di_nuova_insorgenza" in true:  # the first ever: there was none before
        yield FieldValue("fibrillazione_atriale", 0, true["FA_di_nuova_insorgenza"].evidence)
    resynchronised = true["crt"].evidence if "crt" in true else ()
    shocks = words("therapy", "defibrillating")
    defibrillating = [place for place in resynchronised if shocks.search(place.text)]
    yield from _said("icd", True, tuple(defibrillating))
    for detail, event in (
        ("lasix_dosaggio", "lasix"),
        ("Tipo_secondo_intervento", "secondo_intervento"),
        ("Causa_II_Run_CEC", "II_Run"),
        ("Tipo di REDO", "REDO"),
    ):
        if detail in values and event not in values:
            yield FieldValue(event, True, values[detail].evidence)
    yield from _nothing_else(letter, values)
    match = words("therapy", "none_at_home").search(letter.text)
    if match and not any(name in true for name in HOME_DRUGS):
        for name in HOME_DRUGS:
            yield FieldValue(name, False, (quote(letter, *match.span()),))


def _nothing_else(letter: Letter, values: Values) -> Iterator[FieldValue]:
    """ "Prende solo L-tiroxina, nessun altro farmaco": none of the drugs not named."""
    lists = [(s.start, s.end) for s in letter.sections if s.name == "Terapia"]
    told = None if lists else words("therapy", "taken_alone").search(letter.text)
    for start, end in lists or ([told.span()] if told else ()):
        match = words("therapy", "nothing_else").search(letter.text, start, end)
        for name in HOME_DRUGS if match else ():
            if name not in values:
                yield FieldValue(name, False, (quote(letter, *match.span()),))  # type: ignore[union-attr]


def _said(field: str, value: Value | None, places: tuple[Evidence, ...]) -> Iterator[FieldValue]:
    """The value where there is one and the letter has a place for it; a negative stay is none."""
    negative = isinstance(value, int) and value < 0
    if value is not None and places and not negative:
        yield FieldValue(field, value, in_order(places))


def _day(values: Values, name: str) -> date | None:
    value = values.get(name)
    return None if value is None else date.fromisoformat(str(value.value))
