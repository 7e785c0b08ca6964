"""Telephones, codes and long numbers in a line: by their shape and by what stands around them."""

import re
from collections.abc import Iterator
from typing import Literal

from core.label.shield.figures import figures
from core.label.shield.months import is_number

Found = tuple[int, int, Literal["number", "code"]]

_TELEPHONE = (
    r"(?:te[l1](?:efon\w*|ef|\b)|ce[l1][l1](?:ulare)?|fax|recapit[oi]|contatt[oi]|utenza|mobile|whatsapp"
    r"|centralino|numero verde|segreteria|interno|rif\.? telefonico|chiamare|t\.|☎|☏|✆)"
)
_PHONES = (
    rf"(?<![^\W\d_])(?i:{_TELEPHONE})[^\d\n+]{{0,28}}(?P<x>\+?\(?[\dO][\dOlI\s./\-()]{{4,}}[\dOlI])",
    r"(?<![\w.,+/])(?P<x>(?:\+|00)\d{1,3}[\s.\-/]?\(?\d[\d\s.\-/)]{5,14}\d)(?![\w/])",
    r"(?<![\w.,+])(?P<x>3\d\d[\s./\-]{0,3}(?:\d[\s./\-]?){5,6}\d)(?!\w)",
    r"(?<![\w.,+])(?P<x>\(?[0O][\dOlI]{1,3}\)?[\s./\-]{1,3}(?:[\dOlI][\s./\-]?){3,8}[\dOlI])(?!\w)",
    r"(?<![\w.,+])(?P<x>(?:800|840|848|199)[\s.\-]?\d{3}[\s.\-]?\d{3})(?!\d)",
    r"(?<![\w.,+/\-])(?P<x>\d{2,4}[\s.]\d{3}[\s.]\d{3,4})(?![\w/%]|[.,]\d|\s?(?:m[mlg]|u|cell|copie|ng|pg)\b)",
)
# Five figures and more, whatever stands between them, are a number of somebody's or something's.
_LONG = re.compile(
    r"(?<![\w,.])(?P<x>\d{2,}(?:[./\-]\d+)*[./\-]\d{3,}(?:[./\-]\d+)*|\d+(?:[.]\d+){3,}"
    r"|\d{3,}[./\-]\d+(?:[./\-]\d+)*|\d{5,})(?![\w])"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:\.000)+|\d{1,3}(?:\.\d{3})+")
_DOSES = re.compile(
    r"\d(?:-\d){2,3}|\d{1,3}[./]\d{1,2}|\d{2,3}/\d{2,3}(?:/\d{2,3})?|\d{2,4}-\d{2,4}|\d{1,3}\.\d{1,3}"
    r"|\d{1,3}(?:\.\d00)+|(?:19|20)\d\d[/\-](?:19|20)?\d\d"
)
_LABORATORY = re.compile(
    r"(?:\b(?:plt|piastrin\w*|gb|gr|wbc|rbc|leuc\w*|neutr\w*|linf\w*|globuli \w+|\w*bnp|tropon\w*"
    r"|tn[it]|hs-?tn[it]|c[p]?k|ck-?mb|ldh|ferritin\w*|d-?dimer\w*|got|gpt|ast|alt|picco|eparina"
    r"|calcium score|score"
    r"|transaminasi|mioglobin\w*|procalcitonina|ves|cd4|hcv-?rna|copie|unita|icd)\b"
    r"[^\d]{0,16}(?:\d[\d.,]*\s?(?:-*>|-|e|a|poi)\s?)*)$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?(?:/\s?(?:mm|ml|[uμµ]l|l\b|dl|die|u|campo)|[x×]\s?10|[uμµ]l\b|mcl|unita|u[il]?\b|u\.?i\.?|mm[c3h]|m?cg|m[gl]\b|dl|pg|ng|unit|%|°|k\b"
    r"|cell|kg|copie|msec|ms\b|cc\b|dyn|kcal)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<![\w./\-])(?=[\w./\-]*\d)(?=[\w./\-]*[^\W\d_])\w+(?:[./\-]\w+)*")
# What only looks like a serial number: leads, vertebrae, bacteria, receptors, strengths, times.
_CLINICAL_CODE = re.compile(
    r"(?i:(?:cha2?ds2?-?va?s?c?|hba1c|sars-?cov-?2?|covid-?(?:19)?|p2y12|[\d.,]{1,5}x[\d.,]{1,6}\D{0,4}|\d{1,5}(?:[.,/\-]\d{1,4})?(?:mg|ml|mcg"
    r"|mm|cm|fr|kg|ui|gg|aa|cp|ng|hz)|\d{1,4}(?:[.,/\-]\d{1,3})?(?:f|g|h|u|j|l|k|w|v|a|m|s)|[a-z]\d\d?(?:[/\-][a-z]?\d\d?)+|\d{1,4}(?:st|nd|rd|th)"
    r"|[a-z]{1,3}\d{0,2}(?:[/\-][a-z]{1,3}\d{0,2})*|\d{4}-\d\d-\d\dt[\d:]*|(?:fe|fc|pa|hb|ef)\d[\d.,/\-]{0,6}%?|x?10+e?\d*|\d{1,2}q\d.{0,6}"
    r"|h\d+[.:]?\d*|ca-?\d{1,3}-?\d{0,2}|[a-z]{0,4}v\d-v?\d.{0,8}|.{0,8}bnp\D?\d{0,6}|cyp\w{1,6}|[cpy]{0,2}t[0-4x][a-d]?n[0-3x][a-c]?(?:m[01x])?|\d+-[a-z]{4,}|[a-z]{4,}\w*-\d{1,3}))"
)
_WITH_A_UNIT = re.compile(
    r"(?i:x?[\d.]*(?:[³⁹]|e\d{1,2}|-\d+)?[a-zμµ]{0,4}(?:/(?:mm[c3³]?|[μµu]?l|m?c?l|m[lg]|campo|die|h|dl|kg|min|m2))+"
    r"|[a-z]{1,4}/\d{2,4}|\d+/\d+(?:mg|mcg|ui))"
)
_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_STROKES = ("barra", "slash", "trattino", "punto", "meno", "più", "esse", "no", "scusi", ",")
_ASKS = re.compile(r"(?i:\b(?:protocollo|prot\.?|cartella|telefono|cellulare|civico|tessera)\s)$")
_RUNS = re.compile(r"\d+|[^\W\d_]+")
_MIXED = 4  # stretches of figures and letters in turn
_RUN = 3  # number words in a row that are no measure
_INSIDE = re.compile(r"(?i:(?<!\w)(?:interno|int\.)\s?(?:n\.?\s?)?(?P<x>\d{2,5})\b)")
_BETWEEN = re.compile(r"\s[/\-–]\s")
_DIGITS = re.compile(r"\d")
_WHOLE = 6  # figures of a telephone, less than which a part of one has
_BRANCH = re.compile(r"(?i:\s?(?:-\s)?\(?((?:int(?:erno)?)\.?\s?\d{1,5}))")

_CODE = r"(?=[\w ./\-]{0,8}?\d)(?:[A-Za-z]{1,4}(?:[\-.][A-Z]{1,4})?\s(?=[\dl]))?[\w]+(?:[./\-]\w+)*"
_RECORD = (
    r"(?:cart(?:ella)?(?:\.?\s*clin(?:ica)?)?|c\.\s?c\.?|cc|nosol(?:ogic[oa])?|nosografico|matricola"
    r"|codice(?:\s\w+)?|cod|sdo|pratica|tessera(?:\s\w+)?|t\.?s|team|c\.i\.?|documento|passaporto|patente"
    r"|prot(?:ocollo)?(?:\.?\s\w+)?|accettazione|identificativ[oi]|id(?:\s\w+)?|pid|rif(?:erimento)?"
    r"|ricovero|referto|episodio|scheda|fascicolo|verbale|registro|pratica|dossier|rep(?:ertorio)?"
    r"|lettera|ldo|lotto|serie|seriale|s/n|sn|stp|eni|cuni|numero|relazione|pos(?:izione)?|doc|codifica|rg|cch)"
)
_SIGN = r"[\s.:|)]*(?:n(?:r|um(?:ero)?|ro)?\b|#)?[°º.:\s|]*"
_CODES = (
    r"(?<![\w.+\-])(?P<x>[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+)",
    r"(?i:\b(?P<x>(?:https?://|www\.)[^\s<>\"')\]]+))",
    r"(?i:\b(?P<x>IT\s?\d\d\s?[a-z](?:\s?[\dO]){10}(?:\s?[a-z\d]){12}))\b",
    r"(?i:(?<!\w)(?P<x>(?:[a-z]\s?){6}(?:[\doilsbzqg]\s?){2}[a-ehlmprst]\s?(?:[\doilsbzqg]\s?){2}[a-z]\s?(?:[\doilsbzqg]\s?){3}[a-z])(?!\w))",
    rf"(?i:(?<![\w.])(?:{_RECORD})(?!\w){_SIGN})(?P<x>{_CODE})",
    rf"(?i:(?<![\w.])(?:{_RECORD})\s[a-z]{{2,12}}\.?\s?(?:n[.°º]|nr\b|:)\s*)(?P<x>{_CODE})",
    r"(?<![\w/])(?P<x>[A-Za-z]{1,5}[/\-](?:[A-Z]{1,4}[/\-])?\d{3,}(?:[/\-.]\w+)*)(?![\w/])",
    r"(?<![\w/])(?P<x>[A-Z]{2,5}\s?\d{2,4}[/\-]\d{3,}|[A-Z]{1,4}[/.\-](?:[A-Z]{1,4}[/\-])?\d{2,}[/.\-]\d{2,})(?![\w/])",
    r"(?<![\w/])(?P<x>\d{2,4}[/\-][A-Z]{1,4}[/\-]\d{2,}|\d{2,8}[/\-][A-Z]{2,5}|[A-Z]\d\d[\-/]\d{3,})(?![\w/])",
    r"(?<![\w/])(?P<x>\d{2,4}[/\-]\d{5,}|\d{4,}/\d\d(?:\d\d)?|\d{4}-\d\d(?!\d|-\d))(?![\w/]|\s?(?:m[gl]|mmhg)\b)",
    r"(?<![\w/])(?P<x>[A-Z]{1,3}\d{6,}\w*|[A-Z]{2}\s?\d{3,5}\s?[A-Z]{2})(?!\w)",
)
_HAS_DIGIT = re.compile(r"\d")
_PHONE_SHAPES = tuple(re.compile(shape) for shape in _PHONES)
_CODE_SHAPES = tuple(re.compile(shape) for shape in _CODES)


def numbers(text: str) -> Iterator[Found]:
    """All of them; they may overlap."""
    if _HAS_DIGIT.search(text):
        yield from _phones(text)
        yield from _codes(text)
        yield from _long(text)
        yield from figures(text, _is_measured, _has_unit)
    elif "@" in text or "www" in text:
        yield from _codes(text)
    yield from _said(text)


def _said(text: str) -> Iterator[Found]:
    """Numbers that somebody dictated figure by figure: tre zero otto barra ventitré."""
    run: list[re.Match[str]] = []
    for word in (*_WORD.finditer(text), None):
        said = word and (is_number(word.group()) or (run and _goes_on(word.group())))
        if word and said:
            run.append(word)
            continue
        while run and run[-1].group() in _STROKES:
            run.pop()
        spoken = sum(not one.group().isdigit() for one in run)
        if spoken >= (1 if run and _ASKS.search(_left(text, run[0].start())) else _RUN):
            yield run[0].start(), run[-1].end(), "code"
        run = []


def _goes_on(word: str) -> bool:
    """Whether a number said in words goes on: zero nove sette uno, 44 70 16."""
    return word in _STROKES or (word.isdigit() and len(word) < _WHOLE)


def _left(text: str, start: int) -> str:
    return text[max(0, start - 40) : start]


def _phones(text: str) -> Iterator[Found]:
    for number, shape in enumerate(_PHONE_SHAPES):
        for match in shape.finditer(text):
            for one in _apart(match["x"], match.start("x")) if number == 0 else [match.span("x")]:
                digits = sum(char.isdigit() or char in "OlI" for char in text[slice(*one)])
                if digits >= (8 if 0 < number != 4 else 4):
                    yield *one, "number"
                    if branch := _BRANCH.match(text, one[1]):
                        yield *branch.span(1), "number"

    for match in _INSIDE.finditer(text):
        yield *match.span("x"), "number"


def _apart(phones: str, start: int) -> Iterator[tuple[int, int]]:
    """Several telephones behind one cue."""
    begun = 0
    for match in (*_BETWEEN.finditer(phones), None):
        end = match.start() if match else len(phones)
        rest = phones[match.end() :] if match else phones
        if min(len(_DIGITS.findall(part)) for part in (phones[begun:end], rest)) >= _WHOLE:
            yield start + begun, start + end
            begun = match.end() if match else end
    if begun < len(phones):
        yield start + begun, start + len(phones)


def _codes(text: str) -> Iterator[Found]:
    for shape in _CODE_SHAPES:
        for match in shape.finditer(text):
            code = match["x"]
            if sum(char.isdigit() for char in code) > 2 or "@" in code or "www" in code:
                yield *match.span("x"), "code"
    for match in _TOKEN.finditer(text):
        if _is_serial(match.group()) and not _UNIT.match(text, match.end()):
            yield *match.span(), "code"


def _is_serial(token: str) -> bool:
    """Whether figures and letters are mixed as in no measure: C4F7HX9K2, a/24/0912, R23-5540."""
    digits = sum(char.isdigit() for char in token)
    letters = sum(char.isalpha() for char in token)
    if not digits or not letters or _CLINICAL_CODE.fullmatch(token):
        return False
    if _WITH_A_UNIT.fullmatch(token):
        return False
    joined = not any(char in "./-_" for char in token)
    runs = len(_RUNS.findall(token))
    return digits >= (4 if joined and runs < _MIXED else 3) and (letters < 6 or digits > 4)


def _long(text: str) -> Iterator[Found]:
    for match in _LONG.finditer(text):
        digits = sum(char.isdigit() for char in match["x"])
        # Nobody measures eight figures, but for those between full stops.
        unit = _UNIT.match(text, match.end())
        certain = digits > 7 and not unit and not _THOUSANDS.fullmatch(match["x"])
        if certain or not _is_measured(text, *match.span("x")):
            yield *match.span("x"), "number"


def _is_measured(text: str, start: int, end: int) -> bool:
    return bool(
        _LABORATORY.search(_left(text, start))
        or _has_unit(text, end)
        or _DOSES.fullmatch(text[start:end])
    )


def _has_unit(text: str, end: int) -> bool:
    return bool(_UNIT.match(text, end))
