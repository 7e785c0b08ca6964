"""Answers for a whole letter, its fields in turn: a quote and a value for each that is said.

Fields are asked for in chunks that a model can finish in one answer.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from core.label.align import Quote, align
from core.label.formats import Answer, Asked, Language, Place
from core.label.formats.listed import entries
from core.label.formats.names import Names
from core.label.formats.quotes import SAID, placed, split_listed, written
from core.label.formats.sent import dumps, listing, object_of, sendable
from core.label.prompts import render
from core.records import Span, Value
from core.schema import Field, Schema, View

MOST = 12
_TRUE = frozenset({"true", "vero", "sì", "si", "yes", "1"})
_FALSE = frozenset({"false", "falso", "no", "0"})
_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,2})?")
_TYPES = {"boolean": "boolean", "number": "number"}


class Fields:
    """Asks for the fields by name, whatever the view; `view` only chooses the spans' labels."""

    name = "fields"
    whole = True
    marked = False

    def __init__(self, schema: Schema, view: View, language: Language = "it") -> None:
        self.prompt = f"fields.v1.{language}"
        self._schema = schema
        self._names = Names(schema, view)
        self._asked = {f.name: f for f in schema.fields.values() if f.kind != "section"}
        self._systems: dict[tuple[str, ...], str] = {}

    def chunks(self) -> Sequence[tuple[str, ...]]:
        """At most MOST fields each, groups kept together where they fit."""
        chunks: list[tuple[str, ...]] = []
        for group in self._schema.groups:
            names = [field.name for field in self._asked.values() if field.group == group]
            while len(names) > MOST:
                chunks.append(tuple(names[:MOST]))
                names = names[MOST:]
            fitting = (at for at, chunk in enumerate(chunks) if len(chunk) + len(names) <= MOST)
            at = next(fitting, len(chunks))
            chunks[at : at + 1] = [(*(chunks[at] if at < len(chunks) else ()), *names)]
        return [chunk for chunk in chunks if chunk]

    def messages(self, asked: Sequence[Asked]) -> list[dict[str, str]]:
        names = tuple(field.name for field in self._fields(asked))
        if names not in self._systems:
            self._systems[names] = self._system(names)
        values = {"asked": asked, "answer": lambda text, spans: self._part(text, spans, names)}
        return [
            {"role": "system", "content": self._systems[names]},
            {"role": "user", "content": sendable(render(self.prompt, "user", values))},
        ]

    def again(self, asked: Sequence[Asked]) -> dict[str, str]:
        return {"role": "user", "content": render(self.prompt, "again", {"count": len(asked)})}

    def _fields(self, asked: Sequence[Asked]) -> list[Field]:
        names = asked[0].fields or self._asked
        return [self._asked[name] for name in names]

    def _system(self, names: tuple[str, ...]) -> str:
        fields = [self._asked[name] for name in names]

        def example(text: str, said: Sequence[Mapping[str, Any]]) -> str:
            quotes = [
                Quote(one["quote"], one["field"], one["field"], one.get("state"), one.get("value"))
                for one in said
            ]
            return self._part(text, align(text, quotes).spans, names)

        values = {
            "fields": fields,
            "groups": [
                g for g in self._schema.groups.values() if g.name in {f.group for f in fields}
            ],
            "example": example,
        }
        return render(self.prompt, "system", values)

    def _part(self, text: str, spans: Sequence[Span], names: Sequence[str]) -> str:
        return self.answer(text, [span for span in spans if span.field in names])

    def json_schema(self, asked: Sequence[Asked]) -> Mapping[str, Any]:
        shape = valued(self._fields(asked), {"quote": {"type": "string"}}, SAID)
        return listing("fields", shape, len(asked))

    def tokens(self, asked: Sequence[Asked]) -> int:
        """A field takes some 60 tokens a mention, and the letter may mention it thrice."""
        return len(asked) * (512 + 200 * len(self._fields(asked)))

    def answer(self, text: str, spans: Sequence[Span]) -> str:
        items = [
            {"field": span.field or span.label}
            | item
            | ({} if span.value is None else {"value": span.value})
            for span, item in zip(spans, written(text, spans), strict=True)
        ]
        return dumps({"fields": items})

    def split(self, reply: str, count: int) -> list[str | None]:
        return split_listed(reply, count)

    def read(self, reply: str, text: str, marks: Sequence[Place] = ()) -> Answer:
        return placed(text, entries(reply, self._names.find, valued=True), self._names, self._typed)

    def _typed(self, name: str | None, value: Any, quote: str) -> Value | None:
        return None if name is None else typed(self._schema.field(name), value, quote)


def typed(field: Field, value: Any, quote: str) -> Value | None:
    """A value as a model sent it, if it surely is one of the field's type; else None.

    A text must stand in its quote: other words would be the model's own.
    """
    if value is None or isinstance(value, list | dict):
        return None
    said = " ".join(str(value).split())
    if field.type == "boolean":
        word = said.casefold()
        return True if word in _TRUE else False if word in _FALSE else None
    if isinstance(value, bool):
        return None
    if field.type == "code":
        return _code(field, said)
    if field.type == "number":
        return _number(said)
    if field.type == "digits":
        return said if said.isascii() and said.isdigit() else None
    if field.type == "year":
        return said if re.fullmatch(r"(?:19|20)\d\d", said) else None
    if field.type == "date":
        return _day(said)
    stands = said.casefold() in " ".join(quote.split()).casefold()
    return said if said and stands else None


def valued(
    fields: Sequence[Field], where: Mapping[str, Any], more: Mapping[str, Any]
) -> dict[str, Any]:
    """The JSON schema of a field, where it stands, its value and more; fields that take the same
    values share a shape.
    """
    shapes: dict[str, tuple[list[str], Mapping[str, Any]]] = {}
    for field in fields:
        value = _value_schema(field)
        shapes.setdefault(repr(value), ([], value))[0].append(field.name)
    items = [
        object_of(
            {"field": {"type": "string", "enum": names}, **where, "value": value, **more},
            ["field", *where],
        )
        for names, value in shapes.values()
    ]
    return items[0] if len(items) == 1 else {"anyOf": items}


def _code(field: Field, said: str) -> Value | None:
    known = {meaning.casefold(): code for code, meaning in field.codes.items()}
    known |= {str(code).casefold(): code for code in field.codes}
    return known.get(said.casefold())


def _number(said: str) -> Value | None:
    if not _NUMBER.fullmatch(said):
        return None
    number = float(said.replace(",", "."))
    return int(number) if number.is_integer() else number


def _day(said: str) -> Value | None:
    try:
        return date.fromisoformat(said).isoformat() if len(said) == 10 else None
    except ValueError:
        return None


def _value_schema(field: Field) -> Mapping[str, Any]:
    if field.codes:
        return {"enum": list(field.codes)}
    return {"type": _TYPES.get(field.type, "string")}
