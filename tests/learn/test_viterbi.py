"""The best rows of tags, many at a time, against every legal row there is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.engines.viterbi import best_legal


def legal(row: list[int]) -> bool:
    pairs = zip([0, *row], row, strict=False)
    return all(not (tag and tag % 2 == 0) or before in (tag, tag - 1) for before, tag in pairs)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(1, 2), st.integers(0, 999))
def test_the_best_of_all_legal_rows(sizes: list[int], labels: int, seed: int) -> None:
    draw, width = np.random.default_rng(seed), 1 + 2 * labels
    rows = [draw.normal(size=(size, width)).astype(np.float32) for size in sizes]
    for scores, (tags, sure) in zip(rows, best_legal(rows), strict=True):
        size = len(scores)
        every = np.stack(np.meshgrid(*[range(width)] * size, indexing="ij"), -1) if size else None
        known = [[]] if every is None else every.reshape(-1, size).tolist()
        best = max(filter(legal, known), key=lambda row: sum(scores[range(size), row]))
        assert tags == best
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        assert sure == pytest.approx(shares[range(size), tags])


def test_where_any_tag_may_follow_any_each_word_has_its_own_best() -> None:
    scores = np.array([[0, 0, 9], [0, 9, 0], [9, 0, 0]], dtype=np.float32)
    assert [tags for tags, _ in best_legal([scores], free=True)] == [[2, 1, 0]]
    assert [tags for tags, _ in best_legal([scores])] == [[0, 1, 0]]
