"""The ways to a letter's fields, each behind one Protocol: without any network, or by asking."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Protocol

from core.extract import letter_fields
from core.extract.result import LetterFields
from core.label import Labeller
from core.read.phrases import phrases
from core.records import Letter


class Extractor(Protocol):
    """Letters in, their fields out, in the same order; `source` says by what."""

    source: str

    def extract(self, letters: Iterable[Letter]) -> Iterator[LetterFields]: ...


class Local:
    """By what labellers of this machine say of the phrases, all of them together."""

    def __init__(self, labellers: Sequence[Labeller]) -> None:
        self.source = "local/" + "+".join(labeller.source for labeller in labellers)
        self._labellers = labellers

    @property
    def by_letter(self) -> bool:
        """Whether each letter may be worked on in a process of its own."""
        return all(getattr(labeller, "by_letter", False) for labeller in self._labellers)

    def extract(self, letters: Iterable[Letter]) -> Iterator[LetterFields]:
        """Fields letter by letter, with the seconds each took."""
        for letter in letters:
            yield self._fields(letter) if letter.discharge_letter else letter_fields(letter, ())

    def _fields(self, letter: Letter) -> LetterFields:
        began = perf_counter()
        cut = phrases(letter)
        said = [annotation for one in self._labellers for annotation in one.label(cut)]
        found = letter_fields(letter, said)
        cost = {"usd": 0.0, "tokens_in": 0, "tokens_out": 0, "calls": 0}
        cost["seconds"] = round(perf_counter() - began, 3)
        return replace(found, extra={**found.extra, "system": self.source, "cost": cost})
