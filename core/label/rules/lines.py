"""A phrase as forms and telegrams are read: boxes that are ticked or not, words cut short."""

import re
from functools import cached_property, lru_cache

from core.label.rules.boxes import answered
from core.label.rules.words import Line
from core.read.words.shape import Shape

# Italian words end in vowels: what ends in a consonant before a full stop was cut short.
_CUT_SHORT = Shape(
    r"(?<![\w/])(?!(?:non|con|per|stent|ictus|flutter|stroke|bypass|pass|angor|deficit|exitus|heart"
    r"|team|shock|leak|graft|default|nihil|virus|habitus|redo|test|holter|pacemaker|maker)\b)"
    r"(?:[A-Z]?[a-zà-ù]{1,11}[bcdfghklmnpqrstvxz]\.(?=\s+(?:[a-zà-ù(]|\d))"
    r"|(?:dec|deced|fam|pregr|ric|sec|sosp|compl|post)\.(?=\s+[A-Z]{2}))"
)


# A form's row, its columns lost: II run CEC NO; Revisione no.
_ROW = re.compile(
    r"\W*(?=[^.;:,]{2,60}$|[^.;:,]{2,45}\s(?-i:NO|SI|SÌ|Sì|No)\b)(?:[^\W\d]|\b(?:II|I"
    r"|3)\b)[^.;:,]*?"
    r"(?<![:=])(?P<gap>\s)(?:no|si|sì)(?=\s*(?:$|[,(]))",
    re.IGNORECASE,
)
_KEY = re.compile(r"[a-z]+(?:[._][a-z\d]+)+=")
_KEYED = str.maketrans("._=", "   ")
_WORDS_OF_A_ROW = 7
_DIGIT = re.compile(r"\d")
_LONG = re.compile(r"(?<!\w)[a-z\d]{6,12}(?!\w)")
CUES = frozenset(
    (
        "ricovero ricoverato ricoverata ingresso dimissione dimesso dimessa dimette nascita"
        " cartella"
        " telefono nosologico cognome paziente intervento operato operata trasferito trasferita"
        " degente degenza entrato entrata decesso deceduto deceduta cellulare recapito recapiti"
        " telefonico residente"
    ).split()
)
_BENT: dict[str, str] = {}
for _cue in sorted(CUES):
    _BENT.update((f"{_cue[:n]}?{_cue[n + 1 :]}", _cue) for n in range(len(_cue) - 1))


class ReadLine(Line):
    """A line without what its boxes leave unsaid, its sentences not parted by abbreviations."""

    def __init__(
        self, text: str, section: str | None = None, below: str = "", yes_first: bool = True
    ) -> None:
        super().__init__(text, section, below)
        self.folded = _respelt(answered(_figured(_unkeyed(self.folded)), yes_first))
        row = _ROW.match(self.text)
        if row and len(row[0].split()) <= _WORDS_OF_A_ROW:
            gap = row.start("gap")
            self.folded = f"{self.folded[:gap]}:{self.folded[gap + 1 :]}"

    @cached_property
    def stops(self) -> tuple[int, ...]:
        cut = {match.end() for match in _CUT_SHORT.finditer(self.text)}
        return tuple(stop for stop in super().stops if stop not in cut)


def _unkeyed(folded: str) -> str:
    """PAZ.COGNOME=ROSSI of a software's print-out, as a form writes it."""
    key = _KEY.match(folded)
    return folded if key is None else key[0].translate(_KEYED) + folded[key.end() :]


# A form's figures, three of them at least: Diabete 0 Ictus 0 IRC 1 (stadio 4) FA 9.
_FIGURE = re.compile(
    r"(?<=[a-z]) (?P<said>[019])(?:(?P<gap> )(?=[a-z])|(?=\s?[.;:(),]\D|\s?$"
    r"|\s?\())"
)
_FORM_FROM = 3
_SAID = {"0": "-", "1": "+", "9": "?"}


def _figured(text: str) -> str:
    """The text with 0, 1 and 9 behind what a form asks as -, + and ?."""
    if len(_FIGURE.findall(text)) < _FORM_FROM:
        return text
    return _FIGURE.sub(lambda m: f" {_SAID[m['said']]}{';' if m['gap'] else ''}", text)


def _respelt(text: str) -> str:
    """The text, of the words that lead to dates and numbers those put right that OCR bent by one
    letter: each keeps its length.
    """
    if _DIGIT.search(text) is None:
        return text
    return _LONG.sub(lambda match: _meant(match[0]), text)


@lru_cache(4096)  # words come again in every letter
def _meant(word: str) -> str:
    if word in CUES:
        return word
    return next((_BENT[bent] for bent in _bent(word) if bent in _BENT), word)


def _bent(word: str) -> list[str]:
    return [f"{word[:place]}?{word[place + 1 :]}" for place in range(len(word))]
