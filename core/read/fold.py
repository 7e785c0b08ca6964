"""Text as a heading is compared: case, accents, dashes, spaces and look-alike marks put aside."""

import re
import unicodedata
from itertools import filterfalse

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_SPACED = re.compile(r"\b(?:[^\W\d_] ){3,}[^\W\d_]\b")


def folded(text: str) -> str:
    """Lower-case words without accents, one space between, nothing else."""
    if not text.isascii():
        parted = unicodedata.normalize("NFKD", text)
        text = "".join(filterfalse(unicodedata.combining, parted))
    return _NOT_WORD.sub(" ", text.casefold()).strip()


def unspaced(text: str) -> str:
    """The folded letters alone: equal for `DIAGNOSI` and `D I A G N O S I`."""
    return folded(text).replace(" ", "")


def is_letter_spaced(text: str) -> bool:
    return _SPACED.search(folded(text)) is not None
