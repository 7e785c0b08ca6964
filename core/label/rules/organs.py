"""Trouble denied organ by organ: no problems of kidneys, of breath or of brain.

Whatever denies, whatever it calls the trouble and whichever organs it joins: each of them is told
free of its complication in the course, of its chronic disease in the history.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from core.label.rules.words import Line
from core.read.words.shape import Shape

_BRAIN = (
    r"neuro|neurologic\w+|cerebral\w*|cerebrovascolar\w+|cervello|testa|sistema nervoso|snc"
    r"|parola|linguaggio|motilita|favella"
)
_KIDNEYS = r"renal[ei]|ren[ei]|nefrologic\w+"
_LUNGS = (
    r"respirator\w+|polmonar[ei]|polmon[ei]|respiro|respirazione|bronch[io]|bronchial[ei]"
    r"|broncopolmonar[ei]|pneumologic\w+"
)
_TUMOURS = r"neoplastic\w+|oncologic\w+|tumoral[ei]"
_NO = r"\b(?:no?n|nessun[oa']?|niente|mai|senza|assenza di|assenti|esente da|indenne da|no|nega)\b"
_EVENTS = (
    r"\b(?:complican\w+|complicazion\w+|problem\w+|event[oi]|disturb[oi]|guai[o]?|dann[oi]"
    r"|difficolta|offes[ae]|sofferenz\w+|sequel\w+|sintom\w+|criticita|deficit)\b"
)
_DISEASES = r"\b(?:patologi[ae]|malatti[ae]|affezion[ei]|problem[ai]|disturb[oi]|precedent[ei])\b"
_OF = (
    r"(?:\s?(?:,|/|e|ed|o|od|ne|oppure|di|del|della|dei|al|ai|alla|con|il|la|i|a|carico|natura|tipo"
    r"|ordine|maggior[ei]|nuov[oi]|altr[ei]|not[aei]|acut[aeio]|cronic(?:a|he)|rilevant[ei]"
    r"|significativ[aeio]|particolar[ei]|ischemic[oi]|emorragic\w+|embolic[oi]|tromboembolic[oi]"
    r"|transitori|focal[ei]|postoperator\w+|cardiac\w+|infettiv\w+|aritmic\w+|vascolar[ei]"
    r"|metabolic\w+|epatic\w+|digestiv\w+|gastrointestinal[ei]|tiroide\w+)\b|\s?[,/]|\s|')"
)
_WELL = (
    r"(?:normal[ei]|indenn[ei]|san[oi]|integr[oi]|pulit[oi]|buon[oi]|a posto|nella norma"
    r"|n\.?d\.?[rp]\b|ok\b|senza (?:problemi|patologi\w+|malattie)|: nessun[ao] (?:malattia"
    r"|problema)\w*)"
    r"(?! (?:fino|sino|solo|poi))"
)


class Organs(NamedTuple):
    """The organs that a part of the story speaks of: by their names, the fields of trouble."""

    fields: dict[str, tuple[str, ...]]
    denied: Shape
    well: Shape

    def found(self, line: Line) -> Iterator[tuple[int, int, str]]:
        """Start, end and field of all trouble that a line denies."""
        for match in self.denied.finditer(line.folded):
            for end, field in self._named(line, *match.span("of")):
                yield match.start("trouble"), end, field
        for match in self.well.finditer(line.folded):
            for _, field in self._named(line, *match.span()):
                yield *match.span(), field

    def _named(self, line: Line, start: int, end: int) -> Iterator[tuple[int, str]]:
        """Where the organs in a stretch end, and the fields of each."""
        for organ, fields in self.fields.items():
            for place in re.compile(rf"\b(?:{organ})\b").finditer(line.folded, start, end):
                yield from ((place.end(), field) for field in fields)


def _organs(trouble: str, fields: dict[str, tuple[str, ...]], more: str, nouns: str = "") -> Organs:
    """`nouns` are the names of organs that may be called well, else all of them."""
    any_organ = rf"\b(?:{'|'.join(fields)})\b"
    well = nouns or any_organ
    several = rf"{well}(?:(?:,| e) (?:i |il )?{well}){{0,3}}"
    denied = (
        rf"{_NO}[^.;:,]{{0,40}}?(?P<trouble>{trouble})(?P<of>(?:{_OF}{{1,8}}{any_organ}){{1,4}})"
    )
    return Organs(
        fields,
        Shape(denied),
        Shape(
            rf"{several}\s?[:=]?\s?(?:(?:sono|e|erano|risultan?o?|sempre|stat[ei])\s)*{_WELL}"
            rf"|\b(?:indenn[ei]|integr[oi]|risparmiat[oi]|san[oi])\s(?:il |la |i )?{several}{more}"
        ),
    )


COURSE = _organs(
    _EVENTS,
    {
        _BRAIN: ("Stroke_TIA_post_op",),
        _KIDNEYS: ("IRA",),
        _LUNGS: ("Insufficienza_respiratoria",),
    },
    rf"|\b(?:{_BRAIN}|{_KIDNEYS}|{_LUNGS})\s(?:sempre\s)?(?:no?n (?:hanno|ha) (?:mai )?"
    r"(?:dato|avuto|creato) (?:problem|disturb|pensier|noie|guai)\w*|(?:lavor|funzion)(?:arono"
    r"|o) (?:sempre )?bene"
    r"|(?:hanno|ha) (?:sempre )?"
    r"(?:lavorato|funzionato) (?:sempre )?(?:bene|regolarmente|normalmente)"
    r"(?! (?:fino|sino|solo|poi)))"
    r"|\bneurologicamente\s(?:\w+\s)?(?:integr|indenn|normal|regolar|adeguat|bene\b|ok\b)\w*"
    rf"|\b(?:decorso|risveglio|quadro|esame|stato) (?:{_BRAIN}) (?:regolare|normale|indenne"
    r"|nella norma|negativ[oa])|\b(?:indenne|integr[oa]|regolare|nella norma|stabile)"
    rf" (?:sul|dal|sotto il) (?:piano|punto di vista|profilo|versante) (?:{_BRAIN}|{_KIDNEYS}"
    rf"|{_LUNGS})"
    rf"|\b(?:nulla|niente) (?:da segnalare|di rilevante|di particolare) (?:sul|dal|sotto il)"
    rf" (?:piano|punto di vista|profilo|versante) (?:{_BRAIN}|{_KIDNEYS}|{_LUNGS})"
    rf"|\bquanto (?:al|ai|alla) (?:{_BRAIN}|{_KIDNEYS}|{_LUNGS}),? (?:nessun\w*|nulla|niente"
    rf"|tutto bene)"
    rf"|\b(?:nulla|niente) di (?:{_BRAIN}|{_KIDNEYS}|{_LUNGS})",
)
"""Complications that the course denies."""
HISTORY = _organs(
    _DISEASES,
    {
        _KIDNEYS: ("insufficienza_renale_cronica",),
        _LUNGS: ("BPCO",),
        _TUMOURS: ("neoplasia_pregressa",),
    },
    rf"|\b(?:apparato|sistema) (?:{_LUNGS})\s?:?\s?(?:n\.?d\.?[rp]\b|nella norma|indenne|negativo)",
    r"\b(?:ren[ei]|polmon[ei]|bronch[io])\b",
)
"""Chronic diseases that the history denies."""
