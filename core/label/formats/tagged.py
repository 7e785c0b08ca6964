"""A reply in the IOB format -> pairs of a word and a label, in the many shapes that models type."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.label.formats.answers import CutOff, Unusable, json_values
from core.label.normal import normalised

_MARKS = "\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f"
_WORD = re.compile(
    rf"[^\W\d_][\w{_MARKS}]*['’]"  # an elided article: dell', l'
    rf"|[\w{_MARKS}]+(?:-[\w{_MARKS}]+|(?<=\d)[.,:/](?=\d)\w+)*"  # 2,5  1-0-0  12/03/2019
    r"|[()\[\]{}«»“”]|([^\w\s])\1*"
)
TAG = re.compile(r"([BIESLU])(?:[-_: ]+(.+))?", re.IGNORECASE)


@lru_cache(65_536)  # letters say the same words over and over
def key_of(word: str) -> str:
    """What two spellings of the same word share."""
    return normalised(word).text


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the phrase as the model is shown it, and where it stands."""

    start: int
    end: int
    text: str

    @property
    def key(self) -> str:
        """What it shares with other spellings of the same word."""
        return key_of(self.text)

    @property
    def spoken(self) -> bool:
        """Whether there is anything but punctuation in it."""
        return any(char.isalnum() for char in self.text)


class _Pair(BaseModel):
    """One word with its label, under the names that models give them."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    word: str = Field(validation_alias=AliasChoices("parola", "word", "token", "testo", "text"))
    label: str | None = Field(validation_alias=AliasChoices("label", "etichetta", "tag"))


_PAIRS = TypeAdapter(list[_Pair])


class _Lists(BaseModel):
    """The words and the labels in two lists; the words may be one string (the paper's "frase")."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    words: list[str] | str = Field(
        validation_alias=AliasChoices("parole", "frase", "words", "tokens", "phrase", "testo")
    )
    labels: list[str] = Field(validation_alias=AliasChoices("label", "labels", "etichette", "tags"))


@lru_cache(16_384)  # of a phrase as of each word that a model repeats
def words(text: str) -> tuple[Word, ...]:
    """The words of a text, punctuation apart; numbers, doses and dates stay whole."""
    return tuple(Word(m.start(), m.end(), m.group()) for m in _WORD.finditer(text))


def parse(reply: str, text: str) -> list[tuple[str, str]]:
    """The (word, label) pairs of a reply, in order. Raises Unusable where there are none.

    Of several JSON values the last one that repeats the whole text counts; else all together, as
    when a model cuts the phrase into sentences. A word without a label has no answer.
    """
    shown = [word.key for word in words(text)]
    found: list[list[tuple[str, str]]] = []
    reason = "no JSON in it"
    try:
        for value in json_values(reply):
            try:
                found.append([(w, tag) for w, tag in _pairs(value) if tag.strip()])
            except Unusable as unusable:
                reason = str(unusable)
    except CutOff as cut:  # the words after it count as unanswered
        reason = str(cut)
    whole = [p for p in found if [w.key for word, _ in p for w in words(word)] == shown]
    pairs = whole[-1] if whole else [pair for part in found for pair in part]
    if not pairs:
        raise Unusable(reason)
    return pairs


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list) and value and all(_is_object(item) for item in value):
        with suppress(ValidationError):
            yield from [(pair.word, pair.label or "") for pair in _PAIRS.validate_python(value)]
            return
        for item in value:
            yield from _pairs(item)
    elif isinstance(value, list) and value and all(_is_pair(item) for item in value):
        yield from ((str(word), str(label)) for word, label in value)
    elif isinstance(value, dict):
        yield from _from_object(value)
    else:
        raise Unusable("no words and labels in it")


def _is_object(item: Any) -> bool:
    """An object, or the list that was made of one whose keys come again."""
    if isinstance(item, list):
        return bool(item) and all(isinstance(inner, dict) for inner in item)
    return isinstance(item, dict)


def _is_pair(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and all(isinstance(x, str | int) for x in item)


def _from_object(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for shape in (_Pair, _Lists):
        try:
            known = shape.model_validate(value)
        except ValidationError:
            continue
        if isinstance(known, _Pair):
            yield known.word, known.label or ""
        elif isinstance(known.words, str):
            yield from _by_count(known.words, known.labels)
        elif len(known.words) == len(known.labels):
            yield from zip(known.words, known.labels, strict=True)
        else:
            raise Unusable("as many labels as words were asked for")
        return
    inner = [item for item in value.values() if isinstance(item, list | dict)]
    if len(inner) != 1:
        raise Unusable("no words and labels in it")
    yield from _pairs(inner[0])


def _by_count(text: str, labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Labels for words in one string: only where they are as many, counted one way or the other."""
    for pieces in ([word.text for word in words(text)], text.split()):
        if len(pieces) == len(labels):
            yield from zip(pieces, labels, strict=True)
            return
    raise Unusable("as many labels as words were asked for")
