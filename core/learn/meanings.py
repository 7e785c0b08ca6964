"""States and values of the spans that a model learns from -> what tells them of its own spans.

It stands beside whatever finds the spans, so that every model tells them, and learns in seconds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.learn.data.split import Split
from core.learn.data.variety import distinct
from core.learn.data.vocabulary import allowed_words
from core.learn.engines import MEANINGS
from core.learn.engines.cues import code_features, state_features
from core.learn.engines.features import look
from core.learn.engines.meanings import CODES, STATES, Meanings, code_label, words_of
from core.learn.engines.packed import pack
from core.learn.scoring.meanings import coded, judged
from core.learn.scoring.pairs import pairs
from core.learn.scratch.crfsuite import CrfTrainer
from core.records import Annotation, Json, Phrase, Span

_ROUNDS = 60
# L1 leaves what many spans share: without it a rare state is learned by heart, and not by its cue.
_STATE = {"c1": 0.5, "c2": 0.1, "max_iterations": _ROUNDS}
_CODE = {"c1": 0.0, "c2": 0.1, "max_iterations": _ROUNDS}
"""Measured by leaving out voices among those that are learned from."""
_COPIES = 8
"""The most times that a span of a rare state is learned from: the root of how rare it is."""

Row = tuple[list[str], str]


@dataclass(frozen=True, slots=True)
class _Rows:
    states: list[Row]
    codes: list[Row]


def learn_meanings(lots: Split, labels: Sequence[str], folder: Path) -> Json:
    """Writes what tells states and codes into a model's folder and returns what its record says of
    it: how many spans taught each, and how well it does on the gold spans of the other lots. {} and
    no file where there is nothing to tell apart."""
    known = frozenset(allowed_words(lots.train))
    rows = _rows(lots.train, frozenset(labels), known)
    states = Counter(state for _, state in rows.states)
    codes = _codes(rows.codes)
    told: Json = {STATES: dict(states) if len(states) > 1 else {}, CODES: codes}
    models: dict[str, bytes] = {}
    if told[STATES]:
        models[STATES] = _learned(_copied(rows.states, states), _STATE, folder)
    if codes:
        own = [row for row in rows.codes if row[1].rpartition("=")[0] in codes]
        models[CODES] = _learned(own, _CODE, folder)
    if not models:
        return {}
    pack(folder / MEANINGS, models, known)
    meanings = Meanings.load(folder, told)
    sides = {"validation": lots.validation, "test": lots.test}
    scores = {name: _scored(meanings, gold, labels) for name, gold in sides.items() if gold}
    return told | {"scores": scores}


def _rows(
    annotations: Sequence[Annotation], labels: frozenset[str], known: frozenset[str]
) -> _Rows:
    """What there is to learn of each span of the labels: its state, its code."""
    rows = _Rows([], [])
    for phrase, spans in _spans(annotations, labels):
        seen = look(phrase.text, phrase.section, known)
        for span in spans:
            place = words_of(seen.places, span)
            if place is None:
                continue
            if span.state is not None:
                rows.states.append((state_features(seen, *place, span.label), span.state))
            if coded(span.label) and (code := _code(span)):
                rows.codes.append((code_features(seen, *place, span.label), code))
    return rows


def _spans(
    annotations: Sequence[Annotation], labels: frozenset[str]
) -> Iterator[tuple[Phrase, list[Span]]]:
    for annotation in distinct(annotations):
        if spans := [span for span in annotation.spans if span.label in labels]:
            yield annotation.phrase, spans


def _code(span: Span) -> str | None:
    """The name of a span's code; None where its value is none of its field's."""
    field = coded(span.label)
    known = field is not None and not isinstance(span.value, bool) and span.value in field.codes
    return code_label(span.label, span.value) if known else None


def _codes(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """How many spans have each code, by field; of a single code there is nothing to learn."""
    found: dict[str, dict[str, int]] = {}
    for name, count in sorted(Counter(name for _, name in rows).items()):
        label, _, code = name.rpartition("=")
        found.setdefault(label, {})[code] = count
    return {label: codes for label, codes in found.items() if len(codes) > 1}


def _copied(rows: Sequence[Row], counts: Counter[str]) -> Iterator[Row]:
    most = max(counts.values())
    for row in rows:
        yield from [row] * min(_COPIES, round((most / counts[row[1]]) ** 0.5))


def _learned(rows: Iterable[Row], how: dict[str, float], folder: Path) -> bytes:
    trainer = CrfTrainer(how)
    for features, name in rows:
        trainer.append([features], [name])
    return trainer.trained(folder)


def _scored(meanings: Meanings, gold: Sequence[Annotation], labels: Sequence[str]) -> Json:
    """How well states and codes are told of gold's own spans, whoever finds them."""
    bare = [
        replace(a, spans=tuple(replace(s, state=None, value=None) for s in a.spans)) for a in gold
    ]
    said = [replace(a, spans=meanings.of(a.phrase, a.spans)) for a in bare]
    found = judged([p for p in pairs(gold, said, nested=True) if p.true and p.true.label in labels])
    return {name: told.to_json() for name, told in found.items()}
