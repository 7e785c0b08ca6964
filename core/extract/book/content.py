"""A result -> what each of its cells shows: the value, the quotes in a comment, a colour."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.extract.book.ink import CONFLICTS, DOUBTS, LOW_SCORE, Shown, shortened
from core.extract.cell import in_cell
from core.extract.result import Doubt, LetterFields
from core.records import Evidence, FieldValue
from core.schema import Field, Schema

QUOTE = 220
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in the cell of a field; `look` names one of the colours."""

    shown: Shown
    note: str
    look: str | None
    value: FieldValue | None
    doubts: tuple[Doubt, ...]


def contents(result: LetterFields, schema: Schema) -> dict[str, Content]:
    """The cells of a letter that are not empty, by field."""
    said = {value.field: value for value in result.fields}
    doubts: dict[str, list[Doubt]] = {}
    for doubt in result.doubts:
        doubts.setdefault(doubt.field, []).append(doubt)
    return {
        name: _content(said.get(name), tuple(doubts.get(name, ())), field)
        for name, field in schema.fields.items()
        if name in said or name in doubts
    }


def why_away(result: LetterFields) -> str:
    """The comment on the name of a document that was turned away."""
    return f"Non elaborata: {result.reason or 'non è una lettera'}"


def _content(value: FieldValue | None, doubts: tuple[Doubt, ...], field: Field) -> Content:
    shown = None if value is None else in_cell(value.value, field)
    note = "\n".join((*_said(value), *_doubted(doubts)))
    return Content(shown, note, _look(value, doubts), value, doubts)


def _look(value: FieldValue | None, doubts: Sequence[Doubt]) -> str | None:
    if any(doubt.reason in CONFLICTS for doubt in doubts):
        return "conflict"
    if doubts:
        return "doubt"
    unsure = value is not None and value.score is not None and value.score < LOW_SCORE
    return "low" if unsure else None


def _said(value: FieldValue | None) -> Iterator[str]:
    if value is None:
        return
    yield from (_quoted(place) for place in value.evidence[:_PLACES])
    if len(value.evidence) > _PLACES:
        yield f"e altri {len(value.evidence) - _PLACES} punti"
    if value.score is not None:
        yield f"Sicurezza del modello: {value.score:.0%}"


def _doubted(doubts: Sequence[Doubt]) -> Iterator[str]:
    for doubt in doubts:
        what = doubt.note or DOUBTS.get(doubt.reason, doubt.reason)
        other = "" if doubt.value is None else f" {_spoken(doubt)}"
        quotes = "; ".join(_quoted(place) for place in doubt.evidence[:3])
        yield f"{what}{other}: {quotes}" if quotes else f"{what}{other}"


def _spoken(doubt: Doubt) -> str:
    value = doubt.value
    if isinstance(value, bool):
        return "sì" if value else "no"
    text = str(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "/".join(reversed(text.split("-")))
    return shortened(text, 60)


def _quoted(place: Evidence) -> str:
    page = "" if place.page is None else f" (p. {place.page})"
    return f"«{shortened(place.text, QUOTE)}»{page}"
