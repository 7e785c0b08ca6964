"""Text as it is compared: case, accents, dashes and look-alike marks put aside."""

import re
import unicodedata
from itertools import filterfalse

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_SPACED = re.compile(r"\b(?:[^\W\d_] ){3,}[^\W\d_]\b")

_TWINS = {"’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-", "‑": "-", "−": "-", "\t": " "}


class _Fold(dict[int, str]):
    """Character by character, so that an offset into the folded text is one into the text."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = _TWINS.get(character)
        if plain is None:
            base = unicodedata.normalize("NFD", character)[0].lower()
            plain = " " if base.isspace() else base if len(base) == 1 else character
        self[code] = plain
        return plain


_FOLD = _Fold()


def fold(text: str) -> str:
    """Lower case without accents, one character for each: offsets stay what they are."""
    return text.translate(_FOLD)


def folded(text: str) -> str:
    """As headings are compared: lower-case words without accents, one space between."""
    if not text.isascii():
        parted = unicodedata.normalize("NFKD", text)
        text = "".join(filterfalse(unicodedata.combining, parted))
    return _NOT_WORD.sub(" ", text.casefold()).strip()


def unspaced(text: str) -> str:
    """The folded letters alone: equal for `DIAGNOSI` and `D I A G N O S I`."""
    return folded(text).replace(" ", "")


def is_letter_spaced(text: str) -> bool:
    return _SPACED.search(folded(text)) is not None
