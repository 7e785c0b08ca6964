"""The paper's answer format: one IOB label for every word of a phrase.

Out go the words of the phrase; back come pairs of a word and a label. A label is tied to a place by
the word the model repeated, never by counting, so an answer with a word too few or too many still
puts its labels where they belong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.label.align import Quote
from core.label.formats import Answer, Asked, Example, Language, Place
from core.label.formats.answers import split_numbered
from core.label.formats.copied import Copied
from core.label.formats.names import Names
from core.label.formats.sent import dumps, object_of
from core.label.formats.tagged import TAG, Word, parse, words
from core.label.prompts import pattern, render, vocabulary
from core.records import Missing, Span
from core.schema import Schema, View

_KEYS = {"it": ("parole", "parola"), "en": ("words", "word")}
_PAIRED = {")": "(", "]": "[", "}": "{", "»": "«", "”": "“"}


@dataclass(slots=True)
class _Entity:
    """A run of B and I labels: the name after the dash, and indices into the model's words."""

    name: str | None
    members: list[int]


class Iob:
    """Asks for one label a word. `view` chooses the label set; its names come from the schema."""

    name = "iob"
    whole = False
    marked = False

    def __init__(self, schema: Schema, view: View, language: Language = "it") -> None:
        self.prompt = f"iob.v1.{language}"
        self._schema = schema
        self._view = view
        self._names = Names(schema, view)
        self._words, self._word = _KEYS[language]

    def chunks(self) -> Sequence[tuple[str, ...]]:
        return [()]

    def messages(self, asked: Sequence[Asked]) -> list[dict[str, str]]:
        values = {
            "asked": [
                {"section": one.section, "count": len(words(one.text)), "words": _shown(one.text)}
                for one in asked
            ],
            "examples": [self._example(e) for one in asked for e in one.examples],
        }
        return [
            {"role": "system", "content": self._system},
            {"role": "user", "content": render(self.prompt, "user", values)},
        ]

    def again(self, asked: Sequence[Asked]) -> dict[str, str]:
        values = {"counts": [len(words(one.text)) for one in asked]}
        return {"role": "user", "content": render(self.prompt, "again", values)}

    @cached_property
    def _system(self) -> str:
        values = {
            **vocabulary(self._schema, self._view),
            "example": lambda marked: self._example(pattern(marked, self._schema, self._view)),
        }
        return render(self.prompt, "system", values)

    def _example(self, example: Example) -> dict[str, str]:
        """The two sides of an example as the model sees them."""
        return {
            "words": _shown(example.text),
            "answer": self.answer(example.text, example.spans),
        }

    def json_schema(self, asked: Sequence[Asked]) -> Mapping[str, Any]:
        tags = [f"{head}-{name}" for name in self._schema.labels(self._view) for head in "BI"]
        pair = {
            self._word: {"type": "string"},
            "label": {"type": "string", "enum": ["O", *tags]},
        }
        items = {"type": "array", "items": object_of(pair, [self._word, "label"])}
        if len(asked) == 1:
            return object_of({self._words: items}, [self._words])
        one = object_of({"n": {"type": "integer"}, self._words: items}, ["n", self._words])
        return object_of({"answers": {"type": "array", "items": one}}, ["answers"])

    def tokens(self, asked: Sequence[Asked]) -> int:
        """A word with its label takes some 20 tokens."""
        return sum(256 + 30 * len(words(one.text)) for one in asked)

    def answer(self, text: str, spans: Sequence[Span]) -> str:
        """One label a word: of spans that share a word the first and longest has it."""
        shown = words(text)
        tags = ["O"] * len(shown)
        for span in sorted(spans, key=lambda s: (s.start, -s.end)):
            inside = [i for i, w in enumerate(shown) if w.start < span.end and span.start < w.end]
            if all(tags[index] == "O" for index in inside):
                for index in inside:
                    tags[index] = f"{'B' if index == inside[0] else 'I'}-{span.label}"
        pairs = zip(shown, tags, strict=True)
        return dumps({self._words: [{self._word: w.text, "label": tag} for w, tag in pairs]})

    def split(self, reply: str, count: int) -> list[str | None]:
        return [reply] if count == 1 else split_numbered(reply, count)

    def read(self, reply: str, text: str, marks: Sequence[Place] = ()) -> Answer:
        said, tags = _retokenised(parse(reply, text))
        shown = words(text)
        copied = Copied(text, shown, said)
        spans: list[Span] = []
        missing: list[Missing] = []
        strangers = 0
        for entity in _entities(tags):
            members = _trimmed(entity.members, said)
            pieces = [said[member] for member in members]
            known = self._names.find(entity.name)
            if known is None:
                strangers += 1
                missing.append(Missing(_joined(pieces)))
                continue
            ends = copied.run(members)
            if ends is None:
                found = copied.between(members, Quote(_joined(pieces), *known))
                spans += found.spans
                missing += found.missing
            else:
                quote = Quote(_as_there(text, pieces, *ends), *known)
                spans.append(copied.span(ends[0].start, ends[1].end, quote))
        return Answer(
            tuple(sorted(spans, key=lambda span: (span.start, span.end))),
            tuple(missing),
            copied.unanswered,
            strangers,
        )


def _shown(text: str) -> str:
    return dumps([word.text for word in words(text)])


def _as_there(text: str, pieces: Sequence[str], first: Word, last: Word) -> str:
    """The model's words with the gaps of the text between them: the format does not send gaps."""
    there = words(text[first.start : last.end])
    gaps = [b.start - a.end for a, b in zip(there, there[1:], strict=False)]
    quote, at = pieces[0], there[0].end + first.start
    for gap, piece, word in zip(gaps, pieces[1:], there[1:], strict=False):
        quote += text[at : at + gap] + piece
        at = word.end + first.start
    return quote


def _retokenised(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """The model's words cut as ours are, each piece with a label: after a B come Is."""
    said: list[str] = []
    tags: list[str] = []
    for word, label in pairs:
        for number, piece in enumerate(words(word)):
            said.append(piece.text)
            tag = label.strip()
            tags.append("I" + tag[1:] if number and TAG.fullmatch(tag) and tag[0] in "Bb" else tag)
    return said, tags


def _entities(tags: Sequence[str]) -> Iterator[_Entity]:
    """The runs of labels. An I that continues nothing opens an entity."""
    open_: _Entity | None = None
    for index, raw in enumerate(tags):
        inside, starts, name = _read_tag(raw)
        if open_ and (not inside or starts or name != open_.name):
            yield open_
            open_ = None
        if inside:
            open_ = open_ or _Entity(name, [])
            open_.members.append(index)
    if open_:
        yield open_


def _read_tag(raw: str) -> tuple[bool, bool, str | None]:
    """Inside an entity, at its first word, its name. `0` is O."""
    tag = raw.strip("\"' ")
    if tag in {"O", "o", "0", ""}:
        return False, False, None
    match = TAG.fullmatch(tag)
    if match is None:
        return True, False, tag
    return True, match[1].upper() in "BSU", match[2]


def _trimmed(members: Sequence[int], said: Sequence[str]) -> list[int]:
    """Without punctuation at the edges, but with a bracket whose partner is inside."""
    kept = list(members)
    while len(kept) > 1 and _loose_end(said[kept[-1]], [said[k] for k in kept], _PAIRED):
        kept.pop()
    opening = {left: right for right, left in _PAIRED.items()}
    while len(kept) > 1 and _loose_end(said[kept[0]], [said[k] for k in kept], opening):
        kept.pop(0)
    return kept


def _loose_end(word: str, all_words: Sequence[str], partners: dict[str, str]) -> bool:
    if any(char.isalnum() for char in word) or word in "%°‰+":
        return False
    return partners.get(word) not in all_words


def _joined(pieces: Sequence[str]) -> str:
    text = " ".join(pieces)
    text = re.sub(r" ([,.;:!?)\]}%»])", r"\1", text)
    return re.sub(r"([(\[{«]|\w['’]) ", r"\1", text)
