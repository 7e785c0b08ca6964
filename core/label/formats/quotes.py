"""Answers as a list of quotes, each with the name of what it is.

A quote stands where its words stand in the text. Where they stand several times and the order of
the list does not tell which is meant, `occurrence` does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from core.label.align import Quote, align
from core.label.formats import Answer, Asked, Language, Place
from core.label.formats.answers import Unusable, split_numbered
from core.label.formats.listed import STATES, Entry, entries
from core.label.formats.names import Names
from core.label.formats.sent import dumps, listing, object_of, sendable
from core.label.normal import at_word_edges
from core.label.prompts import render, vocabulary
from core.records import Missing, Span, Value
from core.schema import Schema, View

SAID: Mapping[str, Any] = {
    "state": {"type": "string", "enum": STATES},
    "occurrence": {"type": "integer", "minimum": 1},
}
_SPARE = 32


class Quotes:
    """Asks for quotes. `view` chooses the names they go by; "target" asks for none."""

    name = "spans"
    whole = False
    marked = False

    def __init__(self, schema: Schema, view: View, language: Language = "it") -> None:
        self.prompt = f"spans.v1.{language}"
        self._schema = schema
        self._view = view
        self._names = Names(schema, view)

    def chunks(self) -> Sequence[tuple[str, ...]]:
        return [()]

    def messages(self, asked: Sequence[Asked]) -> list[dict[str, str]]:
        user = render(self.prompt, "user", {"asked": asked, "answer": self.answer})
        return [
            {"role": "system", "content": self._system},
            {"role": "user", "content": sendable(user)},
        ]

    def again(self, asked: Sequence[Asked]) -> dict[str, str]:
        values = {"view": self._view, "count": len(asked)}
        return {"role": "user", "content": render(self.prompt, "again", values)}

    @cached_property
    def _system(self) -> str:
        values = {
            **vocabulary(self._schema, self._view),
            "example": self._example,
        }
        return render(self.prompt, "system", values)

    def _example(self, text: str, said: Sequence[Mapping[str, Any]]) -> str:
        quotes = [
            Quote(one["quote"], known[0], known[1], one.get("state"))
            for one in said
            if (known := self._names.find(one["field"]))
        ]
        return self.answer(text, align(text, quotes).spans)

    def json_schema(self, asked: Sequence[Asked]) -> Mapping[str, Any]:
        labels = list(self._schema.labels(self._view))
        naming = {} if self._view == "target" else {"field": {"type": "string", "enum": labels}}
        item = {
            **naming,
            "quote": {"type": "string"},
            **SAID,
        }
        return listing("spans", object_of(item, [*naming, "quote"]), len(asked))

    def tokens(self, asked: Sequence[Asked]) -> int:
        """An Italian token is some three characters; an entity costs some 25 beside its quote."""
        return sum(256 + len(one.text) // 2 + 10 * len(one.text.split()) for one in asked)

    def answer(self, text: str, spans: Sequence[Span]) -> str:
        items = [
            ({} if self._view == "target" else {"field": span.label}) | item
            for span, item in zip(spans, written(text, spans), strict=True)
        ]
        return dumps({"spans": items})

    def split(self, reply: str, count: int) -> list[str | None]:
        return split_listed(reply, count)

    def read(self, reply: str, text: str, marks: Sequence[Place] = ()) -> Answer:
        said = entries(reply, self._names.find)
        return placed(text, said, self._names, lambda field, value, quote: None)


def placed(
    text: str,
    said: Sequence[Entry],
    names: Names,
    typed: Callable[[str | None, Any, str], Value | None],
) -> Answer:
    """Where the quotes of a reply stand in the text.

    `typed` makes the value of a field, as it was sent with a quote, one of the field's type.
    """
    most = _SPARE + len(re.findall(r"\w+", text))
    if len(said) > most:
        raise Unusable(f"more than {most:,} entities")
    spans: list[Span] = []
    missing: list[Missing] = []
    quotes: list[Quote] = []
    strangers = mistyped = 0
    standing = cache(lambda words: _places(text, words))
    for entry in said:
        known = names.find(entry.name)
        words = entry.quote.strip()
        if known is None or not words:
            strangers += known is None
            missing.append(Missing(words or dumps(entry.value), known and known[1]))
            continue
        value = typed(known[1], entry.value, words)
        mistyped += value is None and entry.value is not None
        quote = Quote(words, *known, entry.state, value)
        places = standing(words) if entry.nth else []
        if entry.nth and len(places) >= max(entry.nth, 2):
            start = places[entry.nth - 1]
            spans += align(text, [quote], low=start, high=start + len(words)).spans
        else:
            quotes.append(quote)
    found, lost = _apart(text, quotes)
    # A model that runs in circles says the same over and over: that is one span and one loss.
    once = {(span.start, span.end, span.label, span.field): span for span in (*found, *spans)}
    return Answer(
        tuple(sorted(once.values(), key=lambda span: (span.start, span.end))),
        tuple(dict.fromkeys((*missing, *lost))),
        strangers=strangers,
        mistyped=mistyped,
    )


def _apart(text: str, quotes: Sequence[Quote]) -> tuple[list[Span], tuple[Missing, ...]]:
    """The quotes aligned, two fields of one label told apart: a CRT-D is crt and icd at once."""
    labels = {quote.field or quote.label: quote.label for quote in quotes}
    found = align(text, [replace(quote, label=quote.field or quote.label) for quote in quotes])
    return [replace(span, label=labels[span.label]) for span in found.spans], found.missing


def written(text: str, spans: Sequence[Span]) -> list[dict[str, Any]]:
    """Quote, state and occurrence of each span; the last only where the order does not tell."""
    there, _ = _apart(text, [Quote(span.text, span.label, span.field) for span in spans])
    unclear = [(span.start, span.end) for span in there] != [(s.start, s.end) for s in spans]
    items = []
    for span in spans:
        item: dict[str, Any] = {"quote": span.text}
        if span.state is not None:
            item["state"] = span.state
        places = _places(text, span.text) if unclear else []
        if len(places) > 1 and span.start in places:
            item["occurrence"] = places.index(span.start) + 1
        items.append(item)
    return items


def _places(text: str, words: str) -> list[int]:
    """Where words stand in a text as they are, and as words."""
    found = (match.start() for match in re.finditer(f"(?={re.escape(words)})", text))
    return [start for start in found if words and at_word_edges(text, start, start + len(words))]


def split_listed(reply: str, count: int) -> list[str | None]:
    """A reply to one question is the reply; to several, its numbered parts."""
    if count == 1:
        return [reply]
    return split_numbered(reply, count)
