"""What the values of one letter say against each other: shown to a person, never mended."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from core.extract.derived import AGE, STAY, Operation, age_on, operation_day
from core.extract.result import Doubt, Reason, in_order
from core.extract.words import families
from core.records import Evidence, FieldValue, Letter, Value

Values = Mapping[str, FieldValue]
BORN, ADMITTED = "data_di_nascita", "data_ingresso_cch"
DISCHARGED, DIED = "data_dimissione_cch", "data_morte"
OLDEST, LONGEST = 110, 365  # years of a patient, days of a stay
# What letters of other stays, plans and first aid elsewhere are told in.
NOT_THIS_STAY = frozenset({"Anamnesi", "Motivo ricovero", "esami_all_ingresso", "Follow-up"})
_PERSISTENT = re.compile(r"\bpers(?:ist|\b)", re.IGNORECASE)
_NOT_NOW = re.compile(
    r"\b(?:sar[àa]|verr[àa]|programma\w*|previst[oa]|prevede|pianificat\w*|in lista|prossim[oa]"
    r"|attes[oa]|rivalutazione|controllo|appuntamento|gi[àa]|pregress\w*|precedent\w*|esiti"
    r"|altr[oa]|esterno|all'estero)\b",
    re.IGNORECASE,
)
_SLIP = 400  # days that a wrong day, month or year moves a date; what lies farther off is history


def check_letter(letter: Letter, values: Values, operation: Operation | None) -> Iterator[Doubt]:
    """The doubts of a letter's values, with the day of operation as the letter tells it."""
    yield from check(values, *(operation or (None, ())))
    if operation is None:
        yield from _operated_outside(letter, values)


def check(
    values: Values, operated: date | None, places: Sequence[Evidence] = ()
) -> Iterator[Doubt]:
    """The doubts of values; `operated` is the day of operation, and `places` say it."""
    yield from _order(values)
    yield from _earlier_operation(values)
    yield from _age(values, operated, places[:1])
    yield from _stay(values, operated, places[:1])
    yield from _drugs(values)
    yield from _heart(values)
    yield from _death(values)
    yield from _details(values)


def _order(values: Values) -> Iterator[Doubt]:
    """Birth before admission, admission not after discharge or death."""
    for late in (ADMITTED, DISCHARGED, DIED):
        yield from _before(values, BORN, late, strictly=late == ADMITTED)
    for late in (DISCHARGED, DIED):
        yield from _before(values, ADMITTED, late)
    born, admitted = _day(values, BORN), _day(values, ADMITTED)
    last = _day(values, DISCHARGED) or _day(values, DIED)
    later = DISCHARGED if DISCHARGED in values else DIED
    seen, where = (admitted, ADMITTED) if admitted else (last, later)
    if born and seen and age_on(born, seen) > OLDEST:
        yield _doubt("order", values, BORN, where, note=f"Più di {OLDEST} anni all'ingresso")
    if admitted and last and (last - admitted).days > LONGEST:
        yield _doubt("order", values, ADMITTED, later, note="Più di un anno di degenza")


def _before(values: Values, early: str, late: str, strictly: bool = False) -> Iterator[Doubt]:
    first, then = _day(values, early), _day(values, late)
    if first and then and (first > then or strictly and first == then):
        yield _doubt("order", values, late, early, note=f"{late} precede {early}")


def _operated_outside(letter: Letter, values: Values) -> Iterator[Doubt]:
    """An operation of this stay that the letter dates before the admission or after the end.

    Asked where the letter dates none within the stay; history, plans and tests are left out.
    """
    admitted = _day(values, ADMITTED)
    end = DISCHARGED if DISCHARGED in values else DIED
    last = _day(values, end)
    if admitted is None or last is None or admitted > last:
        return
    for kept, field, note in (
        (end, ADMITTED, "Intervento datato prima dell'ingresso"),
        (ADMITTED, end, "Intervento datato dopo la fine della degenza"),
    ):
        found = operation_day(letter, {kept: values[kept]})
        near = found is not None and (admitted - found[0]).days < _SLIP
        places = [p for p in found[1] if _is_of_stay(letter, p)] if found and near else []
        if places:
            yield _doubt("order", values, field, note=note, places=places[:1])


def _is_of_stay(letter: Letter, place: Evidence) -> bool:
    """Whether a date stands where a letter tells of this stay, not of a past or a planned one."""
    names = (part.name for part in letter.sections if part.start <= place.start < part.end)
    line = letter.text[max(0, place.start - 80) : place.start].rpartition("\n")[2]
    return next(names, None) not in NOT_THIS_STAY and not _NOT_NOW.search(line)


def _earlier_operation(values: Values) -> Iterator[Doubt]:
    """The year of an earlier operation lies between the birth and this stay."""
    if "Anno REDO" not in values or not str(values["Anno REDO"].value).isdigit():
        return
    year, born = int(values["Anno REDO"].value), _day(values, BORN)
    if born and year < born.year:
        yield _doubt("order", values, "Anno REDO", BORN, note=f"Anno REDO precede {BORN}")
    last = next((n for n in (DISCHARGED, DIED, ADMITTED) if n in values), None)
    day = _day(values, last) if last else None
    if last and day and year > day.year:
        yield _doubt("order", values, "Anno REDO", last, note="Anno REDO segue la degenza")


def _age(values: Values, operated: date | None, places: Sequence[Evidence]) -> Iterator[Doubt]:
    """The age a letter states against the day of birth and that of the operation."""
    born = _day(values, BORN)
    day = operated or _day(values, ADMITTED) or _day(values, DISCHARGED) or _day(values, DIED)
    if AGE in values and born and day and _is_number(values, AGE):
        counted = age_on(born, day)
        if abs(counted - float(values[AGE].value)) >= (1 if operated else 2):
            note = f"Dalle date: {counted} anni"
            yield _doubt("mismatch", values, AGE, BORN, note=note, places=places)


def _stay(values: Values, operated: date | None, places: Sequence[Evidence]) -> Iterator[Doubt]:
    """The stay counts from the operation; where its day is unknown, it fits into the ward's."""
    discharged = _day(values, DISCHARGED)
    if STAY not in values or discharged is None or not _is_number(values, STAY):
        return
    stay, admitted = float(values[STAY].value), _day(values, ADMITTED)
    if operated and stay != (discharged - operated).days:
        note = f"Dalle date: {(discharged - operated).days} giorni"
        yield _doubt("mismatch", values, STAY, DISCHARGED, note=note, places=places)
    elif admitted and stay > (discharged - admitted).days + 1:
        yield _doubt("mismatch", values, STAY, ADMITTED, DISCHARGED, note="Più lunga del ricovero")


def _drugs(values: Values) -> Iterator[Doubt]:
    if "lasix_dosaggio" in values and not _is(values, "lasix", True):
        yield _doubt("mismatch", values, "lasix_dosaggio", "lasix", note="Dose senza farmaco")
    if _is(values, "dapt", True) and _is(values, "antiaggregante", False):
        yield _doubt("mismatch", values, "dapt", "antiaggregante", note="DAPT senza antiaggregante")
    if _is(values, "dapt", True) and _is(values, "antiaggregante", True):
        both = (*values["dapt"].evidence, *values["antiaggregante"].evidence)
        naming = [place for place in both if families("antiplatelets", [place.text])]
        if len(families("antiplatelets", (place.text for place in naming))) == 1:
            note = "DAPT con un solo antiaggregante"
            yield _doubt("mismatch", values, "dapt", note=note, places=naming[:1])
    if _is(values, "antiaggregante", True):
        places = values["antiaggregante"].evidence
        two = len(families("antiplatelets", (place.text for place in places))) > 1
        if two and _is(values, "dapt", False):
            yield _doubt("mismatch", values, "dapt", "antiaggregante", note="Due antiaggreganti")


def _heart(values: Values) -> Iterator[Doubt]:
    """A pacemaker before against one implanted after; fibrillation against rhythm and novelty."""
    if _is(values, "pm", True) and _is(values, "Impianto_PM_post_intervento", True):
        note = "Pacemaker già presente e impiantato dopo l'intervento"
        yield _doubt("mismatch", values, "Impianto_PM_post_intervento", "pm", note=note)
    known = values.get("fibrillazione_atriale")
    atrial, new, rhythm = "fibrillazione_atriale", "FA_di_nuova_insorgenza", "ritmo_all_ingresso"
    if known is not None and known.value == 0 and _is(values, rhythm, 1):
        note = "Fibrillazione all'ingresso, mai in anamnesi"
        yield _doubt("mismatch", values, atrial, rhythm, note=note)
    if known is not None and known.value in (1, 2) and _is(values, new, True):
        note = "Fibrillazione già nota e di nuova insorgenza"
        yield _doubt("mismatch", values, new, atrial, note=note)
    elif _is(values, rhythm, 1) and _is(values, new, True):
        note = "Fibrillazione all'ingresso e di nuova insorgenza"
        yield _doubt("mismatch", values, new, rhythm, note=note)
    if known is not None and known.value == 2 and _is(values, rhythm, 0):
        # A persistent one may have been brought back to sinus rhythm before the admission.
        if not any(_PERSISTENT.search(place.text) for place in known.evidence):
            note = "Fibrillazione permanente con ritmo sinusale all'ingresso"
            yield _doubt("mismatch", values, atrial, rhythm, note=note)


def _death(values: Values) -> Iterator[Doubt]:
    """Who died has a day of death within the stay; it is shown where the letter gives none."""
    if _is(values, "Morte", True) and DIED not in values:
        yield _doubt("mismatch", values, "Morte", DIED, note="Decesso senza data")


def _details(values: Values) -> Iterator[Doubt]:
    """A detail of an event that the letter denies."""
    for detail, event in (
        ("Tipo_secondo_intervento", "secondo_intervento"),
        ("Causa_II_Run_CEC", "II_Run"),
        ("Anno REDO", "REDO"),
        ("Tipo di REDO", "REDO"),
    ):
        if detail in values and _is(values, event, False):
            yield _doubt("mismatch", values, detail, event, note=f"{event}: no")


def _doubt(
    reason: Reason, values: Values, *fields: str, note: str, places: Sequence[Evidence] = ()
) -> Doubt:
    """A doubt of the first field, with the first place of each field that has one."""
    said = [place for name in fields if name in values for place in values[name].evidence[:1]]
    return Doubt(fields[0], reason, in_order((*said, *places)), note=note)


def _is(values: Values, name: str, value: Value) -> bool:
    return name in values and values[name].value == value


def _is_number(values: Values, name: str) -> bool:
    return isinstance(values[name].value, int | float)


def _day(values: Values, name: str) -> date | None:
    value = values.get(name)
    return None if value is None else date.fromisoformat(str(value.value))
