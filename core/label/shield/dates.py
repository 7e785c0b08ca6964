"""Dates in a line, however they are written: by their shape and by what stands around them."""

import re
from collections.abc import Iterator

from core.label.shield.months import month, value, weekday
from core.label.shield.words import plain

Found = tuple[int, int]

_D = r"[\dOoIl|]"  # scans confuse 0 and O, 1 and I
_SEP = r"\s?[./\-–]\s?"
_SEP_WIDE = r"\s{0,2}[./\-–]\s{0,2}"
_ROMAN = r"(?:XII|XI|IX|IV|VIII|VII|VI|III|II|I|X|V)"
_YEAR = r"(?:[12l][\d90OoIl]{3}|['’]?\d\d)"
_AND = r"\s?(?:,|-|–|/|e|ed|al|a|fino al|e il|e del)\s?(?:il\s)?"
_WHOLE = (
    rf"(?<![\w/,])(?:{_D}{{1,2}}{_AND})?{_D}{{1,2}}{_SEP_WIDE}{_D}{{1,2}}{_SEP_WIDE}"
    rf"(?:{_D}{{4}}|{_D}{{2}})(?![\w/])",
    r"(?<![\d/.,\-])\d{4}[./\-]\d{1,2}[./\-]\d{1,2}(?!\d)",
    r"(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)",
    rf"(?<![\w/])\d{{1,2}}{_SEP}{_ROMAN}{_SEP}(?:\d{{4}}|\d\d)(?![\w/])",
    r"(?<![\d/.,\-])(?:0?[1-9]|1[0-2])[./\-](?:19|20)\d\d(?![\d/])",
)
# A scan puts blanks anywhere into a date of four parts, and before or behind its strokes.
_GAPPED = re.compile(
    rf"(?<![\w/,.])(?P<d>{_D}\s?{_D}?)\s{{0,2}}[./\-]\s{{0,2}}(?P<m>{_D}\s?{_D}?)\s{{0,2}}[./\-]\s{{0,2}}"
    rf"(?P<y>{_D}\s?{_D}(?:\s?{_D}\s?{_D})?)(?![\w/])"
)
_GAPPED_SHORT = re.compile(
    r"(?<![\w/.,\-])(?P<d>3[01]|[12]\d|0?[1-9]|[12l][lO\d])(?:\s/\s?|/\s|\s\.)"
    r"(?P<m>0[1-9]|1[0-2]|[1-9])(?![\w/%]|[.,]\d|\s?(?:mg|cp|ml|mm|fl))"
)
_ROMAN_DAY = re.compile(
    r"(?<!\w)(?P<d>[XVI]{1,6})\s(?P<name>[^\W\d_]{4,10})(?:\s[MDCLXVI]{4,}|\s\d{4})?(?!\w)"
)
_REST = re.compile(r"\s([a-z]{2,7})(?!\w)")  # of a month's name that a scan put a blank into
_YEAR_DAY_MONTH = re.compile(
    r"(?<![\w.])(?:19|20)\d\d,?\s(?:il\s)?\d{1,2}\s(?P<name>[^\W\d_]{3,10})(?!\w)"
)
_NAMED = re.compile(
    rf"(?<![\w/])(?:(?:{_D}{{1,2}}{_AND}){{0,6}}(?P<d>{_D}{{1,2}})\s?(?:[°º^ª]|st\b|nd\b|rd\b|th\b)?"
    r"(?:[\s.\-/,]{1,3}|(?<=\d)(?=[A-Za-z]{3}))(?:di\s|of\s|de\s)?)(?P<name>(?:[^\W\d_]|[01]){2,10})(?![^\W_])\.?"
    rf"(?:[\s,.\-/'’]{{1,3}}(?:d(?:el|i)(?:l['’]anno)?\s+)?(?P<y>{_YEAR})(?![\w:]))?"
)
_NAME_FIRST = re.compile(
    r"(?<![\w])(?P<name>[^\W\d_]{3,10})\.?\s(?P<d>\d{1,2})(?:st|nd|rd|th)?"
    r"(?:,\s?(?P<y>\d{4}))?(?![\w/.:]|,\d|\s?(?:%|m[gl]|cp|gg|giorn|volt|episod|mes))"
)
_MONTH_AND_YEAR = re.compile(
    r"(?<![\w])(?P<name>(?:[^\W\d_]|0){2,10})(?:\.\s?|[\s’'/\-]{1,2})(?:d(?:el|i)\s+)?"
    r"(?:(?:19|20|2O|l9)[\dO]{2}|['’]\d\d)(?![\w])"
)
_YEAR_FIRST = re.compile(
    r"(?:mille|due\s?mila)(?:\s?[^\W\d_]+){1,3}?,?\s\d{1,2}\s(?P<name>[^\W\d_]{5,9})", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")
_ON_A_WEEKDAY = re.compile(
    r"(?<!\w)(?P<name>[^\W\d_]{6,9})\s(?P<x>\d{1,2})(?![\w/:]|[.,]\d|\s?(?:%|m[gl]|cp|gg|giorn|volt))"
)
_WEEKDAY = re.compile(r"([^\W\d_]{3,9})\.?,?\s$")

_DAY_MONTH = r"(?:0?[1-9]|[12]\d|3[01]|[l0O]\d)[/.\-](?:0[1-9]|1[0-2]|[1-9]|[0O]\d)"
_NOT_DAYS = (
    r"post|mmol|gg?\b|giorn|ann|aa\b|mes|sett|ore\b|min|m[lmg]|cm|mcg|cp|u[ia]?\b|per\scento|volt"
    r"|%|x\b|fr\b|kg|bpm|b/m"
)
_THIS_MONTH = (
    r"u\.?\s?s\b|c\.?\s?m\b|p\.?\s?v\b|corr(?:ente|\b)|ultimo scorso|scorso|prossimo"
    r"|dello stesso mese|mese|successivo"
)
_TESTS = r"ett|ete|eco\w*|tc|rx|ecg|rm|rmn|coro\w*|tampone|emocoltur[ae]|biopsi[ae]|holter|proc\w*"
_CUED = (
    rf"(?i:\b(?:il|dal|al|tra il|fra il|del|nei giorni|giorni)\s)(?P<x>{_D}{{1,2}})"
    r"(?=\s(?:al|e il|e|ed il|fino al|-|–)\s?(?:il\s)?"
    rf"(?:{_D}{{1,2}}[/.\-]|{_D}{{1,2}}\s[^\W\d_]{{3}}))",
    rf"(?i:\b(?:il|dal|al|del|data|giorno|dall['’]|all['’]|fino al|l['’])\s?)(?P<x>{_DAY_MONTH})"
    r"(?!\d|[/.,]\d|\s?%|\s*[cm][gml]\b)",
    rf"(?i:(?<![\w/.,])(?P<x>\d{{1,2}})(?=\s+(?:{_THIS_MONTH})(?!\s(?:di|a)\b)))",
    r"(?i:\bgiorno\s)(?P<x>\d{1,2})(?![\d/.,]|\s*(?:[cm][gml]|cp|u|post|giorn)\b)",
    r"(?i:\b(?:il|dal|al|dì|del|giorno)\s)(?P<x>[12]\d|3[01]|0?[1-9])"
    rf"(?=\s(?!(?i:{_NOT_DAYS}))(?i:[a-z]{{2,}})|\s\(|[,;:)](?:\s|$)|\.(?:\s|$)|$)",
    r"(?P<x>(?<![\w/.,\-+])\d{1,2}/\d{1,2})(?=\s(?:h|ore)\s?\d)",
    r"(?:(?<=\d[/.]\d,\s)|(?<=\d/\d\d,\s))(?P<x>\d{1,2}/\d{1,2})(?![\w/])",
    r"(?i:\b(?:in|out|ing|dim|usc|entrat[oa]|esce|ingresso|uscita|prossim[oa]:?|controllo:?|tolt[oa]"
    r"|rimoss[oaie]|operat[oa]|impiant\w+|dal|fino al)\s)"
    r"(?P<x>\d{1,2}[/\-](?:1[0-2]|0?[1-9]))(?![\w/%.,\-])",
    r"(?i:\binr\s)(?P<x>\d{1,2}/(?:1[0-2]|0?[1-9]))(?![\w/%.,\-])",
    rf"(?i:\b(?:{_TESTS})\s)(?P<x>\d{{1,2}}[/\-](?:1[0-2]|[1-9]))(?=\s?[:,)])",
    r"(?i:\b(?:nel|dal|del)\s)(?P<x>(?:0[1-9]|1[0-2])/\d\d)(?![\d/])",
)
_WHEN = r"(?:di|a|ad|nel|in|da|dal|fino a|scorso|mese di|entro|per|tra|lo scorso|metà|fine|inizio)"
_MONTH_ALONE = re.compile(
    rf"(?i:\b{_WHEN}\s(?P<x>[^\W\d_]{{6,9}}|marzo)\b|\b(?P<y>[^\W\d_]{{5,9}})"
    r"\s(?:scorso|u\.?\s?s\b|prossimo|p\.?v\b|corrente))"
)
_MEASURED = (
    r"(?![\w/%°]|[.,\-]\d|\s*(?:mmhg|mg|cp|cpr|ml|mm|cm|ore(?!\s?\d)|bpm|vv|sn|fl|di cp|volte|u\b))"
)
_BEFORE = r"(?<![\w/.,\-+])"
# A day and a month without more: any of these unless something measured stands around it.
_BARE = tuple(
    re.compile(_BEFORE + f"(?P<x>{shape})" + _MEASURED, re.IGNORECASE)
    for shape in (
        r"(?P<d>3[01]|[12]\d|0?[1-9])/(?P<m>0[1-9]|1[0-2]|[1-9])",
        r"[12][lIO]/(?:1[0-2]|0?[1-9])|[lI]\d/\d\d?|[\dlI]\d/O[1-9]|[lI]\d/0[1-9]|\d/[1lI]O|[1l]\d/[lI][0-2O]|\d/[lI]\d",
        r"(?P<d>3[01]|[12]\d|0[1-9])[.](?P<m>0[1-9]|1[0-2])",
        r"(?P<d>3[01]|[12]\d|0?[1-9])-(?P<m>0[1-9]|1[0-2])|0[1-9]-[1-9]",
        r"(?P<d>3[01]|[12]\d|[3-9])-(?P<m>1[0-2]|[1-9])",
        rf"(?P<d>3[01]|[12]\d|0?[1-9])[/.\-](?-i:{_ROMAN})",
    )
)
_MEASURE = re.compile(
    r"(?:\b(?:pa|pao|ore|alle|h|mg|mcg|ua|ui|gcs|visus|nrs|vas|score|pas|pressione|cp|inr|hb|fc|k|na|ph"
    r"|crea\w*|soffi\w*|range|ccs|nyha|classe|grado|stadio|killip|levine|rapporto|forza|cd[xa]|hct|ht"
    r"|livell\w*|ef|fe|lattati|glicemi\w*|potassio|sodio|calcio|tsh|ldl|hdl|be|tn[it]?|mrc|terzo|vo"
    r"|aortic\w|anello|stent|protesi|valvola|tubo|n\.|nr|w|fr|mm|cm|pap\w*|da|di|per|ogni|circa|piu)\b"
    r"[\s:.=<>~]*|\d\s|[x*×]\s?|\d\s?[-–]\s?)$",
    re.IGNORECASE,
)
_FEW = 6  # parts of a whole: 2/6, 3/3, 1/2
_NOT_OF_DATES = re.compile(r"soffi|cp\b|compress|mezz|\bx\s?\d", re.IGNORECASE)
_WHOLE_SHAPES = tuple(re.compile(shape) for shape in _WHOLE)
_CUED_SHAPES = tuple(re.compile(shape) for shape in _CUED)
_ON = re.compile(r"(?i:\b(?:il|dal|del|al|notte del)\s)$")
_ALONE = re.compile(r"(?=\s(?:cioè|si|alle|è|e il)\b|[,.;])")
_SCAN = str.maketrans("OoIl|", "00111")
_HAS_DIGIT = re.compile(r"\d")


def dates(text: str) -> Iterator[Found]:
    """All of them, each with its day of the week; they may overlap."""
    for start, end in _found(text):
        before = _WEEKDAY.search(text, max(0, start - 13), start)
        yield (before.start(1) if before and weekday(before[1]) is not None else start), end


def _found(text: str) -> Iterator[Found]:
    if _HAS_DIGIT.search(text):
        for shape in _WHOLE_SHAPES:
            for match in shape.finditer(text):
                if any(char.isdigit() for char in match.group()):
                    yield match.span()
        yield from _named(text)
        yield from _gapped(text)
        yield from _bare(text)
        for match in _ON_A_WEEKDAY.finditer(text):
            if weekday(match["name"]) is not None:
                yield match.span("x")
        for shape in _CUED_SHAPES:
            yield from (match.span("x") for match in shape.finditer(text))
    yield from _spelled(text)
    for match in _MONTH_ALONE.finditer(text):
        group = "x" if match["x"] else "y"
        if month(match[group]):
            yield match.span(group)


def _named(text: str) -> Iterator[Found]:
    for shape in (_NAMED, _MONTH_AND_YEAR, _NAME_FIRST, _YEAR_DAY_MONTH):
        for match in shape.finditer(text):
            if month(match["name"].replace("1", "l").replace("0", "o")) is None:
                continue
            if shape is _NAME_FIRST and not (
                match["y"] or len(match["name"]) < 5 or _foreign(match)
            ):
                continue
            yield match.span()
            rest = _REST.match(text, match.end("name"))
            if rest and month(match["name"] + rest[1]):
                yield rest.span(1)


def _gapped(text: str) -> Iterator[Found]:
    """Dates into which a scan put blanks: 1 8. 0 6 .2 O19, 14 /5."""
    for match in _GAPPED.finditer(text):
        if 1 <= _scanned(match["d"]) <= 31 and 1 <= _scanned(match["m"]) <= 12:
            yield match.span()
    for match in _GAPPED_SHORT.finditer(text):
        if not _MEASURE.search(text[max(0, match.start() - 24) : match.start()]):
            yield match.span()


def _scanned(digits: str) -> int:
    return int("".join(digits.split()).translate(_SCAN))


def _foreign(match: re.Match[str]) -> bool:
    """Whether the month stands before its day as in English."""
    return plain(match["name"]) in (
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
    )


def _bare(text: str) -> Iterator[Found]:
    fractions = bool(_NOT_OF_DATES.search(text))
    for shape in _BARE:
        for match in shape.finditer(text):
            day, month_ = match.groupdict().get("d"), match.groupdict().get("m")
            part = bool(
                day and month_ and int(day) <= int(month_) <= _FEW and len(day + month_) == 2
            )
            if part and (fractions or day == month_):
                continue
            if not _MEASURE.search(text[max(0, match.start() - 24) : match.start()]):
                yield match.span("x")


def _spelled(text: str) -> Iterator[Found]:
    """Dates that somebody dictated: ventotto giugno duemilaventitré."""
    if "mil" in text.casefold():
        for match in _YEAR_FIRST.finditer(text):
            if month(match["name"]):
                yield match.span()
    for match in _ROMAN_DAY.finditer(text):
        if month(match["name"]):
            yield match.span("d")
            yield match.start("name"), match.end()
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        if not 0 < (value(word.group()) or 0) < 32 or word.group().isdigit():
            continue
        behind = words[index + 1 : index + 5]
        if behind and len(behind[0].group()) > 4 and month(behind[0].group()):
            yield word.start(), _year_end(text, behind)
        elif _ALONE.match(text, word.end()) and _ON.search(
            text, max(0, word.start() - 14), word.start()
        ):
            yield word.span()


def _year_end(text: str, words: list[re.Match[str]]) -> int:
    """Where a date ends that begins with the month: behind its year, if one is said."""
    for last in reversed(words[1:]):
        year = text[words[1].start() : last.end()]
        if (value(year) or 0) > 1000 or re.fullmatch(r"(?:19|20)\d\d", year):
            return last.end()
    return words[0].end()
