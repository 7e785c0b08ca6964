"""Whose paper a page is: record numbers, day of birth and name it tells, and whether two agree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from rapidfuzz.distance.Levenshtein import distance

from core.read.words.fold import folded
from core.read.words.months import STEMS, month
from core.read.words.slips import mended

_RECORD = re.compile(
    r"\b(cartella|cart|nosologico|pratica|sdo)\b[^\d\n]{0,25}(\d[\d./ -]{2,14}\d)", re.IGNORECASE
)
_DATE = (
    r"(?P<d>\d{1,2})(?:\s?[./-]\s?(?P<m>\d{1,2})\s?[./-]\s?"
    rf"|°?\s(?P<w>{'|'.join(STEMS)})[a-z]*\.?\s)(?P<y>\d{{4}}|\d{{2}})\b"
)
_BIRTH = re.compile(rf"\b(?:nat[oa]|nascita|d\.?d\.?n)\b[^\d\n]{{0,60}}{_DATE}", re.IGNORECASE)
_WORD = r"[^\W\d_][\w'’]+"
_NAME = re.compile(
    rf"\b(?:sig\.?(?:ra)?|signora?|paziente|pz|cognome e nome|nome e cognome)\b[.:\s]+"
    rf"({_WORD}(?:[ ]+{_WORD}){{1,4}})",
    re.IGNORECASE,
)
_FORM = re.compile(
    rf"\bcognome\s*:?[ \t]*(?P<last>{_WORD}(?:[ ]{_WORD})?)\s+nome\s*:?[ \t]*(?P<first>{_WORD})",
    re.IGNORECASE,
)
_PARTICLES = frozenset("d da dal dalla de degli dei del della di e la le li lo".split())
_NO_NAME = frozenset(
    "nato nata anni data cartella ricoverato ricoverata residente affetto affetta dimesso dimessa"
    " operato operata sesso reparto codice cf".split()
)
# Who else has a name and a birth of his own.
_RELATIVE = re.compile(
    r"\b(?:figli[oae]?|mogli[e]?|marito|coniuge|fratello|sorella|padre|madre|nipote|genero|nuora"
    r"|cognat[oa]|convivente|compagn[oa]|badante|familiar[ei]|parent[ei]|referente|tutor[e]?"
    r"|caregiver|amministratore|donatore|colloquio)\b",
    re.IGNORECASE,
)
_BESIDE = 40  # characters around a name in which a relative is named as such
_NEAR_NAME = 500  # characters in which a document names its patient, unless a form does


@dataclass(frozen=True, slots=True)
class Whose:
    """What a page tells: digits by kind of record, (day, month, year of two digits), name."""

    records: dict[str, str] = field(default_factory=dict)
    birth: tuple[int, int, int] | None = None
    name: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.records or self.birth or self.name)

    def __or__(self, other: Self) -> Self:
        """What both tell; this one where they differ."""
        records = {**other.records, **self.records}
        return type(self)(records, self.birth or other.birth, self.name or other.name)

    def against(self, other: Self) -> tuple[int, int]:
        """How many of record, birth and name are told by both and agree, and how many do not.

        A name agrees that is part of the other or one slip of OCR away. A record or a birth that
        is one slip away agrees where something else does.
        """
        verdicts = list(self._compared(other))
        agree = sum(verdict == 0 for verdict in verdicts)
        near = sum(verdict == 1 for verdict in verdicts)
        differ = len(verdicts) - agree - near
        return (agree + near, differ) if agree else (agree, near + differ)

    def _compared(self, other: Self) -> Iterator[int]:
        """0 for what agrees, 1 for a slip away, 2 for what differs."""
        kinds = self.records.keys() & other.records.keys()
        if kinds:
            yield min(_records(self.records[kind], other.records[kind]) for kind in kinds)
        if self.birth and other.birth:
            apart = sum(one != two for one, two in zip(self.birth, other.birth, strict=True))
            yield min(apart, 2)
        if self.name and other.name:
            yield 0 if _names(self.name, other.name) else 2


def whose(text: str, name_within: int = _NEAR_NAME) -> Whose:
    """Of the beginning of a document; `name_within`: as far as a name in prose is the patient's."""
    text = mended(text)
    records: dict[str, str] = {}
    for match in _RECORD.finditer(text):
        kind = match[1].lower()[:4]
        records.setdefault(kind, " ".join(re.findall(r"\d+", match[2])))
    births = (match for match in _BIRTH.finditer(text) if not _is_relatives(text, match))
    birth = next(births, None)
    return Whose(records, _day(birth) if birth else None, _name(text, name_within))


def _is_relatives(text: str, match: re.Match[str]) -> bool:
    """Whether a relative is named shortly before it on the line."""
    start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _BESIDE)
    return _RELATIVE.search(text, start, match.end()) is not None


def _name(text: str, within: int) -> frozenset[str]:
    form = _FORM.search(text)
    if form:
        return frozenset(folded(f"{form['last']} {form['first']}").split())
    for match in _NAME.finditer(text, 0, within):
        end = text.find("\n", match.end())
        line_end = len(text) if end < 0 else end
        behind = text[match.end() : min(line_end, match.end() + _BESIDE)]
        words = frozenset(_name_words(match[1]))
        if len(words) > 1 and not _is_relatives(text, match) and not _RELATIVE.search(behind):
            return words
    return frozenset()


def _name_words(written: str) -> Iterator[str]:
    """The words of a name as far as it goes: those with a capital, without de, di, della."""
    for word in written.split():
        plain = folded(word)
        if plain in _NO_NAME or not (word[0].isupper() or plain in _PARTICLES):
            return
        if plain not in _PARTICLES:
            yield plain


def _day(match: re.Match[str]) -> tuple[int, int, int]:
    number = int(match["m"]) if match["m"] else month(match["w"])
    return int(match["d"]), number, int(match["y"]) % 100


def _records(one: str, two: str) -> int:
    """2020/0011 is 20200011 and 0011/2020; one digit of many else is a slip."""
    parts, others = one.split(), two.split()
    plain, other = "".join(parts), "".join(others)
    if plain == other or _numbers(parts) == _numbers(others):
        return 0
    return 1 if min(len(plain), len(other)) > 4 and distance(plain, other) == 1 else 2


def _numbers(parts: list[str]) -> list[int]:
    return sorted(map(int, parts))


def _names(one: frozenset[str], two: frozenset[str]) -> bool:
    """Whether the shorter name's words are all in the longer."""
    few, many = sorted((one, two), key=len)
    return all(any(_alike(word, other) for other in many) for word in few)


def _alike(word: str, other: str) -> bool:
    return word == other or (min(len(word), len(other)) > 4 and distance(word, other) == 1)
