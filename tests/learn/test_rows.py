"""The rows of a training: what the encoder and the lesson say, and kept out of memory."""

import gc
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.learn.data.lesson import Lesson
from core.learn.data.vocabulary import train_vocabulary
from core.learn.engines.decode import Decoder
from core.learn.engines.encode import Encoder
from core.learn.networks.rows import Rows
from core.learn.tags import IGNORED
from core.records import Annotation
from tests.tiny_model import four_letters, marked

GOLD = [*four_letters(), marked("ex [[fumo|fumatore]] e decorso regolare, " * 9), marked("")]
LABELS = tuple(sorted({span.label for a in GOLD for span in a.spans}))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(train_vocabulary(GOLD, 200), 24)


@pytest.mark.parametrize("head", ["linear", "multilabel"])
def test_a_row_is_what_the_encoder_and_the_lesson_say(
    head: str, encoder: Encoder, tmp_path: Path
) -> None:
    lesson = Lesson(LABELS, head)
    rows = Rows(GOLD, encoder, lesson, tmp_path)
    wanted = []
    for annotation, seen in zip(GOLD, encoder.encode([a.phrase for a in GOLD]), strict=True):
        gold, _ = lesson.gold(seen.words, annotation)
        for window in seen.windows:
            row = np.full((len(window.ids), *gold.shape[1:]), IGNORED, gold.dtype)
            row[list(window.firsts)] = gold[window.start : window.start + len(window.firsts)]
            wanted.append((window.ids, window.cases, row.dtype.name, row.tolist()))
    wanted.sort(key=lambda row: len(row[0]))
    assert wanted == [
        (row["input_ids"], row["window"].cases, row["labels"].dtype.name, row["labels"].tolist())
        for row in map(rows.__getitem__, range(len(rows)))
    ]
    assert not list(tmp_path.iterdir())  # the words of letters have no file that could stay


def test_an_answer_that_says_the_gold_is_right(encoder: Encoder) -> None:
    """Long phrases too, of which several windows tell a part each."""
    rows = Rows(GOLD, encoder, Lesson(LABELS))
    longest = max(len(rows[n]["labels"]) for n in range(len(rows)))
    said = np.full((len(rows), longest, 1 + 2 * len(LABELS)), IGNORED, np.float32)
    for n, row in enumerate(said):
        for at, tag in enumerate(rows[n]["labels"]):
            row[at] = np.arange(len(row[at])) == tag
    scores = rows.score(said, Decoder(LABELS))
    assert scores.micro.f1 == 1.0 and scores.micro.support == sum(len(a.spans) for a in GOLD)


class Many(Sequence[Annotation]):
    """Annotations that are nowhere until they are asked for."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, index: int) -> Annotation:  # type: ignore[override]
        if index >= self._number:
            raise IndexError(index)
        return GOLD[index % 16]


def test_rows_take_next_to_no_memory(encoder: Encoder, tmp_path: Path) -> None:
    def held(number: int) -> int:
        tracemalloc.start()
        rows = Rows(Many(number), encoder, Lesson(LABELS), tmp_path)
        gc.collect()
        now, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(rows) >= number
        return now

    few, many = held(512), held(2_560)
    assert (many - few) / 2_048 < 100  # bytes a phrase: where it begins, not what it says
