"""The heads: their losses against every row of tags there is, their best rows, their readings."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learn.engines.decode import Decoder
from core.learn.engines.viterbi import Transitions, barred, best_paths
from core.learn.heads import HEADS
from core.learn.heads.crf import CrfHead
from core.learn.heads.linear import LinearHead
from core.learn.heads.multilabel import MultilabelHead
from core.learn.tags import IGNORED, head_tags, marks_of, words
from core.records import Span

LABELS = ("fumo", "lasix")
TAGS = head_tags("crf", LABELS)
_BEGIN, _FOLLOW = barred(tuple(TAGS))
SIZES = st.tuples(st.integers(1, 4), st.integers(0, 2**32 - 1))


def legal(row: tuple[int, ...]) -> bool:
    return not _BEGIN[row[0]] and not any(_FOLLOW[a, b] for a, b in zip(row, row[1:], strict=False))


def crf(seed: int, weights: torch.Tensor | None = None) -> CrfHead:
    torch.manual_seed(seed)
    head = CrfHead(3, TAGS, weights)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    return head


def value(head: CrfHead, scores: np.ndarray, row: tuple[int, ...]) -> float:
    """The score of one row of tags, added up by hand."""
    t = head.transitions()
    moves = sum(float(t.steps[a, b]) for a, b in zip(row, row[1:], strict=False))
    own = sum(float(scores[i, tag]) for i, tag in enumerate(row))
    return own + moves + float(t.start[row[0]]) + float(t.end[row[-1]])


def logsum(values: list[float]) -> float:
    top = max(values)
    return top + math.log(sum(math.exp(v - top) for v in values))


@settings(deadline=None, max_examples=30)
@given(SIZES)
def test_the_loss_of_a_crf_is_that_of_counting_every_legal_row(case: tuple[int, int]) -> None:
    """Two phrases of unlike length among sub-words that carry no label."""
    size, seed = case
    head = crf(seed)
    random = np.random.default_rng(seed)
    rows = [row for row in product(range(len(TAGS)), repeat=size) if legal(row)]
    gold = [rows[random.integers(len(rows))], (0,)]
    scores = torch.randn(2, 2 * size + 1, len(TAGS))
    labels = torch.full((2, 2 * size + 1), IGNORED)
    labels[0, 1::2] = torch.tensor(gold[0])
    labels[1, 2] = 0
    own = [scores[0, 1::2].numpy(), scores[1, 2:3].numpy()]
    wanted = 0.0
    for row, seen in zip(gold, own, strict=True):
        every = [r for r in product(range(len(TAGS)), repeat=len(row)) if legal(r)]
        wanted += logsum([value(head, seen, r) for r in every]) - value(head, seen, row)
    assert head.loss(scores, labels).item() == pytest.approx(wanted / (size + 1), abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(SIZES)
def test_the_best_row_and_its_sureness_are_those_of_counting(case: tuple[int, int]) -> None:
    size, seed = case
    head = crf(seed)
    scores = np.random.default_rng(seed).normal(size=(size, len(TAGS))).astype(np.float32)
    rows = [row for row in product(range(len(TAGS)), repeat=size) if legal(row)]
    values = [value(head, scores, row) for row in rows]
    best = rows[int(np.argmax(values))]
    (tags, sure), (short, _) = best_paths([scores, scores[:0]], head.transitions())
    assert (tuple(tags), short) == (best, [])
    whole = logsum(values)
    for i, tag in enumerate(best):
        share = sum(math.exp(v - whole) for v, r in zip(values, rows, strict=True) if r[i] == tag)
        assert sure[i] == pytest.approx(share, abs=1e-6)


def test_no_row_breaks_the_rules_whatever_the_scores_say() -> None:
    head = crf(5)
    scores = np.full((6, len(TAGS)), -50, np.float32)
    scores[:, TAGS.index("I-fumo")] = 50
    ((tags, _),) = best_paths([scores], head.transitions())
    assert legal(tuple(tags))
    assert tags[1:] == [TAGS.index("I-fumo")] * 5


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3], ids=["small", "plain", "huge"])
@pytest.mark.parametrize("name", list(HEADS))
def test_gradients_are_finite_even_where_a_row_has_no_word(name: str, size: float) -> None:
    torch.manual_seed(0)
    tags = head_tags(name, LABELS)
    head = HEADS.get(name)(8, tags)
    hidden = (size * torch.randn(3, 7, 8)).requires_grad_()
    labels = torch.full((3, 7), IGNORED)
    labels[0, 1:5] = torch.tensor([0, 1, 2, 0])
    labels[1, 2] = 3
    if name == "multilabel":
        marks = torch.full((3, 7, len(tags)), float(IGNORED))
        marks[0, 1:5] = (torch.rand(4, len(tags)) < 0.5).float()
        labels = marks
    loss = head.loss(head(hidden), labels)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(hidden.grad).all()
    assert not hidden.grad[2].any(), "what carries no label teaches nothing"
    assert head.loss(head(hidden), torch.full_like(labels, IGNORED)).item() == 0


def test_a_crf_adds_up_in_full_precision_under_autocast() -> None:
    head = crf(1)
    hidden = torch.randn(2, 40, 3)
    labels = torch.randint(0, 2, (2, 40)) * 1
    with torch.autocast("cpu", torch.bfloat16):
        emissions = head(hidden)
        loss = head.loss(emissions, labels)
    assert emissions.dtype == torch.bfloat16
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(head.loss(emissions.float(), labels).item(), rel=1e-6)


def test_a_window_that_begins_inside_a_span_is_learned_as_it_is() -> None:
    head = crf(2)
    inside = TAGS.index("I-fumo")
    loss = head.loss(torch.randn(1, 2, len(TAGS)), torch.tensor([[inside, 0]]))
    assert 0 < loss.item() < 50


def test_a_crf_learns_to_say_what_it_was_shown() -> None:
    torch.manual_seed(0)
    head = CrfHead(4, TAGS)
    hidden, gold = torch.randn(1, 5, 4), torch.tensor([[1, 2, 0, 3, 4]])
    optimiser = torch.optim.Adam(head.parameters(), 0.1)
    for _ in range(60):
        optimiser.zero_grad()
        head.loss(head(hidden), gold).backward()
        optimiser.step()
    ((tags, sure),) = best_paths([head(hidden)[0].detach().numpy()], head.transitions())
    assert tags == gold[0].tolist()
    assert min(sure) > 0.8


def test_weights_count_in_every_head() -> None:
    labels = torch.tensor([[0, 1]])
    emissions = torch.randn(1, 2, 5)
    cost = -torch.log_softmax(emissions[0], dim=1)[torch.arange(2), labels[0]]
    heft = torch.tensor([1.0, 3.0, 1.0, 1.0, 1.0])
    linear = LinearHead(2, TAGS, heft).loss(emissions, labels)
    assert linear.item() == pytest.approx(((cost[0] + 3 * cost[1]) / 4).item(), rel=1e-5)
    marks = torch.zeros(1, 2, 4)
    marks[0, 1, 0] = 1
    plain = MultilabelHead(2, TAGS[1:]).loss(emissions[..., 1:], marks)
    heavy = MultilabelHead(2, TAGS[1:], heft[1:]).loss(emissions[..., 1:], marks)
    more = torch.nn.functional.softplus(-emissions[0, 1, 1]) * 2 / 2
    assert (heavy - plain).item() == pytest.approx(more.item(), rel=1e-4)
    two = torch.tensor([[0, 0], [1, 2]])
    both, alike = torch.randn(2, 2, 5), crf(3)
    losses = [alike.loss(both[i : i + 1], two[i : i + 1]).item() for i in (0, 1)]
    weighed = crf(3, torch.tensor([1.0, 3.0, 3.0, 1.0, 1.0])).loss(both, two)
    assert weighed.item() == pytest.approx((losses[0] + 3 * losses[1]) / 4, rel=1e-5)


def test_transitions_are_written_and_read_to_the_last_bit(tmp_path) -> None:  # type: ignore[no-untyped-def]
    known = crf(4).transitions()
    known.save(tmp_path / "t.json")
    again = Transitions.load(tmp_path / "t.json")
    assert again.tags == known.tags
    for name in ("start", "end", "steps"):
        assert (getattr(again, name) == getattr(known, name)).all()


TEXT = "diabete mellito tipo 2 in ex fumatore"
NESTED = (
    Span(0, 22, "diabete", text=TEXT[0:22]),
    Span(0, 7, "fumo", text=TEXT[0:7]),
    Span(16, 22, "lasix", text=TEXT[16:22]),
)


@pytest.mark.parametrize("scheme", ["bio", "io"])
def test_multilabel_keeps_spans_that_nest_and_cross(scheme: str) -> None:
    labels = ("diabete", "fumo", "lasix")
    places = words(TEXT)
    marks, counts = marks_of(places, NESTED, labels, scheme)  # type: ignore[arg-type]
    assert (counts.overlapped, counts.cut, counts.merged) == (0, 0, 0)
    decoder = Decoder(labels, "multilabel", scheme)  # type: ignore[arg-type]
    (found,) = decoder.spans([TEXT], [places], [8 * marks - 4])
    assert {(s.start, s.end, s.label) for s in found} == {(s.start, s.end, s.label) for s in NESTED}
    assert [s.start for s in found] == sorted(s.start for s in found)


THRESHOLDS = {
    "none is a half": (None, {"diabete", "fumo"}),
    "one for all": ((0.7,), {"diabete"}),
    "one for each": ((0.9, 0.1, 0.01), {"fumo", "lasix"}),
}


@pytest.mark.parametrize(("thresholds", "said"), THRESHOLDS.values(), ids=THRESHOLDS)
def test_thresholds(thresholds: tuple[float, ...] | None, said: set[str]) -> None:
    sure = np.array([[0.8, 0.6, 0.1]])
    scores = np.log(sure / (1 - sure)).astype(np.float32)
    decoder = Decoder(("diabete", "fumo", "lasix"), "multilabel", "io", thresholds=thresholds)
    (found,) = decoder.spans(["diabete"], [[(0, 7)]], [scores])
    assert {span.label for span in found} == said
    assert all(0 < (span.score or 0) < 1 for span in found)
