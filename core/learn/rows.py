"""Annotations as the rows that a network learns from and is checked on."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.learn.decode import Decoder
from core.learn.encode import Encoded, Encoder, Window
from core.learn.lesson import Gold, Lesson
from core.learn.scores import Scores, score
from core.learn.tags import IGNORED
from core.records import Annotation


class Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """Annotations as windows with the gold of their own words; no other position is learned."""

    def __init__(self, annotations: Sequence[Annotation], encoder: Encoder, lesson: Lesson) -> None:
        self.lesson, self.encoder = lesson, encoder
        self.annotations = annotations
        self.encoded = encoder.encode([annotation.phrase for annotation in annotations])
        self.windows: list[tuple[int, Window]] = []
        self.gold: list[Gold] = []
        for n, (annotation, seen) in enumerate(zip(annotations, self.encoded, strict=True)):
            self.gold.append(lesson.gold(seen.words, annotation)[0])
            self.windows += [(n, window) for window in seen.windows]
        # Rows that are only scored come in this order, and next to nothing of them is filled up.
        self.windows.sort(key=lambda place: len(place[1].ids))

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        n, window = self.windows[index]
        own = slice(window.start, window.start + len(window.firsts))
        return {
            "input_ids": window.ids,  # its length is what Trainer groups rows by
            "window": window,
            "labels": _spread(self.gold[n][own], window),
        }

    def said(self, logits: Any) -> Iterator[tuple[Annotation, Encoded, NDArray[np.float32]]]:
        """Each phrase with a network's scores of its words (words, T)."""
        width = logits.shape[-1]
        found = [np.empty((len(seen.words), width), np.float32) for seen in self.encoded]
        for (n, window), row in zip(self.windows, logits, strict=True):
            found[n][window.start : window.start + len(window.firsts)] = row[list(window.firsts)]
        return zip(self.annotations, self.encoded, found, strict=True)

    def score(self, logits: Any, decoder: Decoder) -> Scores:
        """The strict scores of a network's answers to these rows."""
        annotations, encoded, scores = zip(*self.said(logits), strict=True)
        spans = decoder.spans(
            [annotation.phrase.text for annotation in annotations],
            [seen.words for seen in encoded],
            list(scores),
        )
        answers = (
            dataclasses.replace(annotation, spans=found)
            for annotation, found in zip(annotations, spans, strict=True)
        )
        return score(self.annotations, answers, nested=self.lesson.nested)

    def judged(self, logits: Any) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Of a multilabel network: how likely each word carries each label, and whether it does,
        both (words of all phrases, labels). Of B and I the likelier speaks."""
        scores = np.concatenate([scores for *_, scores in self.said(logits)])
        shape = (len(scores), len(self.lesson.labels), -1)
        sure = 1 / (1 + np.exp(-scores.reshape(shape).max(axis=2)))
        return sure, np.concatenate(self.gold).reshape(shape).max(axis=2) > 0


def _spread(own: Gold, window: Window) -> Gold:
    """What is said of words, put where their first sub-words stand."""
    row = np.full((len(window.ids), *own.shape[1:]), IGNORED, dtype=own.dtype)
    row[list(window.firsts)] = own
    return row


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
