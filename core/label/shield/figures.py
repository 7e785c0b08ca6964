"""Figures that identify: whatever stands behind a cue, telephones in any grouping, mixed codes.

Denied by default: figures are somebody's, or tell one piece from another, unless they are measured.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from core.label.shield.words import is_ordinary, is_term, plain

Found = tuple[int, int, Literal["number", "code"]]

_ATOM = r"(?:(?=[^\W_]{0,12}\d)[^\W_]{1,24})"
_JOINT = r"(?:[ \t]{0,2}[/\-–—_#+][ \t]{0,2}|\.|[ \t]{1,2})"
_HEAD = (
    r"(?:[A-Za-z]{1,5}(?:-[A-Z][a-z]{1,8})?"
    r"(?:[ \t]{0,2}[/\-–.#][ \t]{0,2}|[ \t](?=[\dOlIA-Z#])|(?=\d))){0,2}"
)
_TAIL = r"(?:[ \t]?[/\-]?[ \t]?[A-Z](?:[A-Z]|\.[ \t]?[A-Z])?(?![\w.]))?"
_MORE = rf"(?:{_JOINT}(?:[A-Z]{{1,4}}[/.\-])?{_ATOM}){{0,6}}"
_CODE = rf"(?P<x>{_HEAD}{_ATOM}{_MORE}{_TAIL})"
_SIGN = (
    r"(?i:[\s.:=)|(\-]{0,4}(?:n(?:r|um(?:ero|\.)?|ro|o)?\b[\s.:=°º]*|[n#№][.°º\s]*)?[°º#]?\s?"
    r"(?:[eè]\s)?)"
)
# Behind these stands what is somebody's or belongs to one piece, never how much of it.
_THING = (
    r"cart(?:ella)?(?:\s?clin(?:ica|\.)?)?|nos(?:ol\w*|ografic\w*)?|matr(?:icol[ae])?|s\.?\s?/\s?n"
    r"|s\.\s?n|serial[ei]?|seri[ae]|lott[oi]|lot|batch|udi|campion[ei]|camp|istol\w*|citol\w*"
    r"|ricett[ae]|nre|impegnativ[ae]|prescrizion[ei]|cup|puc|prenotaz\w*|archivio|cas[oi]\s(?=n)"
    r"|targa|tesser(?:a|ino)(?:\s\w{1,12})?|tess(?:\.\s?san)?|passaporto|patente|doc(?:umento)?"
    r"|c\.\s?i|prot(?:ocollo)?|pratica|fascicolo|registro|dossier|verbale|repertorio|rep|accett\w*"
    r"|scheda|sdo|ldo|episodio|albo|o\.\s?m|iscrizione|utenza|contratto|polizza|badge"
    r"|contrassegno|cartellino|etichetta|barcode|codice|cod|pid|ehr|mrn|hash|ns\.\s?rif"
    r"|rif(?:erimento)?|ref|richiesta|referto|esame\s(?=n)|unita\s(?=n)|sacc(?:a|he)\s(?=n)"
    r"|segnalazione|trasmettitore|fallnummer|delibera|determina|invalidita|relazione"
)
_BEHIND_A_CUE = re.compile(rf"(?<![^\W_])(?i:{_THING})(?![^\W\d_]){_SIGN}{_CODE}")
# A word or two between a cue and its figures, and words that mean other things as well.
_LOOSELY = re.compile(
    rf"(?<![^\W_])(?i:{_THING}|sn|id|interno|dispositivo|generatore|elettrocatetere|controller|ordine)"
    rf"\.?(?:\s?(?i:[^\W\d_]{{2,14}})\.?){{0,2}}{_SIGN}{_CODE}"
)
_NUMBERED = re.compile(
    rf"(?<![^\W_])(?i:n\s?[.°º]|nr\.?|no\.|num(?:ero|\.)?|№|#)[\s:.=°º]{{0,3}}{_CODE}"
)
_CUE = re.compile(rf"(?:{_THING}|ts|tel|fax|cell|caf|cf)", re.IGNORECASE)
_LETTERS_BEHIND = re.compile(r"[ ]([A-Z]{2})$")
_FIRST = re.compile(r"([^\W\d_]+)[ \t.]+")
_BY_LETTERS = re.compile(
    rf"(?<![\w/.\-])(?P<letters>[A-Z]{{2,5}})(?:[ ]?#[ ]?|[ ])(?P<x>{_ATOM}{_MORE})"
)
_MEASURES = frozenset(
    """pa pao pas pad pam pap paps pvc fc fr fe ef epo wbc rbc bev besv qt qtc pq pr qrs rr tt pt
    ptt ev im sc ore dal al il del ogni per da cc dtd dts vtd vts eo rx eco tc""".split()
)
_YEARS = re.compile(r"(?:(?:19|20)\d\d|['’]\d\d)(?:\s?[/\-–,e]\s?(?:19|20)?\d\d)*")
_DAY = re.compile(
    r"[0-3]?\d\s?[./\-]\s?(?:0?[1-9]|1[0-2])(?:\s?[./\-]\s?(?:\d{4}|\d\d))?(?=$|[\s\-–])"
)
_DECIMALS = re.compile(r"(?:\d{1,3}[.]\d{1,2}(?:[\s\-–]+|$))+")
_F = r"[\dOoIl]"  # scans confuse 0 and O, 1 and I
_GAP = r"[ \t./\-–—·()]{0,3}"
_END = rf"(?![^\W_])(?!{_GAP}\d)(?!,\d)"
_TELEPHONES = (
    re.compile(rf"(?<![\w.,+:])(?P<x>3(?:{_GAP}{_F}){{8,9}}){_END}"),
    re.compile(rf"(?<![\w.,+:/\-])(?P<x>\(?[0O](?:{_GAP}{_F}){{6,11}}){_END}"),
    re.compile(rf"(?<![\w.,])(?P<x>(?:\+|00)\s?\d{{1,3}}(?:{_GAP}{_F}){{6,13}}){_END}"),
)
_SPACED = re.compile(r"(?<![\w.,/:\-+])\d{1,6}(?:[ ]\d{2,6})+(?![\w/:]|[.,]\d)")
_ONE_RUN = re.compile(r"\d{4}|\d{3}[/\-]\d{2}|\d{2}[/\-]\d{3}|\d[lO]-?\d{3}")
_MANY = 7  # figures in groups of which one is long
_DIGITS = re.compile(r"\d")


def figures(
    text: str, measured: Callable[[str, int, int], bool], unit: Callable[[str, int], bool]
) -> Iterator[Found]:
    """All of them; they may overlap.

    `measured`: whether a stretch is a measure by its shape and company; `unit`: whether one of
    measure stands at a place.
    """
    for least, shape in ((3, _BEHIND_A_CUE), (4, _NUMBERED), (5, _LOOSELY)):
        for match in shape.finditer(text):
            loose = shape is _LOOSELY and measured(text, *match.span("x"))
            start, end = match.span("x")
            first = _FIRST.match(text, start, end)
            known = first and _is_known(first[1]) and measured(text, first.end(), _end(text, end))
            if not loose and not known:
                yield from _code(text, start, _end(text, end), least, unit)
    for match in _BY_LETTERS.finditer(text):
        if not _is_telling(match["x"]) or measured(text, *match.span("x")):
            continue
        if not _is_known(match["letters"]):
            yield *match.span("x" if _CUE.fullmatch(match["letters"]) else 0), "code"
    for shape in _TELEPHONES:
        for match in shape.finditer(text):
            if not (_DAY.match(match["x"]) or _DECIMALS.fullmatch(match["x"])):
                yield *match.span("x"), "number"
    for match in _SPACED.finditer(text):
        if _is_long(match.group()) and not measured(text, *match.span()):
            yield *match.span(), "number"


def _end(text: str, end: int) -> int:
    """The end of a code without letters that begin what follows: 120/80 FC."""
    behind = _LETTERS_BEHIND.search(text, max(0, end - 3), end)
    return behind.start() if behind and _is_known(behind[1]) else end


def _code(
    text: str, start: int, end: int, least: int, unit: Callable[[str, int], bool]
) -> Iterator[Found]:
    """What stands behind a cue, without the measures that follow it."""
    while unit(text, end):
        last = text.rfind(" ", start, end)
        if last < 0:
            return
        end = start + len(text[start:last].rstrip(" -–/"))
    while (first := _FIRST.match(text, start, end)) and _is_no_part(first[1]):
        start = first.end()
    code = text[start:end]
    digits = len(_DIGITS.findall(code))
    mixed = any(char.isalpha() for char in code)
    if not _YEARS.fullmatch(code) and digits >= least - (mixed and len(code) > least):
        yield start, end, "code"


def _is_no_part(word: str) -> bool:
    """Whether a word before figures says what they are: n. serie 4471."""
    return bool(_CUE.fullmatch(word)) or (len(word) > 2 and is_ordinary(plain(word)))


def _is_telling(code: str) -> bool:
    """Whether figures behind letters are none of a measure: 60231, 118/21, 55 203 781."""
    if _YEARS.fullmatch(code) or _DECIMALS.fullmatch(code):
        return False
    return bool(_ONE_RUN.search(code)) or (
        len(_DIGITS.findall(code)) >= _MANY and code.replace(" ", "").isdigit()
    )


def _is_known(letters: str) -> bool:
    """Whether letters before a number say what is measured: PLT, PA."""
    key = plain(letters)
    return key in _MEASURES or is_term(key) or is_ordinary(key)


def _is_long(spaced: str) -> bool:
    """Whether groups of figures are too long for a row of measures."""
    groups = spaced.split()
    long = any(len(group) > 3 and not _YEARS.fullmatch(group) for group in groups[1:])
    return long and sum(map(len, groups)) >= _MANY
