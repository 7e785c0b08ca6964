"""The values a person may choose for a region: of Boolean and coded fields, a scale for each list.

Fields with the same list of codes share one scale, so that a page holds few of them. In a result a
value goes by its `word` (`yes`, `2`, `M`), which every language and label set shares.
"""

from dataclasses import dataclass
from functools import cache

from annotate.screen.words import WORDS, Language, meanings
from core.records import Value
from core.schema import Field, Schema, default_schema

VALUE = "value-"  # the name of every scale begins with it
_YES, _NO = "yes", "no"  # not "true": the editor would make it no string


@dataclass(frozen=True, slots=True)
class Choice:
    """One value: how it is kept, how it is shown, and its key."""

    word: str
    shown: str
    key: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The values of some fields. A digit chooses a code; the scales share the digits."""

    name: str
    head: str
    fields: tuple[str, ...]
    choices: tuple[Choice, ...]


def scales(schema: Schema, language: Language = "it") -> list[Scale]:
    """The scales of the `field` view, in the order of the fields."""
    found: dict[tuple[Choice, ...], list[str]] = {}
    for name in schema.labels("field"):
        choices = _choices(schema.fields[name], language)
        if choices:
            found.setdefault(choices, []).append(name)
    return [
        Scale(VALUE + names[0], _head(schema.fields[names[0]], language), tuple(names), choices)
        for choices, names in found.items()
    ]


def scale_of(label: str) -> Scale | None:
    """The scale of a label; None where it is no field, or none with a list of values."""
    return _scales(default_schema()).get(label)


def word_of(value: Value | None) -> str | None:
    """A value as it stands in a result."""
    if isinstance(value, bool):
        return _YES if value else _NO
    return None if value is None else str(value)


def value_of(word: str | None) -> Value | None:
    """The value behind a word."""
    if word in (_YES, _NO):
        return word == _YES
    return int(word) if word and word.isdecimal() else word


def known_word(label: str, word: str | None) -> str | None:
    """The word, where it is a value that can be chosen for a label."""
    scale = scale_of(label)
    return word if scale and any(choice.word == word for choice in scale.choices) else None


@cache
def _scales(schema: Schema) -> dict[str, Scale]:
    return {name: scale for scale in scales(schema) for name in scale.fields}


def _head(field: Field, language: Language) -> str:
    words = WORDS[language]
    return words.yes_head if field.type == "boolean" else words.value_head


def _choices(field: Field, language: Language) -> tuple[Choice, ...]:
    if field.type == "boolean":
        words = WORDS[language]
        return (Choice(_YES, words.yes, "s"), Choice(_NO, words.no, "x"))
    return tuple(
        Choice(str(code), meaning, str(code) if isinstance(code, int) else str(number))
        for number, (code, meaning) in enumerate(meanings(field, language).items(), 1)
    )
