"""What in a line tells who somebody is, or on which day: found by its shape, without a model."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from core.label.shield.surrogates import plain

_LEXICON = Path(__file__).parents[1] / "rules" / "lexicon.toml"
_FIELDS = Path(__file__).parents[2] / "fields.toml"
Kind = Literal["date", "code", "number", "name"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that must not leave the machine."""

    start: int
    end: int
    kind: Kind


_UP = "A-ZÀ-ÖØ-Þ"
_NAME_WORD = rf"(?:(?:[{_UP}]\.\s?)*[{_UP}][\w'’\-]+|[{_UP}]\.)"
_PARTICLE = r"(?:(?:d[aei]|del|della|dello|dal|dalla|la|lo|van|von)\s+|d['’]\s?)?"
_PERSON = rf"(?P<x>{_PARTICLE}{_NAME_WORD}(?:\s+{_PARTICLE}{_NAME_WORD}){{0,3}})"
_THEN = r"(?:\.[\s:,]*|[\s:,]+)"
_TITLE = (
    r"(?:sig(?:nor(?:a|e|ina)?)?\.?\s?(?:ra|na|r)?|dott?(?:or(?:e|essa)?|r)?\.?\s?(?:ssa)?"
    r"|dr\.?\s?(?:ssa)?|prof(?:essor(?:e|essa)?)?\.?\s?(?:ssa)?)"
)
_LABEL = (
    r"(?:(?:cognome|nome|nominativo)(?:\s+e\s+(?:cog)?nome)?"
    r"|mmg|medico(?:\s+(?:curante|di\s+\w+))?)"
)
_ROLE = (
    r"(?:paziente|pz\.?|assistit[oa]|figli[oa]|moglie|marito|fratello|sorella|madre|padre|coniuge"
    r"|nipote|badante|chirurgo|primario|operatore|infermier[ea])"
)
_LIVES = r"(?:nat[oa]|residente|domiciliat[oa])\s+(?:(?:il\s+)?[\d/.\-]+\s+)?(?:a|ad|in)"
_STREET = r"(?:via|viale|piazza|vicolo|largo)"
_BETWEEN = r"\s?[./\-–]\s?"
_SCAN = r"[\dOoIl]"  # scans confuse 0 and O, 1 and I
_DAY_MONTH_YEAR = rf"{_SCAN}{{1,2}}{_BETWEEN}{_SCAN}{{1,2}}{_BETWEEN}(?:{_SCAN}{{4}}|\d\d)"
_MONTH = (
    r"(?:gen(?:naio)?|feb(?:braio)?|mar(?:zo)?|apr(?:ile)?|mag(?:gio)?|giu(?:gno)?|lug(?:lio)?"
    r"|ago(?:sto)?|sett?(?:embre)?|ott(?:obre)?|nov(?:embre)?|dic(?:embre)?)\b"
)
_YEAR = r"(?:\s+(?:del\s+)?(?:\d{4}|['’]?\d\d)\b)?"
_TELEPHONE = r"(?:tel(?:efon[oi]|ef)?|cell(?:ulare)?|fax|recapit[oi]|contatt[oi])"
_MOBILE = r"(?:(?:\+|00)39[\s.\-]?)?3\d\d[\s./\-]?\d{3}[\s.\-]?\d{3,4}"
_RECORD = (
    r"(?:cart(?:ella)?(?:\.?\s*clin(?:ica)?)?|c\.?c\.?|nosologic[oa]|matricola|codice(?:\s+\w+)?|cod|sdo|pratica"
    r"|tessera(?:\s+\w+)?|c\.?i\.?|protocollo|prot|accettazione|identificativo|id)"
)
_NUMBER_SIGN = r"[\s.:]*(?:n(?:r|um(?:ero)?)?\b|[°º.:\s])*"

# In the order in which they are believed where they overlap; the group x is what is hidden.
_SHAPES: tuple[tuple[Kind, str], ...] = (
    ("code", r"(?P<x>[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+)"),
    ("code", r"(?i)\b(?P<x>[a-z]{6}\s?\d\d\s?[a-z]\s?\d\d\s?[a-z]\d{3}\s?[a-z])\b"),
    ("date", rf"(?<![\w/,])(?P<x>{_DAY_MONTH_YEAR})(?![\w/])"),
    ("date", r"(?<![\d/.,\-])(?P<x>\d{4}[./\-]\d{1,2}[./\-]\d{1,2})(?!\d)"),
    ("date", rf"(?i)\b(?P<x>\d{{1,2}}\s?[°º]?\s+{_MONTH}\.?{_YEAR})"),
    ("date", rf"(?i)\b(?P<x>{_MONTH}\.?\s+(?:del\s+)?(?:19|20)\d\d)\b"),
    ("date", r"(?<![\d/.,\-])(?P<x>(?:0?[1-9]|1[0-2])[/\-](?:19|20)\d\d)(?![\d/])"),
    (
        "date",
        r"(?i)\b(?:il|dal|al|del|data|giorno)\s+(?P<x>[0-3]?\d/[01]?\d)(?![\d/.,%]|\s*[cm][gm])",
    ),
    ("number", rf"(?i)\b{_TELEPHONE}\b[^\d\n+]{{0,25}}(?P<x>\+?\d[\d\s./\-]{{3,}}\d)"),
    ("number", rf"(?<![\d.,])(?P<x>{_MOBILE})(?!\d)"),
    ("number", r"(?<![\d.,])(?P<x>0\d{1,3}[\s./\-]\d{5,8})(?!\d)"),
    ("code", rf"(?i)\b{_RECORD}\b{_NUMBER_SIGN}(?P<x>[a-z]{{0,4}}[\-/]?\d[\w/\-]{{2,}})"),
    ("code", r"(?<![\w/])(?P<x>\d{2,4}[/\-]\d{5,})(?![\w/])"),
    ("number", r"(?<!\d)(?P<x>\d{6,})(?!\d)"),
    ("name", rf"\b(?i:{_TITLE}){_THEN}{_PERSON}"),
    ("name", rf"\b(?i:{_LABEL})[\s:.|=_*\-–]+{_PERSON}"),
    ("name", rf"{_PERSON}[\s,]+(?i:nat[oa])\s+(?i:il|a|ad|in|nel)\b"),
    ("name", rf"\b(?i:{_LIVES})\s+{_PERSON}"),
    ("name", rf"\b(?i:{_STREET})\s+{_PERSON}"),
    ("number", rf"\b(?i:{_STREET})\s+{_PERSON.replace('?P<x>', '?:')},?\s*(?:n\.?\s*)?(?P<x>\d+)"),
)
_PATTERNS = tuple((kind, re.compile(shape)) for kind, shape in _SHAPES)
# Less certain: what is found may be an illness (Padre: Diabete), or a heading in capitals.
_MAYBE_NAMES = (
    re.compile(rf"\b(?i:{_ROLE})[\s:,]+{_PERSON}"),
    re.compile(
        rf"^\W*{_PERSON}[\s,(\-–]{{1,4}}(?i:sesso|[mf]\b|nt?\.|anni|aa|d\.?n|cart|tel|c\.?f)\b"
    ),
)
_IN_A_ROW = re.compile(rf"(?<!\w){_PERSON}")

# Capitalised words that stand before or behind a name without being one.
_NO_NAMES = frozenset(
    """al alla anni affetto affetta cartella cell codice cod con cognome da dal dalla data di
    dimesso dimessa dott dottor dottore dottoressa dr egregio e gentile gentilissimo il in la le
    maschio femmina medico nato nata nega nome non numero operato operata paziente per presenta
    portatore prof professore residente ricoverata ricoverato ricovero sesso si sig signor signora
    signore sottoposto sottoposta tel telefono un una viene via curante responsabile reparto
    direttore ssa ra nel nella nelle della delle dello ultima esame diagnosi donna uomo
    ex""".split()
)
_ADJECTIVE = re.compile(r"(?:ic|os|es|at|it|ut|iv|al|ent|ant)[oaei]$")


def find(text: str) -> Iterator[Stretch]:
    """The stretches to hide, most certain first; they may overlap."""
    for kind, pattern in _PATTERNS:
        for match in _overlapping(pattern, text):
            start, end = match.span("x")
            if kind == "name":
                yield from names(text, start, end)
            else:
                yield Stretch(start, end, kind)
    for pattern in _MAYBE_NAMES:
        for match in _overlapping(pattern, text):
            found = list(names(text, *match.span("x")))
            if not all(_clinical(text[name.start : name.end]) for name in found):
                yield from found
    yield from _called(text)


def _called(text: str) -> Iterator[Stretch]:
    """Capitalised words in a row with a known given name among them, wherever they stand."""
    for match in _IN_A_ROW.finditer(text):
        found = list(names(text, *match.span("x")))
        words = [plain(text[name.start : name.end]) for name in found]
        if any(word in _given_names() for word in words):
            people = [n for n, word in zip(found, words, strict=True) if word not in _vocabulary()]
            if len(people) > 1:
                yield from people


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All matches: what one of them takes for a name may be the next one's cue."""
    match = pattern.search(text)
    while match:
        yield match
        match = pattern.search(text, match.start() + 1)


def names(text: str, start: int, end: int) -> Iterator[Stretch]:
    """The words of a stretch that are part of somebody's name, up to a word that cannot be."""
    begun = False
    for match in re.finditer(r"[^\W\d_]+", text[start:end]):
        if plain(match.group()) not in _NO_NAMES:
            begun = begun or len(match.group()) > 2
            yield Stretch(start + match.start(), start + match.end(), "name")
        elif begun and len(match.group()) > 2:
            return


def _clinical(word: str) -> bool:
    """Whether a capitalised word after "padre" speaks of an illness, not of a person."""
    key = plain(word)
    if key in _given_names():
        return False
    acronym = word.isupper() and len(word) <= 4
    return acronym or key in _vocabulary() or bool(_ADJECTIVE.search(key))


@cache
def _given_names() -> frozenset[str]:
    """The given names of the rules' lexicon."""
    lexicon = tomllib.loads(_LEXICON.read_text(encoding="utf-8"))
    return frozenset(map(plain, lexicon["names"]["given"].split()))


@cache
def _vocabulary() -> frozenset[str]:
    """Every word that stands in the tables of fields and of what letters say of them."""
    text = " ".join(table.read_text(encoding="utf-8") for table in (_FIELDS, _LEXICON))
    found = frozenset(plain(word) for word in re.findall(r"[^\W\d_]{4,}", text))
    return found - _given_names()
