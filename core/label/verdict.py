"""What the model's answers, the shield and the rules say of one line -> its Annotation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace

from core.label.confidence import agreement, elected, score
from core.label.formats import Place
from core.label.formats.hybrid import marks_of
from core.label.interview import Heard
from core.label.shield.shield import Edit, Shielded
from core.records import Annotation, Phrase, Span
from core.schema import Schema, View

UNUSABLE = "no usable answer"
WHOLE_LINES = ("Diagnosi", "Motivo ricovero")
_MOST_MISSING = 100
_STEADY = ("boolean", "number", "code")  # types whose value a stand-in does not change
_WORD = re.compile(r"[^\W_]+")


@dataclass(slots=True)
class Losses:
    """What a run did not get. Phrases: `unusable` (no answer to be read) and `partly` (an answer
    that leaves something open). `missing`: quotes not found in their text. `strangers`: entities
    under a name that is no label. `mistyped`: values that are none of their field's type.
    `outvoted`: spans too few answers had. `halved`: questions whose answer was cut off, asked again
    in two halves.
    """

    unusable: int = 0
    partly: int = 0
    missing: int = 0
    strangers: int = 0
    mistyped: int = 0
    outvoted: int = 0
    halved: int = 0

    def add(self, other: "Losses") -> None:
        """Counts what another lost besides."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(slots=True)
class Line:
    """A phrase on its way: as it is sent, as the rules see it (None: nobody asked them), and what
    was heard of it from each voter. `hidden`: the rules' identity spans that the shield hid.
    `marks`: where a tagger found something in it as it is sent, and the shield did not know it all.
    """

    phrase: Phrase
    sent: Shielded
    rules: tuple[Span, ...] | None = None
    hidden: tuple[Span, ...] = ()
    heard: list[Heard] = field(default_factory=list)
    marks: tuple[Place, ...] = ()


class Verdict:
    """Decides line by line."""

    def __init__(self, schema: Schema, view: View, source: str) -> None:
        self._schema = schema
        self._view = view
        self._source = source
        self._identity = frozenset(
            field.name
            for field in schema.fields.values()
            if field.group == "identity" and field.kind == "mention"
        )
        names = (name for key in self._identity for name in (key, *schema.fields[key].aliases))
        self._captions = frozenset(word for name in names for word in _words(name))

    def line(self, phrase: Phrase, sent: Shielded, rules: Annotation | None, voters: int) -> Line:
        """A phrase before anything is heard of it."""
        if rules is None:
            return Line(phrase, sent, heard=[Heard()] * voters)
        seen = self._schema.seen_as(rules, self._view).spans
        hidden = tuple(
            replace(span, score=None)
            for span in seen
            if span.field in self._identity and any(_overlap(span, edit) for edit in sent.edits)
        )
        return Line(phrase, sent, seen, hidden, [Heard()] * voters)

    def worth_asking(self, line: Line) -> bool:
        """Whether there is more in a line than what the shield found, and captions of that."""
        text = line.phrase.text
        return any(
            match.group().casefold() not in self._captions
            and not any(s.start <= match.start() and match.end() <= s.end for s in line.hidden)
            for match in _WORD.finditer(text)
        )

    def marks(self, line: Line, found: Annotation) -> tuple[Place, ...]:
        """Where a finder's spans stand in the text as it is sent, but for what the shield knows."""
        open_ = [
            span
            for span in found.spans
            if not any(h.start <= span.start and span.end <= h.end for h in line.hidden)
        ]
        return marks_of(line.sent.there(span) for span in open_)

    def annotation(self, line: Line, losses: Losses) -> Annotation:
        """The line with the spans that are left of all that was said; `losses` counts the rest."""
        answers = [heard for heard in line.heard if heard.failed < heard.asked]
        agreed = elected([heard.spans for heard in answers])
        told = [self._scored(line, span, share) for span, share in agreed.spans]
        lost = dict.fromkeys(
            line.sent.missing(lost) for heard in line.heard for lost in heard.missing
        )
        losses.outvoted += agreed.outvoted
        losses.missing += len(lost)
        for heard in line.heard:
            losses.strangers += heard.strangers
            losses.mistyped += heard.mistyped
            losses.halved += heard.halved
        return Annotation(
            phrase=line.phrase,
            spans=tuple(self._whole_line(line.phrase)) + tuple(_settled(line.hidden, told)),
            origin="llm",
            source=self._source,
            missing=tuple(lost)[:_MOST_MISSING],
            comment=_comment(line, answers, losses),
        )

    def _scored(self, line: Line, span: Span, share: float) -> Span:
        """A span of the sent text in the phrase, with its score; the answers' own is consumed."""
        there = line.sent.span(span)
        value = there.value
        if any(_overlap(there, edit) for edit in line.sent.edits) and not self._steady(there):
            value = None
        votes = share if len(line.heard) > 1 else None
        rules = None if line.rules is None else agreement(there, line.rules)
        return replace(there, value=value, score=score(span.score, votes, rules))

    def _steady(self, span: Span) -> bool:
        return span.field is not None and self._schema.field(span.field).type in _STEADY

    def _whole_line(self, phrase: Phrase) -> Iterator[Span]:
        """As in the paper, a line of the diagnosis or of the reason for admission counts whole."""
        if phrase.section in WHOLE_LINES and phrase.text:
            label = self._schema.label_of(phrase.section, self._view) or phrase.section
            text = phrase.text
            yield Span(0, len(text), label, phrase.section, status="exact", edits=0, text=text)


def _comment(line: Line, answers: Sequence[Heard], losses: Losses) -> str | None:
    asked = sum(heard.asked for heard in line.heard)
    failed = sum(heard.failed for heard in line.heard)
    if asked and not answers:
        losses.unusable += 1
        reason = next(heard.reason for heard in line.heard if heard.reason)
        return f"{UNUSABLE}: {reason}"
    left = max((heard.unanswered for heard in answers), default=0)
    told = [f"{left} words without an answer"] if left else []
    if failed:
        told.append(f"{failed} of {asked} questions without a usable answer")
    losses.partly += bool(told)
    return "; ".join(told) or None


def _settled(hidden: Sequence[Span], told: Sequence[Span]) -> Iterator[Span]:
    """Identity as the shield knows it, then what was told besides it, nothing twice.

    A told span gives way to one of the same field on the same stretch, or where it names no field,
    to those that say all its words; the score of an equal one is kept.
    """
    for span in hidden:
        same = (t.score for t in told if _place(t) == _place(span))
        yield replace(span, score=next(same, None))
    seen: set[tuple[int, int, str, str | None]] = set()
    for span in told:
        key = (span.start, span.end, span.label, span.field)
        if key not in seen and not _gives_way(span, hidden):
            seen.add(key)
            yield span


def _place(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label


def _says(told: Span, hidden: Span) -> bool:
    same = (told.start, told.end, told.label) == (hidden.start, hidden.end, hidden.label)
    return same and told.field in (hidden.field, None)


def _gives_way(span: Span, hidden: Sequence[Span]) -> bool:
    over = [other for other in hidden if _overlap(span, other) and span.label == other.label]
    if span.field is not None:
        return any(other.field == span.field for other in over)
    return bool(over) and all(
        any(o.start <= span.start + m.start() and span.start + m.end() <= o.end for o in over)
        for m in _WORD.finditer(span.text)
    )


def _overlap(one: Span, other: Span | Edit) -> bool:
    return one.start < other.end and other.start < one.end


def _words(name: str) -> Iterator[str]:
    return (match.group().casefold() for match in _WORD.finditer(name))
