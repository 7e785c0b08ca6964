"""A training record as `lettera train` writes it, for tests that need no network behind it."""

from typing import Any

from core.learn.record import Record
from core.learn.scoring.scores import Score, Scores

SCORES = Scores(
    micro=Score(0.8, 0.7, 0.7467, 40, 35),
    macro_f1=0.7,
    overlap=Score(0.9, 0.8, 0.847, 40, 35),
    labels={"drugs": Score(0.8, 0.7, 0.7467, 40, 35)},
    phrases=90,
    letters=6,
    unanswered=0,
    overlapped=0,
)


def record(**more: Any) -> Record:
    """A model of two groups that nobody's corrections taught, with some values exchanged."""
    known: dict[str, Any] = {
        "labels": ("drugs", "risk"),
        "view": "group",
        "base": "small",
        "limit": 128,
        "options": {},
        "versions": {},
        "phrases": {"rules": 1200, "fictitious": 300},
        "spans": {},
        "split": {"train": ["a1" * 6], "validation": ["b2" * 6], "test": ["c3" * 6]},
        "scores": {"validation": SCORES, "test": SCORES},
        "epochs": 4.0,
        "best_epoch": 3.0,
        "resumed_from": None,
        "seconds": 60.0,
        "date": "2026-11-21T01:00:00+00:00",
        "weights": "f" * 64,
        "fingerprint": "0" * 64,
    }
    return Record(**known | more)
