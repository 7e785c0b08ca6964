"""A course that denies trouble organ by organ: no problems of kidneys, of breath or of brain.

Whatever denies, whatever it calls the trouble and whichever organs it joins: each of them is told
free of its complication.
"""

import re
from collections.abc import Iterator

from core.label.rules.words import Line

_ORGANS = {
    "Stroke_TIA_post_op": (
        r"neurologic\w+|cerebral\w*|cerebrovascolar\w+|cervello|testa|sistema nervoso|snc"
        r"|parola|linguaggio|motilita|favella"
    ),
    "IRA": r"renal[ei]|ren[ei]|nefrologic\w+",
    "Insufficienza_respiratoria": r"respirator\w+|polmonar[ei]|polmon[ei]|respiro|respirazione",
}
_ORGAN = re.compile("|".join(rf"(?P<o{n}>\b(?:{o})\b)" for n, o in enumerate(_ORGANS.values())))
_ANY = rf"\b(?:{'|'.join(_ORGANS.values())})\b"
_NO = r"\b(?:non|nessun[oa']?|niente|mai|senza|assenza di|assenti|esente da|indenne da|no)\b"
_TROUBLE = (
    r"\b(?:complican\w+|complicazion\w+|problem\w+|event[oi]|disturb[oi]|guai[o]?|dann[oi]"
    r"|difficolta|sofferenz\w+|sequel\w+|sintom\w+|criticita|deficit)\b"
)
_OF = (
    r"(?:\s?(?:,|/|e|ed|o|od|ne|oppure|di|del|della|dei|al|ai|alla|con|il|la|i|a|carico|natura|tipo"
    r"|ordine|maggior[ei]|nuov[oi]|altr[ei]|ischemic[oi]|emorragic\w+|postoperator\w+"
    r"|cardiac\w+|infettiv\w+|aritmic\w+|vascolar[ei])\b|\s?[,/]|\s|')"
)
_DENIED = re.compile(
    rf"{_NO}[^.;:,]{{0,40}}?(?P<trouble>{_TROUBLE})(?P<of>(?:{_OF}{{1,8}}(?:{_ANY})){{1,4}})"
)
_WELL = re.compile(
    r"\bneurologicamente\s(?:\w+\s)?(?:integr|indenn|normal|regolar)\w*"
    rf"|\b(?:indenn[ei]|integr[oi]|risparmiat[oi])\s(?:il |la |i )?{_ANY}"
    rf"|{_ANY}\s(?:sempre\s)?(?:non (?:hanno|ha) (?:mai )?(?:dato|avuto|creato)"
    r" (?:problem|disturb|pensier|noie|guai)\w*|(?:(?:hanno|ha) (?:sempre )?(?:lavorato|funzionato)"
    r" (?:sempre )?(?:bene|regolarmente|normalmente)|normal[ei]|indenn[ei]|a posto|"
    r"n\.?d\.?[rp]\b)(?! (?:fino|sino|solo|poi)))"
    r"|\bneuro\s?:?\s?(?:n\.?d\.?[rp]\b|ok\b|indenne)"
)


def found(line: Line) -> Iterator[tuple[int, int, str]]:
    """Start, end and field of every complication that a line of the course denies."""
    for match in _DENIED.finditer(line.folded):
        for organ in _ORGAN.finditer(line.folded, *match.span("of")):
            yield match.start("trouble"), organ.end(), _field(organ)
    for match in _WELL.finditer(line.folded):
        named = _ORGAN.search(match[0])
        yield *match.span(), _field(named) if named else "Stroke_TIA_post_op"


def _field(organ: re.Match[str]) -> str:
    return list(_ORGANS)[int((organ.lastgroup or "o0")[1:])]
