"""What OCR takes one for the other, undone where a word or a number allows only one reading.

`mended` keeps every character's place: offsets into the mended text are offsets into the text.
"""

import re

# Digits inside or at an edge of a word: mitra1ica, dimissi0ne, marz0, 0spedale.
_IN_WORD = re.compile(r"(?<![\w.,/])(?=[^\W\d_]*[015])(?:[^\W\d_]|[015]){2,}(?![\w/])")
_ARTICLE = re.compile(r"1(?=['’])(?:(?<=\b[adnsc]l1)|(?<=\b[adnsc][aeou]l1))", re.IGNORECASE)
_SHORT = {"i1": "il", "de1": "del", "ne1": "nel", "da1": "dal", "a1": "al", "su1": "sul",
          "1a": "la", "1e": "le", "1o": "lo", "co1": "col", "te1": "tel"}  # fmt: skip
# A digit behind these counts: tipo1, NYHA1.
_COUNTED = frozenset("tipo nyha ccs killip stadio grado classe gold dmt".split())
_NO_WORD = frozenset({"hba1c", "a1c"})
# Letters inside a number: l0/03/2022, 2O2O/3387l, O,4 mg.
_IN_NUMBER = re.compile(
    r"(?<!\w)(?![1-9]o(?!\w)(?!\s?(?:mg|ml|cp|%)))(?=[OoQlI]*\d|[OoQlI][/.,]\d)[\dOoQlI]*[OoQlI][\dOoQlI]*(?![^\W\d_])"
)
# A lone stroke that counts: l cp, tipo l, BAV l grado.
_LONE = re.compile(
    r"[lI](?:(?<![\w'’][lI])(?=\s?(?:cp|cpr|cps|compr|fl\b|fial|volt|inalaz|bust|grado\b))"
    r"|(?<=\btipo\sl)(?!\w))"
)
# Figures that end or hold an S or a B: 7311B8, 349 662011S, 198B, 2S mg.
_S_OR_B = re.compile(
    r"(?<![\w.])(?:\d{2,}[SB]+\d*|\d[SB]+\d+|\d[SB](?=\s?mg\b)|[SB]\d{1,3}(?=\s?mg\b))(?!\w)"
)
_ROMAN = re.compile(
    r"(?i:nyha|classe|ccs|killip)\s(?i:funzionale\s(?:nyha\s)?)?[:=]?\s?"
    r"(?:[IVl1]{1,3}\s?[-/]\s?)?(?=[1l]*[lI]|I)[Il1V]{2,3}(?!\w)"
)
_NO = re.compile(
    r"[Nn5](?<=[:\s].)(?:(?<=[Nn])0(?=\s*(?:$|[.,;)\n]))|(?<=5)[IiÌì](?=\s*(?:$|[.,;(\n])))"
)
_UNIT = re.compile(
    r"(?<=\d)(?:(?P<lead>\s?)(?:rng|(?P<two>m[q9](?=\s?[\d½¼,;(x])))|\s(?P<cp>ep))(?!\w)"
)
# Each begins with the sign it looks for, so that most of a text is passed over at once.
_NEAR_NUMBER = re.compile(r"[OoQlI](?:\d|[/.,]\d)|\d[OoQlI]")
_NEAR_LETTER = re.compile(r"[015](?:[^\W\d_]|(?<=[^\W\d_][015]))")
_STRANGE_CASE = re.compile(
    r"l(?:(?<=[A-ZÀ-Ü]l)(?=[A-ZÀ-Ü])|(?<=[A-ZÀ-Ü]{3}l)(?!\w)|(?<![\w/]l)(?=[A-ZÀ-Ü]{2}|[VX]I{0,3}(?!\w))"
    r"|(?<!\wl)(?=[dgmnprs][a-zà-ù]{2}|[ln](?!\w)))|I(?<=[a-zà-ù]I)(?=[a-zà-ù])"
)
# No Italian syllable has an l between two consonants: endocardlte.
_PENT_L = re.compile(r"l(?<=[a-zà-ù][bcdfgmnpstvz]l)(?=[bcdfgmnpqrstvz][aeiouàèéìòù])")
_DIGITS = str.maketrans("OoQlI", "00011")
_VOWELS = "aeiouàèéìòù"
_BEFORE_L = "bcfgpl"  # bl, cl, fl begin syllables; behind other consonants an i is likelier


def mended(text: str) -> str:
    """The text with slips of OCR undone, each character in its place."""
    text = _STRANGE_CASE.sub(lambda match: "I" if match[0] == "l" else "l", text)
    text = _PENT_L.sub("i", text)
    if _NEAR_LETTER.search(text):
        text = _ARTICLE.sub("l", text)
        text = _IN_WORD.sub(_word, text)
        text = _NO.sub(_answer, text)
    if _NEAR_NUMBER.search(text):
        text = _IN_NUMBER.sub(lambda match: match[0].translate(_DIGITS), text)
    if "rng" in text or "mq" in text or "m9" in text or " ep" in text:
        text = _UNIT.sub(_unit, text)
    if "B" in text or "S" in text:
        text = _S_OR_B.sub(lambda match: match[0].replace("S", "5").replace("B", "8"), text)
    if "l" in text or "I" in text:
        text = _ROMAN.sub(_roman, text)
        text = _LONE.sub("1", text)
    return text


def _answer(match: re.Match[str]) -> str:
    """The answer of a form: N0 is NO, 5I is SI."""
    seen = match[0]
    if seen[0] == "5":
        return ("S" if seen[1].isupper() else "s") + seen[1]
    return seen[0] + ("O" if seen[0].isupper() else "o")


def _unit(match: re.Match[str]) -> str:
    if match["cp"]:
        return " cp"
    return match["lead"] + ("mg" if match["two"] else "mg ")


def _roman(match: re.Match[str]) -> str:
    head = re.search(r"[IVl1]+(?:\s?[-/]\s?[IVl1]+)?$", match[0])
    assert head is not None
    return match[0][: head.start()] + head[0].replace("l", "I").replace("1", "I")


def _word(match: re.Match[str]) -> str:
    quote = match[0]
    low = quote.lower()
    slips = sum(seen in "015" for seen in quote)
    if not slips or low in _NO_WORD or low[:-1] in _COUNTED:
        return quote
    if low in _SHORT and not quote[:2].isupper():
        return _SHORT[low]
    letters = len(quote) - slips
    if letters < 3 or slips * 3 > letters:
        return quote
    shout = quote.upper() == quote
    whole = "".join(
        _letter(low, place, shout) if seen in "015" else seen for place, seen in enumerate(quote)
    )
    return whole.upper() if shout else whole


def _letter(word: str, place: int, shout: bool) -> str:
    """The letter meant at a place; codes in capitals (LIMA1) keep the digits at their ends."""
    seen = word[place]
    before = word[place - 1] if place else ""
    after = word[place + 1 : place + 2]
    if seen == "0":
        return "o"
    if (shout or seen == "5" or len(word) < 5) and not (before and after):
        return seen
    if seen == "5":
        return "s"
    if not before:
        return "l" if after in _VOWELS else "i"
    if before in _VOWELS:
        return "l"
    return "l" if after and after in _VOWELS and before in _BEFORE_L else "i"
