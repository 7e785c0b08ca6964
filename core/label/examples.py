"""What people have corrected -> the examples that go with a question: near it, and diverse."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.label import Labeller
from core.label.formats import Example
from core.label.shield.shield import Shield, Shielded, unshielded
from core.records import Annotation, Span
from core.schema import Schema, View

_ORIGINS = ("human", "fictitious")
_LONGEST = 600  # characters: a longer line shows nothing that its price is worth
_CANDIDATES = 40
_BLOCK = 64  # texts compared at once: memory does not grow with their number
_NOTHING_NEW = 0.5  # what an example is worth all of whose fields were shown already


class Examples:
    """The corrected phrases of a pool, shown in a view, hidden as their own letters would be.

    Skipped phrases and what no person or inventor said are left out; of one phrase the last
    correction counts. `secret` None: nothing is hidden. `identity` is asked besides what people
    marked, because they may have worked in a view without fields.
    """

    def __init__(
        self,
        pool: Iterable[Annotation],
        schema: Schema,
        view: View,
        secret: bytes | None,
        identity: Labeller | None = None,
    ) -> None:
        kept = {one.phrase.id: one for one in pool if _shows(one)}
        letters = groupby(sorted(kept.values(), key=_letter), key=_letter)
        shown = [
            (one, example)
            for _, some in letters
            for one, example in _shown(list(some), schema, view, secret, identity)
        ]
        self._examples = [example for _, example in shown]
        self._letters = [one.phrase.letter for one, _ in shown]
        self._fields = [_fields(example) for example in self._examples]
        self._vectors = _Vectors([one.phrase.text for one, _ in shown]) if shown else None

    def nearest(self, text: str, letter: str, count: int) -> tuple[Example, ...]:
        """At most `count` examples for a text, the nearest first, none from its own letter."""
        return next(self.for_texts([text], letter, count))

    def for_texts(
        self, texts: Sequence[str], letter: str, count: int
    ) -> Iterator[tuple[Example, ...]]:
        """The examples for each text of a letter; cheaper than one by one."""
        if self._vectors is None or count < 1:
            yield from [()] * len(texts)
            return
        own = np.array([name == letter for name in self._letters])
        for at in range(0, len(texts), _BLOCK):
            for likeness in self._vectors.likeness(texts[at : at + _BLOCK]):
                likeness[own] = 0.0
                yield self._picked(likeness, count)

    def _picked(self, likeness: NDArray[np.float64], count: int) -> tuple[Example, ...]:
        """One by one the most alike, worth less the more of its fields were shown already."""
        most = min(max(_CANDIDATES, 2 * count), len(likeness))
        near = np.argpartition(-likeness, most - 1)[:most]
        left = [int(k) for k in near[np.argsort(-likeness[near], kind="stable")] if likeness[k] > 0]
        seen_fields: set[str] = set()
        chosen: dict[str, Example] = {}
        while left and len(chosen) < count:
            best = max(left, key=lambda k: likeness[k] * self._news(k, seen_fields))
            left.remove(best)
            example = self._examples[best]
            if example.text not in chosen:
                chosen[example.text] = example
                seen_fields |= self._fields[best]
        return tuple(chosen.values())

    def _news(self, number: int, seen: set[str]) -> float:
        fields = self._fields[number]
        return 1 - (1 - _NOTHING_NEW) * len(fields & seen) / len(fields)


class _Vectors:
    """Texts as TF-IDF vectors of their words and of the characters in them."""

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_union

        self._weigh = make_union(
            TfidfVectorizer(strip_accents="unicode", token_pattern=r"\w+", sublinear_tf=True),
            TfidfVectorizer(
                strip_accents="unicode", analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True
            ),
        )
        self._texts: Any = self._weigh.fit_transform([text or " " for text in texts]).T.tocsr()

    def likeness(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """How alike each text is to each of the pool: a row a text, in one product."""
        product = self._weigh.transform(texts) @ self._texts
        return np.asarray(product.toarray())


def _shows(one: Annotation) -> bool:
    return one.origin in _ORIGINS and not one.skipped and 0 < len(one.phrase.text) <= _LONGEST


def _letter(one: Annotation) -> str:
    return one.phrase.letter


def _shown(
    letter: Sequence[Annotation],
    schema: Schema,
    view: View,
    secret: bytes | None,
    identity: Labeller | None,
) -> Iterator[tuple[Annotation, Example]]:
    """The corrected phrases of one letter as examples."""
    phrases = [one.phrase for one in letter]
    shield = None
    if secret is not None:
        known = identity.label(phrases) if identity else ()
        shield = Shield(phrases, chain(letter, known), schema, secret)
    for one in letter:
        sent = shield.hide(one.phrase) if shield else unshielded(one.phrase)
        spans = (_hidden(span, sent) for span in schema.seen_as(one, view).spans)
        yield one, Example(sent.text, tuple(sorted(spans, key=lambda s: (s.start, s.end))))


def _hidden(span: Span, sent: Shielded) -> Span:
    """A span of the original in the shielded text; a value of what is hidden would tell it."""
    touched = any(edit.start < span.end and span.start < edit.end for edit in sent.edits)
    return replace(sent.there(span), value=None if touched else span.value)


def _fields(example: Example) -> frozenset[str]:
    """What an example teaches; that there may be nothing to mark is a lesson too."""
    return frozenset(span.field or span.label for span in example.spans) or frozenset({"nothing"})
