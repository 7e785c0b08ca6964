"""The five records that flow through Lettera, and their JSON Lines.

Every offset counts code points into the text of its own record, half-open: `text[start:end]` of a
span is always the quoted text. It is checked whenever a record is made, so a span that exists is
right. Unknown keys of a JSON line are kept in `extra` and written back.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from typing import Any, Literal, Self

from core.errors import BadInput

State = Literal["present", "negated", "uncertain", "family"]
Origin = Literal["llm", "rules", "human", "model", "fictitious"]
Value = str | int | float | bool
Json = dict[str, Any]
Extra = Mapping[str, Any]


@cache
def _names(cls: Any) -> tuple[str, ...]:
    """The keys of a record in its JSON; asked for with each of millions."""
    return tuple(field.name for field in fields(cls) if field.name != "extra")


def _plain(record: Any, keep: tuple[str, ...] = ()) -> Json:
    """A dataclass as a dict in field order; None and () are left out unless named in `keep`."""
    values = {name: getattr(record, name) for name in _names(record.__class__)}
    said = {key: value for key, value in values.items() if key in keep or value not in (None, ())}
    return said | dict(getattr(record, "extra", {}))


def _split(raw: Json, cls: type) -> tuple[Json, Json]:
    """The keys of a dict that are fields of `cls`, and the others."""
    known = _names(cls)
    return {k: v for k, v in raw.items() if k in known}, {
        k: v for k, v in raw.items() if k not in known
    }


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page (from 1) of the file stands in the letter's text."""

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section, heading left out. `name` is the field it fills, or the heading as written."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Box:
    """Where a stretch stands: left, top, right, bottom as shares of the page, 0 to 1."""

    start: int
    end: int
    page: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Letter:
    """One document, cleaned. `map` rows: start here, start in the reader's text, length."""

    id: str
    source: str
    discharge_letter: bool
    text: str
    pages: tuple[Page, ...]
    reader: str
    sections: tuple[Section, ...] = ()
    boxes: tuple[Box, ...] = ()
    map: tuple[tuple[int, int, int], ...] = ()
    extra: Extra = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.id

    def page_of(self, offset: int) -> int | None:
        """The page an offset stands on, or None where the reader knows no pages."""
        return next((p.page for p in self.pages if p.start <= offset < p.end), None)

    def box_of(self, start: int, end: int) -> tuple[float, float, float, float] | None:
        """The box around a stretch, on the page where it begins; None where none is known."""
        page = self.page_of(start)
        found = [b.box for b in self.boxes if b.page == page and b.start < end and start < b.end]
        if not found:
            return None
        left, top, right, bottom = zip(*found, strict=True)
        return min(left), min(top), max(right), max(bottom)

    def to_json(self) -> Json:
        raw = _plain(self, keep=("pages",))
        for key in ("pages", "sections", "boxes"):
            if key in raw:
                raw[key] = [_plain(item) for item in raw[key]]
        return raw

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        known, extra = _split(raw, cls)
        for key, part in (("pages", Page), ("sections", Section)):
            known[key] = tuple(part(**item) for item in known.get(key, ()))
        known["boxes"] = tuple(
            Box(**item | {"box": tuple(item["box"])}) for item in known.get("boxes", ())
        )
        known["map"] = tuple((a, b, n) for a, b, n in known.get("map", ()))
        return cls(**known, extra=extra)


@dataclass(frozen=True, slots=True)
class Phrase:
    """The unit of data: one line, wrapped lines joined. `start`, `end` point into the letter."""

    id: str
    letter: str
    start: int
    end: int
    text: str
    section: str | None = None


def phrase_ids(letter: str, texts: Iterable[str]) -> Iterator[str]:
    """`<letter>:<8 hex of the text>.<k>`: k counts equal texts; an inserted line moves no other."""
    seen: Counter[str] = Counter()
    for text in texts:
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        seen[digest] += 1
        yield f"{letter}:{digest}.{seen[digest]}"


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of a phrase. `label` belongs to the chosen view; `field` survives all.

    `status` and `edits` say how a model's quote was placed: how many characters it had otherwise.
    """

    start: int
    end: int
    label: str
    field: str | None = None
    state: State | None = None
    value: Value | None = None
    score: float | None = None
    status: Literal["exact", "normalised", "fuzzy"] | None = None
    edits: int | None = None
    edit: Literal["kept", "changed", "added"] | None = None
    text: str = ""
    extra: Extra = dataclasses.field(default_factory=dict)

    def to_json(self) -> Json:
        return _plain(self)

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        known, extra = _split(raw, cls)
        return cls(**known, extra=extra)


@dataclass(frozen=True, slots=True)
class Missing:
    """A quote a labeller gave that does not stand in the phrase."""

    quote: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one author said of one phrase. `seconds` is the time a person took."""

    phrase: Phrase
    spans: tuple[Span, ...]
    origin: Origin
    source: str
    missing: tuple[Missing, ...] = ()
    seconds: float | None = None
    skipped: bool = False
    comment: str | None = None
    extra: Extra = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        text = self.phrase.text
        for span in self.spans:
            start, end = span.start, span.end
            if not 0 <= start < end <= len(text) or text[start:end] != span.text:
                raise BadInput(
                    f"phrase {self.phrase.id}: the span {start}-{end} does not quote the text it "
                    "points to"
                )

    @property
    def key(self) -> str:
        return self.phrase.id

    def to_json(self) -> Json:
        raw = _plain(self, keep=("spans",))
        phrase = raw.pop("phrase")
        if not self.skipped:
            raw.pop("skipped")
        raw["spans"] = [span.to_json() for span in self.spans]
        if self.missing:
            raw["missing"] = [_plain(quote) for quote in self.missing]
        return _plain(phrase) | raw

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        place, rest = _split(raw, Phrase)
        known, extra = _split(rest, cls)
        known["spans"] = tuple(Span.from_json(span) for span in known["spans"])
        known["missing"] = tuple(Missing(**quote) for quote in known.get("missing", ()))
        return cls(phrase=Phrase(**place), **known, extra=extra)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the letter a value is said: offsets into the letter's text, the quote, the page, and
    on it the box (as in `Box`), where the reader knows them."""

    start: int
    end: int
    text: str
    page: int | None = None
    box: tuple[float, float, float, float] | None = None

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        return cls(**raw | ({"box": tuple(raw["box"])} if raw.get("box") else {}))


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The value of one of the 74 fields of one letter, with the places that say it."""

    field: str
    value: Value
    evidence: tuple[Evidence, ...]
    score: float | None = None

    def to_json(self) -> Json:
        raw: Json = {"value": self.value, "evidence": [_plain(e) for e in self.evidence]}
        return raw if self.score is None else raw | {"score": self.score}

    @classmethod
    def from_json(cls, name: str, raw: Json) -> Self:
        places = tuple(Evidence.from_json(place) for place in raw["evidence"])
        return cls(name, raw["value"], places, raw.get("score"))
