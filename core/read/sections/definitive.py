"""Whether a document is a discharge letter: it bears the heading, and not only mentions it."""

import re
from collections.abc import Iterator

from rapidfuzz.distance.Levenshtein import distance

from core.read.words.language import strange_language

HEADING = "RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA"
_LETTERS = "".join(filter(str.isalpha, HEADING.casefold()))
_SLIPS = 2  # letters of the whole heading that OCR may take for others
# Each letter with what OCR and hurried typing make of it.
_TWINS = {"i": "[iìíîïl1|!]", "o": "[oòóôöõ0°]", "e": "[eèéêë]", "a": "[aàáâä4]", "s": "[s5$]",
          "l": "[l1i|]", "z": "[z2]", "u": "[uùúûü]", "n": "[nñ]", "c": "[cç]",
          "m": "(?:m|rn|nn)", "v": "[vu]"}  # fmt: skip
_DASH = r"\-‐‑‒–—―−_~:.,;|*#(\[/"


def _loose(words: str) -> str:
    """A pattern for words in which every letter may stand apart from the next."""
    letters = (rf"{_TWINS.get(letter, letter)}[\u0300-\u036f]*" for letter in words)
    return r"\s*".join(letters)


def _cut_short(word: str, least: int) -> str:
    """A word, or its beginning with a full stop: relazione, relaz."""
    return rf"(?:{_loose(word)}|{_loose(word[:least])}[^\W\d_]{{0,4}}\.)"


_WORDS = (
    *(_cut_short("relazione", 3), _cut_short("clinica", 4)),
    *(rf"(?:{_loose('alla')}|{_loose('di')})", _cut_short("dimissione", 3)),
)
# In a form the last word is ticked, and the other one is not: [ ] provvisoria [X] definitiva.
_TICK = r"(?:\[\s?[x✓✔]\s?\]|[☒☑✓✔])"
_NO_TICK = r"(?:\[\s*\]|☐)"
_TITLE = re.compile(
    r"(?<![^\W_])"
    + r"\s*".join(_WORDS)
    + rf"[\s{_DASH}]*"
    + rf"(?:(?<=\[)\s?x\s?\]\s*|{_TICK}\s*|(?:{_NO_TICK}|(?<=\[)\s*\])\s*provvisoria\s*{_TICK}\s*)?"
    + _cut_short("definitiva", 3)
    + r"(?![^\W_])",
    re.IGNORECASE,
)
_PROVISIONAL = re.compile(
    r"\s*".join(_WORDS) + rf"[\s{_DASH}]*(?:provvisori|parzial|prelimin|interlocutori|bozza)",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"\s*".join(_WORDS), re.IGNORECASE)
# What may follow on the heading's line: nothing, a mark, a number, a date, a page's number.
_AFTER = re.compile(
    r"[\s)\]*#_|.:;,–—-]*(?:$|\d|(?:n|nr|num|pag|pagina|p|del|data|in data|cartella|nosologico|"
    r"copia|rev|mod|versione|stampa)\b[.°:\s]*)|\s{2,}|[\s)\]]*[-–—|/]\s+\S",
    re.IGNORECASE,
)
_TICKED, _UNTICKED = re.compile(rf"{_TICK}\s*$", re.IGNORECASE), re.compile(rf"{_NO_TICK}\s*$")
_OTHER_TICKED = re.compile(rf"\W*{_TICK}\s*\w[^\[☐]*$", re.IGNORECASE)
_NOT_THE_OTHER = re.compile(
    rf"\s*(?:{_NO_TICK}\s*[^\W\d_]+|{_TICK}\s*[^\W\d_]+\s*{_NO_TICK})\s*$", re.IGNORECASE
)
_ASIDE = re.compile(r"\s*\([^()\n]{1,60}\)\s*$")
_BULLET = re.compile(r"[^\w(\"'«“”‘’„\[☐]+")
_PARTING = "-–—|:.,;)"
_QUOTES = "\"'«“”‘’„"
# A prefix that ends with one of these is a sentence that goes on with the mention.
_LEADING_IN = re.compile(
    r"(?:^|[\s'’(])(?:l[ae]|una|alla|dalla|della|nella|sulla|di|da|in|con|per|come|vedi|vedasi|si|"
    r"cfr|allegat[aeio]|precedente|presente|seguente|e|ed|o|non|titolo|chiamata|denominata|"
    r"intitolata|su|a|ad|tale|questa|stessa|qui|quindi|mediante|tramite)[.:]?$",
    re.IGNORECASE,
)
_TOP = 5  # lines of a letterhead
_HOUSE = re.compile(
    r"\b(?:osp(?:\.|edale|edali)|policlinico|azienda|istituto|ist\.|fondazione"
    r"|casa di cura|clinica|u\.?o\.?c?\b"
    r"|divisione|reparto|unit[aà]|dipartimento|cardiochirurgia|cch|asst|aou|asl"
    r"|presidio|p\.o\.|centro cuore)",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"(?:mod|rev|prot|n|nr|cod|doc|form)\b[\w./ -]{0,15}|[\w./-]*\d[\w./-]*", re.IGNORECASE
)
_VERBS = re.compile(
    r"\b(?:si|è|sono|viene|vengono|era|sarà|ha|hanno|non|che|porta|reca|esibisce|mostra|produce|riporta|cita|allega|rimanda|vede|veda|vedi|"
    r"inviata|redatta|consegnata|allegata|richiesta|firmata)\b"
)


def is_discharge_letter(text: str) -> bool:
    """Whether the heading stands in a cleaned text as a heading, alone or after a page header."""
    return bool(titles(text))


def titles(text: str) -> list[int]:
    """Where the heading stands as a heading."""
    found = _TITLE.finditer(text)
    exact = [one.start() for one in found if _stands_alone(text, one.start(), one.end())]
    return sorted({*exact, *_bent(text)} if not exact else exact)


def _bent(text: str) -> Iterator[int]:
    """Lines that are the heading but for a letter or two that OCR took for others."""
    at = 0
    for line in text.split("\n"):
        letters = "".join(filter(str.isalpha, line.casefold()))
        if abs(len(letters) - len(_LETTERS)) <= _SLIPS:
            near = distance(letters, _LETTERS, score_cutoff=_SLIPS) <= _SLIPS
            if near and not _TITLE.search(line) and _stands_alone(text, at, at + len(line)):
                yield at + len(line) - len(line.lstrip())
        at += len(line) + 1


def why_not(text: str) -> str:
    """Why a text without the heading is turned away, in one line that quotes nothing of it."""
    reason = f"no heading {HEADING}"
    if _PROVISIONAL.search(text):
        return f"{reason}: it is a provisional one"
    if _TITLE.search(text):
        return f"{reason}: only mentioned in another document"
    if _UNFINISHED.search(text):
        return f"{reason}: the heading lacks its last word"
    language = strange_language(text)
    return f"{reason}: it is written in {language}" if language else reason


def _stands_alone(text: str, start: int, end: int) -> bool:
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    before = text[line_start:start].strip()
    after = text[end : len(text) if line_end < 0 else line_end]
    if _quoted(before, after):
        return False
    return _may_precede(before, text[start:end], text[:line_start]) and _may_follow(after)


def _quoted(before: str, after: str) -> bool:
    return before[-1:] in tuple(_QUOTES) or after.lstrip()[:1] in tuple(_QUOTES)


def _may_precede(before: str, title: str, earlier: str) -> bool:
    """A page header may stand before it on its line; a sentence that leads in may not."""
    if _UNTICKED.search(before):
        return False
    if _BULLET.fullmatch(before) or _TICKED.search(before):
        return True
    if before:
        words = re.findall(r"[^\W\d_]{4,}", before)
        titled = sum(word[0].isupper() for word in words)
        parted = before[-1] in _PARTING or title[0].isupper() and titled > 1
        leads_in = _LEADING_IN.search(before) or _VERBS.search(before)
        if not leads_in and (_FORM.fullmatch(before) or _headed(before, earlier)):
            return True
        return parted and not leads_in and titled * 2 >= len(words)
    last = earlier.rstrip(" ").removesuffix("\n")
    return last.endswith("\n") or not _LEADING_IN.search(last.rpartition("\n")[2].strip())


def _headed(before: str, earlier: str) -> bool:
    """Whether a house stands before it at the top: OCR or wrapping joined letterhead and title."""
    return earlier.count("\n") < _TOP and _HOUSE.search(before) is not None


def _may_follow(after: str) -> bool:
    rest = after.strip()
    if not rest:
        return True
    if _VERBS.search(rest) or _OTHER_TICKED.match(rest):
        return False
    if _ASIDE.fullmatch(after) or _NOT_THE_OTHER.match(after) or _BULLET.fullmatch(rest):
        return True
    return _AFTER.match(after) is not None and len(rest.split()) <= 12
