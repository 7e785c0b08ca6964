"""The patient's telephone: numbers behind its label, in a table's column, dictated."""

import re
from collections.abc import Iterator

from core.label.rules.date_columns import is_header, tells_who
from core.label.rules.days import days
from core.label.rules.words import Line
from core.read.words.shape import Shape
from core.read.words.spoken import WORDS, digits
from core.records import Span, Value

Found = tuple[int, int, str, Value | None]
PHONE = "numero di telefono"

_PHONE_CUE = Shape(
    r"(?:\b(?:tel(?:efono|ef|\.)?|cell(?:ulare|\.)?|recapit[oi]|contatt[oi]|mobile|utenza|caregiver"
    r"|(?:il|cui|suo|al|questo) numero\b|puoi chiamare|puo chiamare|chiamar(?:lo|la)|numero"
    r" telefonico|numero\b[^.;\d]{0,40}\bsuo|rif\.? telefonico"
    r"|rif(?=\s?[.:])|raggiungibile|reperibile|risponde"
    r"|chiamare (?:il|la) (?:paziente|pz|sig\w*))(?:\s?[12]\b)?|\bt\.|☎|☏|✆)"
    r"(?:[^\d+]{0,45}|[^;\d]{0,60}(?:\b\d{1,3}\b[a-z]?[^;\d]{0,3}){1,2};\s?\(?)$"
)
_PHONE = re.compile(
    r"(?<![\d/,])(?<!\d\.)(?:(?:\+|00)\s?39[\s./-]?)?(?:0\d{1,3}"
    r"|3\d{2})\)?[\s./-]{0,3}\d(?:\d{1,3}|\s\d{2})(?:[\s./-]?\d{2,4}){0,3}(?!\d)"
)
_NOT_HIS = Shape(
    r"\b(?:fax|reparto|ambulatori|segreteri|centralino|cup\b|prenotazion|informazioni"
    r"|coordinator|medico|dott|dr\b|infermier|ospedale|day hospital|u\.?o\.?\b|direttore"
    r"|degenz|guardia|urgenz|corsia|studio"
    r"|(?<!puoi )(?<!puo )(?:contattare|rivolgersi|chiamare)(?! (?:il|la|al|alla) (?:paziente"
    r"|pz\b|sig))"
    r"|pec\b|e-?mail)"
)
_TOLD_PHONE = Shape(r"\b(?:tel|cell|recapit|mobile)\D{0,45}\d[\d ./-]{4,}\d\D{2,}$")
_KIN_PHONE = Shape(
    r"\b(?:figli[oa]|moglie|marito|coniuge|fratello|sorella|nipote|badante|familiar"
    r"|convivente|compagn)\b"
)
_KIN_BEFORE = Shape(
    r"\b(?:figli[oa]|moglie|marito|coniuge|fratello|sorella|nipote|badante|nip|convivente"
    r"|compagn[oa])\b\.?(?:\s(?:sig\S*\s)?[a-z']+){0,2}\s?[:,(-]?\s?\(?$"
)
_NAMED_ROW = re.compile(
    r"\W*(?:[^\W\d]{2,14}\s?:\s?)?[A-ZÀ-Ú][\w'’-]+,?(?:\s[A-ZÀ-Ú][\w'’-]+){1,3}"
    r"(?:\s?[,;/|(-]\s?[MF])?[\s,;/|()–-]{1,4}"
)
_BETWEEN = re.compile(r"\d\s*(?:[/,;-]|o|e|oppure|\([^()]*\))\s*(?:\w+\s?:?\s*)?$")
_LABELLED = Shape(r"\b(?:tel|cell|recapit)")
_COLUMN = Shape(r"\b(?:tel(?:efono)?|cell(?:ulare)?|recapit[oi]|contatt[oi])\b")
_PREFERRED = Shape(r"\b(?:prefer|meglio|piuttosto|usare)\w*[^.;)]{0,20}\b(?:cell|mobile|3\d\d)")
_DICTATED = Shape(
    rf"\b(?:tel(?:efono|\.)?|cell(?:ulare|\.)?|recapito(?: telefonico)?|mobile)\s?(?:numero\s|:\s)?"
    rf"(?P<said>{WORDS})"
)


def phones(line: Line) -> Iterator[Found]:
    """Start, end, field, value of the numbers of a line that may be the patient's."""
    if dictated := _DICTATED.search(line.folded):
        number = digits(dictated["said"])
        if 8 <= len(number) <= 12:
            yield *dictated.span("said"), PHONE, number
            return
    found = list(_written(line)) if line.has_figures else []
    if _PREFERRED.search(line.folded):
        found = [one for one in found if str(one[3]).lstrip("+ ").startswith("3")] or found
    yield from found


def _written(line: Line) -> Iterator[Found]:
    text = f"{line.before} {line.folded}" if line.before else line.folded
    shift = len(text) - len(line.folded)
    for match in _PHONE.finditer(undated(line)):
        number = re.sub(r"\D", "", match[0])
        if not 8 <= len(number) <= 14:
            continue
        left = text[: match.start() + shift]
        if _KIN_PHONE.search(left[-25:]) and _TOLD_PHONE.search(left):
            continue
        near = left[-60:] + re.split(r"[,;.] ", line.folded[match.end() : match.end() + 25])[0]
        if _is_led_to(line, left, number) and not _NOT_HIS.search(near):
            yield *match.span(), PHONE, line.text[slice(*match.span())]


def _is_led_to(line: Line, left: str, number: str) -> bool:
    """Whether a label, a column, another number, a relative or the patient's birth lead to it."""
    mobile = number[0] == "3" and len(number) in (9, 10)
    born = mobile and ("nat" in left or _KIN_PHONE.search(left) or begins_with_a_name(line))
    another = _BETWEEN.search(left) and _LABELLED.search(left)
    column = is_header(line.before) and _COLUMN.search(line.before)
    return bool(_PHONE_CUE.search(left) or another or born or _KIN_BEFORE.search(left) or column)


def undated(line: Line) -> str:
    """The folded line, its dates blanked: their figures are no numbers of other kinds."""
    text = line.folded
    for day in days(line):
        text = f"{text[: day.start]}{' ' * (day.end - day.start)}{text[day.end :]}"
    return text


def begins_with_a_name(line: Line) -> bool:
    """ROSSI MARIO - 14/03/1948 - ...: a row that tells who the patient is without labels."""
    first = next(iter(days(line)), None) if tells_who(line) else None
    return first is not None and _NAMED_ROW.fullmatch(line.text[: first.start]) is not None


def without_letterhead(spans: list[tuple[Span, ...]]) -> list[tuple[Span, ...]]:
    """The spans of a letter but for telephones above the patient's name, where others follow."""
    phones = [n for n, found in enumerate(spans) if any(s.field == PHONE for s in found)]
    named = [n for n, found in enumerate(spans) if any(s.field == "cognome" for s in found)]
    if not phones or not named or phones[-1] < named[0]:
        return spans
    return [
        tuple(s for s in found if s.field != PHONE) if number < named[0] else found
        for number, found in enumerate(spans)
    ]
