"""What the spans of a model mean: their states, and the codes of coded fields; beside any engine.

Two models of python-crfsuite on chains of one, which is a maximum-entropy model. What they are not
sure enough of they leave as it was: then the default of whoever reads the span holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self, get_args

from core.learn.engines import MEANINGS
from core.learn.engines.cues import code_features, state_features
from core.learn.engines.features import Seen, look
from core.learn.engines.packed import Model, unpack
from core.learn.tags import Word
from core.records import Json, Phrase, Span, State, Value

STATES, CODES = "states", "codes"
STATE_SURE, CODE_SURE = 0.6, 0.6
"""Measured on voices that were not learned from: see the README."""
_STATES: tuple[State, ...] = get_args(State)


class Meanings:
    """`codes`: the labels of coded fields, each with the codes that it may have, as words."""

    def __init__(
        self,
        models: Mapping[str, Model],
        known: frozenset[str],
        codes: Mapping[str, Sequence[str]],
    ) -> None:
        self._states, self._codes = models.get(STATES), models.get(CODES)
        self._known = known
        self._names = {
            label: [code_label(label, code) for code in own] for label, own in codes.items()
        }

    @classmethod
    def load(cls, folder: Path, learned: Json) -> Self:
        """`learned`: what the record of the folder says of them. Raises BadInput where the file is
        missing or broken."""
        names = [name for name in (STATES, CODES) if learned.get(name)]
        models, known = unpack(folder / MEANINGS, names)
        return cls(dict(zip(names, models, strict=True)), known, learned.get(CODES, {}))

    def of(self, phrase: Phrase, spans: Sequence[Span]) -> tuple[Span, ...]:
        """The spans with their states and values, as far as these are sure."""
        if not spans:
            return ()
        seen = look(phrase.text, phrase.section, self._known)
        return tuple(self._told(seen, span) for span in spans)

    def _told(self, seen: Seen, span: Span) -> Span:
        place = words_of(seen.places, span)
        if place is None:
            return span
        if self._states is not None:
            told = self._states.shares(state_features(seen, *place, span.label), _STATES)
            likely, state = max(zip(told, _STATES, strict=True), key=lambda row: row[0])
            if likely >= STATE_SURE:
                span = replace(span, state=state)
        names = self._names.get(span.label)
        if self._codes is not None and names:
            told = self._codes.shares(code_features(seen, *place, span.label), names)
            likely, name = max(zip(told, names, strict=True))
            if likely >= CODE_SURE:
                span = replace(span, value=code_of(name))
        return span


def words_of(places: Iterable[Word], span: Span) -> tuple[int, int] | None:
    """The first of the words inside a span, and the one after the last; None where it has none."""
    inside = [i for i, (a, b) in enumerate(places) if span.start <= a and b <= span.end]
    return (inside[0], inside[-1] + 1) if inside else None


def code_label(label: str, code: object) -> str:
    return f"{label}={code}"


def code_of(name: str) -> Value:
    """The code behind a label of `code_label`."""
    word = name.rpartition("=")[2]
    return int(word) if word.isdecimal() else word
