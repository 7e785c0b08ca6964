"""What a visitor corrected on the page -> annotations by a person, to train from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Self, get_args

from core.errors import BadInput
from core.extract.book.content import contents
from core.extract.book.memory import Written
from core.extract.cell import from_cell
from core.extract.relabelled import Relabelling
from core.extract.result import LetterFields
from core.read.phrases import phrases
from core.records import Annotation, Json, Letter, Phrase, Span, State, Value
from core.schema import Schema, default_schema

SOURCE = "person/demo"
Edit = Literal["kept", "changed", "added", "removed"]
Values = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Marked:
    """A span of the letter as the page shows it; `edit` says what the visitor did to it."""

    start: int
    end: int
    field: str
    state: State | None
    value: Value | None
    edit: Edit

    @classmethod
    def of(cls, raw: Json) -> Self:
        edit: Edit = raw.get("edit") or "kept"
        state: State | None = raw.get("state")
        if edit not in get_args(Edit):
            raise BadInput("a mark was edited in a way that is not known")
        if state not in (*get_args(State), None):
            raise BadInput("a mark has a state that is not known")
        field = default_schema().field(raw["field"]).name
        return cls(int(raw["start"]), int(raw["end"]), field, state, raw.get("value"), edit)

    @classmethod
    def all_of(cls, raw: Iterable[Json]) -> list[Self]:
        """Those that speak of a field; a model of groups alone cannot be corrected here."""
        return [cls.of(one) for one in raw if one.get("field")]


def typed_values(raw: Mapping[str, object]) -> dict[str, Value | None]:
    """Values as they were typed into the table; one that is none of its field raises BadInput."""
    schema = default_schema()
    said: dict[str, Value | None] = {}
    for name, shown in raw.items():
        field = schema.field(name)
        try:
            said[field.name] = from_cell(shown, field)
        except ValueError:
            raise BadInput(f"{field.name}: no {field.type} that can be read") from None
    return said


def human_spans(letter: Letter, marks: Iterable[Marked]) -> list[Annotation]:
    """Of each phrase that the visitor touched, all its marks, as a person's."""
    marks, schema = list(marks), default_schema()
    return [
        _annotation(phrase, inside, schema)
        for phrase, inside in _by_phrase(letter, marks)
        if any(mark.edit != "kept" for mark in inside)
    ]


def annotations_of(
    letter: Letter, result: LetterFields, marks: Iterable[Marked], values: Values
) -> list[Annotation]:
    """The corrected spans, and the changed values as spans where the letter says them.

    Where both speak of a phrase, a changed value's spans replace those of its field.
    """
    spoken = {one.phrase.id: one for one in human_spans(letter, marks)}
    for one in _valued(letter, result, values):
        known = spoken.get(one.phrase.id)
        if known is not None:
            others = (span for span in known.spans if span.field not in values)
            own = (span for span in one.spans if span.field in values)
            spans = sorted((*others, *own), key=lambda span: (span.start, span.end))
            one = replace(known, spans=tuple(spans))
        spoken[one.phrase.id] = one
    return sorted(spoken.values(), key=lambda one: one.phrase.start)


def _valued(letter: Letter, result: LetterFields, values: Values) -> Iterator[Annotation]:
    """The changed values as the spreadsheet's corrections would have them."""
    schema = default_schema()
    cells = {
        name: Written.of(content, schema.field(name))
        for name, content in contents(result, schema).items()
    }
    work = Relabelling(letter, cells, schema)
    for name, value in values.items():
        work.change(schema.field(name), value)
    now = {one.field: one.value for one in result.fields} | dict(values)
    return work.annotations(set(values), now, SOURCE)


def _by_phrase(letter: Letter, marks: list[Marked]) -> Iterator[tuple[Phrase, list[Marked]]]:
    for phrase in phrases(letter):
        inside = [m for m in marks if m.start < phrase.end and phrase.start < m.end]
        if inside:
            yield phrase, inside


def _annotation(phrase: Phrase, marks: Iterable[Marked], schema: Schema) -> Annotation:
    spans = (_span(phrase, mark, schema) for mark in marks if mark.edit != "removed")
    found = sorted((s for s in spans if s is not None), key=lambda span: (span.start, span.end))
    return Annotation(phrase, tuple(found), "human", SOURCE, extra={"view": "field"})


def _span(phrase: Phrase, mark: Marked, schema: Schema) -> Span | None:
    """The part of a mark that stands in this phrase. A section's text is no span."""
    label = schema.label_of(mark.field, "field")
    if label is None or mark.edit == "removed":
        return None
    start, end = max(mark.start, phrase.start), min(mark.end, phrase.end)
    start, end = start - phrase.start, end - phrase.start
    words = phrase.text[start:end]
    if not words.strip():
        return None
    start += len(words) - len(words.lstrip())
    words = words.strip()
    end = start + len(words)
    state, edit = mark.state or "present", mark.edit
    # Of a yes or no the state is the value.
    value = None if schema.field(mark.field).type == "boolean" else mark.value
    return Span(start, end, label, mark.field, state, value, edit=edit, text=words)
