"""Phrases in, spans of the `field` view out, by rules alone: offline, deterministic, no key needed.

A letter's phrases are taken together, so that a date may find its label in the cell before it and a
first atrial fibrillation is told from a known one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from core.label.rules import dates, organs
from core.label.rules.columns import home_columns
from core.label.rules.concepts import Concepts
from core.label.rules.context import Context, Cues
from core.label.rules.date_columns import is_header
from core.label.rules.drugs import Drug, Drugs, drug_concepts, milligrams_a_day
from core.label.rules.finder import Finder
from core.label.rules.identity import Identity, of_the_file
from core.label.rules.joining import joined, without_twins
from core.label.rules.lexicon import LEXICON, Hit, longest, read_lexicon
from core.label.rules.lines import CUES, ReadLine
from core.label.rules.names import names_alone
from core.label.rules.own import OWN, own_concepts, own_found
from core.label.rules.past import Past
from core.label.rules.phones import without_letterhead
from core.label.rules.stage import Stages
from core.label.rules.today import admission, today
from core.label.rules.words import Line
from core.read.sections.guessed import guessed
from core.read.words.fold import fold
from core.read.words.mapped import Mapped
from core.read.words.months import MONTHS
from core.read.words.shape import Shape
from core.read.words.unbent import Unbent
from core.records import Annotation, Phrase, Span, State, Value
from core.schema import Schema, default_schema

_WHOLE = ("Diagnosi", "Motivo ricovero")
_HEADING = re.compile(r"\s*(?:diagnosi|motivo)\b[^:]{0,60}:\s*")
_ASKED = re.compile(r"\W*[^:=\d.;]{2,30}/[^:=\d.;]{2,40}[:=]\s")
_COLUMNS = Shape(r"\b(?P<first>si|no)\b\W{1,9}(?:si|no)\W*$")  # a form's, named above them
_LABEL = re.compile(
    r"\s*(?:\|\s*)?[^\d:]{0,40}\b(?:nascita|nat[oa] il|ingresso|ricovero|dimissione|telefono"
    r"|tel\.?|cell\.?|recapito"
    r"|cartella\D{0,12}|nosologico|nome|cognome|paziente|nominativo|decesso"
    r"|sig\.?(?:ra)?)\s?[|:]*\s*"
)


class Rules:
    """The rules of a lexicon over the fields of a schema. Its matchers are built once."""

    source = "rules/1"
    by_letter = True

    def __init__(self, lexicon: Path = LEXICON, schema: Schema | None = None) -> None:
        self._schema = schema = schema or default_schema()
        known = read_lexicon(lexicon, schema)
        self._stages = Stages(known)
        self._context = Context(known)
        self._drugs = Drugs(known, self._stages)
        self._identity = Identity(known)
        self._past = Past(known, self._context, self._stages)
        self._concepts = Concepts(known, self._context, self._stages, self._past, self._drugs.dose)
        self._finder = Finder(
            [*known.concepts, *drug_concepts(known), *own_concepts(schema)],
            known.tables.get("abbreviations"),
        )
        short = known.tables.get("abbreviations", {})
        self._words = Unbent(
            self._finder.words | CUES | set(MONTHS) | set(short), known.words("names", "given")
        )

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase; the phrases of a letter must follow one another."""
        for _, letter in groupby(phrases, key=lambda phrase: phrase.letter):
            yield from self._letter(list(letter))

    def _letter(self, written: list[Phrase]) -> Iterator[Annotation]:
        phrases, unbent = self._unbent(written)
        spans: list[tuple[Span, ...]] = []
        folded = [fold(phrase.text) for phrase in phrases]
        lines, rows = list(_lines(phrases, folded)), home_columns(folded)
        listed = any(phrase.section == "Terapia" for phrase in phrases)
        before, near, told = "", admission(lines), False
        for number, line in enumerate(lines):
            line.before, line.near = before, near
            line.told = told and not (line.section is None and _is_history(line.text))
            at_home = rows.get(number)
            if at_home is None:
                spans.append(tuple(self._line(line, listed)))
            else:
                spans.append(tuple(self._row(line.text[:at_home])))
            label = _LABEL.fullmatch(line.folded) or is_header(line.folded)
            before = line.folded if label else dates.birth_to_come(line.folded)
            if line.below[:1].isdigit() and names_alone(line, spans[-1]):
                before = "nato il"
            told = told or self._stages.tells_operation(line)
        spans = of_the_file(phrases, without_letterhead(today(lines, spans)))
        known = {
            span.value
            for found in spans
            for span in found
            if span.field == "fibrillazione_atriale" and span.state == "present"
        }
        for phrase, read, found in zip(written, unbent, spans, strict=True):
            plain = (_plain(span) for span in _of_known(found, known))
            placed = (span if read is None else _placed(span, phrase, read) for span in plain)
            yield Annotation(phrase, tuple(placed), origin="rules", source=self.source)

    def _unbent(self, written: list[Phrase]) -> tuple[list[Phrase], list[Mapped | None]]:
        """The phrases with words that OCR bent put right, and what was read so."""
        read = [self._words.read(phrase.text) for phrase in written]
        phrases = [
            phrase if better is None else replace(phrase, text=better.text)
            for phrase, better in zip(written, read, strict=True)
        ]
        return phrases, read

    def _line(self, line: Line, listed: bool) -> list[Span]:
        found = [*self._whole(line), *self._who_and_when(line), *self._told(line, listed)]
        known = (span for span in found if span.field in self._schema.fields)
        return without_twins([span for span in known if span.start < span.end])

    def _row(self, text: str) -> Iterator[Span]:
        """The home column of a list that has one for the discharge, too."""
        line = ReadLine(text, "Terapia")
        for span in self._told(line, listed=True):
            if span.field in self._schema.fields:
                yield replace(span, extra={"home": True})

    def _whole(self, line: Line) -> Iterator[Span]:
        """Lines of the diagnosis and of the reason for admission are spans as they stand."""
        if line.section not in _WHOLE:
            return
        heading = _HEADING.match(line.folded)
        start = heading.end() if heading else 0
        body = line.text[start:]
        start += len(body) - len(body.lstrip())
        end = start + len(body.strip())
        if end > start and any(c.isalnum() for c in body):
            yield _span(line, start, end, line.section, "present", None)

    def _who_and_when(self, line: Line) -> Iterator[Span]:
        history = self._stages.of_section(line.section) == "before"
        if line.section not in ("Terapia", "esami_all_ingresso"):
            for start, end, field, value in self._identity.found(line):
                yield _span(line, start, end, field, "present", value)
        for field, day in dates.roles(line, history):
            yield _span(line, day.start, day.end, field, "present", day.iso)

    def _told(self, line: Line, listed: bool) -> Iterator[Span]:
        found = _answered(line, self._finder.find(line))
        hits = longest([hit for hit in found if self._concepts.counts(line, hit)])
        cues = self._context.cues(line)
        for start, end, field, state, value in own_found(
            self._schema, self._context, line, hits, cues
        ):
            yield _span(line, start, end, field, state, value)
        hits = [hit for hit in hits if hit.concept.kind != OWN]
        outcomes = joined(line, list(self._concepts.found(line, hits, cues)))
        for start, end, field, state, value, extra in outcomes:
            yield _span(line, start, end, field, state, value, extra)
        for start, end, field, state, value in self._past.found(line, cues):
            yield _span(line, start, end, field, state, value)
        for start, end, field in self._organs(line):
            yield _span(line, start, end, field, "negated", False)
        none = self._drugs.none_at_all(line)
        if none:
            for field in _DRUG_FIELDS:
                yield _span(line, *none, field, "negated", False)
            return
        yield from self._drug_spans(line, self._drugs.found(line, hits, listed), cues)

    def _organs(self, line: Line) -> Iterator[tuple[int, int, str]]:
        told = line.section is None and (line.told or self._stages.tells_operation(line))
        if told or self._stages.of_section(line.section) == "after":
            return organs.COURSE.found(line)
        history = line.section in (None, "Anamnesi")
        return organs.HISTORY.found(line) if history else iter(())

    def _drug_spans(self, line: Line, found: Iterable[Drug], cues: Cues) -> Iterator[Span]:
        drugs = list(found)
        places = [(drug.start, drug.dose) for drug in drugs]
        for drug in drugs:
            state = self._context.state(line, cues, drug.start, drug.dose, places)
            if state == "family":
                continue
            value = {"present": True, "negated": False}.get(state)
            yield _span(line, drug.start, drug.end, drug.field, state, value)
            if drug.field == "lasix" and state == "present":
                yield from self._lasix(line, drug.dose, drug.end)
        yield from _two_together(line, drugs)

    def _lasix(self, line: Line, start: int, end: int) -> Iterator[Span]:
        dose = milligrams_a_day(line.folded[start:end], self._drugs.alternate)
        while start < end and line.text[start] in " ,;:=(":
            start += 1
        if dose.milligrams is not None:
            amount = dose.milligrams
            value = int(amount) if amount == int(amount) else amount
            yield _span(line, start, end, "lasix_dosaggio", "present", value)


def _lines(phrases: list[Phrase], folded: list[str]) -> Iterator[ReadLine]:
    """The lines of a letter, made once; what stands before each is told by who walks them."""
    yes_first = True
    for phrase, text, below in zip(phrases, folded, [*folded[1:], ""], strict=True):
        columns = _COLUMNS.search(text)
        yes_first = columns["first"] != "no" if columns else yes_first
        yield ReadLine(phrase.text, phrase.section, below=below[:20], yes_first=yes_first)


def _is_history(text: str) -> bool:
    """Whether a paragraph under no heading tells of the past, though the operation was told."""
    return guessed(text.casefold(), told=True) == "Anamnesi"


def _of_known(found: Iterable[Span], known: set[Value | None]) -> Iterator[Span]:
    """Of a fibrillation known before, an episode after the operation is none that is new; of a
    lasting one it says nothing.
    """
    for span in found:
        again = span.field == "FA_di_nuova_insorgenza" and "weak" in span.extra and known - {0}
        if not again:
            yield span
        elif known == {1}:
            yield replace(span, state="negated", value=False)


_DRUG_FIELDS = (
    "lasix",
    "nitrati",
    "antiaggregante",
    "dapt",
    "anticoagorali",
    "aceinib",
    "betabloc",
    "sartanici",
    "caantag",
)


def _answered(line: Line, hits: list[Hit]) -> list[Hit]:
    """Of "Ictus / TIA: ictus nel 2017, TIA no" what the answer says, not what was asked."""
    asked = _ASKED.match(line.folded)
    if asked is None or not any(hit.start >= asked.end() for hit in hits):
        return hits
    return [hit for hit in hits if hit.start >= asked.end()]


def _two_together(line: Line, drugs: list[Drug]) -> Iterator[Span]:
    """Two different antiplatelet drugs joined by + or e are a double therapy."""
    plates = [drug for drug in drugs if drug.field == "antiaggregante"]
    for one, other in zip(plates, plates[1:], strict=False):
        gap = line.folded[one.end : other.start]
        if one.name != other.name and re.fullmatch(r"\s*(?:\+|e|ed|,|/|;|associat\w+ a)?\s*", gap):
            yield _span(line, one.start, other.end, "dapt", "present", True)


def _span(
    line: Line,
    start: int,
    end: int,
    field: str,
    state: State,
    value: Value | None,
    extra: dict[str, bool] | None = None,
) -> Span:
    quote = line.text[start:end]
    return Span(start, end, field, field, state=state, value=value, text=quote, extra=extra or {})


def _placed(span: Span, phrase: Phrase, read: Mapped) -> Span:
    """A span of what was read, where the phrase as it is written says it."""
    start = read.at[span.start]
    end = read.at[span.end] if span.end < len(read) else len(phrase.text)
    while end - 1 > start and phrase.text[end - 1].isspace():
        end -= 1
    return replace(span, start=start, end=end, text=phrase.text[start:end])


def _plain(span: Span) -> Span:
    if not span.extra or "home" in span.extra:
        return span
    return Span(
        span.start, span.end, span.label, span.field, span.state, span.value, text=span.text
    )
