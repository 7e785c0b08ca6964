"""Answers to what a tagger found: for each marked stretch of a phrase its fields and their values.

The stretches are not the model's to choose: it types them, by their number, and codes them. What it
says of a stretch that nobody marked, or under a name that is no field, is no span.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.label.formats import Answer, Asked, Language, Place
from core.label.formats.answers import Unusable, json_values
from core.label.formats.fields import typed, valued
from core.label.formats.listed import NAME, QUOTE, STATE, STATES, VALUE, first, lower, state_of
from core.label.formats.names import Names
from core.label.formats.quotes import split_listed
from core.label.formats.sent import dumps, listing, sendable
from core.label.prompts import render
from core.records import Missing, Span, State
from core.schema import Schema, View

_NUMBER = ("span", "tratto", "mark", "segno", "id", "number", "numero", "n")
_NOTHING = ("none", "null", "nessuno", "nessuna", "-")
_DEEPEST = 8
_MOST = 8  # fields of one stretch: more is a model that runs in circles


@dataclass(frozen=True, slots=True)
class _Typed:
    """What a reply says of one stretch, by its number or by its words."""

    number: int | None
    quote: str
    name: str
    state: State | None
    value: Any


class Hybrid:
    """Asks what the marked stretches say; `view` only chooses the spans' labels."""

    name = "hybrid"
    whole = False
    marked = True

    def __init__(self, schema: Schema, view: View, language: Language = "it") -> None:
        self.prompt = f"hybrid.v1.{language}"
        self._schema = schema
        self._names = Names(schema, view)
        self._fields = [field for field in schema.fields.values() if field.kind != "section"]

    def chunks(self) -> Sequence[tuple[str, ...]]:
        return [()]

    def messages(self, asked: Sequence[Asked]) -> list[dict[str, str]]:
        values = {"asked": asked, "marked": _marked, "answer": self.answer, "places": marks_of}
        return [
            {"role": "system", "content": self._system},
            {"role": "user", "content": sendable(render(self.prompt, "user", values))},
        ]

    def again(self, asked: Sequence[Asked]) -> dict[str, str]:
        return {"role": "user", "content": render(self.prompt, "again", {"count": len(asked)})}

    @cached_property
    def _system(self) -> str:
        used = {field.group for field in self._fields}
        groups = [group for group in self._schema.groups.values() if group.name in used]
        values = {"fields": self._fields, "groups": groups, "known": self._schema.fields}
        return render(self.prompt, "system", values)

    def json_schema(self, asked: Sequence[Asked]) -> Mapping[str, Any]:
        most = max((len(one.marks) for one in asked), default=1)
        number = {"span": {"type": "integer", "minimum": 1, "maximum": max(most, 1)}}
        state = {"state": {"type": "string", "enum": STATES}}
        return listing("spans", valued(self._fields, number, state), len(asked))

    def tokens(self, asked: Sequence[Asked]) -> int:
        """A stretch takes some 40 tokens a field, and seldom speaks of more than three."""
        return sum(128 + 120 * len(one.marks) for one in asked)

    def answer(self, text: str, spans: Sequence[Span]) -> str:
        numbers = {place: number for number, place in enumerate(marks_of(spans), 1)}
        items = []
        for span in spans:
            number = next(n for p, n in numbers.items() if p[0] <= span.start and span.end <= p[1])
            item: dict[str, Any] = {"span": number, "field": span.field or span.label}
            item |= {} if span.state in (None, "present") else {"state": span.state}
            items.append(item | ({} if span.value is None else {"value": span.value}))
        return dumps({"spans": items})

    def split(self, reply: str, count: int) -> list[str | None]:
        return split_listed(reply, count)

    def read(self, reply: str, text: str, marks: Sequence[Place] = ()) -> Answer:
        said = _read(reply)
        if len(said) > _MOST * (len(marks) + 1):
            raise Unusable("far more than was marked")
        spans: dict[tuple[Place, str], Span] = {}
        missing: list[Missing] = []
        strangers = mistyped = 0
        for one in said:
            known = self._names.find(one.name)
            place = _place(one, text, marks)
            label, name = known or (None, None)
            if label is None or place is None:
                strangers += label is None
                missing.append(Missing(one.quote or f"[{one.number}]", name))
                continue
            words = text[slice(*place)]
            value = typed(self._schema.field(name), one.value, words) if name else None
            mistyped += value is None and one.value is not None
            spans[place, name or label] = Span(
                *place, label, name, one.state, value, status="exact", edits=0, text=words
            )
        told = sorted(spans.values(), key=lambda span: (span.start, span.end))
        lost = tuple(dict.fromkeys(missing))
        return Answer(tuple(told), lost, strangers=strangers, mistyped=mistyped)


def marks_of(spans: Iterable[Span]) -> tuple[Place, ...]:
    """The stretches that spans cover, apart and in order: those that overlap are one."""
    places: list[Place] = []
    for start, end in sorted((span.start, span.end) for span in spans):
        if places and start < places[-1][1]:
            places[-1] = places[-1][0], max(end, places[-1][1])
        else:
            places.append((start, end))
    return tuple(places)


def _marked(text: str, marks: Sequence[Place]) -> str:
    """The text as it is shown: each stretch in brackets behind its number."""
    shown, done = "", 0
    for number, (start, end) in enumerate(marks, 1):
        shown += f"{_bare(text[done:start])}[[{number}| {_bare(text[start:end])}]]"
        done = end
    return shown + _bare(text[done:])


def _bare(text: str) -> str:
    """Brackets that somebody typed are none of ours."""
    return text.replace("[[", "[ [").replace("]]", "] ]")


def _place(one: _Typed, text: str, marks: Sequence[Place]) -> Place | None:
    """The stretch that is meant: that of the number, else the only one with these words."""
    if one.number is not None:
        return marks[one.number - 1] if 0 < one.number <= len(marks) else None
    words = " ".join(one.quote.split()).casefold()
    same = [m for m in marks if words and " ".join(text[slice(*m)].split()).casefold() == words]
    return same[0] if len(same) == 1 else None


def _read(reply: str) -> list[_Typed]:
    """What a reply says, in its order; of a draft and its correction the later one.

    Raises Unusable where it is no list of stretches.
    """
    said: list[_Typed] | None = None
    for value in json_values(reply):
        told = _items(value)
        if told is not None:
            said = told
    if said is None:
        raise Unusable("no list of marked stretches in it")
    return said


def _items(value: Any, number: int | None = None, depth: int = 0) -> list[_Typed] | None:
    """The items of a list, of the lists in an object, or of an object by numbers."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        parts = [_items(item, number, depth + 1) for item in value]
        told = [part for part in parts if part is not None]
        return [one for part in told for one in part] if told or not value else None
    if not isinstance(value, dict):
        return None
    item = lower(value)
    name = first(item, NAME)
    if name is None or isinstance(name, list | dict):
        return _within(item, number, depth)
    if str(name).strip().casefold() in _NOTHING:
        return []
    own = _number(first(item, _NUMBER))
    quote = first(item, QUOTE)
    words = quote if isinstance(quote, str) else ""
    state, said = state_of(first(item, STATE)), first(item, VALUE)
    return [_Typed(number if own is None else own, words, str(name), state, said)]


def _within(item: Mapping[str, Any], number: int | None, depth: int) -> list[_Typed] | None:
    parts = [
        _items(inner, number if (own := _number(key)) is None else own, depth + 1)
        for key, inner in item.items()
        if isinstance(inner, list | dict)
    ]
    told = [part for part in parts if part is not None]
    if not told:  # a stretch that is said to be nothing
        return [] if any(key in item for key in _NUMBER) else None
    return [one for part in told for one in part]


def _number(said: Any) -> int | None:
    digits = str(said).strip(" []#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else None
