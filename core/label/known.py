"""A labelled.jsonl as a labeller: what stands there counts, another labeller says the rest."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from core.errors import BadInput
from core.files import reading
from core.label import Labeller
from core.records import Annotation, Phrase


class Known:
    """What was said of phrases before, by whoever said it; a person's word before a machine's.

    Only where each letter's lines stand in the file is kept in memory. Raises BadInput.
    """

    def __init__(self, path: Path, otherwise: Labeller) -> None:
        self.source = f"labelled+{otherwise.source}"
        self.by_letter = getattr(otherwise, "by_letter", False)
        self._path, self._otherwise = path, otherwise
        self._places: dict[str, list[tuple[int, int]]] = {}
        for letter, at, length in _lines(path):
            self._places.setdefault(letter, []).append((at, length))

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase; the phrases of a letter must follow one another."""
        for letter, group in groupby(phrases, key=lambda phrase: phrase.letter):
            cut = list(group)
            said = self._said(letter)
            known = [said[p.id] for p in cut if p.id in said and said[p.id].phrase.text == p.text]
            if len(known) < len(cut):
                kept = {annotation.key: annotation for annotation in known}
                known = [kept.get(one.key, one) for one in self._otherwise.label(cut)]
            yield from known

    def _said(self, letter: str) -> dict[str, Annotation]:
        """The lines of a letter by phrase: of several the last, unless a person said another."""
        said: dict[str, Annotation] = {}
        with self._path.open("rb") as file:
            for at, length in self._places.get(letter, ()):
                file.seek(at)
                one = Annotation.from_json(json.loads(file.read(length)))
                before = said.get(one.key)
                if one.skipped or (before and before.origin == "human" != one.origin):
                    continue
                said[one.key] = one
        return said


def _lines(path: Path) -> Iterator[tuple[str, int, int]]:
    """The letter of each line, and where the line stands, in bytes."""
    at = 0
    with reading(path), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield str(json.loads(line)["letter"]), at, len(line)
                except (ValueError, TypeError, KeyError):
                    where = f"{path}:{number}"
                    raise BadInput(f"{where}: no labelled phrase; give label's file") from None
            at += len(line)
