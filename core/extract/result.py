"""What was extracted from one document, and its JSON: values with their places, and doubts."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from core.errors import BadInput
from core.records import Evidence, Extra, FieldValue, Json, Letter, Value

Reason = Literal["conflict", "uncertain", "unreadable", "not daily", "order", "mismatch"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a letter says of a field that is not its value, or not alone; for a person to see.

    conflict: another value is said here. uncertain: suspected only. unreadable: no value of the
    field's type could be read. not daily: a dose on alternate days or when needed. order: a day
    that cannot come before or after another. mismatch: two fields that do not fit each other.
    `note` says it in the reader's language, without words of the letter.
    """

    field: str
    reason: Reason
    evidence: tuple[Evidence, ...]
    value: Value | None = None
    note: str | None = None

    def to_json(self) -> Json:
        raw: Json = {"field": self.field, "reason": self.reason}
        if self.value is not None:
            raw["value"] = self.value
        if self.note is not None:
            raw["note"] = self.note
        return raw | {"evidence": [_place(place) for place in self.evidence]}

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        places = tuple(Evidence.from_json(place) for place in raw["evidence"])
        return cls(raw["field"], raw["reason"], places, raw.get("value"), raw.get("note"))


@dataclass(frozen=True, slots=True)
class LetterFields:
    """The fields of one document. One that was turned away has no fields, and a reason.

    Raises BadInput for a value without evidence: such a value is nobody's to trust.
    """

    letter: str
    discharge_letter: bool
    fields: tuple[FieldValue, ...] = ()
    reason: str | None = None
    doubts: tuple[Doubt, ...] = ()
    extra: Extra = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        bare = [value.field for value in self.fields if not value.evidence]
        if bare:
            raise BadInput(f"no evidence for {', '.join(bare)}; leave such values out")
        if self.fields and not self.discharge_letter:
            raise BadInput("a document turned away has fields; leave them out")

    def to_json(self) -> Json:
        raw: Json = {"letter": self.letter, "discharge_letter": self.discharge_letter}
        if self.reason is not None:
            raw["reason"] = self.reason
        raw["fields"] = {value.field: value.to_json() for value in self.fields}
        if self.doubts:
            raw["doubts"] = [doubt.to_json() for doubt in self.doubts]
        return raw | dict(self.extra)

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        known = ("letter", "discharge_letter", "fields", "reason", "doubts")
        return cls(
            letter=raw["letter"],
            discharge_letter=raw["discharge_letter"],
            fields=tuple(FieldValue.from_json(name, said) for name, said in raw["fields"].items()),
            reason=raw.get("reason"),
            doubts=tuple(Doubt.from_json(doubt) for doubt in raw.get("doubts", ())),
            extra={key: value for key, value in raw.items() if key not in known},
        )


def quote(letter: Letter, start: int, end: int) -> Evidence:
    """A place of the letter. The only way evidence is made here, so it always quotes the text."""
    text, page = letter.text[start:end], letter.page_of(start)
    return Evidence(start, end, text, page, letter.box_of(start, end))


def in_order(places: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Places in the order of the letter, each once."""
    return tuple(sorted(set(places), key=lambda place: (place.start, place.end)))


def _place(place: Evidence) -> dict[str, Any]:
    return {name: said for name, said in dataclasses.asdict(place).items() if said is not None}
