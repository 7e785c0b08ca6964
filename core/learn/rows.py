"""Annotations as the rows that a network learns from and is checked on."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.learn.encode import Encoder, Window
from core.learn.scores import Scores, score
from core.learn.tags import best_tags, spans_of, tags_of
from core.records import Annotation

_IGNORED = -100


class Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """Annotations as windows with the tags of their own words; no other position is learned."""

    def __init__(
        self, annotations: Sequence[Annotation], encoder: Encoder, labels: tuple[str, ...]
    ) -> None:
        self.labels = labels
        known = [
            dataclasses.replace(a, spans=tuple(s for s in a.spans if s.label in labels))
            for a in annotations
        ]
        self.gold = annotations
        self.encoded = encoder.encode([annotation.phrase for annotation in annotations])
        self.windows: list[tuple[int, Window]] = []
        self.tags: list[list[int]] = []
        for n, (annotation, seen) in enumerate(zip(known, self.encoded, strict=True)):
            tags = tags_of(seen.words, annotation.spans, labels).tags
            for window in seen.windows:
                row = [_IGNORED] * len(window.ids)
                for k, position in enumerate(window.firsts):
                    row[position] = tags[window.start + k]
                self.windows.append((n, window))
                self.tags.append(row)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        window = self.windows[index][1]
        return {"input_ids": window.ids, "window": window, "labels": self.tags[index]}

    def score(self, logits: Any) -> Scores:
        """The strict scores of a network's answers to these rows."""
        found = [np.empty((len(seen.words), logits.shape[-1]), np.float32) for seen in self.encoded]
        for (n, window), row in zip(self.windows, logits, strict=True):
            found[n][window.start : window.start + len(window.firsts)] = row[list(window.firsts)]
        answers = (
            dataclasses.replace(
                annotation,
                spans=spans_of(annotation.phrase.text, seen.words, best_tags(rows), self.labels)
                if seen.words
                else (),
            )
            for annotation, seen, rows in zip(self.gold, self.encoded, found, strict=True)
        )
        return score(self.gold, answers)


@dataclass(frozen=True, slots=True)
class Collator:
    encoder: Encoder

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = self.encoder.padded([row["window"] for row in rows])
        tags = np.full(batch["input_ids"].shape, _IGNORED, dtype=np.int64)
        for n, row in enumerate(rows):
            tags[n, : len(row["labels"])] = row["labels"]
        inputs = {name: torch.from_numpy(batch[name]) for name in self.encoder.inputs}
        return inputs | {"labels": torch.from_numpy(tags)}
