"""Addresses in a line: street, number of the house, stairs and floors, postcode and town."""

import re
from collections.abc import Iterator, Sequence

from core.label.shield.line import PARTICLES_OF_PLACES, Line
from core.label.shield.months import is_number
from core.label.shield.streets import CERTAIN, KINDS, PLAIN, apart
from core.label.shield.words import Word, is_clinical, is_ordinary, never_a_name

Found = Word | tuple[int, int]

_STREET = re.compile(rf"(?<![\w.])(?P<per>per\s)?(?P<kind>{KINDS})(?=[\s.:])")
_LIVES = re.compile(
    r"(?:abita\w*|ab\.?|resid\w*|res\.?|dom\w*\.?|dimora\w*|vive|indirizzo)[\s:]*(?:in|a|alla|presso)?\s*$"
)
_HAMLET = re.compile(r"(?:loc|fraz|c\.da|contrada)")
_GERMAN_STREET = re.compile(
    r"\b([A-ZÄÖÜ](?:[^\W\d_]|-)+(?i:stra(?:ß|ss)e|weg|gasse|platz|hof|allee|str\.))(?:\s(\d+\s?/?[a-z]?)\b)?"
)
_IN_STREETS = PARTICLES_OF_PLACES | frozenset(
    "per ai al alle agli sulle sui san sant ca don di".split()
)
_BEFORE_NUMBERS = frozenset(
    ("n", "nr", "num", "numero", "civ", "int", "interno", "km", "scala", "snc")
)
_LINKS = ("", "alla", "in")
_CAP_LABEL = re.compile(r"\bcap(?:\b|_)")
_HOUSE = r"\d[\dOlI]*(?:\s?/\s?(?:bis|ter|[\dOlI]+|[a-z])|\s?(?:bis|ter|[a-z]))?"
_NUMBER = re.compile(
    rf"[,.]?\s*(?:(?:n\.?|n[°º]|nr\.?|civ\.?|numero|km)\s*)?(?:{_HOUSE}|s\.?\s?n\.?\s?c?(?!\w)\.?"
    r"|n\.\s?s\.|senza\s(?:numero|n\.?)(?:\scivico)?)(?!\w)",
    re.IGNORECASE,
)
_STAIR = re.compile(
    r"[,\s\-–]*(?:int(?:erno)?|scala|sc|piano|pal(?:azzina)?|edificio|lotto|ed)\b\.?\s*"
    r"(?:\d+\s?[a-z]?\b|[A-Za-z]\b|terra\b|primo\b|rialzato\b|[^\W\d_]{4,}(?=\s*[,;)]))",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"(?<![\w.,/])(?:[A-Z]{1,2}-)?([\d][\dO]{4})(?=[\s)]+[A-Z][^\W\d_]+|\))")
_CAP = re.compile(r"\bcap[\s:./]+(\d{5})\b")
_CERTAIN_CAP = re.compile(r"(?:^|[=:|,–\-])\s*$")
_SPACED_CAP = re.compile(r"[\s,–\-^]{1,6}(?:[A-Z]{1,2}-)?([\dOlI](?:\s{0,4}[\dOlI]){4})(?![\w.,])")
# A house number that stands before a postcode needs no word for street: Valrovina 48, 90884 Terzo.
_BEFORE_CAP = re.compile(
    rf"(?P<n>(?<![\w.,/]){_HOUSE})\s?[,–\-]\s?(?:[A-Z]{{1,2}}-)?\d{{5}}\s(?=[A-Z][^\W\d_]{{2,}})",
    re.IGNORECASE,
)
_TO_TOWN = re.compile(r"\s*(?:[,–\-(]|\ba\b|\bin\b)?\s*(?:\d{5}\s+)?")
_LOT = re.compile(r"(?<![^\W\d_])([A-Z][^\W\d_]{3,})\s(\d{1,4}\s?/\s?[a-zA-Z])\b")
_WORDS = 7  # of a street's name at most


def addresses(line: Line) -> Iterator[Found]:
    """The words and numbers of all addresses."""
    streets = False
    for match in _STREET.finditer(line.folded):
        found = list(_address(line, match))
        streets = streets or any(isinstance(one, tuple) for one in found)
        yield from found
    for match in _GERMAN_STREET.finditer(line.text):
        streets = True
        yield from (match.span(group) for group in (1, 2) if match[group])
    yield from apart(line.text)
    yield from (match.span(2) for match in _LOT.finditer(line.text) if not is_clinical(match[1]))
    yield from (match.span(1) for match in _CAP.finditer(line.folded))
    for match in _BEFORE_CAP.finditer(line.text):
        streets = True
        yield match.span("n")
        yield from _words_before(line, match.start())
    for match in _POSTCODE.finditer(line.text):
        certain = (
            streets
            or _CAP_LABEL.search(line.folded, 0, match.start())
            or _CERTAIN_CAP.search(line.text, 0, match.start())
        )
        town = line.name(line.at(match.end()), 3 if certain else 0, PARTICLES_OF_PLACES)
        if town or certain:
            yield match.span(1)
            yield from town


def _address(line: Line, match: re.Match[str]) -> Iterator[Found]:
    """One street and what belongs to it."""
    if match["per"]:
        return
    lives = bool(_LIVES.search(line.folded, 0, match.start()))
    found, end = _street(line, match, lives)
    yield from found
    number = _NUMBER.match(line.text, end) or _spelled_number(line, end)
    if not found or not (number or CERTAIN.fullmatch(match["kind"])):
        return
    if match["kind"] not in PLAIN:
        yield match.span("kind")
    yield from _town_before(line, match.start())
    if number:
        yield _trimmed(line.text, *number.span())
        end = number.end()
    while stair := _STAIR.match(line.text, end):
        yield _trimmed(line.text, *stair.span())
        end = stair.end()
    if postcode := _SPACED_CAP.match(line.text, end):
        yield postcode.span(1)
        end = postcode.end()
    yield from _town_behind(line, end, lives)


def _words_before(line: Line, place: int) -> Iterator[Word]:
    """The words with a capital right before a house number."""
    last = line.first_from(place)
    for word in reversed(line.words[max(last - 3, 0) : last]):
        if line.text[word.end : place].strip(" ,") or not word.capital or never_a_name(word.key):
            return
        yield word
        place = word.start


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch without the signs before it."""
    while start < end and not text[start].isalnum():
        start += 1
    return start, end


def _spelled_number(line: Line, place: int) -> re.Match[str] | None:
    """A house number in words, as somebody dictates it."""
    match = re.compile(r"\s[^\W\d_]{3,}").match(line.text, place)
    return match if match and is_number(match.group().strip()) else None


def _town_behind(line: Line, place: int, lives: bool) -> Iterator[Word]:
    """The town, behind a house number and perhaps a postcode."""
    joint = _TO_TOWN.match(line.text, place)
    index = line.at(joint.end()) if joint else None
    if joint is None or index is None or line.words[index].start != joint.end():
        return
    found = line.name(index, 3 if joint.group().strip() else 1, PARTICLES_OF_PLACES)
    yield from found
    if not found and lives:
        for word in line.words[index : index + 3]:
            if line.text[word.start - 1] != " " or is_ordinary(word.key) or len(word.text) < 4:
                return
            yield word


def _town_before(line: Line, start: int) -> Iterator[Word]:
    """Albano Laziale in "Albano Laziale, via delle Cerquette 12"."""
    index = line.first_from(start) - 1
    if index >= 0 and line.words[index].key in ("alla", "in"):
        index -= 1
    if (
        index < 0
        or line.text[line.words[index].end : start].strip(" ,–-(").casefold() not in _LINKS
    ):
        return
    taken: list[Word] = []
    linked = bool(line.text[line.words[index].end : start].strip())
    for word in reversed(line.words[max(index - 3, 0) : index + 1]):
        if taken and not line.joins(word, taken[-1]):
            break
        if not (word.capital or (taken and word.key in PARTICLES_OF_PLACES)):
            break
        sure = linked and not taken and len(word.text) > 3
        if never_a_name(word.key) or not (sure or not is_clinical(word.text, by_its_end=False)):
            break
        taken.append(word)
    yield from taken


def _street(line: Line, match: re.Match[str], lives: bool) -> tuple[list[Word], int]:
    """The name of a street; any words where a house number follows, else strange ones only."""
    start, kind = match.end(), match["kind"]
    index = line.at(start)
    if index is None:
        return [], start
    first = line.words[index]
    taken = _words_of_street(line, index, lives)
    names = [word for word in taken if word.key not in _IN_STREETS]
    numbered = bool(
        taken and (_NUMBER.match(line.text, taken[-1].end) or _spelled_number(line, taken[-1].end))
    )
    way = kind in ("via", "v.") and not lives
    if names and numbered and not (way and _is_clinical_way(names)):
        return taken, taken[-1].end
    if _HAMLET.match(kind) and not taken and len(first.text) > 4 and not is_ordinary(first.key):
        return [first], first.end
    small = first.key in ("dei", "delle", "degli", "del", "della")
    sure = 1 if CERTAIN.fullmatch(kind) else 0
    found = line.name(index, sure, PARTICLES_OF_PLACES, by_its_end=not small)
    return found, found[-1].end if found else start


def _words_of_street(line: Line, index: int, lives: bool) -> list[Word]:
    """The words up to a house number: with capitals, or any where somebody is said to live."""
    taken: list[Word] = []
    small = line.words[index].key in ("dei", "delle", "degli", "del", "della")
    for word in line.words[index : index + _WORDS]:
        if taken and (word.key in _BEFORE_NUMBERS or not line.joins(taken[-1], word)):
            break
        of_street = word.capital or word.key in _IN_STREETS or (small and len(taken) == 1)
        of_street = of_street or bool(taken and len(word.text) > 2 and not is_ordinary(word.key))
        if not of_street and not lives:
            break
        if is_number(word.text) and len(word.text) > 5:
            break
        taken.append(word)
    return taken


def _is_clinical_way(names: Sequence[Word]) -> bool:
    """Via Femorale, VIA ORALE: no street."""
    return all(word.shouted and is_clinical(word.text) for word in names)
