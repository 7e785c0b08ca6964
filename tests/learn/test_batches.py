"""Rows cut into runs: each row once, nearly nothing filled up, never past what a run may take."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.learn.engines.batches import batches


@given(st.lists(st.integers(1, 512), max_size=200), st.integers(64, 2048))
def test_each_row_is_in_one_run_and_no_run_is_too_large(lengths: list[int], most: int) -> None:
    runs = batches(lengths, most)
    assert sorted(row for run in runs for row in run) == list(range(len(lengths)))
    for run in runs:
        longest = max(lengths[row] for row in run)
        assert len(run) == 1 or len(run) * longest <= most


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.lists(st.integers(1, 30)))
def test_no_other_cut_is_cheaper(lengths: list[int], marks: list[int]) -> None:
    """A run costs its rows, filled up, and twelve tokens; other cuts are after any lengths."""

    def cost(runs: list[list[int]]) -> int:
        return sum(12 + len(run) * max(lengths[row] for row in run) for run in runs)

    edges = [0, *sorted(set(marks)), 30]
    others = [
        [row for row, length in enumerate(lengths) if low < length <= high]
        for low, high in pairwise(edges)
    ]
    assert cost(batches(lengths, 10**6)) <= cost([run for run in others if run])


def test_little_is_filled_up() -> None:
    draw = random.Random(0)
    lengths = [round(draw.lognormvariate(3.2, 0.6)) + 2 for _ in range(300)]
    runs = batches(lengths, 2048)
    filled = sum(len(run) * max(lengths[row] for row in run) for run in runs)
    assert filled < 1.1 * sum(lengths)
    assert len(runs) < 30


def test_rows_of_one_length_go_together() -> None:
    assert batches([7] * 20, 2048) == [list(range(20))]
    assert batches([], 2048) == []
