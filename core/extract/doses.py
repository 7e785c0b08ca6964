"""A drug's dose in milligrams a day: strength x tablets x times a day, summed over the day."""

import re
from collections.abc import Iterator
from itertools import zip_longest

from core.extract.words import words
from core.label.rules.spoken import in_figures
from core.read.words.slips import mended

Token = re.Match[str]

_NUMBER = r"\d+(?:[.,]\d+)?"
_WHOLE = r"(?:\d\s?[+e]\s?|[1-3]\s?(?=[½¼¾])|[1-3]\s(?=\d\s?/))"
_FRACTION = rf"{_WHOLE}?(?:[1-3]\s?/\s?[2-4]|[½¼¾⅓⅔]|mezz[ao])|{_NUMBER}"
_WORD = r"mezz[ao]|un\s+quarto|tre\s+quarti|un[oa]?|due|tre|quattro"
_UNIT = (
    r"(?:cp|cpr|cps|cprs|cpr\s?riv|compress[ae]|capsul[ae]|cpz|tab|tav|fl|fial[ae]|fle"
    r"|c|bust[ae]|bustin[ae]|pastigli[ae])\b\.?"
)
_CLOCK = r"\d{1,2}(?:[:.]\d{2})?(?!\s?(?:/\s?\d|mg|cp|comp|fl|[,.]?\d))"
_NEXT_CLOCK = rf"\s*(?:,|-|\+|/|;|ed?)\s*(?:alle|ore|h\.?)?\s*{_CLOCK}"
_HOURS = rf"(?:alle|ore|dalle|h\.?|hh)\s*{_CLOCK}(?:{_NEXT_CLOCK})*"
_MOMENT = (
    r"(?:mattin[ao]|colazione|mezzogiorno|mezzod[iì]|pranzo|pomeriggio|ser[ae]|cena|notte"
    r"|coricarsi|vespro|desinare"
    r"|ore\s+pasti)"
)
_TOKENS = re.compile(
    rf"(?P<scheme>(?<![\d/])(?:{_FRACTION})(?:\s?-\s?(?:{_FRACTION})){{2,3}}(?![\d/])"
    rf"|(?<![\d/,.])[0-4]?[½¼¾]?\s?\+\s?[0-4][½¼¾]?\s?\+\s?[0-4]?[½¼¾]?(?![\d/,.]|\s?/)"
    rf"|(?<![\d/,.])[1-4]\s?\+\s?[1-4](?:\s?\+\s?[1-4])?(?![\d/,.]|\s?/))"
    rf"|(?P<mg>{_NUMBER})\s?(?:mg|milligramm[oi])\b"
    rf"|(?P<half>\s?e\s+(?:mezz[ao]|½|1/2))\b"
    rf"|(?P<count>(?<![\d,./])(?:{_FRACTION})"
    rf"|\b(?:{_WORD}))\s*(?:di\s+)?(?:{_UNIT})(?P<plus>\s?(?:\+|e)\s?(?:1/2|½"
    rf"|mezz[ao])(?!\s*(?:{_UNIT})))?"
    rf"|(?P<cross>\b\d)\s?[x×]\s?(?P<by>\d)\b"
    rf"|(?:\b[x×*]\s?|\bper\s)(?P<times>\d)\b"
    rf"|\b(?P<volte>\d|una?|due|tre|quattro)\s+volt[ae]\b"
    rf"|(?P<bid>\bb\.?i\.?d\b)|(?P<tid>\bt\.?i\.?d\b)"
    rf"|\bogni\s+(?P<every>\d{{1,2}})\s*(?:ore|h)\b"
    rf"|(?P<hours>\b{_HOURS})|(?P<moment>\b{_MOMENT}\b(?:\W{{1,2}}{_HOURS})?)"
    rf"|(?P<lone>(?<![\d,./])(?:[1-3]\s?/\s?[2-4]|[½¼¾⅓⅔])|\bmezz[ao]\b)"
    rf"|(?P<bare>(?<![\d,./])[1-4]|\b(?:un[ao]|due|tre))\s+(?=(?:e\s+(?:mezz[ao]|½"
    rf"|1/2)\s+)?(?:al(?:la|le)?|nel|la|il|ore|h)\b)"
    rf"|(?P<clocks>(?<![\d,./])(?:[5-9]|1\d)(?:\s?-\s?(?:1\d|2[0-3]))+(?!\s?(?:[,.]?\d|mg|cp|/)))"
    rf"|(?P<rate>(?<![\d,./])\d)\s?(?:/\s?die|al\s+(?:d[iì]|giorno))\b",
    re.IGNORECASE,
)
# Furosemide in Italy: tablets of 25 and 500 mg, vials of 20 and 250; often without unit.
_BARE_STRENGTH = re.compile(
    r"(?:(?:lasix|furo(?:semide)?)\W+(?:(?:da|cp|cpr|compresse|cp da|compresse da)\s)?"
    r"|\b(?:pastigli[ae]|compress[ae]|cpr?)\s+da\s+|^\s*(?:da\s)?)(?P<mg>20|25|40|50|75|100|125"
    r"|250|500)(?![\d.,]*\d)(?!\s?(?:mg|ml"
    r"|gtt|/))",
    re.IGNORECASE,
)
_CELL = r"(?:-|[1-3]\s?/\s?[2-4]|[1-4]|[½¼¾])"
# A row of a table, a column for each time of day: 25   1   1/2   -
_ROW = re.compile(
    rf"\D{{0,25}}?(?P<mg>\d+(?:[.,]\d+)?)(?:\s?mg)?(?=[^\n]*\s-(?:\s|$))"
    rf"(?P<cells>(?:\s+{_CELL}){{3,4}})(?=\s*(?:$|\n|\())",
    re.IGNORECASE,
)
_REVERSED = re.compile(r"(?<![\d½¼¾] )(?<!\d)\bmg\s?(\d+(?:[.,]\d+)?)(?!\d|\s?mg)", re.IGNORECASE)
_SUMMED = re.compile(r"\(\s?(?:pari a |= ?|tot\w*\.? )?(?P<mg>\d+(?:[.,]\d+)?)\s?mg[^()]*\)")
_DIVIDED = re.compile(
    r"\bdivis[aeio]\s+in\s+\w+(?:\s+(?:volte|dosi|somministrazioni))?", re.IGNORECASE
)
_DA = re.compile(r"\s*(?:da|di)\s*")
_RANGE = re.compile(rf"\d\s?[-–]\s?{_NUMBER}\s?mg", re.IGNORECASE)
_VALUES = {"mezz": 0.5, "un quarto": 0.25, "tre quarti": 0.75, "un": 1.0, "due": 2.0, "tre": 3.0}
_VALUES |= {"quattro": 4.0, "½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}


def not_daily(quote: str) -> bool:
    """True for a drug taken on alternate days, some days of the week, or only when needed."""
    return any(words("therapy", name).search(quote) for name in ("alternate_days", "at_need"))


def entry(quote: str, after: str) -> str:
    """The quote with what follows of the same drug: of "25 mg| 1 cp x 2, ASA 100" up to "x 2"."""
    row = _ROW.match(quote + after)
    if row:
        return row[0]
    goes_on = words("therapy", "dose_goes_on")
    at = 0
    while at < len(after):
        match = goes_on.match(after, at)
        if match is None or match.end() == at:
            break
        at = match.end()
    return (quote + after[:at]).rstrip(" ,;:+-(\n\t")


def mg_a_day(quote: str) -> float | None:
    """Milligrams a day, or None where the quote names no strength, a range, or no daily use.

    Where no number of tablets or times is written, one intake a day is meant.
    """
    if not_daily(quote) or _RANGE.search(quote):
        return None
    row = _ROW.match(quote)
    if row:
        cells = re.findall(_CELL, row["cells"])
        return _number(row["mg"]) * sum(_number(cell) for cell in cells if cell != "-") or None
    quote = _DIVIDED.sub("", in_figures(_REVERSED.sub(r"\1 mg", mended(quote))))
    quote = _BARE_STRENGTH.sub(lambda match: match[0] + " mg ", quote, count=1)
    total = sum(_intakes(quote))
    summed = _SUMMED.search(quote)
    if summed and sum(_intakes(quote[: summed.start()])) == _number(summed["mg"]):
        total = _number(summed["mg"])  # "500 mg mezza compressa (250 mg)" says the day's dose twice
    return round(total, 2) if 0 < total <= 2000 else None


def _intakes(quote: str) -> list[float]:
    """Milligrams of each strength; a count written before it ("1 cp da 25 mg") belongs to it."""
    intakes: list[float] = []
    mg, tokens, before = 0.0, list[Token](), list[Token]()
    matches = list(_TOKENS.finditer(quote))
    for token, following in zip_longest(matches, matches[1:]):
        if token["mg"]:
            same = mg == _number(token["mg"]) and not tokens and not before
            intakes.append(0.0 if same else mg * _tablets(tokens))  # a row that names it twice
            mg, tokens, before = _number(token["mg"]), before, []
            # "125 mg (1/4 cp da 500 mg)" says one intake twice.
            if tokens and mg * _tablets(tokens) == intakes[-1]:
                intakes.pop()
        elif not mg or (
            following and following["mg"] and _DA.fullmatch(_gap(quote, token, following))
        ):
            before.append(token)
        else:
            tokens.append(token)
    return [*intakes, mg * _tablets(tokens)]


def _gap(quote: str, one: Token, other: Token) -> str:
    return quote[one.end() : other.start()]


def _tablets(tokens: list[Token]) -> float:
    """How many tablets a day; one where nothing is said."""
    if tokens and _is_moment(tokens[0]) and any(_count(token) for token in tokens):
        return sum(_count(token) for token in tokens)  # "ore 8: 1 cp, ore 16: 1/2 cp"
    taken: list[tuple[float, int]] = []
    for token in tokens:
        count, times = _count(token), 0 if _count(token) else _times(token)
        again = bool(taken and taken[-1][1])  # "una al mattino e mezza alle 16": a second intake
        if count and not (token["half"] and taken and not again):
            taken.append((count, 0))
        elif count:
            taken[-1] = (taken[-1][0] + count, taken[-1][1])
        elif taken:
            taken[-1] = (taken[-1][0], _added(taken[-1][1], times, _is_moment(token)))
        else:
            taken.append((1.0, times))
    return sum(count * max(times, 1) for count, times in taken) or 1.0


def _count(token: Token) -> float:
    """Tablets at one intake, 0 for a token that says when or how often."""
    if token["scheme"]:
        return sum(_number(part) for part in re.split(r"\s?[-+]\s?", token["scheme"]))
    if token["cross"]:
        return float(token["cross"]) * float(token["by"])
    written = token["count"] or token["lone"] or token["bare"]
    return (_number(written) if written else 0.0) + (0.5 if token["plus"] or token["half"] else 0.0)


def _is_moment(token: Token) -> bool:
    return bool(token["moment"] or token["hours"] or token["clocks"])


def _added(times: int, more: int, moment: bool) -> int:
    """ "x 2, ore 8 e 16" says the same twice, "al mattino e alla sera" says two things."""
    return times + more if moment and times < 2 and more < 2 else max(times, more)


def _times(token: re.Match[str]) -> int:
    if token["every"]:
        return max(24 // max(int(token["every"]), 1), 1)
    moment = token["hours"] or token["clocks"] or token["moment"] or ""
    clocks = re.findall(r"\d{1,2}(?:[:.]\d{2})?", moment)
    if moment:
        return len(clocks) or 1
    if token["bid"] or token["tid"]:
        return 2 if token["bid"] else 3
    written = token["times"] or token["volte"] or token["rate"]
    return int(_number(written)) if written else 1


def _number(written: str) -> float:
    return sum(_parts(written.strip().lower()))


def _parts(written: str) -> Iterator[float]:
    for part in re.split(r"\s?(?:\+|\be\b)\s?|(?<=\d)\s+(?=\d)|(?<=\d)(?=[½¼¾])", written):
        word = next((value for word, value in _VALUES.items() if part.startswith(word)), None)
        if word is not None:
            yield word
        elif "/" in part:
            above, below = part.split("/")
            yield float(above) / float(below)
        else:
            yield float(part.replace(",", "."))
