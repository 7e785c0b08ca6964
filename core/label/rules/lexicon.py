"""`lexicon.toml`: what letters say for each field.

An expression is a finite pattern of words: `(a|b)` is a choice, an empty choice leaves it out. A
word in capitals of at most three letters (FA, RS, PM) is found in capitals only.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput
from core.read.words.fold import fold
from core.read.words.shape import Shape
from core.schema import Schema

Stage = Literal["before", "stay", "after", "discharge", "any"]
Tail = Literal["none", "degree", "clause", "dose"]
LEXICON = Path(__file__).with_name("lexicon.toml")

_NOT = re.compile(r"(?:(?<=\\b)|(?<=\\s)|(?<![a-zA-Z\\]))non(?![a-z])")


@dataclass(frozen=True, slots=True)
class Concept:
    """Something a letter may say, and the fields it speaks of. Without fields it is a decoy.

    `needs` and `unless` look at the sentence, `old` says what becomes of something long past.
    """

    fields: tuple[str, ...]
    say: tuple[str, ...]
    stages: frozenset[str]
    value: int | str | None = None
    tail: Tail = "degree"
    kind: str = ""
    needs: Shape | None = None
    unless: Shape | None = None
    old: Literal["keep", "drop", "need"] = "keep"
    polarity: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept found in a line."""

    start: int
    end: int
    concept: Concept


def hurried(shape: str) -> str:
    """The shape, its "non" also as a hurried hand writes it: nn angor."""
    found = _NOT.sub("no?n", shape)
    try:
        re.compile(found)
    except re.error:  # it stands in a look-behind, which wants one width
        return shape
    return found


def expand(pattern: str) -> set[str]:
    """All expressions of a finite pattern: `tipo (1|2)` gives two."""
    choices, rest = _choices(pattern, 0)
    if rest < len(pattern):
        raise ValueError(f"a bracket too many in {pattern!r}")
    return {" ".join(choice.split()) for choice in choices} - {""}


def _choices(pattern: str, place: int) -> tuple[set[str], int]:
    """What a pattern can say from a place to the bracket that ends it, and where that stands."""
    every: set[str] = set()
    said = {""}
    while place < len(pattern) and pattern[place] != ")":
        if pattern[place] == "(":
            inner, place = _choices(pattern, place + 1)
            said = {left + right for left in said for right in inner}
        elif pattern[place] == "|":
            every |= said
            said = {""}
        else:
            said = {left + pattern[place] for left in said}
        place += 1
    return every | said, place


class Lexicon:
    """The concepts, the word lists and the shapes of a lexicon file."""

    def __init__(self, concepts: Sequence[Concept], tables: dict[str, Any]) -> None:
        self.concepts = tuple(concepts)
        self.tables = tables

    def shape(self, table: str, name: str) -> Shape:
        """A list of shapes of the file as one regular expression over folded text."""
        return Shape("|".join(map(hurried, self.tables[table][name])))

    def words(self, table: str, name: str) -> frozenset[str]:
        return frozenset(fold(self.tables[table][name]).split())


def read_lexicon(path: Path, schema: Schema) -> Lexicon:
    """A lexicon, completed by the names of fields it does not mention. Raises BadInput."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        concepts = [_concept(entry, schema) for entry in raw.pop("concept")]
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise BadInput(f"{path}: not a lexicon ({error})") from error
    concepts += _by_name(schema, {field for concept in concepts for field in concept.fields}, raw)
    return Lexicon(concepts, raw)


def _concept(raw: dict[str, Any], schema: Schema) -> Concept:
    # Of a field that the user's own table lacks the words still cover what they say.
    names = tuple(name for name in raw.pop("fields") if name in schema.fields)
    stages = frozenset(raw.pop("stages", ("before", "stay", "any")))
    shapes: dict[str, Any] = {
        key: Shape(hurried(raw.pop(key))) for key in ("needs", "unless") if key in raw
    }
    return Concept(names, tuple(raw.pop("say")), stages, **shapes, **raw)


def _by_name(schema: Schema, known: Iterable[str], raw: dict[str, Any]) -> Iterator[Concept]:
    """A Boolean field somebody added to fields.toml is found by its name and aliases."""
    shaped = set(known) | set(raw["shapes"]["fields"]) | set(raw["drugs"])
    for field in schema.fields.values():
        if field.say or field.name in shaped:
            continue
        if field.kind == "mention" and field.type == "boolean":
            names = tuple(name.replace("_", " ") for name in (field.name, *field.aliases))
            yield Concept((field.name,), names, frozenset(("before", "stay", "after", "any")))


def longest(hits: Sequence[Hit]) -> list[Hit]:
    """In order, without hits inside a longer one: `ipertensione polmonare` is no hypertension."""
    found = sorted(hits, key=lambda hit: (hit.start, -hit.end))
    kept: list[Hit] = []
    reach = (-1, -1)
    for hit in found:
        if hit.end <= reach[1] and (hit.start, hit.end) != reach:
            continue
        if hit.end > reach[1]:
            reach = (hit.start, hit.end)
        kept.append(hit)
    return kept
