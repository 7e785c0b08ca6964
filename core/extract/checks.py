"""What the values of one letter say against each other: shown to a person, never mended."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations

from core.extract.derived import AGE, STAY, age_on
from core.extract.result import Doubt, Reason, in_order
from core.extract.words import families
from core.records import FieldValue, Value

Values = Mapping[str, FieldValue]
BORN, ADMITTED = "data_di_nascita", "data_ingresso_cch"
DISCHARGED, DIED = "data_dimissione_cch", "data_morte"
OLDEST, LONGEST = 110, 365  # years of a patient, days of a stay


def check(values: Values, operated: date | None) -> Iterator[Doubt]:
    """The doubts of a letter's values; `operated` is the day of operation, where it is known."""
    yield from _order(values)
    yield from _age(values, operated)
    yield from _stay(values, operated)
    yield from _drugs(values)
    yield from _heart(values)
    yield from _death(values)
    yield from _details(values)


def _order(values: Values) -> Iterator[Doubt]:
    """Birth before admission, admission not after discharge or death."""
    for early, late in combinations((BORN, ADMITTED, DISCHARGED), 2):
        yield from _before(values, early, late)
    for early in (BORN, ADMITTED):
        yield from _before(values, early, DIED)
    born, admitted = _day(values, BORN), _day(values, ADMITTED)
    if born and admitted and age_on(born, admitted) > OLDEST:
        yield _doubt("order", values, BORN, ADMITTED, note=f"Più di {OLDEST} anni all'ingresso")
    last = _day(values, DISCHARGED) or _day(values, DIED)
    if admitted and last and (last - admitted).days > LONGEST:
        later = DISCHARGED if DISCHARGED in values else DIED
        yield _doubt("order", values, ADMITTED, later, note="Più di un anno di degenza")


def _before(values: Values, early: str, late: str) -> Iterator[Doubt]:
    first, then = _day(values, early), _day(values, late)
    if first and then and first > then:
        yield _doubt("order", values, late, early, note=f"{late} precede {early}")


def _age(values: Values, operated: date | None) -> Iterator[Doubt]:
    """The age a letter states against the day of birth and that of the operation."""
    born, day = _day(values, BORN), operated or _day(values, ADMITTED)
    if AGE in values and born and day:
        counted = age_on(born, day)
        if abs(counted - float(values[AGE].value)) >= (1 if operated else 2):
            yield _doubt("mismatch", values, AGE, BORN, note=f"Dalle date: {counted} anni")


def _stay(values: Values, operated: date | None) -> Iterator[Doubt]:
    discharged = _day(values, DISCHARGED)
    if STAY not in values or discharged is None:
        return
    stay, admitted = float(values[STAY].value), _day(values, ADMITTED)
    if operated and stay != (discharged - operated).days:
        counted = (discharged - operated).days
        yield _doubt("mismatch", values, STAY, DISCHARGED, note=f"Dalle date: {counted} giorni")
    elif admitted and stay > (discharged - admitted).days + 1:
        yield _doubt("mismatch", values, STAY, ADMITTED, note="Più lunga del ricovero")


def _drugs(values: Values) -> Iterator[Doubt]:
    if "lasix_dosaggio" in values and not _is(values, "lasix", True):
        yield _doubt("mismatch", values, "lasix_dosaggio", "lasix", note="Dose senza farmaco")
    if _is(values, "dapt", True) and _is(values, "antiaggregante", False):
        yield _doubt("mismatch", values, "dapt", "antiaggregante", note="DAPT senza antiaggregante")
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
    if known is not None and known.value == 0 and _is(values, "ritmo_all_ingresso", 1):
        note = "Fibrillazione all'ingresso, mai in anamnesi"
        yield _doubt("mismatch", values, "fibrillazione_atriale", "ritmo_all_ingresso", note=note)
    if known is not None and known.value in (1, 2) and _is(values, "FA_di_nuova_insorgenza", True):
        note = "Fibrillazione già nota e di nuova insorgenza"
        yield _doubt("mismatch", values, "FA_di_nuova_insorgenza", known.field, note=note)
    if known is not None and known.value == 2 and _is(values, "ritmo_all_ingresso", 0):
        note = "Fibrillazione persistente o permanente con ritmo sinusale all'ingresso"
        yield _doubt("mismatch", values, "fibrillazione_atriale", "ritmo_all_ingresso", note=note)


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


def _doubt(reason: Reason, values: Values, field: str, other: str, note: str) -> Doubt:
    names = [name for name in (field, other) if name in values]
    places = in_order(place for name in names for place in values[name].evidence[:1])
    return Doubt(field, reason, places, note=note)


def _is(values: Values, name: str, value: Value) -> bool:
    return name in values and values[name].value == value


def _day(values: Values, name: str) -> date | None:
    value = values.get(name)
    return None if value is None else date.fromisoformat(str(value.value))
