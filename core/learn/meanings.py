"""States and values of the spans that a model learns from -> what tells them of its own spans.

It stands beside whatever finds the spans, so that every model tells them, and learns in seconds.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.learn.data.split import Split
from core.learn.data.variety import distinct
from core.learn.data.vocabulary import allowed_words
from core.learn.engines import MEANINGS
from core.learn.engines.cues import code_features, state_features
from core.learn.engines.features import Seen, look
from core.learn.engines.meanings import CODES, STATES, Meanings, code_label, words_of
from core.learn.engines.packed import pack
from core.learn.scoring.meanings import coded, judged
from core.learn.scoring.pairs import pairs
from core.learn.scratch.crfsuite import CrfTrainer
from core.learn.tags import Word, words
from core.records import Annotation, Json, Phrase, Span

_ROUNDS = 60
# L1 leaves what many spans share: without it a rare state is learned by heart, and not by its cue.
_STATE = {"c1": 0.5, "c2": 0.1, "max_iterations": _ROUNDS}
_CODE = {"c1": 0.0, "c2": 0.1, "max_iterations": _ROUNDS}
"""Measured by leaving out voices among those that are learned from."""
_COPIES = 8
"""The most times that a span of a rare state is learned from: the root of how rare it is."""

Row = tuple[list[str], str]
Placed = tuple[Span, Word]


def learn_meanings(lots: Split, labels: Sequence[str], folder: Path) -> Json:
    """Writes what tells states and codes into a model's folder and returns what its record says of
    it: how many spans taught each, and how well it does on the gold spans of the other lots. {} and
    no file where there is nothing to tell apart."""
    known = frozenset(allowed_words(lots.train))
    taught = distinct(lots.train)
    wanted = frozenset(labels)
    states, codes = _counts(_spans(taught, wanted))
    told: Json = {STATES: dict(states) if len(states) > 1 else {}, CODES: _kept(codes)}
    models: dict[str, bytes] = {}
    if told[STATES]:
        rows = _rows(_spans(taught, wanted), _state, state_features, known)
        models[STATES] = _learned(_copied(rows, states), _STATE, folder)
    if told[CODES]:
        rows = _rows(_spans(taught, told[CODES]), _code, code_features, known)
        models[CODES] = _learned(rows, _CODE, folder)
    if not models:
        return {}
    pack(folder / MEANINGS, models, known)
    meanings = Meanings.load(folder, told)
    sides = {"validation": lots.validation, "test": lots.test}
    scores = {name: _scored(meanings, gold, labels) for name, gold in sides.items() if gold}
    return told | {"scores": scores}


def _spans(
    annotations: Iterable[Annotation], labels: Collection[str]
) -> Iterator[tuple[Phrase, list[Placed]]]:
    """The spans of the labels that hold a word, with their words, by phrase."""
    for annotation in annotations:
        places = words(annotation.phrase.text) if annotation.spans else []
        spans = [
            (span, place)
            for span in annotation.spans
            if span.label in labels and (place := words_of(places, span))
        ]
        if spans:
            yield annotation.phrase, spans


def _counts(phrases: Iterable[tuple[Phrase, list[Placed]]]) -> tuple[Counter[str], Counter[str]]:
    """How many spans have each state, and each code."""
    states: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for _, spans in phrases:
        states.update(span.state for span, _ in spans if span.state is not None)
        codes.update(code for span, _ in spans if (code := _code(span)))
    return states, codes


def _rows(
    phrases: Iterable[tuple[Phrase, list[Placed]]],
    name_of: Callable[[Span], str | None],
    features: Callable[[Seen, int, int, str], list[str]],
    known: frozenset[str],
) -> Iterator[Row]:
    """What there is to learn of each span that has a name. Made one by one: of a million phrases
    the features of all would stand in memory twice, here and in the library."""
    for phrase, spans in phrases:
        named = [
            (span, place, name) for span, place in spans if (name := name_of(span)) is not None
        ]
        if named:
            seen = look(phrase.text, phrase.section, known)
            for span, place, name in named:
                yield features(seen, *place, span.label), name


def _state(span: Span) -> str | None:
    return span.state


def _code(span: Span) -> str | None:
    """The name of a span's code; None where its value is none of its field's."""
    field = coded(span.label)
    known = field is not None and not isinstance(span.value, bool) and span.value in field.codes
    return code_label(span.label, span.value) if known else None


def _kept(codes: Counter[str]) -> dict[str, dict[str, int]]:
    """The codes by field; where there is a single one, there is nothing to learn."""
    found: dict[str, dict[str, int]] = {}
    for name, count in sorted(codes.items()):
        label, _, code = name.rpartition("=")
        found.setdefault(label, {})[code] = count
    return {label: codes for label, codes in found.items() if len(codes) > 1}


def _copied(rows: Iterable[Row], counts: Counter[str]) -> Iterator[Row]:
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

    def bare(spans: Iterable[Span]) -> list[Span]:
        return [replace(span, state=None, value=None) for span in spans]

    said = (replace(a, spans=meanings.of(a.phrase, bare(a.spans))) for a in gold)
    found = judged([p for p in pairs(gold, said, nested=True) if p.true and p.true.label in labels])
    return {name: told.to_json() for name, told in found.items()}
