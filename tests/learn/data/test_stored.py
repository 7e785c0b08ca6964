"""Annotations on a disk: the same as those in memory, wherever a training walks them."""

import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.learn.data.leakage import leaks
from core.learn.data.split import split
from core.learn.data.stored import Stored, taken, unskipped, where
from core.learn.data.variety import distinct, exchanged
from core.learn.data.vocabulary import allowed_words
from core.learn.options import options_for
from core.learn.train import train
from core.records import Annotation
from tests.core.test_convert import annotations
from tests.tiny_model import four_letters, marked


@given(st.lists(annotations(), max_size=6), st.data())
def test_what_is_stored_comes_back_the_same(rows: list[Annotation], data: st.DataObject) -> None:
    stored = Stored.of(rows)
    assert list(stored) == rows and len(stored) == len(rows)
    assert [stored[n] for n in range(-len(rows), len(rows))] == rows * 2
    with pytest.raises(IndexError):
        stored[len(rows)]
    cut = slice(*data.draw(st.tuples(*[st.none() | st.integers(-7, 7)] * 2)))
    assert list(stored[cut]) == rows[cut]
    numbers = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9)) if rows else []
    assert list(taken(stored, numbers)) == list(taken(rows, numbers))
    assert list(unskipped(stored[cut])) == list(unskipped(rows[cut]))


def many(number: int) -> Iterator[Annotation]:
    for row in range(number):
        yield replace(marked("nega [[fumo|fumo]] e diabete", f"{row:012x}"), extra={"row": row})


def test_they_take_next_to_no_memory(tmp_path: Path) -> None:
    def held(number: int) -> int:
        tracemalloc.start()
        stored = Stored.of(many(number), tmp_path)
        kept = where(stored, lambda annotation: bool(annotation.spans))
        gc.collect()
        now, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(kept) == number
        return now

    assert (held(4_000) - held(1_000)) / 3_000 < 40  # bytes a phrase: where it stands
    assert not list(tmp_path.iterdir())  # the words of letters have no file that could stay


def test_where_no_file_can_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(BadInput, match="taken: cannot be written"):
        Stored.of(four_letters(), tmp_path / "taken")


def test_a_training_walks_them_as_it_walks_a_list() -> None:
    rows = [replace(a, origin="human") for a in (*four_letters(), *many(40))]
    stored = Stored.of(rows)
    one, other = split(rows, seed=3), split(stored, seed=3)
    for side in ("train", "validation", "test"):
        assert list(getattr(one, side)) == list(getattr(other, side))
    assert leaks(one) == leaks(other)
    assert list(distinct(rows)) == list(distinct(stored))
    assert list(exchanged(rows, 0.7, 1)) == list(exchanged(stored, 0.7, 1))
    assert allowed_words(rows) == allowed_words(stored)


def test_a_model_is_the_same_to_the_byte(tmp_path: Path) -> None:
    options = options_for("small", epochs=3, imbalance="oversample")
    one = train(four_letters(), tmp_path / "one", options)
    other = train(Stored.of(four_letters(), tmp_path), tmp_path / "other", options)
    assert replace(one, seconds=0) == replace(other, seconds=0)
    files = sorted(path.name for path in (tmp_path / "one").iterdir() if path.suffix != ".json")
    assert files and all(
        (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
        for name in files
    )
