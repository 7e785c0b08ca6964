"""Fields of the user's own: an expression of their table, and the value behind it.

A Boolean field is the expression itself, denied or not. Of any other field the expression is a
label ("peso alla nascita: 3,2 kg"): its value is the first of the field's type behind it in the
sentence.
"""

import re
from collections.abc import Iterator

from core.label.rules.context import Context, Cues
from core.label.rules.days import days
from core.label.rules.lexicon import Concept, Hit
from core.label.rules.words import Line
from core.read.words.fold import fold
from core.records import State, Value
from core.schema import Field, Schema

OWN = "own"
Said = tuple[int, int, str, State, Value | None]
_ANYWHERE = frozenset(("before", "stay", "after", "discharge", "any"))
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)?(?![\w/]*/)")
_SHAPES = {
    "number": _NUMBER,
    "digits": re.compile(r"(?<!\w)\+?\d[\d\s./-]*\d"),
    "year": re.compile(r"\b(?:19|20)\d{2}\b"),
    "text": re.compile(r"[^\s:=|-][^;\n]*?(?=\s*(?:;|\n|\.(?:\s|$)|$))"),
}


def own_concepts(schema: Schema) -> Iterator[Concept]:
    """What the fields of a table say of themselves."""
    for field in schema.fields.values():
        if field.say and field.kind == "mention":
            yield Concept((field.name,), field.say, _ANYWHERE, tail="none", kind=OWN)


def own_found(
    schema: Schema, context: Context, line: Line, hits: list[Hit], cues: Cues
) -> Iterator[Said]:
    """What the hits of own concepts in a line come to."""
    places = [(hit.start, hit.end) for hit in hits]
    for hit in hits:
        if hit.concept.kind != OWN:
            continue
        field = schema.field(hit.concept.fields[0])
        state = context.state(line, cues, hit.start, hit.end, places)
        if field.type == "boolean":
            value = {"present": True, "negated": False}.get(state)
            yield hit.start, hit.end, field.name, state, value
        elif found := _behind(field, line, hit.end, line.sentence(hit.start)[1]):
            yield *found[:2], field.name, state, found[2]


def _behind(field: Field, line: Line, start: int, end: int) -> tuple[int, int, Value | None] | None:
    """Where the value behind a label stands, and which it is where that is no matter of reading."""
    if field.type == "date":
        day = next((day for day in days(line) if start <= day.start < end), None)
        return (day.start, day.end, day.iso) if day else None
    if field.type == "code":
        return _code(field, line.folded, start, end)
    match = _SHAPES[field.type].search(line.text, start, end)
    return (*match.span(), None) if match else None


def _code(field: Field, folded: str, start: int, end: int) -> tuple[int, int, Value] | None:
    """The code that stands first behind the label, as itself or by its meaning."""
    found = []
    for code, meaning in field.codes.items():
        for said in (fold(meaning), fold(str(code))):
            match = re.compile(rf"(?<!\w){re.escape(said)}(?!\w)").search(folded, start, end)
            found += [(*match.span(), code)] if match else []
    return min(found, key=lambda one: (one[0], -one[1]), default=None)
