"""corrected.jsonl of several people -> how well they agree, and on which phrases they do not.

For spans the pairwise F1 is the measure to go by: there is no number of places where no span is,
which kappa would need (Hripcsak & Rothschild, 2005). Kappa and alpha look at words instead (each
word's label, 'none' being one): many words that nobody marks make them high. A person who did not
see a phrase is a missing coder of its words.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from annotate.agreement import measures
from annotate.agreement.measures import Counts, interval
from annotate.agreement.versions import (
    Place,
    Shared,
    in_order,
    meaning,
    overlap,
    places,
    shared,
    state_of,
)
from core.errors import BadInput
from core.learn.scoring.intervals import Interval
from core.learn.tags import Word, longest, words
from core.records import Annotation, Span

STATES = ("present", "negated", "uncertain", "family")
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people on the phrases that both saw. `state` (kappa) and `value` (share of the spans to
    which at least one gave a value) look at spans that both marked alike.
    """

    one: str
    other: str
    phrases: int
    exact: Interval | None
    overlap: Interval | None
    kappa: Interval | None
    state: Interval | None
    value: Interval | None


@dataclass(frozen=True, slots=True)
class Field:
    """All people on one label; `people`: exact F1 of each of them against all the others."""

    label: str
    spans: int
    exact: Interval | None
    alpha: Interval | None
    people: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """All people on the phrases that two or more saw. `disputed`: the worst phrases first."""

    people: tuple[str, ...]
    phrases: int
    letters: int
    exact: Interval | None
    overlap: Interval | None
    alpha: Interval | None
    pairs: tuple[Pair, ...]
    fields: tuple[Field, ...]
    disputed: tuple[Shared, ...]


def measure(annotations: Sequence[Annotation]) -> Agreement:
    """The agreement of people. Raises BadInput where no phrase was seen by two of them."""
    phrases = [phrase for phrase in shared(annotations) if len(phrase.versions) > 1]
    if not phrases:
        raise BadInput(
            "no phrase was corrected by two people, so there is nothing to compare; "
            "let several see a share of the phrases (push --overlap 2 --share 0.2)"
        )
    people = in_order({who for phrase in phrases for who in phrase.versions})
    labels = sorted({s.label for p in phrases for v in p.versions.values() for s in v.spans})
    spans = _by_letter(phrases, partial(_all_pairs, _spans))
    disputed = sorted((p for p in phrases if p.disputes), key=lambda p: (-p.disputes, p.phrase.id))
    return Agreement(
        people=tuple(people),
        phrases=len(phrases),
        letters=len(spans),
        exact=interval(spans[:, [0, 1, 4]], measures.exact_f1),
        overlap=interval(spans[:, :4], measures.overlap_f1),
        alpha=interval(_by_letter(phrases, partial(_codings, labels)), measures.alpha),
        pairs=tuple(
            _pair(one, other, both, labels)
            for one, other in combinations(people, 2)
            if (both := [p for p in phrases if {one, other} <= p.versions.keys()])
        ),
        fields=_fields(phrases, people, labels),
        disputed=tuple(disputed),
    )


def _by_letter(phrases: Sequence[Shared], count: Callable[[Shared], Counts]) -> Counts:
    """The counts of the phrases, added up: one row a letter."""
    rows: dict[str, Counts] = {}
    for phrase in phrases:
        rows[phrase.phrase.letter] = rows.get(phrase.phrase.letter, 0) + count(phrase)
    return np.array(list(rows.values()))


def _pair(one: str, other: str, phrases: Sequence[Shared], labels: Sequence[str]) -> Pair:
    def counted(count: Callable[[Annotation, Annotation], Counts]) -> Counts:
        return _by_letter(phrases, lambda p: count(p.versions[one], p.versions[other]))

    spans = counted(_spans)
    return Pair(
        one,
        other,
        len(phrases),
        interval(spans[:, [0, 1, 4]], measures.exact_f1),
        interval(spans[:, :4], measures.overlap_f1),
        interval(counted(partial(_words, labels)), measures.kappa),
        interval(counted(_states), measures.kappa),
        interval(counted(_values), measures.share),
    )


def _all_pairs(count: Callable[[Annotation, Annotation], Counts], phrase: Shared) -> Counts:
    """A count of two people, added up over all pairs of those who saw a phrase."""
    counts = [count(a, b) for a, b in combinations(phrase.versions.values(), 2)]
    total: Counts = np.sum(counts, axis=0)
    return total


def _spans(a: Annotation, b: Annotation) -> Counts:
    """Spans of the one, of the other, touched of the one, touched of the other, alike."""
    mine, theirs = places(a).keys(), places(b).keys()
    touched = sum(any(_touch(x, y) for y in theirs) for x in mine)
    touching = sum(any(_touch(x, y) for x in mine) for y in theirs)
    return np.array([len(mine), len(theirs), touched, touching, len(mine & theirs)], dtype=float)


def _touch(a: Place, b: Place) -> bool:
    return a[2] == b[2] and overlap(a, b)


def _words(labels: Sequence[str], a: Annotation, b: Annotation) -> Counts:
    return _coded(codes(a, labels), codes(b, labels), len(labels) + 1)


def _states(a: Annotation, b: Annotation) -> Counts:
    mine, theirs = places(a), places(b)
    both = sorted(mine.keys() & theirs.keys())
    return _coded(_numbers(mine[place] for place in both), _numbers(theirs[p] for p in both), 4)


def _numbers(spans: Iterable[Span]) -> Codes:
    return np.array([STATES.index(state_of(span)) for span in spans], dtype=np.int64)


def _values(a: Annotation, b: Annotation) -> Counts:
    mine, theirs = places(a), places(b)
    pairs = [(mine[place], theirs[place]) for place in mine.keys() & theirs.keys()]
    valued = [(x, y) for x, y in pairs if x.value is not None or y.value is not None]
    return np.array(
        [len(valued), sum(meaning(x)[1] == meaning(y)[1] for x, y in valued)], dtype=float
    )


def _coded(one: Codes, other: Codes, kinds: int) -> Counts:
    """The counts that kappa takes."""
    alike = np.array([len(one), (one == other).sum()])
    given = [np.bincount(numbers, minlength=kinds) for numbers in (one, other)]
    counts: Counts = np.concatenate([alike, *given]).astype(float)
    return counts


def codes(annotation: Annotation, labels: Sequence[str]) -> Codes:
    """The label of each word, 0 for none: of overlapping spans the longest counts, and a word that
    a span touches carries its label.
    """
    spots = words(annotation.phrase.text)
    found = np.zeros(len(spots), dtype=np.int64)
    for span in longest(annotation.spans):
        found[_touched(span, spots) & (found == 0)] = 1 + labels.index(span.label)
    return found


def _touched(span: Span, spots: Sequence[Word]) -> NDArray[np.bool_]:
    return np.array([a < span.end and span.start < b for a, b in spots], dtype=bool)


def _codings(labels: Sequence[str], phrase: Shared) -> Counts:
    """The counts that alpha takes, of all labels and 'none' as the codes of a word."""
    coded = np.stack([codes(version, labels) for version in phrase.versions.values()])
    by_code = np.stack([(coded == code).sum(axis=0) for code in range(len(labels) + 1)], axis=1)
    unlike = measures.unlike(by_code.astype(float)).sum()
    return np.concatenate([[coded.size, unlike], by_code.sum(axis=0)])


def _fields(
    phrases: Sequence[Shared], people: Sequence[str], labels: Sequence[str]
) -> tuple[Field, ...]:
    # Columns a label: spans of the one, of the other, alike; codings, unlike, marked, not marked.
    spans = _by_letter(phrases, partial(_all_pairs, partial(_spans_of, labels)))
    marks = _by_letter(phrases, partial(_marks, labels))
    by_person = {who: _against_others(who, phrases, labels) for who in people}
    return tuple(
        Field(
            label,
            sum(label == s.label for p in phrases for v in p.versions.values() for s in v.spans),
            interval(spans[:, :, n], measures.exact_f1),
            interval(marks[:, :, n], measures.alpha),
            {who: _known(measures.exact_f1, by_person[who][:, n]) for who in people},
        )
        for n, label in enumerate(labels)
    )


def _spans_of(labels: Sequence[str], a: Annotation, b: Annotation) -> Counts:
    counts = np.zeros((3, len(labels)))
    mine, theirs = places(a).keys(), places(b).keys()
    for row, spans in enumerate((mine, theirs, mine & theirs)):
        for *_, label in spans:
            counts[row, labels.index(label)] += 1
    return counts


def _marks(labels: Sequence[str], phrase: Shared) -> Counts:
    """The counts that alpha takes, of each label apart: a word is marked with it or not."""
    people, spots = len(phrase.versions), words(phrase.phrase.text)
    marked: dict[str, Counts] = {}
    for version in phrase.versions.values():
        for label in {span.label for span in version.spans}:
            mine = [_touched(span, spots) for span in version.spans if span.label == label]
            marked[label] = marked.get(label, 0) + np.logical_or.reduce(mine)
    counts = np.zeros((4, len(labels)))
    counts[[0, 3]] = len(spots) * people
    for label, by_word in marked.items():
        by_code = np.stack([by_word, people - by_word], axis=1).astype(float)
        counts[1:, labels.index(label)] = measures.unlike(by_code).sum(), *by_code.sum(axis=0)
    return counts


def _against_others(who: str, phrases: Sequence[Shared], labels: Sequence[str]) -> Counts:
    counts = np.zeros((3, len(labels)))
    for phrase in phrases:
        if who in phrase.versions:
            others = (version for name, version in phrase.versions.items() if name != who)
            counts += sum(_spans_of(labels, phrase.versions[who], other) for other in others)
    return counts


def _known(measure: measures.Measure, counts: Counts) -> float | None:
    with np.errstate(invalid="ignore"):
        value = float(measure(counts[np.newaxis, :])[0])
    return None if np.isnan(value) else value
