"""Numbers as they are dictated: undicimilaquattrocentodue, or figure by figure."""

import re

from core.read.words.dates import NUMBERS

_FIGURES = "zero uno due tre quattro cinque sei sette otto nove".split()
_PART = rf"(?:{'|'.join(sorted([*NUMBERS, 'zero'], key=len, reverse=True))}|cento|mille|mila|barra)"
WORDS = rf"{_PART}+(?:[\s,-]{{1,2}}{_PART}+)*(?![a-z])"
"""A run of words that say numbers, as an expression on folded text."""
_THOUSANDS = re.compile(r"(.*?)(?:mille|mila)(.*)")
_HUNDREDS = re.compile(r"(.*?)cento(.*)")


def digits(said: str) -> str:
    """The figures of dictated words, those of each word behind the other; "barra" parts numbers."""
    return "".join(
        str(value)
        for word in re.findall(r"[a-z]+", said.replace("barra", " "))
        if (value := _number(word)) is not None
    )


def _number(word: str) -> int | None:
    if word == "zero":
        return 0
    if thousands := _THOUSANDS.fullmatch(word):
        many, rest = _below(thousands[1], 1), _below(thousands[2], 0)
        return None if many is None or rest is None else 1000 * many + rest
    return _below(word, None)


def _below(word: str, nothing: int | None) -> int | None:
    """A number below a thousand; `nothing` is what no word stands for."""
    if not word:
        return nothing
    if hundreds := _HUNDREDS.fullmatch(word):
        many = NUMBERS.get(hundreds[1], None if hundreds[1] else 1)
        rest = NUMBERS.get(hundreds[2], None if hundreds[2] else 0)
        return None if many is None or rest is None else 100 * many + rest
    return NUMBERS.get(word)
