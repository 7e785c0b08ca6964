"""A letter and its spans -> the values of its fields, each with the places that say it.

The local way: sections give the text fields, spans the others, and what follows from them is
computed. What the letter does not say has no entry.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import PurePath

from core.extract.checks import check_letter
from core.extract.derived import AGE, STAY, derive, operation_day, straightened
from core.extract.mentions import Mention, read_mentions
from core.extract.result import Doubt, LetterFields, in_order, quote
from core.extract.values import whole
from core.records import Annotation, Evidence, FieldValue, Letter, Value
from core.schema import Schema, default_schema

NOT_WHEN_DEAD = ("data_dimissione_cch", STAY, "Ritmo_alla_dimissione")
KINDS = ("Tipo_secondo_intervento", "Tipo di REDO")  # "Reintervento" alone is not told of one
LATER = ("data_ingresso_cch", "data_dimissione_cch")
BIRTH, YOUNGEST = "data_di_nascita", 10 * 365  # days
ONLY_WHEN_DEAD = ("Causa_morte", "data_morte")


def letter_fields(
    letter: Letter, annotations: Sequence[Annotation], schema: Schema | None = None
) -> LetterFields:
    """The values of a letter and what is doubtful about them, under the letter's file name."""
    schema = schema or default_schema()
    name = PurePath(letter.source).name or letter.id
    if not letter.discharge_letter:
        reason = str(letter.extra.get("reason", "not a discharge letter"))
        return LetterFields(name, False, (), reason, extra={"id": letter.id})
    mentions = read_mentions(letter, annotations, schema)
    found = _Found(mentions)
    found.settle_death()
    found.settle_birth()
    read = straightened(letter)
    operation = operation_day(read, found.values)
    derived = derive(letter, found.values, operation)
    for value in (*_section_texts(letter, mentions, schema), *derived):
        if value.field in schema.fields:
            found.add(value)
    # The checks look at the letter as it is written; mostly no word of it is bent.
    told = operation if read is letter else operation_day(letter, found.values)
    found.doubts += check_letter(letter, found.values, told)
    fields = tuple(found.values[name] for name in schema.fields if name in found.values)
    doubts = tuple(found.open_doubts(schema))
    return LetterFields(name, True, fields, None, doubts, extra={"id": letter.id})


class _Found:
    """One value a field. Where mentions disagree, one wins and the others stay visible as doubts.

    What a person marked wins; then what stands where letters speak of it (history not in the
    course); then yes over no, because an event told outweighs a general denial; then the higher
    NYHA class; then the value said most often; then the later of two days of the stay (another
    ward comes before this one); then the one said first. Evidence keeps all places that agree.
    """

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self.values: dict[str, FieldValue] = {}
        self.doubts = [Doubt(m.field.name, m.doubt, (m.evidence,)) for m in mentions if m.doubt]
        self._human = {m.field.name for m in mentions if m.human and m.value is not None}
        said: dict[str, list[Mention]] = {}
        for mention in mentions:
            if mention.value is not None and mention.field.kind != "section":
                said.setdefault(mention.field.name, []).append(mention)
        for name, group in said.items():
            self._settle(name, group)

    def _settle(self, name: str, said: list[Mention]) -> None:
        winner, *others = sorted(_agreeing(said), key=_rank)
        summed = _summed(said) if name == "lasix_dosaggio" else None
        self.values[name] = summed or _value(winner)
        # A second telephone is a relative's, parts of a dose are no contradiction.
        if summed is None and name != "numero di telefono":
            self.doubts += [
                _conflict(_value(other)) for other in others if not _part_of(other[0], winner[0])
            ]

    def add(self, value: FieldValue) -> None:
        """Takes a derived value: it fills a gap, a computed number or an implied yes replaces."""
        known = self.values.setdefault(value.field, value)
        if known.value == value.value:
            return
        stronger = value.field in (AGE, STAY) or value.value is True
        if stronger and value.field not in self._human:
            self.values[value.field], value = value, known
        self.doubts.append(_conflict(value))

    def settle_death(self) -> None:
        """Who died has no discharge and no stay; who did not has no cause and day of death."""
        dead = self.values.get("Morte")
        is_dead = dead is not None and dead.value is True
        for name in NOT_WHEN_DEAD if is_dead else ONLY_WHEN_DEAD:
            if name in self.values:
                value = self.values.pop(name)
                both = in_order((*value.evidence, *(dead.evidence[:1] if dead else ())))
                self.doubts.append(Doubt(name, "conflict", both, value.value))

    def settle_birth(self) -> None:
        """Nobody is operated on here as a small child: such a birth is a day of the stay."""
        birth, came = self.values.get(BIRTH), self.values.get("data_ingresso_cch")
        if birth and came and _ordinal(came.value) - _ordinal(birth.value) < YOUNGEST:
            self.doubts.append(_conflict(self.values.pop(BIRTH)))

    def open_doubts(self, schema: Schema) -> Iterator[Doubt]:
        """Doubts in the order of the spreadsheet; a value found elsewhere answers unclear ones."""
        order = {name: number for number, name in enumerate(schema.fields)}
        known = (doubt for doubt in self.doubts if doubt.field in order)
        for doubt in sorted(known, key=lambda doubt: order[doubt.field]):
            if doubt.field not in self.values or doubt.reason not in ("uncertain", "unreadable"):
                yield doubt


def _part_of(one: Mention, other: Mention) -> bool:
    """Whether of two texts one holds the other: "Quispe" is no other name than "Quispe Mamani"."""
    if not (isinstance(one.value, str) and isinstance(other.value, str)):
        return False
    a, b = one.value.casefold(), other.value.casefold()
    return one.field.type == "text" and (a in b or b in a)


def _agreeing(mentions: Iterable[Mention]) -> list[list[Mention]]:
    """Mentions of one value together; texts agree in any case."""
    groups: dict[Value | None, list[Mention]] = {}
    for mention in mentions:
        value = mention.value
        key = value.casefold() if isinstance(value, str) else value
        groups.setdefault(key, []).append(mention)
    return list(groups.values())


def _rank(mentions: list[Mention]) -> tuple[int, ...]:
    first = mentions[0]
    field, value = first.field, first.value
    denied = value is False or (value == 0 and field.codes.get(0) == "mai")
    return (
        not any(mention.human for mention in mentions),
        all(mention.misplaced for mention in mentions),
        denied,
        field.name in KINDS and len(str(value).split()) == 1,
        -int(value or 0) if field.name == "classe_nyha" else 0,
        min(mention.whose for mention in mentions),
        not any(mention.paced for mention in mentions),
        -len(mentions),
        -_ordinal(value) if field.name in LATER else 0,
        first.evidence.start,
    )


def _ordinal(day: Value | None) -> int:
    return date.fromisoformat(str(day)).toordinal()


def _value(mentions: Sequence[Mention]) -> FieldValue:
    first = mentions[0]
    assert first.value is not None
    scores = [mention.score for mention in mentions if mention.score is not None]
    return FieldValue(first.field.name, first.value, _places(mentions), max(scores, default=None))


def _summed(said: Sequence[Mention]) -> FieldValue | None:
    """The doses that one therapy list gives in several entries, added up."""
    entries = [m for m in said if m.section == "Terapia" and not isinstance(m.value, str)]
    if len(entries) < 2 or any(m.human for m in said):
        return None
    total = sum(float(m.value or 0) for m in entries)
    return FieldValue("lasix_dosaggio", whole(total) or 0, _places(entries))


def _places(mentions: Iterable[Mention]) -> tuple[Evidence, ...]:
    return in_order(mention.evidence for mention in mentions)


def _conflict(value: FieldValue) -> Doubt:
    return Doubt(value.field, "conflict", value.evidence, value.value)


def _section_texts(
    letter: Letter, mentions: Sequence[Mention], schema: Schema
) -> Iterator[FieldValue]:
    """The text of each section field; where no heading opens it, the lines labelled as such."""
    for field in schema.fields.values():
        if field.kind != "section":
            continue
        parts = [(s.start, s.end) for s in letter.sections if s.name == field.name]
        parts = parts or [
            (m.evidence.start, m.evidence.end) for m in mentions if m.field.name == field.name
        ]
        places = in_order(_trimmed(letter, start, end) for start, end in parts)
        places = tuple(place for place in places if place.text)
        text = " ".join(re.sub(r"\*\*|__", "", " ".join(p.text for p in places)).split())
        if text:
            yield FieldValue(field.name, text, places)


def _trimmed(letter: Letter, start: int, end: int) -> Evidence:
    text = letter.text[start:end]
    start += len(text) - len(text.lstrip())
    return quote(letter, start, start + len(text.strip()))
