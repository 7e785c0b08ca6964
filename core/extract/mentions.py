"""Spans of a letter's phrases -> mentions: what each place says of its field, with its evidence."""

import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter

from core.errors import BadInput
from core.extract.dates import latest_date
from core.extract.doses import entry, not_daily
from core.extract.result import Reason, quote
from core.extract.values import Context, read_state, read_value, split_name, typed
from core.extract.words import words
from core.read.words.slips import mended
from core.read.words.unbent import straight
from core.records import Annotation, Evidence, Letter, Span, Value
from core.schema import Field, Schema

_DOSE_GOES_ON = re.compile(
    r"\s*(?:(?:\d|½|¼|mezza|un[ao]?|due)(?:\s?/\s?\d)?\s?(?:cp|cpr|compress|fl|fial)|x\s?\d"
    r"|(?:ore|alle|h)\s?\d)"
)
_CLAUSE = re.compile(r"[.;:](?=\s)")
_TAIL = re.compile(r"\s(?:nei|tutti|tranne|eccetto|ogni|solo|il|a)\s[^\d,;.+\n]{3,40}")
_WHOSE = re.compile(r"\W{0,3}(?:che\s(?:e|è)\s)?(?:quello\s)?(?:de(?:l|lla|llo)\s)?(\w+.{0,10})")
AFTER = frozenset({"Decorso_post_operatorio", "esami_alla_dimissione", "terapia_alla_dimissione"})
# A model's span below this score fills no cell: a wrong value costs a clerk more than an empty one.
FLOOR = 0.9
SECOND = "Tipo_secondo_intervento"
EARLIER = frozenset({"Tipo di REDO", "Anno REDO"})
BEFORE = frozenset({"Anamnesi", "Motivo ricovero", "Terapia", "esami_all_ingresso"})

_NUMBER = re.compile(r"\d{5,}|;")  # what stands before it is another telephone's


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that speaks of a field: its value, or the reason why it gives none."""

    field: Field
    evidence: Evidence
    value: Value | None
    doubt: Reason | None = None
    score: float | None = None
    section: str | None = None
    human: bool = False
    before: str = ""
    after: str = ""

    @property
    def whose(self) -> int:
        """Of telephones: 0 for one told to be the patient's own, 2 for somebody else's, else 1."""
        if self.field.name != "numero di telefono":
            return 1
        if words("people", "own").match(self.after):
            return 0
        relatives = words("people", "relatives")
        behind = _WHOSE.match(self.after)
        near = _NUMBER.split(self.before)[-1][-40:]
        return 2 if relatives.search(near) or behind and relatives.match(behind[1]) else 1

    @property
    def paced(self) -> bool:
        """True for a rhythm that a pacemaker makes, whatever lies below it."""
        rhythm = self.field.name in ("ritmo_all_ingresso", "Ritmo_alla_dimissione")
        return rhythm and words("rhythm", "paced").search(self.evidence.text) is not None

    @property
    def misplaced(self) -> bool:
        """True where letters speak of other things: history told in the course, or the reverse."""
        late = self.field.group in ("course", "outcome")
        early = self.field.group in ("history", "risk", "drugs", "devices", "diagnosis")
        if self.field.name == SECOND:  # the diagnosis names it in short
            return self.section in {*BEFORE, "Diagnosi"}
        if self.field.name in EARLIER:  # the diagnosis names the operation of this stay
            return self.section not in BEFORE
        return (early and self.section in AFTER) or (late and self.section in BEFORE)


@dataclass(frozen=True, slots=True)
class _Said:
    """A span with the annotation it comes from and its field."""

    span: Span
    source: Annotation
    field: Field

    @property
    def start(self) -> int:
        return self.source.phrase.start + self.span.start

    @property
    def end(self) -> int:
        return self.source.phrase.start + self.span.end

    @property
    def weight(self) -> tuple[bool, bool, int]:
        """Of two spans in one place a person's counts, then one with a state, then the longer."""
        return (
            self.source.origin == "human",
            self.span.state is not None,
            self.span.end - self.span.start,
        )


def read_mentions(
    letter: Letter, annotations: Iterable[Annotation], schema: Schema
) -> list[Mention]:
    """All mentions in the order of the letter. A drug prescribed after the operation is none.

    Where a person corrected a phrase, nobody else is heard on it; a place marked twice counts once.
    """
    near = latest_date(letter.text)
    said = _apart(_spoken(letter, _heard(letter, annotations), schema))
    found = [_mention(letter, one, near) for one in said]
    found = [m for m in found if not (m.field.group == "drugs" and m.section in AFTER)]
    return _named(found, schema)


def _heard(letter: Letter, annotations: Iterable[Annotation]) -> list[Annotation]:
    mine = [a for a in annotations if a.phrase.letter == letter.id and not a.skipped]
    corrected = {a.phrase.id for a in mine if a.origin == "human"}
    return [a for a in mine if a.origin == "human" or a.phrase.id not in corrected]


def _spoken(letter: Letter, annotations: Iterable[Annotation], schema: Schema) -> Iterator[_Said]:
    for annotation in annotations:
        phrase = annotation.phrase
        if letter.text[phrase.start : phrase.end] != phrase.text:
            raise BadInput(
                f"phrase {phrase.id} is not in the letter's text; label the letter again"
            )
        for span in annotation.spans:
            unsure = span.score is not None and span.score < FLOOR
            if annotation.origin == "model" and unsure:
                continue
            name = span.field or (span.label if span.label in schema.fields else None)
            if name is not None:
                yield _Said(span, annotation, schema.field(name))


def _apart(spoken: Iterable[_Said]) -> list[_Said]:
    """Of spans of one field that overlap, the weightiest; all in the order of the letter."""
    kept: dict[str, list[_Said]] = {}
    for one in sorted(spoken, key=lambda one: one.weight, reverse=True):
        others = kept.setdefault(one.field.name, [])
        place = bisect(others, one.start, key=attrgetter("start"))
        after_last = place == 0 or others[place - 1].end <= one.start
        before_next = place == len(others) or one.end <= others[place].start
        if after_last and before_next:
            others.insert(place, one)
    return sorted((one for others in kept.values() for one in others), key=lambda one: one.start)


def _mention(letter: Letter, said: _Said, near: date | None) -> Mention:
    value, doubt = _read(said, near, _next_line(letter.text, said))
    start, end = (
        _denied(letter.text, said) if said.span.state == "negated" else (said.start, said.end)
    )
    return Mention(
        field=said.field,
        evidence=quote(letter, start, end),
        value=value,
        doubt=doubt,
        score=said.span.score,
        section=_section(letter, said),
        human=said.source.origin == "human",
        before=said.source.phrase.text[: said.span.start],
        after=said.source.phrase.text[said.span.end :],
    )


def _denied(text: str, said: _Said) -> tuple[int, int]:
    """The span with the words that deny it: "diabete" alone does not show why it is a no."""
    behind = words("denial", "behind").match(text, said.end)
    if behind:
        return said.start, behind.end()
    first = max(text.rfind(stop, 0, said.start) for stop in (". ", "; ", "\n")) + 1
    cues = words("denial", "before").finditer(text, max(first, said.start - 150), said.start)
    return max((cue.start() for cue in cues), default=said.start), said.end


def _next_line(text: str, said: _Said) -> str:
    """The line behind a phrase that goes on with its dose: Lasix 25 mg / 1 cp x 2."""
    line = text[said.source.phrase.end :].split("\n")[1:2] if said.field.group == "drugs" else []
    below = mended(line[0]) if line else ""
    return f"\n{below}" if _DOSE_GOES_ON.match(below) else ""


def _read(said: _Said, near: date | None, below: str) -> tuple[Value | None, Reason | None]:
    """The value, or why there is none. A relative's disease is neither value nor doubt."""
    field, span = said.field, said.span
    if span.state == "uncertain":
        return None, "uncertain"
    dosed = field.name == "lasix_dosaggio"
    goes_on = (dosed or field.type == "date") and not span.extra.get("home")
    after = straight(said.source.phrase.text[span.end :] + below) if goes_on else ""
    text = span.text if field.type in ("text", "boolean") else straight(span.text)
    if dosed:
        text = entry(text, after)
        before = said.source.phrase.text[max(0, span.start - 60) : span.start]
        needed = words("therapy", "at_need").search(_CLAUSE.split(before)[-1])
        if said.source.origin != "human" and (needed or not_daily(text + _tail(after))):
            return None, "not daily"
    read = read_value(field, text, Context(near, after))
    told = typed(field, span.value) if span.value is not None else None
    # A code is judged from the context, which a labeller saw; a number or date stands in the quote.
    bare = field.type == "date" and span.text.strip().isdigit()  # its month stands elsewhere
    # Rules told a given name that OCR bent by those they know.
    told_name = field.name == "nome" and said.source.origin == "rules"
    trusted = (
        bare or told_name or field.type in ("code", "boolean") or said.source.origin == "human"
    )
    known = told if read is None or (told is not None and trusted) else read
    value = read_state(field, span.state, known)
    if value is None and span.state not in ("family", "negated"):
        return None, "unreadable"
    return value, None


def _tail(after: str) -> str:
    """What follows a dose in its clause, where it is no other drug: " nei giorni pari"."""
    clause = _TAIL.match(after)
    return clause[0] if clause else ""


def _section(letter: Letter, said: _Said) -> str | None:
    """The section that a span speaks in: a list's home column is no therapy at discharge."""
    if said.span.extra.get("home"):
        return "Terapia"
    return said.source.phrase.section or _section_at(letter, said.start)


def _section_at(letter: Letter, offset: int) -> str | None:
    return next((s.name for s in letter.sections if s.start <= offset < s.end), None)


def _named(found: list[Mention], schema: Schema) -> list[Mention]:
    """ "ROSSI Mario" marked as one name is two, where nothing else gives the other one."""
    wanted = {"nome", "cognome"} & schema.fields.keys()
    marked = [mention for mention in found if mention.field.name in wanted]
    if len(wanted) < 2 or len({mention.field.name for mention in marked}) != 1:
        return found
    whole = marked[0]
    names = split_name(whole.evidence.text, certain=whole.field.name == "nome")
    if names is None:
        return found
    pair = [
        replace(whole, field=schema.field(name), value=value)
        for name, value in zip(("nome", "cognome"), names, strict=True)
    ]
    return [*(mention for mention in found if mention not in marked), *pair]
