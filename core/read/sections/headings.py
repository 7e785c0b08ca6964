"""The headings of a text: what a line is, or begins with, and what only its place tells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from core.read.sections.composed import asked, only_a_time, standing
from core.read.sections.known_headings import WORDS_OF_A_HEADING, known_headings
from core.read.words.dates import NAMES
from core.read.words.fold import folded

_SIGNS = "#@~%+^=*•·\\-–—>◆◇■□▪▫●○◦▶▸►➤➢➔→✓✔❖✦★☆»§¤\uf0a7\uf0b7\uf0d8\uf0fc"
_LEAD = re.compile(
    rf"\s*(?:[{_SIGNS}]+\s*)?"
    r"(?:(?:\d{1,2}|[IVX]{1,4}|[A-Za-z])[.)]\s+|\(\d{1,2}\)\s*|\d{1,2}\s?/\s+"
    r"|\d{1,2}\s+)?[<«\[]{0,2}\s*"
)
_TRAIL = re.compile(
    r"(?:\s*[\[(][^\])]{0,60}[\])]"
    r"|\s+(?:del|dell'|in data|al|il)?\s*\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?"
    r"|[\s:.;,?\-–—*_=]+)+$"
)
_RULE = re.compile(r"\s*[-=_~*]{3,}\s*")
_BRACKET = re.compile(r"\(([^()]{4,50})\)\W*$")  # PROBLEMI ATTIVI (DIAGNOSI ALLA DIMISSIONE)
_MARK = re.compile(r":|\sdue punti\s|\s[-–—]\s|(?<=[^\W\d_]{4})\.(?=\s+(?-i:[A-ZÀ-Ú]))")
_SAID = (":", "due punti")  # as written, and as dictated
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 75
_PUNCTUATION = re.compile(r"[.,;:]")
_DATED = re.compile(r"\d[./-]\d")
_BRACKETED = re.compile(r"\s*\[[^\[\]]{4,90}\]\s*")
_BOXES = re.compile(r"[☐☒☑✓✔|=<>]")
_WORDS_OF_A_CLOSING = 10
_ACRONYM = 4
_FINDINGS = re.compile(
    r"\s*(?:ecg|hb|emoglobina|eco\w*|emocromo|creat\w*|esami|laboratorio|rx|gb|wbc"
    r"|elettrocard\w*)\b|[^:]{0,80}\b(?:ecg|ritmo sinusale|elettrocardiogramma)\b[^:]{0,60}"
    r"\b(?:hb|creat\w*|emoglobina|eco\w*)\b",
    re.IGNORECASE,
)
# Degenza: dal 3 al 12 maggio; Soggiorno: 12 giorni. These tell when, not what.
_STAY = re.compile(
    r"(?:(?:periodo|durata|giorni|date?)\s(?:di\s|del\s|della\s)?)?"
    r"(?:degenza|ricovero|soggiorno|permanenza|periodo)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"[\s:(-]*(?:dal|da|il|in data|gg|giorni)?\s?\d{1,2}"
    rf"(?:\s?[-/.]\s?[\dIVX]|\s?(?:giorni|gg|al)\b|\s?$|\s(?:{NAMES})\b)",
    re.IGNORECASE,
)
_DOSE = re.compile(r"\d\s?(?:mg|mcg|cp|cpr|fl|gtt|ml|ui)\b", re.IGNORECASE)
_SIGNATURE = re.compile(r"(?:il medico|dott|dr|prof)(?: [^\W\d]+){1,4}")

COURSE, ADVICE = "Decorso_post_operatorio", "advice"
PROSE, STRANGE = "prose", "?"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as written and as the table knows it; offsets into the text it was found in."""

    written: str
    key: str
    start: int
    body: int  # where the text after it starts
    bare: bool  # nothing follows it on its line

    def moved(self, by: int) -> "Heading":
        return replace(self, start=self.start + by, body=self.body + by)


@lru_cache(1024)  # asked several times of each line, by the joining of lines and by sections
def find_heading(line: str) -> Heading | None:
    """The heading a line is, or begins with before a colon, a dash, or text in lower case."""
    for lead in {_LEAD.match(line).end(), len(line) - len(line.lstrip())}:  # type: ignore[union-attr]
        rest = line[lead:]
        if not rest:
            return None
        trail = _TRAIL.search(rest)
        bare = rest[: trail.start()] if trail else rest.rstrip()
        key = known_headings().key(bare) if len(bare) <= _LONGEST else None
        if ":" in bare and key in known_headings().loose:
            key = None  # Da assumere: warfarin
        if key is not None and _tells_when(bare, rest[len(bare) :]):
            return None
        if key is not None and (bare[0].isupper() or bare[0].isdigit() or ":" in rest):
            return Heading(bare, key, 0, len(line), True)
        inside = _BRACKET.search(rest) if key is None else None
        key = known_headings().key(inside[1]) if inside and len(rest) <= _LONGEST else None
        if inside and key is not None and bare[:1].isupper():
            return Heading(inside[1], key, 0, len(line), True)
        inline = _before_mark(line, lead) or _in_capitals(line, lead)
        if inline is not None:
            return None if _tells_when(inline.written, line[inline.body :]) else inline
    return None


def _tells_when(written: str, rest: str) -> bool:
    """`Degenza: dal 3 al 12 maggio` is a date of the stay and heads nothing."""
    return _STAY.match(written) is not None and _WHEN.match(rest) is not None


def _before_mark(line: str, lead: int) -> Heading | None:
    for mark in _MARK.finditer(line, lead):
        if mark.start() - lead > _LONGEST:
            break
        before = line[lead : mark.start()]
        trail = _TRAIL.search(before)
        before = before[: trail.start()] if trail else before
        key = known_headings().key(before) or _of_findings(before, line[mark.end() :])
        if key is not None and (mark.group().strip() in _SAID or before[0].isupper()):
            return Heading(before, key, 0, mark.end(), False)
    return None


def _of_findings(before: str, after: str) -> str | None:
    """`Alla dimissione. ECG: ...`: a time alone is the examinations' where these follow."""
    name = folded(before) if len(before) <= _LONGEST else ""
    return only_a_time(known_headings().in_full(name)) if name and _FINDINGS.match(after) else None


def _in_capitals(line: str, lead: int) -> Heading | None:
    """`DIAGNOSI Stenosi aortica`: the longest heading in capitals before words that are not."""
    words = list(_WORD.finditer(line, lead))
    capitals = next((n for n, w in enumerate(words) if not w.group().isupper()), len(words))
    if capitals == len(words):
        return None
    for count in range(min(capitals, 8), 0, -1):
        written = line[lead : words[count - 1].end()]
        key = known_headings().key(written)
        acronyms = all(len(word.group()) <= _ACRONYM for word in words[count:capitals])
        if key is not None and len(written) > 3 and acronyms:
            return Heading(written, key, 0, words[count].start(), False)
    return None


def headings(text: str) -> Iterator[Heading]:
    """The headings of a text and, as a heading without a name, the line that begins its close."""
    at = 0
    lines = text.split("\n")
    skip = False
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if not skip:
            pair = _broken(line, below)
            alone = number > 0 and not lines[number - 1].strip()
            heading = pair or find_heading(line) or _by_place(line, below, alone)
            if heading is not None:
                yield heading.moved(at)
            elif _closes(line) or alone and _BRACKETED.fullmatch(line):
                yield Heading("", "", at, at + len(line), True)
            elif _advises(line):
                yield Heading("", ADVICE, at, at + len(line), True)
            elif _looks_like_heading(line, below, alone):
                yield Heading(line.strip(), STRANGE, at, at + len(line), True)
            elif alone and len(line) > _LONGEST:
                yield from _told_on(line, at)
            skip = pair is not None
        else:
            skip = False
        at += len(line) + 1


def _broken(line: str, below: str) -> Heading | None:
    """A heading that a line's end broke in two: `TERAPIA` / `ALLA DIMISSIONE`."""
    if not line.strip() or not below.strip() or len(line) + len(below) > _LONGEST:
        return None
    if ":" in line or find_heading(below) is not None and not below[0].islower():
        return None
    whole = find_heading(f"{line} {below}")
    first = find_heading(line)
    if whole is None or whole.key in known_headings().loose or first and first.key == whole.key:
        return None
    return whole if whole.bare or whole.body > len(line) else None


def _by_place(line: str, below: str, alone: bool) -> Heading | None:
    """A heading that its place tells: behind a blank line (`alone`), in capitals, before a colon,
    in small letters or plain words.
    """
    if not line.strip() or not below.strip() or len(line) > _LONGEST:
        return None
    lead = _LEAD.match(line).end()  # type: ignore[union-attr]
    known = find_heading(line[0].upper() + line[1:]) if alone and line[0].islower() else None
    if known is not None and known.bare:
        return known
    rest = line[lead:].rstrip()
    behind = _TRAIL.search(rest)
    if behind and _DATED.search(behind[0]):
        if _STAY.match(rest):
            return None
        rest = rest[: behind.start()]  # All'ingresso (08/04/2024)
    question, colon = rest.endswith("?"), rest.endswith(":")
    plain = question or not (_PUNCTUATION.search(rest[:-1]) or any(c.isdigit() for c in rest))
    plain = plain and _BOXES.search(rest) is None
    name = known_headings().in_full(folded(rest)) if plain else ""
    key = None
    if 1 < len(name.split()) <= WORDS_OF_A_HEADING:
        key = asked(name, question) if alone else None
        if key is None and rest[:1].isupper() and (alone or colon or rest.isupper()):
            key = standing(name) if not rest.endswith((".", ",")) else None
    if key is None and (alone or rest[:1].isupper()):
        key = _of_findings(rest, below)
    return Heading(rest, key, 0, len(line), True) if key else None


def _looks_like_heading(line: str, below: str, alone: bool) -> bool:
    """Whether an unknown line stands like one: short, in capitals, before a colon or underlined,
    or by itself before a paragraph.
    """
    words = line.split()
    question = line.rstrip().endswith("?") and len(line) <= _LONGEST
    few = len(words) <= WORDS_OF_A_HEADING or question
    short = words and few and not any(c.isdigit() for c in line)
    if not short or _BOXES.search(line):
        return False
    ends = question or line.rstrip()[-1].isalpha()
    by_itself = alone and line[:1].isupper() and below.strip() and ends
    marked = line.isupper() and len(line) > _ACRONYM or line.rstrip().endswith(":")
    return bool(marked or by_itself or _RULE.fullmatch(below))


def _told_on(line: str, at: int) -> Iterator[Heading]:
    """A paragraph of prose that leaves the history without a heading."""
    name = folded(line[: 2 * _LONGEST])
    if known_headings().course.match(name):
        yield Heading("", COURSE, at, at, False)
    elif known_headings().operation.match(name):
        yield Heading("", PROSE, at, at, False)


def _closes(line: str) -> bool:
    name = folded(line)
    begins = name.startswith(known_headings().closings) and len(name.split()) <= _WORDS_OF_A_CLOSING
    return begins or _SIGNATURE.fullmatch(name) is not None


def _advises(line: str) -> bool:
    return folded(line).startswith(known_headings().advice) and _DOSE.search(line) is None
