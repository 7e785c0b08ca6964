"""Dates, telephones and codes in a line, found by their shape and the words before them."""

import re
from collections.abc import Iterator
from typing import Literal

Found = tuple[int, int, Literal["date", "number", "code"]]

MONTHS = (
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
).split()
_MONTH = (
    r"(?:gen(?:nai[o0])?|feb(?:brai[o0])?|mar(?:z[o0])?|apr(?:ile)?|mag(?:gi[o0])?|giu(?:gn[o0])?"
    r"|lug(?:li[o0])?|ag(?:o(?:st[o0])?)?|set(?:t(?:embre)?)?|ott(?:[o0]bre)?|nov(?:embre)?"
    r"|dic(?:embre)?)(?![^\W\d_])"
)
_WHOLE_MONTH = rf"(?:{'|'.join(MONTHS)})\b"
_GERMAN = (
    "januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember"
)
_D = r"[\dOoIl]"  # scans confuse 0 and O, 1 and I
_SEP = r"\s?[./\-–]\s?"
_Y = r"(?:[12l][\d90OoIl]{3}|['’]?\d\d)\b"
_YEAR = rf"(?:[\s,.\-/]+(?:del(?:l['’]anno)?\s+)?(?:{_Y}))?"
_FULL = rf"{_D}{{1,2}}{_SEP}{_D}{{1,2}}{_SEP}(?:{_D}{{4}}|{_D}{{2}})"
_ROMAN = r"(?:XII|XI|IX|IV|VIII|VII|VI|III|II|I|X|V)"
_AND = r"\s?(?:,|-|–|/|e|ed|al|a|fino al|e il|e del)\s?"
_DATES = (
    rf"(?<![\w/,])(?:{_D}{{1,2}}{_AND}(?:il\s)?)?{_FULL}(?![\w/])",
    r"(?<![\d/.,\-])\d{4}[./\-]\d{1,2}[./\-]\d{1,2}(?!\d)",
    rf"(?i:(?<![\w/])(?:(?:{_D}{{1,2}}{_AND}){{0,6}}{_D}{{1,2}}\s?[°º^]?[\s.\-/]{{1,2}}){_MONTH}\.?{_YEAR})",
    rf"(?i:(?<![\w/])(?:(?:il|l['’])?prim[oa])\s+{_WHOLE_MONTH}{_YEAR})",
    rf"(?i:\b{_MONTH}[.\s'’/\-]+(?:del\s+|di\s+)?(?:(?:19|20|2O|l9)[\dO]{{2}}|['’]\d\d)\b)",
    rf"(?<![\w/])\d{{1,2}}{_SEP}{_ROMAN}{_SEP}(?:\d{{4}}|\d\d)(?![\w/])",
    r"(?<![\d/.,\-])(?:0?[1-9]|1[0-2])[./\-](?:19|20)\d\d(?![\d/])",
    r"(?i:(?<=\bnel )|(?<=\bdal )|(?<=\bdel ))(?:0[1-9]|1[0-2])/\d\d(?![\d/])",
    rf"(?i:(?<![\w/.])\d{{1,2}}\.\s(?:{_GERMAN})\b(?:\s\d{{4}})?)",
)
_DAY_MONTH = r"(?:0?[1-9]|[12]\d|3[01]|[l0O]\d)[/.\-](?:0[1-9]|1[0-2]|[1-9]|[0O]\d)"
_IL = r"\b(?:il|dal|al|del|giorno|l['’]|dall['’]|all['’])\s?"
_NOT_DAYS = (
    r"post|mmol|gg?\b|giorn|ann|aa\b|mes|sett|ore\b|min|m[lmg]|cm|mcg|cp|u[ia]?\b|per\scento|volt"
    r"|%|x\b|fr\b|kg|bpm|b/m"
)
_THIS_MONTH = (
    r"u\.?\s?s\b|c\.?\s?m\b|p\.?\s?v\b|corr(?:ente|\.)|ultimo scorso|scorso|prossimo"
    r"|dello stesso mese|mese|successivo"
)
_BEFORE_A_MONTH = (
    r"\b(?:di|a|ad|nel|in|da|dal|fino a|scorso|mese di|entro|per|tra|lo scorso|metà|fine|inizio)\s"
)
_TESTS = r"ett|ete|eco\w*|tc|rx|ecg|rm|rmn|coro\w*|tampone|emocoltur[ae]|biopsi[ae]|holter"
_CUED_DATES = (
    rf"(?i:\b(?:il|dal|al|del|data|giorno|dall['’]|all['’]|fino al|l['’])\s?)(?P<x>{_DAY_MONTH})"
    r"(?!\d|[/.,]\d|\s?%|\s*[cm][gml]\b)",
    rf"(?i:{_IL}(?P<x>\d{{1,2}})(?=\s+(?:{_THIS_MONTH})))",
    r"(?i:\bgiorno\s)(?P<x>\d{1,2})(?![\d/.,]|\s*(?:[cm][gml]|cp|u|post|giorn)\b)",
    rf"(?i:\b(?:il|dal|al)\s)(?P<x>\d{{1,2}})(?=\s(?!{_NOT_DAYS})[a-z]{{2,}}|[,;)]\s|\.(?:\s|$))",
    r"(?P<x>(?<![\w/.,\-+])\d{1,2}/\d{1,2})(?=\s(?:h|ore)\s?\d)",
    r"(?:(?<=\d[/.]\d,\s)|(?<=\d/\d\d,\s))(?P<x>\d{1,2}/\d{1,2})(?![\w/])",
    r"(?i:\b(?:in|out|ingresso|uscita|prossim[oa]:?|controllo:?|inr)\s)"
    r"(?P<x>\d{1,2}/(?:1[0-2]|[1-9]))(?![\w/%.,])",
    rf"(?i:\b(?:{_TESTS})\s)(?P<x>\d{{1,2}}/(?:1[0-2]|[1-9]))(?=\s?[:,)])",
    rf"(?i:{_BEFORE_A_MONTH}(?P<x>{_WHOLE_MONTH}))",
    rf"(?i:(?P<x>{_WHOLE_MONTH})\s(?:scorso|u\.?\s?s\b|prossimo|p\.?v\b|corrente))",
)
_NO_MEASURE = r"(?![\w/%]|[.,\-]\d|\s*(?:mmhg|mg|cp|cpr|ml|mm|cm|ore|bpm)\b)"
_BARE_DATES = (
    r"(?<![\w/.,\-+])(?P<x>(?:[012]\d|3[01])/(?:0[1-9]|1[0-2])|(?:1[3-9]|2\d|3[01])/(?:[1-9]|1[0-2]))"
    + _NO_MEASURE,
    r"(?<![\w/.,\-+])(?P<x>\d/(?:0[1-9]|1[0-2]))" + _NO_MEASURE,
    r"(?<![\w/.,\-+])(?P<x>[\dlI]\d/O[1-9]|[lI]\d/0[1-9])" + _NO_MEASURE,
)
# Eight of seven is no score.
_MORE_THAN_ALL = re.compile(r"(?<![\w/.,\-+])(?P<x>(?P<d>[5-9]|1[0-2])/(?P<m>[1-9]))" + _NO_MEASURE)
_IS_NO_DAY = re.compile(
    r"(?:\b(?:pa|pao|ore|h|mg|mcg|ua|ui|gcs|visus|nrs|vas|score|pas|rapporto|pressione|cp|soffio)\b"
    r"[\s:.=]*|\d\s)$",
    re.IGNORECASE,
)
_RANGE = (
    rf"(?i:\b(?:il|dal|al|tra il|fra il|del|nei giorni|giorni)\s)(?P<x>{_D}{{1,2}})"
    r"(?=\s(?:al|e il|e|ed il|fino al|-|–)\s?(?:il\s)?"
    rf"(?:{_D}{{1,2}}[/.\-]|{_D}{{1,2}}\s{_MONTH}))"
)

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
)
_NUMBER = r"(?<![\w,])(?P<x>\d{6,})(?![\d,])"
_LABORATORY = re.compile(
    r"(?:\b(?:plt|piastrin\w*|gb|gr|wbc|rbc|leuc\w*|globuli \w+|bnp|pro-?bnp|nt-?pro-?bnp)\b"
    r"[^\d]{0,12})$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s?(?:/|x\s?10|u[il]\b|mm[c3]|ml|pg|ng|unit)", re.IGNORECASE)

_CODE = r"(?=[\w ./\-]{0,8}?\d)(?:[A-Z]{1,4}(?:[\-.][A-Z]{1,4})?\s(?=[\dl]))?[\w]+(?:[./\-]\w+)*"
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
    r"(?<![\w/])(?P<x>[A-Z]{1,3}\d{6,}\w*|[A-Z]{2}\d{5}[A-Z]{2})(?!\w)",
)
_HAS_DIGIT = re.compile(r"\d")
_DATE_SHAPES = tuple(re.compile(shape) for shape in _DATES)
_CUED_SHAPES = tuple(re.compile(shape) for shape in (_RANGE, *_CUED_DATES))
_BARE_SHAPES = tuple(re.compile(shape) for shape in _BARE_DATES)
_PHONE_SHAPES = tuple(re.compile(shape) for shape in _PHONES)
_CODE_SHAPES = tuple(re.compile(shape) for shape in _CODES)
_LONG = re.compile(_NUMBER)
_MONTH_WORD = re.compile(_MONTH, re.IGNORECASE)


def numbers(text: str) -> Iterator[Found]:
    """All of them, the most certain first; they may overlap."""
    digits = bool(_HAS_DIGIT.search(text))
    if not digits and "@" not in text and "www" not in text and not _MONTH_WORD.search(text):
        return
    yield from _codes(text, _CODE_SHAPES[:4])
    if digits:
        yield from _dates(text)
        yield from _phones(text)
        yield from _codes(text, _CODE_SHAPES[4:])
        yield from _long(text)
    for shape in _CUED_SHAPES:
        yield from ((*match.span("x"), "date") for match in shape.finditer(text))


def _dates(text: str) -> Iterator[Found]:
    for shape in _DATE_SHAPES:
        for match in shape.finditer(text):
            if any(char.isdigit() for char in match.group()) or match.group()[0] in "ipIPlL":
                yield *match.span(), "date"
    for shape in _BARE_SHAPES:
        for match in shape.finditer(text):
            day, month = match["x"].split("/")
            if day != month and not _IS_NO_DAY.search(_left(text, match.start("x"))):
                yield *match.span("x"), "date"
    for match in _MORE_THAN_ALL.finditer(text):
        likely = int(match["d"]) > int(match["m"])
        if likely and not _IS_NO_DAY.search(_left(text, match.start("x"))):
            yield *match.span("x"), "date"


def _left(text: str, start: int) -> str:
    return text[max(0, start - 40) : start]


def _phones(text: str) -> Iterator[Found]:
    for number, shape in enumerate(_PHONE_SHAPES):
        for match in shape.finditer(text):
            for one in _apart(match["x"], match.start("x")) if number == 0 else [match.span("x")]:
                digits = sum(char.isdigit() or char in "OlI" for char in text[slice(*one)])
                if digits >= (8 if 0 < number < 4 else 5):
                    yield *one, "number"


def _apart(phones: str, start: int) -> Iterator[tuple[int, int]]:
    """Several telephones behind one cue."""
    for match in re.finditer(r"\S+(?:\s(?![/\-]\s)\S+)*", phones):
        yield start + match.start(), start + match.end()


def _codes(text: str, shapes: tuple[re.Pattern[str], ...]) -> Iterator[Found]:
    for shape in shapes:
        for match in shape.finditer(text):
            code = match["x"]
            if sum(char.isdigit() for char in code) > 2 or "@" in code or "www" in code:
                yield *match.span("x"), "code"


def _long(text: str) -> Iterator[Found]:
    for match in _LONG.finditer(text):
        measured = _LABORATORY.search(_left(text, match.start())) or _UNIT.match(text, match.end())
        if len(match["x"]) > 7 or not measured:
            yield *match.span("x"), "number"
