"""Dates as Italian letters write them: 2/9/19, 2.IX.2019, 2 settembre '19, il due settembre.

One grammar for all who look for a date. It reads folded text (lower case, no accents, slips of OCR
undone, every character in its place); which year is meant where two digits or none are written is
the reader's matter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.read.words.months import MONTHS, ROMAN, STEMS
from core.read.words.shape import Shape

_MONTH = {name: n for names in (MONTHS, STEMS, ROMAN) for n, name in enumerate(names, 1)}
_MONTH["sett"] = 9
NAMES = "|".join(sorted((name for name in _MONTH if name not in ROMAN), key=len, reverse=True))
"""The names of months and their abbreviations, as alternatives of an expression."""
# As OCR reads them: rnaggio, novernbre, apnle.
_BENT = {name.replace("m", "rn"): n for n, name in enumerate(MONTHS, 1) if "m" in name}
_BENT["apnle"] = 4
_MONTH |= _BENT
WEEKDAY = r"(?:lun|mar|mer|gio|ven|sab|dom)[a-z]*\.?,?"
_ONES = "uno due tre quattro cinque sei sette otto nove".split()
_TEENS = (
    "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove"
).split()
_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()


def _spoken() -> dict[str, int]:
    """The numbers below a hundred by their names: ventuno, ventotto, trentatre."""
    names = {name: n for n, name in enumerate([*_ONES, *_TEENS], 1)} | {"primo": 1}
    for ten, name in enumerate(_TENS, 2):
        names[name] = 10 * ten
        for one, word in enumerate(_ONES, 1):
            names[(name[:-1] if word[0] in "uo" else name) + word] = 10 * ten + one
    return names


NUMBERS = _spoken()
"""Numbers below a hundred by the words of folded text."""
_DAYS = "|".join(sorted((w for w, n in NUMBERS.items() if n <= 31), key=len, reverse=True))
_ROMANS = "|".join(sorted(ROMAN, key=len, reverse=True))
_NO_DOSE = r"(?![\d/]|[.,]\d|\s?(?:[a-z]{1,4}/|mg|cp|cm|mm|mmhg|ml|g\b|%))"
_NO_PART = r"(?!\s?di\b)"  # 1/2 di compressa
_LONGEST_FIRST = sorted(NUMBERS, key=len, reverse=True)
_YEAR_WORDS = rf"(?:mille\s?novecento|due\s?mila)(?:\s?(?:{'|'.join(_LONGEST_FIRST)}))?(?![a-z])"
_DECADES = rf"(?:{'|'.join(word for word in _LONGEST_FIRST if NUMBERS[word] >= 30)})(?![a-z])"
_DATE = re.compile(
    rf"(?=\d|\b(?:{_DAYS})\s)(?<![\d/,-])(?<!\d\.)(?:(?P<iso>\d{{4}})-(?P<im>\d{{2}})-(?P<id>\d{{2}})"
    rf"|(?:(?P<d>[0-2]?\d|3[01]|\bprimo(?=\s))(?:°|º|ª|\^)?(?:"
    rf"\s?(?P<sep>[/.\-]|(?<=\d)\|(?=\d))\s?(?P<m>\d{{1,2}})\s?(?P=sep)\s?(?P<y>\d{{4}}|'?\d{{2}})"
    rf"|\s?[/.\-]\s?(?P<rm>{_ROMANS})(?:\s?[/.\-]\s?(?P<ry>\d{{4}}|'?\d{{2}})"
    rf"|(?=\s?[^\w/.\-]|[.](?:\s|$)|$))"
    rf"|(?<!\bpag \d)(?<!\bpag. \d)\s?/\s?(?P<pm>0[1-9]|1[0-2]|[1-9]{_NO_PART}){_NO_DOSE}"
    rf"|[.](?P<qm>0[1-9]|1[0-2]|[1-9](?=\s?(?:u\.?s|c\.?a|p\.?v)\b)){_NO_DOSE}{_NO_PART})"
    rf"|(?P<nd>[0-2]?\d|3[01]|\b(?:{_DAYS})(?=\s))(?:°|º|ª|\^)?"
    rf"(?:\s(?:di\s|del mese di\s)?|\s?[-/.]\s?)(?P<n>{NAMES}|{'|'.join(_BENT)})\.?(?![a-z])"
    rf"(?:(?:,?\s(?:del(?:l'anno)?\s|dell'anno\s|di quest'anno,?\s(?:il\s)?)?|\s?[-/.]\s?)"
    rf"(?P<ny>\d{{4}}|'\d{{2}}|(?<=[-/.])\d{{2}}(?!\d)|{_YEAR_WORDS}"
    rf"|(?<=del ){_DECADES}"
    rf"|(?<=[\d ][a-z]{{3}}\s)\d{{2}}(?![\d:./,]|\s?(?:ore|h|min|giorn|gg|anni|mesi))))?"
    rf")|(?P<sd>\d \d|\d{{2}})/(?P<sm>\d \d|\d{{2}})/(?P<sy>\d{{4}})"
    rf"|(?P<bd>\d{{2}})\s(?P<bm>\d{{2}})\s(?P<by>(?:19|20)\d{{2}}))(?![\d])"
)
_DIGIT = re.compile(r"\d")
# A date without figures: il due settembre, primo/IX.
_NAME = Shape("|".join((*STEMS, *_BENT, "primo")))
# il 29, venerdì 29: a day whose month was said before.
_BARE = re.compile(
    rf"\b(?:(?:il|dal|al|del|giorno)\s(?:giorno\s)?(?:{WEEKDAY}\s)?|{WEEKDAY}\s)(?P<d>\d{{1,2}})"
    r"(?![\w%/.:]*\d|\s?(?:[/%°º^]|mg|cp|mm|ml|anni|giorn|gg|ore|h\b|min|mesi|volt|per cento))"
)


# lO/11/2017: what is left of a date that OCR took for letters.
_LETTERS = re.compile(
    r"(?=[\doql]{1,2}[/.-])(?<![a-z\d/.])(?=\S{0,9}\d)"
    r"[\doql]{1,2}(?P<sep>[/.-])[\doql]{1,2}(?P=sep)[\doql]{2,4}(?![a-z\d/])"
)
_FIGURES = str.maketrans("oql", "001")


@dataclass(frozen=True, slots=True)
class Written:
    """A date and its place; `year` as written, of two digits or four, or None."""

    start: int
    end: int
    day: int
    month: int
    year: str | None


def written(folded: str) -> Iterator[Written]:
    """The dates of a text, in order."""
    if _DIGIT.search(folded) is None and _NAME.search(folded) is None:
        return
    plain = _LETTERS.sub(lambda match: match[0].translate(_FIGURES), folded)
    for match in _DATE.finditer(plain):
        day, month, year = _parts(match)
        if 1 <= month <= 12 and 1 <= day <= 31:
            yield Written(match.start(), match.end(), day, month, year)


def bare_days(folded: str, dates: list[Written]) -> Iterator[Written]:
    """Days without a month ("operata venerdì 29", "entrato il 2 e dimesso il 12 marzo"), in the
    month of the date before, or of the one that ends their sentence.
    """
    for match in _BARE.finditer(folded) if dates else ():
        day, place = int(match["d"]), match.start("d")
        if not 1 <= day <= 31 or any(d.start <= place < d.end for d in dates):
            continue
        before = next((d for d in reversed(dates) if d.end <= match.start()), None)
        after = next((d for d in dates if d.start >= match.end()), None)
        if after and (re.search(r"[.;\n]\s", folded[match.end() : after.start]) or day > after.day):
            after = None
        month = before if before and day >= before.day else after
        if month:
            yield Written(place, match.end(), day, month.month, month.year)


def month_number(name: str) -> int:
    """The number of a month by name, abbreviation or Roman figures; 0 for another word."""
    return _MONTH.get(name, 0)


def _parts(match: re.Match[str]) -> tuple[int, int, str | None]:
    if match["iso"]:
        return int(match["id"]), int(match["im"]), match["iso"]
    if match["sd"]:
        day, month = (int(match[n].replace(" ", "")) for n in ("sd", "sm"))
        return day, month, match["sy"]
    if match["by"]:  # the strokes of a form are lost with its table: 07|07|1948
        return int(match["bd"]), int(match["bm"]), match["by"]
    if match["n"]:
        day = NUMBERS.get(match["nd"]) or int(match["nd"])
        return day, _MONTH[match["n"]], _digits(match["ny"])
    day = 1 if match["d"] == "primo" else int(match["d"])
    figures = match["m"] or match["pm"] or match["qm"]
    month = int(figures) if figures else _MONTH[match["rm"]]
    return day, month, _digits(match["y"] or match["ry"])


def _digits(year: str | None) -> str | None:
    """The figures of a year: of '48, of millenovecentoquarantotto."""
    if year is None or year.lstrip("'").isdigit():
        return year and year.lstrip("'")
    if year in NUMBERS:
        return f"{NUMBERS[year]:02}"
    century, rest = (
        ("19", year.split("cento")[1]) if "cento" in year else ("20", year.split("mila")[1])
    )
    return f"{century}{NUMBERS.get(rest.strip(), 0):02}"
