"""The sections of a letter by its headings; their many spellings stand in sections.toml."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.read.composed import asked
from core.read.fold import folded
from core.read.guessed import guessed
from core.read.known_headings import WORDS_OF_A_HEADING, known_headings
from core.records import Section

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
_WORDS_OF_A_CLOSING = 10
_ACRONYM = 4
_COURSE, _THERAPY, _ADVICE = "Decorso_post_operatorio", "terapia_alla_dimissione", "advice"
_PROSE, _STRANGE = "prose", "?"
_GUESSED = {_COURSE, _THERAPY, "Anamnesi", "Terapia", "esami_all_ingresso", "esami_alla_dimissione"}
_FINDINGS = re.compile(
    r"\s*(?:ecg|hb|emoglobina|eco\w*|emocromo|creat\w*|esami|laboratorio|rx|gb|wbc)\b",
    re.IGNORECASE,
)
_DOSE = re.compile(r"\d\s?(?:mg|mcg|cp|cpr|fl|gtt|ml|ui)\b", re.IGNORECASE)
_TOLD = ("", "Anamnesi", _COURSE)
_SIGNATURE = re.compile(r"(?:il medico|dott|dr|prof)(?: [^\W\d]+){1,4}")
_HISTORY = {"Anamnesi", "Terapia", "esami_all_ingresso"}


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


def sections(text: str) -> tuple[Section, ...]:
    """The sections in order, headings left out; headings of one field in a row make one section."""
    found: list[Section] = []
    name, start = "", 0
    seen: set[str] = set()
    headings = list(_headings(text))
    main = any(_is_main(heading) for heading in headings)
    for number, heading in enumerate([*headings, None]):
        if heading and heading.key == _STRANGE:
            below = headings[number + 1].start if number + 1 < len(headings) else len(text)
            guess = guessed(text[heading.body : below].casefold(), _COURSE in seen)
            later = {known_headings().fields.get(one.key) for one in headings[number + 1 :]}
            if guess is None or guess == name or guess in seen | later:
                continue
            heading = replace(heading, key=guess)
        if heading is not None and not _parts(heading, name):
            # The title first met among the sections begins the letter's front page behind them.
            if heading.key not in known_headings().titles:
                continue
            known = heading.key in seen
            seen.add(heading.key)
            if known or not name:
                continue
            new = ""
        else:
            new = "" if heading is None else _name(heading, name, seen)
            if heading and heading.bare and main and heading.key in known_headings().supporting:
                new = heading.written
        if (
            heading
            and new == "Terapia"
            and _is_late(text[: heading.start], seen, headings[number + 1 :])
        ):
            new = _THERAPY
        if heading is not None and new == name and new in seen and new != heading.written:
            continue
        end = len(text) if heading is None else heading.start
        found += _section(text, name, start, end)
        if heading is not None:
            name, start = new, heading.body
            seen |= {new, heading.key}
    return tuple(found)


def _is_main(heading: Heading) -> bool:
    """Whether a heading opens the history under its own name, not under that of risk factors."""
    known = known_headings()
    return known.fields.get(heading.key) == "Anamnesi" and heading.key not in known.supporting


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
        if key is not None and (bare[0].isupper() or bare[0].isdigit() or ":" in rest):
            return Heading(bare, key, 0, len(line), True)
        inside = _BRACKET.search(rest) if key is None else None
        key = known_headings().key(inside[1]) if inside and len(rest) <= _LONGEST else None
        if inside and key is not None and bare[:1].isupper():
            return Heading(inside[1], key, 0, len(line), True)
        inline = _before_mark(line, lead) or _in_capitals(line, lead)
        if inline is not None:
            return inline
    return None


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
    when = {"alla dimissione": "esami alla dimissione", "all ingresso": "esami all ingresso"}
    return when.get(folded(before)) if _FINDINGS.match(after) else None


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


def _headings(text: str) -> Iterator[Heading]:
    """The headings of a text and, as a heading without a name, the line that begins its close."""
    at = 0
    lines = text.split("\n")
    skip = False
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if not skip:
            pair = _broken(line, below)
            alone = number > 0 and not lines[number - 1].strip()
            heading = pair or find_heading(line) or (alone and _alone(line, below)) or None
            if heading is not None:
                yield heading.moved(at)
            elif _closes(line):
                yield Heading("", "", at, at + len(line), True)
            elif _advises(line):
                yield Heading("", _ADVICE, at, at + len(line), True)
            elif _looks_like_heading(line, below):
                yield Heading(line.strip(), _STRANGE, at, at + len(line), True)
            elif number and not lines[number - 1].strip() and len(line) > _LONGEST:
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


def _alone(line: str, below: str) -> Heading | None:
    """A heading that only its place tells: behind a blank line, in small letters or plain words."""
    if not line.strip() or not below.strip() or len(line) > _LONGEST:
        return None
    known = find_heading(line[0].upper() + line[1:]) if line[0].islower() else None
    if known is not None and known.bare:
        return known
    name = folded(line)
    words = len(name.split())
    question = line.rstrip().endswith("?")
    plain = question or not (_PUNCTUATION.search(line) or any(c.isdigit() for c in line))
    key = asked(name, question) if plain and 1 < words <= WORDS_OF_A_HEADING else None
    key = key or _of_findings(line, below)
    return Heading(line.strip(), key, 0, len(line), True) if key else None


def _looks_like_heading(line: str, below: str) -> bool:
    """Whether an unknown line stands like one: short, in capitals, before a colon or underlined."""
    words = line.split()
    short = 0 < len(words) <= WORDS_OF_A_HEADING and not any(c.isdigit() for c in line)
    ruled = _RULE.fullmatch(below) is not None
    return short and (
        line.isupper() and len(line) > _ACRONYM or line.rstrip().endswith(":") or ruled
    )


def _told_on(line: str, at: int) -> Iterator[Heading]:
    """A paragraph of prose that leaves the history without a heading."""
    name = folded(line[: 2 * _LONGEST])
    if known_headings().course.match(name):
        yield Heading("", _COURSE, at, at, False)
    elif known_headings().operation.match(name):
        yield Heading("", _PROSE, at, at, False)


def _closes(line: str) -> bool:
    name = folded(line)
    begins = name.startswith(known_headings().closings) and len(name.split()) <= _WORDS_OF_A_CLOSING
    return begins or _SIGNATURE.fullmatch(name) is not None


def _advises(line: str) -> bool:
    return folded(line).startswith(known_headings().advice) and _DOSE.search(line) is None


def _parts(heading: Heading, name: str) -> bool:
    """Whether a heading ends the section `name`.

    The letter's own title does not, nor does `Coronarografia` among the examinations, nor
    `Allergie: nega` in the history.
    """
    known = known_headings()
    if heading.key == _ADVICE:
        return name == _THERAPY
    if heading.key in (_PROSE, _COURSE):
        return name in _HISTORY or name in ("", "Motivo ricovero")
    if heading.key in known.findings:
        return heading.bare and not name.startswith("esami_")
    if heading.key in known.labels and not heading.bare:
        return name not in _TOLD
    return heading.key not in known.titles


def _name(heading: Heading, name: str, seen: set[str]) -> str:
    """The field a heading opens, or the heading as written."""
    known = known_headings()
    if heading.key in _GUESSED:
        return heading.key
    if heading.key not in known.timed:
        return known.fields.get(heading.key) or heading.written
    before, after = known.timed[heading.key]
    told = _COURSE in seen or (_HISTORY & seen and known.turning & seen)
    return after if told or before in seen and before != name else before


def _is_late(before: str, seen: set[str], later: Sequence[Heading]) -> bool:
    """Whether a therapy stands where letters end: the course told, none at discharge to come."""
    fields = known_headings().fields
    if _THERAPY in seen or any(fields.get(one.key) == _THERAPY for one in later):
        return False
    return _COURSE in seen or known_headings().told.search(folded(before)) is not None


def _section(text: str, name: str, start: int, end: int) -> Iterator[Section]:
    body = text[start:end]
    if name and body.strip():
        lead = len(body) - len(body.lstrip())
        yield Section(name, start + lead, start + len(body.rstrip()))
