"""Thresholds: as good as trying them all, and 0.5 where validation says nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.learn.scoring.thresholds import per_label, shared


def f1(probabilities: np.ndarray, gold: np.ndarray, threshold: float) -> float:
    said = probabilities >= threshold
    both = said.sum() + gold.sum()
    return float(2 * (said & gold).sum() / both) if both else 0.0


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.21, 0.5, 0.8, 1.0]), st.booleans())))
def test_no_threshold_is_better(words: list[tuple[float, bool]]) -> None:
    probabilities = np.array([[p] for p, _ in words], dtype=np.float32).reshape(-1, 1)
    gold = np.array([[g] for _, g in words], dtype=bool).reshape(-1, 1)
    found = shared(probabilities, gold)
    assert per_label(probabilities, gold) == [found]
    if not gold.any():
        assert found == 0.5
        return
    best = max(f1(probabilities, gold, t) for t in np.linspace(0, 1.01, 203))
    assert f1(probabilities, gold, found) >= best - 1e-12


def test_each_label_has_its_own() -> None:
    probabilities = np.array([[0.9, 0.3, 0.7], [0.6, 0.2, 0.1], [0.2, 0.1, 0.4]])
    gold = np.array([[True, True, False], [False, True, False], [False, False, False]])
    assert np.allclose(per_label(probabilities, gold), [0.75, 0.15, 0.5])
    assert 0 < shared(probabilities, gold) < 1
