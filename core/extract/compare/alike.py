"""Whether two values of a field are the same to a reader."""

import re
from collections import Counter
from typing import Literal

from core.records import Value
from core.schema import Field

SECTION = 0.9  # F1 of the words of two texts of a section
TOLD = 0.6  # of two descriptions, which no two clerks write alike
Kind = Literal["typed", "told", "section"]
KINDS: tuple[Kind, ...] = ("typed", "told", "section")


def kind_of(field: Field) -> Kind:
    """section: a whole text; told: a description (a cause, an operation); typed: all others."""
    if field.kind == "section":
        return "section"
    return "told" if field.type == "text" and field.group != "identity" else "typed"


def alike(field: Field, one: Value | None, other: Value | None) -> bool:
    """Names agree whatever their case and punctuation, telephones by their last nine digits, told
    texts and sections where enough of their words are the same, all others exactly.
    """
    if one is None or other is None:
        return False
    if field.type != "text":
        return one == other and isinstance(one, bool) == isinstance(other, bool)
    if (share := {"section": SECTION, "told": TOLD}.get(kind_of(field))) is not None:
        return overlap(_words(one), _words(other)) >= share
    if re.fullmatch(r"[+\d\s./()-]{6,}", str(one)):
        return _digits(one) == _digits(other)
    return _squeezed(one) == _squeezed(other)


def overlap(one: Counter[str], other: Counter[str]) -> float:
    """F1 of two bags of words."""
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)


def _words(value: Value) -> Counter[str]:
    return Counter(re.findall(r"\w+", str(value).casefold()))


def _squeezed(value: Value) -> str:
    return re.sub(r"[\W_]+", "", str(value)).casefold()


def _digits(value: Value) -> str:
    return re.sub(r"\D", "", str(value))[-9:]
