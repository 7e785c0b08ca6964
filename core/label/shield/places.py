"""Where somebody lives, was born or was treated: addresses, towns, the names of hospitals."""

import re
from collections.abc import Iterator
from itertools import pairwise

from core.label.shield.addresses import addresses
from core.label.shield.line import PARTICLES_OF_PLACES, Line
from core.label.shield.words import Word, is_clinical, is_drug, is_ordinary, is_town, never_a_name
from core.read.words.months import MONTHS

_DATE = rf"[\w°./\-]{{1,12}}(?:\s(?:{'|'.join(MONTHS)})\s\d{{4}})?"
_BORN = (
    r"(?:nat[oa](?:/a)?|resid(?:ente)?|ndn|dn)\b\.?\s?[:,]?\s?"
    rf"(?:(?:il\s)?{_DATE},?\s)?(?:a|ad|in)\b"
    r"|(?:comune(?: di (?:nascita|residenza))?|luogo(?: di nascita)?|citta|residenza|domicilio"
    r"|luogo ?nascita"
    r"|luogo e data di nascita|nat[oa] a|indirizzo|cap\s?/\s?comune)\b(?=\s*[:|=](?!\s*\d))"
)
_LIVES = (
    r"(?:domiciliat[oa]|dom|abita(?:nte|no)?|ab|viv(?:e|ono)|originari[oa]|nativ[oa]|provenient[ei]"
    r"|proven(?:ienza)?|trasferit[oa]|res)\b\.?\s?[:,]?\s?(?:a|ad|in|di|da|presso)?(?![\w])|sede\b(?=:)"
)
_HOUSE = (
    r"ospedal[ei]|osp|policlinico|presidio|p\.\s?o|clinica|istituto|i\.?r\.?c\.?c\.?s|azienda"
    r"|a\.o\.u|aou|ao|asst|asl|ausl|ulss|aulss|usl|asp|ats|fondazione|nosocomio|hospital|rsa|residenza"
    r"|krankenhaus|comprensorio|universita|laboratorio|studio|villa|casa(?: di cura| della salute)?"
    r"|ospizio|hospice|parrocchia|centro|riab(?:ilitazione)?|cardiologia|medicina|utic|ps|dea|suore"
    r"|emodinamica|malattie infettive|neurologia|nefrologia|chirurgia|altra sede|distretto"
    r"|ambulatorio|convento|comunita"
)
_BORN_ON = (
    r"(?:nat[oa](?:/a)?|ndn|d\.?n\.?|nascita)[\s:.]{0,3}[^\n;|]{0,50}?"
    r"(?:\d{4}|[./\-]\d\d)[)\s]*[,–\-]?\s*(?=[a-z])"
)
_CUE = re.compile(
    rf"(?<![^\W_])(?:(?P<born>{_BORN})|(?P<born_on>{_BORN_ON})|(?P<lives>{_LIVES})"
    rf"|(?P<house>(?:{_HOUSE})\b))"
)
_LETTERHEAD = 30  # characters within which it says whose it is
_DASH = re.compile(r"\s[-–]\s")
_WARD = re.compile(r"(?:logia|grafia|iatria|urgia|zione)$")
_ENDS = re.compile(r"\s\w+$|\s*$|\s[-–(,|]|\s*\d+ di \d+$|\s\w+(?:logia|urgia)\b")
_PROVINCE = re.compile(r"\s*(?:\(\s?([A-Z]{2})\s?\)|,\s([A-Z]{2})\b(?=[\s,.;]*$))")
_PROVINCES = frozenset(
    """AG AL AN AO AP AQ AR AT AV BA BG BI BL BN BO BR BS BT BZ CA CB CE CH CL CN CO CR CS CT CZ EN
    FC FE FG FI FM FR GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OR PA PC
    PD PE PG PI PN PO PR PT PU PV PZ RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP
    TR TS TV UD VA VB VC VE VI VR VT VV""".split()
)
_IN_BRACKETS = re.compile(r"([^\W\d_]{3,})\s?\(\s?([A-Z]{2})\s?\)|\^([A-Z]{2})\^(?=\d)")
_FURTHER = re.compile(r"\s?(?:,|-|–|/|\()\s?")
_ADDITION = re.compile(
    r"\s((?:superior|inferior|maggior|minor|mar|term|bass|alt|vecchi|nuov|marittim|lazial)[aeio])\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"\b(Torre|Borgo|Monte|Villa|Ponte|Porto|Rocca|Colle|Pieve|Marina|Castello|Val|Isola|Sant[aoi]?)"
    r"\s$",
    re.IGNORECASE,
)
_HEAD = re.compile(r"(?:\s\w+)?\s*,\s*(?:li|il|addi)?\s?\d{1,2}[°./\s]")


def places(line: Line) -> Iterator[tuple[int, int]]:
    """Where the words and numbers of places stand; some come twice."""
    found = [*addresses(line), *_named(line), *_provinces(line)]
    for word in found:
        if isinstance(word, tuple):
            yield word
            continue
        if word.capital or word.key not in PARTICLES_OF_PLACES:
            yield word.start, word.end
        if prefix := _PREFIX.search(line.text, max(0, word.start - 9), word.start):
            yield prefix.span(1)
        if addition := _ADDITION.match(line.text, word.end):
            yield addition.span(1)
        if province := _PROVINCE.match(line.text, word.end):
            yield province.span(province.lastindex or 0)


def _provinces(line: Line) -> Iterator[tuple[int, int]]:
    """SR in "Pachino (SR)", but not PA in "pressione (PA)"."""
    for match in _IN_BRACKETS.finditer(line.text):
        code = match[3] or match[2]
        town = match[3] or (match[1][0].isupper() and not is_clinical(match[1], by_its_end=False))
        if code in _PROVINCES and town:
            yield match.span(match.lastindex or 0)


def _named(line: Line) -> Iterator[Word]:
    for match in _CUE.finditer(line.folded):
        if match.lastgroup == "house":
            yield from _house(line, match.end())
            if match.start() < _LETTERHEAD:
                yield from _seat(line, match.end())
        else:
            born = match.lastgroup in ("born", "born_on")
            yield from _town(line, line.at(match.end()), born, match.lastgroup == "born")
    first = line.name(0, 1, PARTICLES_OF_PLACES, by_its_end=False)
    strange = any(not is_clinical(word.text, by_its_end=False) for word in first)
    if strange and _HEAD.match(line.folded, first[-1].end):
        yield from first
    for before, word in pairwise([None, *line.words]):
        if word is None or not word.capital or len(word.text) < 4:
            continue
        if is_town(word.key) or (before and _is_whereto(line, before, word)):
            yield word


def _is_whereto(line: Line, before: Word, word: Word) -> bool:
    """Brunico in "vista a Brunico": a capital where a drug or an illness would have none."""
    return (
        before.key in ("a", "ad")
        and line.text[before.end : word.start] == " "
        and word.text[1:].islower()
        and not is_clinical(word.text, by_its_end=False)
        and not is_drug(word.key)
    )


def _town(line: Line, index: int | None, born: bool, sure: bool) -> list[Word]:
    found = line.name(index, 2 if sure else 0, PARTICLES_OF_PLACES, by_its_end=not born)
    if not found and born and index is not None:
        word = line.words[index]
        plain = is_ordinary(word.key) or never_a_name(word.key) or len(word.text) < 4
        return [] if plain else [word]
    if found and born and (joint := _FURTHER.match(line.text, found[-1].end)):
        found = found + line.name(line.at(joint.end()), 0, PARTICLES_OF_PLACES, by_its_end=False)
    return found


def _house(line: Line, start: int) -> list[Word]:
    """What a hospital or ward is called or where it stands, behind words of its kind."""
    index = line.at(start)
    for _ in range(5):
        if index is None or index >= len(line.words):
            break
        if found := line.name(index, particles=PARTICLES_OF_PLACES):
            return found
        word = line.words[index]
        if word.end - start > 40 or line.text[start : word.start].strip(" .\"“«(-–'’|"):
            break
        start, index = word.end, index + 1
    return []


def _seat(line: Line, start: int) -> Iterator[Word]:
    """The town of a letterhead: Ospedale San Liberale - Torre Alvisia."""
    for match in _DASH.finditer(line.text, start):
        found = line.name(line.at(match.end()), 1, PARTICLES_OF_PLACES, by_its_end=False)
        strange = any(not is_clinical(word.text, by_its_end=False) for word in found)
        if not strange or _WARD.search(found[0].key):
            continue
        addition = _ADDITION.match(line.text, found[-1].end)
        if _ENDS.match(line.text, addition.end() if addition else found[-1].end):
            yield from found
