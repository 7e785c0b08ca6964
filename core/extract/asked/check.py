"""Whether what a model says of a stretch of a letter follows from the words that stand there.

A model's value is a claim. One that the field's own reader reads from the same words is kept; where
the reader reads another, the reader's counts and the claim is shown beside it; where the words do
not say it, it is a doubt and no value. So nothing gets into a cell that the letter does not say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property

from core.extract.dates import latest_date
from core.extract.doses import entry
from core.extract.result import Doubt, Reason, quote
from core.extract.values import Context, read_code, read_phone, read_value
from core.extract.words import words
from core.label import LABELLERS, Labeller
from core.label.rules import context, lexicon
from core.label.rules.words import Line
from core.records import Annotation, Letter, Phrase, Span, State, Value
from core.schema import Field, Schema

_MOVED = ("date", "year")
_FAMILY = "familiarita_cardiovascolare"


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a letter's spans; `refused` claims that the words do not bear out."""

    annotations: tuple[Annotation, ...]
    doubts: tuple[Doubt, ...]
    refused: int


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What becomes of a span: itself or another in its place, or none; and what is doubtful."""

    span: Span | None
    doubt: Reason | None = None
    claim: Value | None = None
    refused: bool = False


class _Place:
    """A phrase as the rules see it, looked at once and only where a claim needs it."""

    def __init__(self, phrase: Phrase) -> None:
        self.phrase = phrase

    @cached_property
    def line(self) -> Line:
        return Line(self.phrase.text, self.phrase.section)

    @cached_property
    def cues(self) -> context.Cues:
        return _context().cues(self.line)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A span of a model with the place it stands in; `near`: a day of the letter."""

    field: Field
    span: Span
    place: _Place
    near: date | None

    @property
    def text(self) -> str:
        if self.field.name == "lasix_dosaggio":
            return entry(self.span.text, self.after)
        return self.span.text

    @property
    def after(self) -> str:
        return self.place.phrase.text[self.span.end :]

    @property
    def sentence(self) -> str:
        first, last = self.place.line.sentence(self.span.start)
        return self.place.phrase.text[first : max(last, self.span.end)]

    @property
    def state(self) -> State:
        """What the phrase makes of the words, be the cue before them or their first one."""
        start, end = self.span.start, self.span.end
        cue = words("denial", "before").match(self.span.text)
        if cue and cue.end() < end - start:
            return "negated"
        return _context().state(self.place.line, self.place.cues, start, end)


def check(
    letter: Letter, annotations: Iterable[Annotation], schema: Schema, shielded: bool = False
) -> Checked:
    """The spans of a letter whose values their words bear out; the shield's own pass unseen.

    `shielded`: days that the model reckoned are days of the stand-ins, and count for nothing.
    """
    near = latest_date(letter.text)
    kept: list[Annotation] = []
    doubts: list[Doubt] = []
    refused = 0
    for annotation in annotations:
        phrase = annotation.phrase
        place = _Place(phrase)
        spans: list[Span] = []
        for span in annotation.spans:
            field = schema.field(span.field or span.label)
            if span.status is None or field.kind == "section":
                spans.append(span)
                continue
            said = replace(span, value=None) if shielded and field.type in _MOVED else span
            verdict = _judged(_Claim(field, said, place, near))
            refused += verdict.refused
            if verdict.span is not None:
                spans.append(verdict.span)
            if verdict.doubt is not None:
                there = quote(letter, phrase.start + span.start, phrase.start + span.end)
                doubts.append(Doubt(field.name, verdict.doubt, (there,), verdict.claim))
        kept.append(replace(annotation, spans=tuple(spans)))
    return Checked(tuple(kept), tuple(dict.fromkeys(doubts)), refused)


def _judged(claim: _Claim) -> _Verdict:
    span = claim.span
    if span.state in ("uncertain", "family") and claim.field.name != _FAMILY:
        return _Verdict(replace(span, value=None))
    if claim.field.type == "boolean":
        return _yes_or_no(claim)
    if claim.field.type == "code":
        return _coded(claim)
    return _plain(claim)


def _yes_or_no(claim: _Claim) -> _Verdict:
    """Yes where nothing denies it, no where something does: what is not said is not no."""
    span, said = claim.span, claim.span.value
    if span.state == "negated":
        said = False
    if not isinstance(said, bool):
        return _reread(claim)
    if claim.field.name == _FAMILY and said:
        return _Verdict(replace(span, value=True))
    state = claim.state
    if state == "uncertain":
        return _Verdict(replace(span, state="uncertain", value=None))
    if state == "family":
        return _Verdict(None, refused=True)
    if said != (state != "negated"):
        return _Verdict(None, "conflict" if said else "unreadable", said, refused=True)
    return _Verdict(replace(span, state="present" if said else "negated", value=said))


def _reread(claim: _Claim) -> _Verdict:
    """Without a usable yes or no: what the rules make of the words, where they know them."""
    span = claim.span
    for seen in _rules_of(claim.place.phrase):
        overlap = seen.start < span.end and span.start < seen.end
        if overlap and seen.field == claim.field.name:
            return _Verdict(replace(span, state=seen.state, value=seen.value))
    return _Verdict(None, "unreadable")


def _coded(claim: _Claim) -> _Verdict:
    field, span = claim.field, claim.span
    never = field.codes.get(0) == "mai"
    if never and (span.state == "negated" or span.value in (0, None)) and claim.state == "negated":
        return _Verdict(replace(span, state="negated", value=0))
    if span.state == "negated" or (never and claim.state == "negated"):
        return _Verdict(None, "unreadable", span.value, refused=True)
    if claim.state == "uncertain":
        return _Verdict(replace(span, state="uncertain", value=None))
    said = span.value
    if said is None:
        return _Verdict(span)
    read = read_code(field, span.text)
    if read is None:
        around = read_code(field, claim.sentence) == said
        return _settled(claim, said if around or _means(field, said, span.text) else None)
    return _settled(claim, read)


def _means(field: Field, code: Value, text: str) -> bool:
    """Whether the meaning of this code, and of no other, stands in the words."""
    told = f" {' '.join(text.casefold().split())} "
    said = [c for c, meaning in field.codes.items() if f" {meaning.casefold()} " in told]
    return said == [code]


def _plain(claim: _Claim) -> _Verdict:
    """A number, a day, a text: it stands in the words, or follows from them by the reader."""
    field, span = claim.field, claim.span
    said = span.value
    if said is None or span.state == "negated":
        return _Verdict(span)
    if field.type == "text":
        if (number := read_phone(str(said))) and number == read_phone(span.text):
            return _Verdict(replace(span, value=None))
        return _Verdict(_narrowed(span, str(said)))
    return _settled(claim, read_value(field, claim.text, Context(claim.near, claim.after)))


def _narrowed(span: Span, said: str) -> Span:
    """The very words that are the value, where they stand in the quote as they are."""
    at = span.text.find(said)
    if at < 0 or not said.strip():
        return replace(span, value=None)
    start = span.start + at
    return replace(span, start=start, end=start + len(said), text=said, value=None)


def _settled(claim: _Claim, read: Value | None) -> _Verdict:
    said = claim.span.value
    if read is None:
        return _Verdict(None, "unreadable", said, refused=True)
    kept = replace(claim.span, value=read)
    return _Verdict(kept) if read == said else _Verdict(kept, "conflict", said)


@cache
def _context() -> context.Context:
    from core.schema import default_schema

    return context.Context(lexicon.read_lexicon(lexicon.LEXICON, default_schema()))


@cache
def _rules() -> Labeller:
    rules: Labeller = LABELLERS.get("rules")()
    return rules


def _rules_of(phrase: Phrase) -> Sequence[Span]:
    return next(iter(_rules().label([phrase]))).spans
