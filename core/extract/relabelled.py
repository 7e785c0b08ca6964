"""One letter whose row was corrected: which spans stay, go, change or come."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Literal

from core.extract.book.memory import Place, Written, digest
from core.extract.dates import find_dates
from core.extract.result import quote
from core.extract.values import read_digits
from core.label import LABELLERS, Labeller
from core.label.align import Quote, align
from core.read.phrases import phrases
from core.records import Annotation, Json, Letter, Phrase, Span, State, Value
from core.schema import Field, Schema

Edit = Literal["kept", "changed", "added"]
Spot = tuple[int, int]  # start and end in the letter
_FAMILY = "familiarita_cardiovascolare"


class Relabelling:
    """The spans of a letter as its row now says. Spots whose words are no longer the same letter's
    (it was read anew, otherwise) are not used.
    """

    def __init__(self, letter: Letter, cells: Mapping[str, Written], schema: Schema) -> None:
        self._letter, self._schema = letter, schema
        self._spots = {name: self._same(cell.places) for name, cell in cells.items()}
        self._doubted = {name: self._same(cell.doubted) for name, cell in cells.items()}
        self._edits: dict[str, Edit] = {name: "kept" for name in cells}
        self._gone: set[Spot] = set()

    def change(self, field: Field, value: Value | None) -> str | None:
        """Takes a new value; returns why it has no span, where it has none."""
        old = self._spots.get(field.name, [])
        spots, why = ([], None) if value is None else self._place(field, value, old)
        if field.kind != "section":
            self._gone |= set(old) - set(spots)
        self._spots[field.name] = spots
        self._edits[field.name] = "changed" if old else "added"
        return why

    def evidence(self, field: str) -> list[Json]:
        """Where the value of a field stands now, as extract's JSON has it."""
        places = (quote(self._letter, *spot) for spot in self._spots.get(field, ()))
        return [
            {"start": p.start, "end": p.end, "text": p.text}
            | ({} if p.page is None else {"page": p.page})
            for p in places
        ]

    def annotations(
        self, changed: set[str], values: Mapping[str, Value | None], source: str
    ) -> Iterator[Annotation]:
        """The phrases that a change touches, each with all its spans, by this person."""
        for phrase in self._phrases:
            spans = tuple(self._spans(phrase, values))
            new = any(span.field in changed for span in spans)
            if new or any(_inside(spot, phrase) for spot in self._gone):
                extra = {"view": "field"}
                yield Annotation(phrase, spans, "human", source, extra=extra)

    def _spans(self, phrase: Phrase, values: Mapping[str, Value | None]) -> Iterator[Span]:
        marks = [
            (spot, self._schema.field(name))
            for name, spots in self._spots.items()
            for spot in spots
            if _inside(spot, phrase) and values.get(name) is not None
        ]
        said = {spot for spot, field in marks if field.kind == "mention"}
        for spot, field in sorted(marks, key=lambda mark: mark[0]):
            label = self._schema.label_of(field.name, "field")
            # What a value was computed from is no span of its field.
            if label is None or (field.kind == "derived" and spot in said):
                continue
            start, end = spot[0] - phrase.start, spot[1] - phrase.start
            state, value = _state(field, values[field.name])
            words, edit = phrase.text[start:end], self._edits[field.name]
            yield Span(start, end, label, field.name, state, value, edit=edit, text=words)

    def _place(self, field: Field, value: Value, old: list[Spot]) -> tuple[list[Spot], str | None]:
        if field.kind == "section":
            return [], "a section's text is no span"
        if field.type in ("boolean", "code") and field.kind == "mention":
            spots = self._lines(old or self._doubted.get(field.name) or self._ruled(field))
            return spots, None if spots else "nothing in the letter speaks of it"
        found = self._lines(self._written(field, value))
        if not found:
            return [], "stands nowhere in the letter"
        if len(found) == 1 and field.type not in ("number", "year"):  # 25 may be 25 of anything
            return found, None
        best = self._at_home(found, old or self._doubted.get(field.name, []))
        if not best:
            ruled = self._ruled(field)
            best = [s for s in found if any(s[0] < r[1] and r[0] < s[1] for r in ruled)][:1]
        return best, None if best else f"in the letter {len(found)}x, none for sure"

    def _written(self, field: Field, value: Value) -> list[Spot]:
        """Every place where a value is written out."""
        text = self._letter.text
        if field.type == "date":
            return [(d.start, d.end) for d in find_dates(text) if d.day.isoformat() == value]
        if field.type == "digits" or (field.type == "text" and re.fullmatch(r"\+?\d+", str(value))):
            runs = re.finditer(r"\+?\d(?:[\s./-]{0,2}\d)*", text)
            wanted = read_digits(str(value))
            return [m.span() for m in runs if read_digits(m[0]) == wanted]
        if field.type in ("number", "year"):
            number = re.escape(str(value)).replace(r"\.", "[.,]")
            return [m.span() for m in re.finditer(rf"(?<![\d.,/]){number}(?![.,/]?\d)", text)]
        if field.type != "text":
            return []
        words = r"\s+".join(map(re.escape, str(value).split()))
        found = [m.span() for m in re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)]
        spans = align(text, [Quote(str(value), field.name)]).spans if not found else ()
        return found or [(span.start, span.end) for span in spans]

    def _ruled(self, field: Field) -> list[Spot]:
        """Where the rules see something said of a field."""
        return [
            (one.phrase.start + span.start, one.phrase.start + span.end)
            for one in self._rules
            for span in one.spans
            if span.field == field.name
        ]

    @cached_property
    def _rules(self) -> list[Annotation]:
        return list(_rules().label(self._phrases))

    @cached_property
    def _phrases(self) -> list[Phrase]:
        return phrases(self._letter)

    def _same(self, places: Iterable[Place]) -> list[Spot]:
        text = self._letter.text
        return [(p.start, p.end) for p in places if digest(text[p.start : p.end], 8) == p.digest]

    def _lines(self, spots: Iterable[Spot]) -> list[Spot]:
        """Those that stand in one phrase."""
        return [spot for spot in spots if any(_inside(spot, one) for one in self._phrases)]

    def _at_home(self, found: list[Spot], near: list[Spot]) -> list[Spot]:
        """The one that shares a phrase with what was there before; none where that leaves more."""
        homes = [one for one in self._phrases if any(_inside(spot, one) for spot in near)]
        at_home = [spot for spot in found if any(_inside(spot, one) for one in homes)]
        return at_home if len(at_home) == 1 else []


@cache
def _rules() -> Labeller:
    rules: Labeller = LABELLERS.get("rules")()
    return rules


def _inside(spot: Spot, phrase: Phrase) -> bool:
    return phrase.start <= spot[0] and spot[1] <= phrase.end


def _state(field: Field, value: Value | None) -> tuple[State, Value | None]:
    """A cell's value as a span says it."""
    if field.type == "boolean":
        yes: State = "family" if field.name == _FAMILY else "present"
        return (yes if value is True else "negated"), None
    if field.type == "code":
        return ("negated" if value == 0 and field.codes.get(0) == "mai" else "present"), value
    return "present", None
