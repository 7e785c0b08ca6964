"""The dates of a line that fill a field: birth, admission, discharge, death."""

import re
from collections.abc import Iterator

from core.label.rules.date_columns import dated_behind, dated_columns, tells_who
from core.label.rules.date_cues import HERE, role_of
from core.label.rules.days import Day, days, of_year
from core.label.rules.words import Line
from core.read.words.fold import fold
from core.read.words.shape import Shape

# Rossi Mario - 07/08/1939: behind a name that begins the line, a day long past is the birth.
_NAMED = re.compile(
    r"^(?:[a-z]{1,9}\s?:\s(?:\d{5,12}\s)?)?[a-z' -]{5,40}(?:\s\(?[mf]\)?)?\s?[-,(/]\s?(?:del\s)?$"
)
_CAPITALISED = re.compile(r"\W*[A-ZÀ-Ú][\w'’-]+,?(?:\s[A-ZÀ-Ú][\w'’-]+){1,3},?\s+")
_AGED = Shape(r"(?:\banni\s\d{2,3}|\b\d{2,3}\s(?:anni|aa))\s?[,(]\s?$")
_TOWN = Shape(r"\bn\.\s(?:a\s)?[a-z' ]{3,25},?\s$")
_GROWN = "2008"
_LATE = ("terapia_alla_dimissione", "esami_alla_dimissione")  # nobody is admitted there
# The hour says nothing of the day: alle ore 1.40 del 28 novembre.
_CLOCK = Shape(
    r"(?<=[\s,(])(?:(?:alle|verso le|intorno alle|dalle|circa alle)(?: ore)?|ore|h)\.?\s?"
    r"(?:\d{1,2}(?:[.:,]\d{2})?(?![\d/]|[.]\d)|una\b|due\b|tre\b|quattro\b|cinque\b|sei\b)"
    r"(?:\s(?:e mezza|circa))?(?:,?\s(?:del mattino|di notte|di sera|del pomeriggio|della notte))?"
)
# Dimissione; 17/10/2019: a label's colon, as OCR reads it.
_BENT_COLON = Shape(
    r"(\b(?:nascita|nat[oa] il|ingresso|ricovero|degenza|dimissione|uscita|accettazione|decesso))"
    r"\s?[;.](\s*)$"
)
_BIRTH_TO_COME = Shape(r"\bnat[oa](?: (?:a|ad|in)\b[^.;:\d()]{0,40})?$")
_DEATH_SECTION = Shape(r"exitus|decesso|constatazione|morte")


def roles(line: Line, history: bool) -> Iterator[tuple[str, Day]]:
    """The dates of a line that fill a field. In a history only birth and death count."""
    text = f"{line.before} " if line.before else ""
    shift = len(text)
    whole = text + line.folded
    previous: tuple[str, Day] | None = None
    late = line.section in _LATE
    columns = dated_columns(line) or dated_behind(line)
    for number, day in enumerate(days(line)):
        left = _CLOCK.sub(_blank, whole[max(0, day.start + shift - 140) : day.start + shift])
        left = _BENT_COLON.sub(_colon, left)
        behind = _CLOCK.sub(_blank, line.folded[day.end : day.end + 90])
        before = line.folded[: day.start]
        role = columns[number] if columns else role_of(left, behind, previous, before)
        if role is None and line.section and _DEATH_SECTION.match(fold(line.section)):
            role = "data_morte" if before.strip(" :.-|") in ("", "data") else None
        if role is None and _follows_a_name(line, day, left):
            role = "data_di_nascita"
        if role == "data_di_nascita":
            born = next((d for d in days(line, birth=True) if d.start == day.start), day)
            yield role, of_year(line, born)
        elif role == "data_ingresso_cch" and late:
            role = None
        elif role and (not history or role == "data_morte" or HERE.search(left + behind)):
            yield role, day
        if role or not _in_brackets(line.folded, day.start):
            previous = (role, day) if role else None


def _follows_a_name(line: Line, day: Day, left: str) -> bool:
    """Whether a day long past stands behind a name, an age or a town: the day of birth."""
    if day.iso is None or day.iso >= _GROWN:
        return False
    if _NAMED.search(left):
        return True
    behind = _AGED.search(left) or _TOWN.search(left)
    named = _CAPITALISED.fullmatch(line.text[: day.start])
    return tells_who(line) and bool(behind or named)


def _colon(match: re.Match[str]) -> str:
    return f"{match[1]}:{match[2]}"


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def birth_to_come(folded: str) -> str:
    """How a line ends that leaves the day of birth to the next: `nato a Rieti`."""
    match = _BIRTH_TO_COME.search(folded)
    return match[0] if match else ""


def _in_brackets(text: str, place: int) -> bool:
    return text.rfind("(", 0, place) > text.rfind(")", 0, place)
