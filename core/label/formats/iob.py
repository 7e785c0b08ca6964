"""The paper's answer format: one IOB label for every word of a phrase.

Out go the words of the phrase; back come pairs of a word and a label. A label is tied to a place by
the word the model repeated, never by counting, so an answer with a word too few or too many still
puts its labels where they belong.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from core.errors import UnknownName
from core.label.align import Quote, align, in_order, normalised
from core.label.formats.answers import Unusable
from core.label.formats.tagged import TAG, Word, parse, words
from core.label.prompts import render
from core.records import Missing, Span
from core.schema import TARGET, Schema, View

_MARKED = re.compile(r"\[\[([^|\]]+)\|([^\]]+)\]\]")
_PAIRED = {")": "(", "]": "[", "}": "{", "»": "«", "”": "“"}
_ENOUGH = 0.5
Status = Literal["exact", "normalised"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply says of a phrase. `unanswered`: words of the phrase that got no label at all."""

    spans: tuple[Span, ...]
    missing: tuple[Missing, ...]
    unanswered: int


@dataclass(slots=True)
class _Entity:
    """A run of B and I labels: the name after the dash, and indices into the model's words."""

    name: str | None
    members: list[int]


class Iob:
    """Asks for one label a word. `view` chooses the label set; its names come from the schema."""

    name = "iob"
    prompt = "iob.v1"

    def __init__(self, schema: Schema, view: View) -> None:
        self.schema = schema
        self.view = view
        self._labels = {label.casefold(): label for label in schema.labels(view)}

    def messages(self, text: str, section: str | None = None) -> list[dict[str, str]]:
        """The conversation that asks for the labels of a text."""
        shown = [word.text for word in words(text)]
        values = {"section": section, "count": len(shown), "words": _json(shown)}
        return [
            {"role": "system", "content": self._system},
            {"role": "user", "content": render(self.prompt, "user", values)},
        ]

    def again(self, text: str) -> dict[str, str]:
        """The message that asks once more after an answer that could not be read."""
        values = {"count": len(words(text))}
        return {"role": "user", "content": render(self.prompt, "again", values)}

    @cached_property
    def _system(self) -> str:
        values = {
            "view": self.view,
            "target": TARGET,
            "fields": [field for field in self.schema.fields.values() if field.kind != "section"],
            "groups": list(self.schema.groups.values()),
            "shown": lambda marked: _json([w.text for w in words(_MARKED.sub(r"\2", marked))]),
            "answer": self._example,
        }
        return render(self.prompt, "system", values)

    def _example(self, marked: str) -> str:
        """The answer wanted for a text in which entities are written [[field|words]]."""
        pairs: list[dict[str, str]] = []
        done = 0
        for match in (*_MARKED.finditer(marked), None):
            plain = marked[done : match.start() if match else None]
            pairs += [{"parola": word.text, "label": "O"} for word in words(plain)]
            if match:
                label = self.schema.label_of(self.schema.field(match[1]).name, self.view)
                for number, word in enumerate(words(match[2])):
                    tag = f"{'I' if number else 'B'}-{label}"
                    pairs.append({"parola": word.text, "label": tag})
                done = match.end()
        return _json({"parole": pairs})

    @cached_property
    def json_schema(self) -> dict[str, Any]:
        """The shape of an answer, for services that can hold a model to it."""
        labels = [f"{head}-{label}" for label in self._labels.values() for head in "BI"]
        pair = {
            "type": "object",
            "properties": {
                "parola": {"type": "string"},
                "label": {"type": "string", "enum": ["O", *labels]},
            },
            "required": ["parola", "label"],
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "properties": {"parole": {"type": "array", "items": pair}},
            "required": ["parole"],
            "additionalProperties": False,
        }

    def tokens(self, text: str) -> int:
        """Room enough for an answer: a word with its label takes some 20 tokens."""
        return 256 + 30 * len(words(text))

    def read(self, reply: str, text: str) -> Answer:
        """What a reply says of a text. Raises Unusable when it speaks of other words or none."""
        said, tags = _retokenised(parse(reply, text))
        shown = words(text)
        at = _positions(said, shown)
        spoken = {index for index, word in enumerate(shown) if word.spoken}
        unanswered = len(spoken - set(at))
        if unanswered > _ENOUGH * len(spoken):
            raise Unusable("it repeats other words than those of the phrase")
        spans: list[Span] = []
        missing: list[Missing] = []
        for entity in _entities(tags):
            placed, lost = self._placed(entity, said, at, shown, text)
            spans += placed
            missing += lost
        return Answer(
            tuple(sorted(spans, key=lambda s: (s.start, s.end))), tuple(missing), unanswered
        )

    def _placed(
        self,
        entity: _Entity,
        said: Sequence[str],
        at: Sequence[int | None],
        shown: Sequence[Word],
        text: str,
    ) -> tuple[tuple[Span, ...], tuple[Missing, ...]]:
        members = _trimmed(entity.members, said)
        quote = _joined([said[member] for member in members])
        known = self._label(entity.name)
        if known is None:
            return (), (Missing(quote),)
        label, field = known
        places = [place for member in members if (place := at[member]) is not None]
        if len(places) < len(members) or any(b != a + 1 for a, b in pairwise(places)):
            return _between_neighbours(Quote(quote, label, field), members, at, shown, text)
        first, last = shown[places[0]], shown[places[-1]]
        same = all(shown[p].text == said[m] for p, m in zip(places, members, strict=True))
        there = text[first.start : last.end]
        status: Status = "exact" if same else "normalised"
        return (Span(first.start, last.end, label, field, status=status, text=there),), ()

    def _label(self, name: str | None) -> tuple[str, str | None] | None:
        """Label and field of a name as the model typed it; None where it is no label."""
        if name is None:
            return (TARGET, None) if self.view == "target" else None
        label = self._labels.get(name.strip().casefold())
        if label is not None:
            return label, label if self.view == "field" else None
        try:
            field = self.schema.field(name).name
        except UnknownName:
            return None
        seen = self.schema.label_of(field, self.view)
        return None if seen is None else (seen, field)


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


def _positions(said: Sequence[str], shown: Sequence[Word]) -> list[int | None]:
    """For each of the model's words the index of ours that it repeats."""
    keys = [word.key for word in shown]
    places: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        places.setdefault(key, []).append(index)
    own = [normalised(word).text for word in said]
    return list(range(len(keys))) if own == keys else in_order([places.get(k, []) for k in own])


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
    """Inside an entity, at its first word, its name. `0` and nothing at all are O."""
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


def _between_neighbours(
    quote: Quote,
    members: Sequence[int],
    at: Sequence[int | None],
    shown: Sequence[Word],
    text: str,
) -> tuple[tuple[Span, ...], tuple[Missing, ...]]:
    """Looks for a quote by its text, between the places of the words said before and after it."""
    before = [p for p in at[: members[0]] if p is not None]
    after = [p for p in at[members[-1] + 1 :] if p is not None]
    low = shown[before[-1]].end if before else 0
    high = shown[after[0]].start if after else len(text)
    found = align(text[low:high], [quote])
    spans = tuple(
        Span(s.start + low, s.end + low, s.label, s.field, status=s.status, text=s.text)
        for s in found.spans
    )
    return spans, found.missing


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which cannot be sent
        return json.dumps(value)
    return text
