"""A feature CRF on python-crfsuite: spans by one model, their labels by another; no torch."""

import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Self

import pycrfsuite

from core.errors import BadInput
from core.learn.engines.features import Seen, look, span_features, word_features
from core.learn.record import Record
from core.learn.tags import OUTSIDE, runs
from core.records import Phrase, Span

FILE = "model.crfsuite"
TAGS = ("O", "B", "I")
_WORDS = "words.json"
_MODELS = ("spans", "labels")
_DOUBT = 0.5
"""A word is in a span from a third on, not from a half: F1 is best served by half of itself (Lipton
and others 2014, arXiv:1402.1892), and among strange hands it is about two thirds."""


class CrfsuiteEngine:
    """See `core.learn.engines.Engine`. `models`: that of the spans, that of the labels."""

    def __init__(self, models: Sequence[bytes], known: frozenset[str]) -> None:
        self._held = models  # the library reads on in these bytes and does not keep them itself
        self._spans, self._labels = map(_opened, models)
        self._tags = set(self._spans.labels())  # an I only where some span has two words
        self._known = known

    @classmethod
    def files(cls, record: Record) -> tuple[str, ...]:
        return (FILE,)

    @classmethod
    def load(cls, folder: Path, record: Record, threads: int | None = None) -> Self:
        """One thread, whatever `threads` says."""
        path = folder / FILE
        try:
            with zipfile.ZipFile(path) as file:
                known = frozenset(json.loads(file.read(_WORDS)))
                engine = cls([file.read(name) for name in _MODELS], known)
        except FileNotFoundError as error:
            raise _unfit(folder, f"{FILE} is not there") from error
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise _unfit(folder, type(error).__name__) from error
        if strangers := set(engine._labels.labels()) - set(record.labels):
            raise _unfit(folder, f"{FILE} knows {len(strangers)} labels that its record does not")
        return engine

    def read(self, phrases: Sequence[Phrase]) -> list[tuple[Span, ...]]:
        return [self._read(phrase) for phrase in phrases]

    def _read(self, phrase: Phrase) -> tuple[Span, ...]:
        seen = look(phrase.text, phrase.section, self._known)
        if not seen.places:
            return ()
        self._spans.set(word_features(seen))
        sure = [self._sure(i) for i in range(len(seen.places))]
        return tuple(
            self._span(phrase.text, seen, sure, first, after)
            for first, after, _ in runs([_tag(*row) for row in sure])
        )

    def _sure(self, i: int) -> list[float]:
        """The probability of each of the tags at a word."""
        return [self._spans.marginal(tag, i) if tag in self._tags else 0.0 for tag in TAGS]

    def _span(
        self, text: str, seen: Seen, sure: Sequence[Sequence[float]], first: int, after: int
    ) -> Span:
        """A span is as sure as its least sure word, times its label."""
        there = min(max(row[1:]) for row in sure[first:after])
        (label,) = self._labels.tag([span_features(seen, first, after)])
        score = there * self._labels.marginal(label, 0)
        start, end = seen.places[first][0], seen.places[after - 1][1]
        return Span(start, end, label, score=round(score, 4), text=text[start:end])


def _tag(outside: float, opens: float, goes_on: float) -> int:
    """The number of a word's tag. An I that nothing opened is read as an opening."""
    if outside * _DOUBT > max(opens, goes_on):
        return OUTSIDE
    return 1 if opens >= goes_on else 2


def pack(path: Path, models: Mapping[str, bytes], known: Collection[str]) -> None:
    """Writes both models and the words that they may know into one file, the same for the same."""
    told = json.dumps(sorted(known), ensure_ascii=False).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {**models, _WORDS: told}.items():
            # A fresh entry bears the time of 1980, not that of now.
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 6)


def _opened(model: bytes) -> pycrfsuite.Tagger:
    # It checks no more than the first bytes; what is torn behind them would crash the process.
    if len(model) < 8 or int.from_bytes(model[4:8], "little") != len(model):
        raise ValueError("not a whole model")
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(model)
    return tagger


def _unfit(folder: Path, reason: str) -> BadInput:
    return BadInput(
        f"{folder}: the model cannot be loaded ({reason}); train it again or fetch it again"
    )
