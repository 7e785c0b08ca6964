"""A reply that lists what it found -> entries: a name, a quote, and what is said of it.

The shape asked for is `{"spans": [{"field", "quote", ...}]}`. Models also send the bare list, other
keys, an object of field -> quote, one object a line, and lines "field: quote" without JSON.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, get_args

from core.label.formats.answers import Unusable, json_values, spoken
from core.records import State

Known = Callable[[str | None], object | None]
_LISTS = ("spans", "fields", "entities", "entità", "campi", "quotes", "citazioni", "risultati")
_ENTITY = ("entity", "entità")
NAME: tuple[str, ...] = ("field", "campo", "label", "etichetta", "type", "tipo", "category")
NAME += ("categoria", "group", "gruppo", "name", *_ENTITY)
QUOTE = ("quote", "citazione", "testo", "text", "span", "mention")
VALUE = ("value", "valore")
STATE = ("state", "stato")
_NTH = ("occurrence", "occorrenza")
STATES: list[State] = list(get_args(State))
_STATES: dict[str, State] = {state: state for state in STATES}
_STATES |= {"presente": "present", "negato": "negated", "negata": "negated", "assente": "negated"}
_STATES |= {"incerto": "uncertain", "incerta": "uncertain", "dubbio": "uncertain"}
_STATES |= {"familiare": "family", "familiarità": "family"}
_ARE = re.compile(r"->|→|[:=]")
_ROUND = " \t-*•`\"',"
_HEAD = 100
_DEEPEST = 8  # brackets within brackets: beyond this no list of quotes is meant


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a reply says, its quote "" where it gives only a value.

    `nth`: which of the places where the quote stands, from 1.
    """

    name: str | None
    quote: str
    state: State | None = None
    value: Any = None
    nth: int | None = None


def entries(reply: str, known: Known, valued: bool = False) -> list[Entry]:
    """What a reply lists, in its order. Raises Unusable where it is no list of quotes.

    Of a draft and its correction both are heard; what the later one says of a quote counts.
    `known` tells the names that are labels. `valued`: a "value" is one; else it means the quote.
    """
    reader = _Reader(known, valued)
    nameless = known(None) is not None
    found: list[Entry] = []
    loose: list[Entry] = []
    usable = False
    for line_by_line, group in groupby(json_values(reply), reader.is_entry):
        for value in [list(group)] if line_by_line else group:
            said = reader.read(value)
            if said is None:
                loose = _strings(value) if nameless else loose
                continue
            usable = True
            again = {entry.quote for entry in said}
            found = [entry for entry in found if entry.quote not in again] + said
    if usable:
        return found
    said = reader.lines(spoken(reply)) or loose
    if not said:
        raise Unusable("no list of quotes in it")
    return said


class _Reader:
    """Reads one JSON value; None stands for a shape that is no list of quotes."""

    def __init__(self, known: Known, valued: bool) -> None:
        self._known = known
        self._valued = valued

    def read(self, value: Any, name: str | None = None, depth: int = 0) -> list[Entry] | None:
        if depth > _DEEPEST:
            return None
        if isinstance(value, list):
            parts = [self.read(item, name, depth + 1) for item in value]
            said = [entry for part in parts if part is not None for entry in part]
            return said if said or not value or any(p is not None for p in parts) else None
        if isinstance(value, dict):
            return self._from_object(lower(value), name, depth)
        return self._from_word(value, name)

    def _from_object(
        self, item: dict[str, Any], name: str | None, depth: int
    ) -> list[Entry] | None:
        inner = first(item, _LISTS)
        if isinstance(inner, list | dict):
            return self.read(inner, name, depth + 1)
        if self._is_entry(item):
            return self._entry(item, name)
        if any(map(self._known, item)):
            parts = (self.read(inner, key, depth + 1) for key, inner in item.items())
            return [entry for part in parts for entry in part or ()]
        wrapped = [value for value in item.values() if isinstance(value, list | dict)]
        return self.read(wrapped[0], name, depth + 1) if len(wrapped) == 1 else None

    def _from_word(self, value: Any, name: str | None) -> list[Entry] | None:
        if name is None:
            return self.lines(value) or None if isinstance(value, str) else None
        if self._valued and value is True:
            return [Entry(name, "", value=True)]
        quotes = _texts(value)
        return [Entry(name, quote) for quote in quotes]

    def is_entry(self, value: Any) -> bool:
        """Whether this is one thing found, not a list of them."""
        return isinstance(value, dict) and self._is_entry(lower(value))

    def _is_entry(self, item: Mapping[str, Any]) -> bool:
        if any(key in item for key in _LISTS):
            return False
        return bool(self._quotes(item)) or (self._valued and self._has_value(item))

    def _has_value(self, item: Mapping[str, Any]) -> bool:
        return first(item, NAME) is not None and any(key in item for key in VALUE)

    def _quotes(self, item: Mapping[str, Any]) -> list[str]:
        others = _ENTITY if self._valued else VALUE + _ENTITY
        return _texts(first(item, QUOTE + others))

    def _entry(self, item: Mapping[str, Any], name: str | None) -> list[Entry]:
        said = first(item, NAME)
        name = str(said) if isinstance(said, str | int) else name
        state = state_of(first(item, STATE))
        value = first(item, VALUE) if self._valued else None
        nth = first(item, _NTH)
        nth = nth if isinstance(nth, int) and not isinstance(nth, bool) and nth > 0 else None
        quotes = self._quotes(item) or ([] if value in (None, False, "") else [""])
        return [Entry(name, quote, state, value, nth) for quote in quotes]

    def lines(self, text: str) -> list[Entry]:
        """The lines "field: quote" of a text whose field is known; the others are prose."""
        found = []
        for line in text.splitlines():
            sign = _ARE.search(line[:_HEAD])
            name = line[: sign.start()].strip(_ROUND) if sign else ""
            quote = line[sign.end() :].strip(_ROUND) if sign else ""
            if quote and self._known(name):
                found.append(Entry(name, quote))
        return found


def state_of(said: Any) -> State | None:
    """A state as a model worded it."""
    return _STATES.get(str(said).strip().casefold())


def lower(value: Mapping[Any, Any]) -> dict[str, Any]:
    """An object with its keys in small letters."""
    return {str(key).strip().casefold(): inner for key, inner in value.items()}


def first(item: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """What stands under the first of these keys that has something."""
    for key in keys:
        if (value := item.get(key)) not in (None, ""):
            return value
    return None


def _texts(value: Any) -> list[str]:
    """A quote or a list of quotes; numbers count, true and false do not."""
    if isinstance(value, list):
        return [text for item in value if not isinstance(item, list) for text in _texts(item)]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return []
    return [str(value)] if str(value).strip() else []


def _strings(value: Any) -> list[Entry]:
    alone = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return [Entry(None, quote) for quote in value if quote.strip()] if alone else []
