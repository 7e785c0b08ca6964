"""Annotations as the rows that a network learns from and is checked on.

They are read by the encoder once, into files that are mapped into memory: of a million phrases
there is in memory what the batch at hand needs. The files have no name, so that no word of a
letter stays on a disk, whatever ends the process.
"""

import dataclasses
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray

from core.learn.data.lesson import Lesson
from core.learn.engines.decode import Decoder
from core.learn.engines.encode import Encoder, Window
from core.learn.scoring.scores import Scores, score
from core.learn.tags import IGNORED
from core.records import Annotation


class Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """Annotations as windows with the gold of their own words; no other position is learned.
    `folder`: on whose disk the rows are; None for that of temporary files."""

    def __init__(
        self,
        annotations: Sequence[Annotation],
        encoder: Encoder,
        lesson: Lesson,
        folder: Path | None = None,
    ) -> None:
        self.lesson, self.encoder, self.annotations = lesson, encoder, annotations
        width = (len(lesson.tags),) if lesson.nested else ()
        ids, cases = _Column(folder, np.int32), _Column(folder, np.int8)
        gold = _Column(folder, np.int8 if lesson.nested else np.int16, *width)
        places = _Column(folder, np.int32, 2)
        # Where the tokens of a window, the words of a phrase, and those of a window end.
        tokens, words, own = (array("q", [0]) for _ in range(3))
        phrases = (annotation.phrase for annotation in annotations)
        for annotation, seen in zip(annotations, encoder.stream(phrases), strict=True):
            said, _ = lesson.gold(seen.words, annotation)
            places.add(seen.words)
            words.append(words[-1] + len(seen.words))
            for window in seen.windows:
                told = said[window.start : window.start + len(window.firsts)]
                row = np.full((len(window.ids), *width), IGNORED, dtype=np.int16)
                row[list(window.firsts)] = told
                ids.add(window.ids)
                cases.add(window.cases)
                gold.add(row)
                tokens.append(tokens[-1] + len(window.ids))
                own.append(own[-1] + len(window.firsts))
        self._ids, self._cases, self._gold = ids.mapped(), cases.mapped(), gold.mapped()
        self._places = places.mapped()
        self._tokens, self._words, self._own = (np.array(ends) for ends in (tokens, words, own))
        # Rows that are only scored come in this order, and next to nothing of them is filled up.
        self._order = np.argsort(np.diff(self._tokens), kind="stable")

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row = self._row(self._order[index])
        ids, cases = (tuple(column[row].tolist()) for column in (self._ids, self._cases))
        return {
            "input_ids": ids,  # its length is what Trainer groups rows by
            "window": Window(ids, cases, (), 0),
            "labels": self._gold[row].astype(np.float32 if self.lesson.nested else np.int64),
        }

    def _row(self, window: int) -> slice:
        return slice(self._tokens[window], self._tokens[window + 1])

    def _said(self, logits: Any) -> NDArray[np.float32]:
        """A network's scores of all words, one phrase after the other (words, T)."""
        found = np.empty((len(self._places), logits.shape[-1]), np.float32)
        for window, row in zip(self._order, logits, strict=True):
            firsts = np.flatnonzero(self._known(self._row(window)))
            found[self._own[window] : self._own[window + 1]] = row[firsts]
        return found

    def _known(self, row: slice) -> NDArray[np.bool_]:
        """At which sub-words something is said: the first ones of words."""
        gold = self._gold[row]
        known: NDArray[np.bool_] = (gold[:, 0] if self.lesson.nested else gold) != IGNORED
        return known

    def score(self, logits: Any, decoder: Decoder) -> Scores:
        """The strict scores of a network's answers to these rows."""
        cuts = [slice(*ends) for ends in pairwise(self._words)]
        said = self._said(logits)
        spans = decoder.spans(
            [annotation.phrase.text for annotation in self.annotations],
            [[(start, end) for start, end in self._places[cut].tolist()] for cut in cuts],
            [said[cut] for cut in cuts],
        )
        answers = (
            dataclasses.replace(annotation, spans=found)
            for annotation, found in zip(self.annotations, spans, strict=True)
        )
        return score(self.annotations, answers, nested=self.lesson.nested)

    def judged(self, logits: Any) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Of a multilabel network: how likely each word carries each label, and whether it does,
        both (words of all phrases, labels). Of B and I the likelier speaks."""
        scores = self._said(logits)
        shape = (len(scores), len(self.lesson.labels), -1)
        sure = 1 / (1 + np.exp(-scores.reshape(shape).max(axis=2)))
        gold = self._gold[self._known(slice(None))]
        return sure, gold.reshape(shape).max(axis=2) > 0


class _Column:
    """Numbers that are written to a file of their own, then mapped into memory."""

    def __init__(self, folder: Path | None, kind: DTypeLike, *width: int) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115, closed once it is mapped
        self._kind, self._width = kind, width

    def add(self, numbers: Any) -> None:
        self._file.write(np.asarray(numbers, dtype=self._kind).tobytes())

    def mapped(self) -> NDArray[Any]:
        """All that was added. The file stays as long as this does."""
        with self._file as file:
            if not file.tell():
                return np.empty((0, *self._width), self._kind)
            file.flush()
            numbers = np.memmap(file, self._kind, mode="r")
        return numbers.reshape(-1, *self._width) if self._width else numbers


@dataclass(frozen=True, slots=True)
class Collator:
    encoder: Encoder

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = self.encoder.padded([row["window"] for row in rows])
        shape = batch["input_ids"].shape
        inputs = {name: torch.from_numpy(batch[name]) for name in self.encoder.inputs}
        known = [row["labels"] for row in rows]
        full = np.full((*shape, *known[0].shape[1:]), IGNORED, dtype=known[0].dtype)
        for n, row in enumerate(known):
            full[n, : len(row)] = row
        return inputs | {"labels": torch.from_numpy(full)}
