"""The lines of a brat .ann file: entities with their states and values; the rest is counted."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import get_args

from core.convert import Converted
from core.convert.carried import one_line
from core.convert.document import blank_free
from core.records import Json, State, Value

_ENTITY = re.compile(r"(T\S+)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)")
_TRIGGER = re.compile(r"(E\S+)\t[^\s:]+:(T\S+).*")
_ATTRIBUTE = re.compile(r"[AM]\S+\t(\S+) (\S+) ?(.*)")
_NOTE = re.compile(r"#\S*\t\S+ (\S+)\t?(.*)")
_VALUE = re.compile(r"value:\s*(.+)")
_STATES: Mapping[str, State] = {state: state for state in get_args(State)}
_OTHERS = {
    "E": "events left out, their triggers kept as spans",
    "R": "relations left out",
    "*": "equivalences left out",
    "N": "normalisations left out",
}


@dataclass(slots=True)
class Entity:
    """A text-bound annotation. `value` as JSON; `extra`: attributes and notes of other kinds."""

    fragments: list[tuple[int, int]]
    label: str
    quote: str
    state: State | None = None
    value: str | None = None
    extra: Json = field(default_factory=dict)

    @property
    def known_value(self) -> Value | None:
        value: Value | None = None if self.value is None else json.loads(self.value)
        return value

    def parts(self, text: str) -> list[tuple[int, int]]:
        """The fragments; with nothing but blanks between two they are one, over a line end."""
        joined = self.fragments[:1]
        for start, end in self.fragments[1:]:
            if text[joined[-1][1] : start].strip():
                joined.append((start, end))
            else:
                joined[-1] = (joined[-1][0], end)
        return joined

    def lines(self, number: int) -> Iterator[str]:
        """The entity, its state and its value as lines of an .ann file."""
        places = ";".join(f"{start} {end}" for start, end in self.fragments)
        yield f"T{number}\t{self.label} {places}\t" + re.sub(r"\s", " ", self.quote)
        if self.state is not None:
            yield f"A{number}\tState T{number} {self.state}"
        if self.value is not None:
            yield f"#{number}\tAnnotatorNotes T{number}\tvalue: {self.value}"


def entities_of(ann: str, text: str, where: str, report: Converted) -> list[Entity]:
    """The entities of an .ann file that quote its text; the others are refused."""
    lines = [line.removesuffix("\r") for line in ann.split("\n")]
    found: dict[str, Entity] = {}
    for number, line in enumerate(lines, 1):
        if line.startswith("T"):
            match = _ENTITY.fullmatch(line)
            entity = _entity(match) if match else None
            reason = _wrong(entity, text)
            if match and entity and not reason:
                found[match[1]] = entity
            else:
                report.refused.append(f"{where}:{number}: {reason}")
    triggers = {match[1]: match[2] for match in map(_TRIGGER.fullmatch, lines) if match}
    for line in lines:
        _attach(line, found, triggers, report)
    return list(found.values())


def _entity(match: re.Match[str]) -> Entity:
    pairs = (pair.split() for pair in match[3].split(";"))
    return Entity([(int(start), int(end)) for start, end in pairs], match[2], match[4])


def _wrong(entity: Entity | None, text: str) -> str | None:
    """Why a line is no entity of the text, or None."""
    if entity is None:
        return "not a text-bound annotation"
    edges = [edge for fragment in entity.fragments for edge in fragment]
    name = f"the span {edges[0]}-{edges[-1]}"
    if any(start >= end for start, end in entity.fragments) or edges != sorted(edges):
        return f"{name} has parts that are empty or not in order"
    if edges[-1] > len(text):
        return f"{name} lies outside the text"
    quote = " ".join(text[start:end] for start, end in entity.fragments)
    if blank_free(quote) != blank_free(entity.quote):
        return f"{name} does not quote the text it points to"
    return None


def _attach(
    line: str, found: Mapping[str, Entity], triggers: Mapping[str, str], report: Converted
) -> None:
    """An attribute or a note goes to its entity, also by way of an event; all else is counted."""
    if not line or line.startswith("T"):
        return
    if attribute := _ATTRIBUTE.fullmatch(line):
        name, target, said = attribute.groups()
    elif note := _NOTE.fullmatch(line):
        name, target, said = "", *note.groups()
    else:
        report.told[_OTHERS.get(line[0], "lines of other kinds left out")] += 1
        return
    entity = found.get(triggers.get(target, target))
    if entity is None:
        report.told["attributes and notes of something left out"] += 1
    elif name == "State" and said in _STATES:
        entity.state = _STATES[said]
    elif name:
        entity.extra.setdefault("attributes", {})[name] = said or True
    elif value := _VALUE.fullmatch(said):
        entity.value = _as_json(value[1])
    else:
        entity.extra.setdefault("notes", []).append(said)


def _as_json(value: str) -> str:
    """A value as JSON: what a person typed without quotation marks is a string."""
    try:
        known = json.loads(value)
    except ValueError:
        known = None
    return value if isinstance(known, str | int | float) else one_line(value)
