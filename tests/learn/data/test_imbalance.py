"""Which phrases are learned from how often, and what each tag weighs in the loss."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadInput, UnknownName
from core.learn.data.imbalance import distribution, sampled, weights
from core.learn.options import Imbalance, Options, options_for
from core.records import Annotation
from tests.tiny_model import four_letters, marked


def phrases(**counts: int) -> list[Annotation]:
    """So many phrases with each label; `plain` ones hold none."""
    return [
        marked("decorso regolare" if label == "plain" else f"qui [[{label}|reperto]]", f"{n:012x}")
        for label, count in counts.items()
        for n in range(count)
    ]


PLAIN = {
    "three quarters become a fifth, as in the paper": ((25, 75), 0.2, 6),
    "a fifth stays a fifth": ((80, 20), 0.2, 20),
    "fewer than a fifth stay as they are": ((95, 5), 0.2, 5),
    "none at all": ((25, 75), 0.0, 0),
}


@pytest.mark.parametrize(("counts", "plain", "left"), PLAIN.values(), ids=PLAIN)
def test_phrases_without_a_span_are_left_out(
    counts: tuple[int, int], plain: float, left: int
) -> None:
    rows = phrases(fumo=counts[0], plain=counts[1])
    kept = sampled(rows, Options(imbalance="downsample", plain=plain))
    assert sum(not a.spans for a in kept) == left
    assert [a for a in kept if a.spans] == [a for a in rows if a.spans]
    assert kept == sampled(rows, Options(imbalance="downsample", plain=plain))
    assert sampled(rows, Options()) == rows


def test_rare_labels_are_repeated_to_the_mean() -> None:
    rows = phrases(fumo=12, diabete=5, lasix=1, plain=10)
    repeated = sampled(rows, Options(imbalance="oversample"))
    assert list(repeated[: len(rows)]) == rows
    counts = Counter(s.label for a in repeated for s in a.spans)
    assert counts == {"fumo": 12, "diabete": 6, "lasix": 6}, "the mean of 12, 5 and 1 is 6"
    told = distribution(rows, repeated)
    assert (told["before"]["lasix"], told["after"]["lasix"]) == (1, 6)
    assert told["empty"] == {"before": 10, "after": 10}


WEIGHTS: dict[str, tuple[Imbalance, list[float]]] = {
    "N without / N with, as PyTorch has it": ("weighted", [1.0, 3.0, 1 / 3, 1.0]),
    "clamped at 1": ("clamped", [1.0, 3.0, 1.0, 1.0]),
}


@pytest.mark.parametrize(("how", "wanted"), WEIGHTS.values(), ids=WEIGHTS)
def test_what_a_tag_weighs(how: Imbalance, wanted: list[float]) -> None:
    there = [frozenset({0, 1, 2})] * 100 + [frozenset({0, 2})] * 200 + [frozenset({0})] * 100
    tags = ("O", "B-lasix", "B-fumo", "I-fumo")
    assert weights(there, tags, Options(imbalance=how)) == pytest.approx(wanted)
    assert weights(there, tags, Options()) is None
    everywhere = weights([frozenset({0})] * 9, ("I-fumo",), Options(imbalance="weighted"))
    assert everywhere == [0.01], "a weight of 0 would divide by 0"


TRAINED: dict[str, tuple[str, Imbalance]] = {
    "crf, weighted": ("crf", "weighted"),
    "multilabel, clamped": ("multilabel", "clamped"),
    "linear, repeated": ("linear", "oversample"),
}


@pytest.mark.training
@pytest.mark.parametrize(("head", "how"), TRAINED.values(), ids=TRAINED)
def test_every_head_learns_with_it(
    head: str, how: Imbalance, tiny_base: Path, tmp_path: Path
) -> None:
    from core.learn.train import train

    options = options_for(str(tiny_base), head=head, imbalance=how, epochs=1, thresholds="each")
    record = train(four_letters(), tmp_path / "m", options)
    assert record.options["imbalance"] == how
    assert bool(record.distribution) == (how == "oversample")
    assert (record.thresholds is not None) == (head == "multilabel")
    assert record.thresholds is None or len(record.thresholds) == len(record.labels)


REFUSED = {
    "an unknown way": ({"imbalance": "smote"}, UnknownName, "choose one of: none, downsample"),
    "a share of all": ({"imbalance": "downsample", "plain": 1.0}, BadInput, "under 1"),
    "weights for a feature CRF": (
        {"model": "crfsuite", "imbalance": "weighted"},
        BadInput,
        "downsample or oversample",
    ),
}


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_said(
    changes: dict, error: type[Exception], message: str, tmp_path: Path
) -> None:
    from core.learn.train import train

    with pytest.raises(error, match=message):
        train(four_letters(), tmp_path / "m", replace(Options(), **changes))
