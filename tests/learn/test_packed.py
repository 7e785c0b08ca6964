"""A batch read as one row of its real tokens says and learns what the padded one does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel

from core.learn.heads.encoder import HeadedEncoder
from core.learn.heads.packed import Row

_FAMILIES = ("bert", "electra", "roberta", "camembert", "xlm-roberta")
_TAGS = ("O", "B-drug", "I-drug")
_LENGTHS = (3, 40, 7, 7, 12, 1, 40)


def body(family: str) -> PreTrainedModel:
    """A tiny encoder without dropout, so that two readings can be compared."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        family,
        vocab_size=100,
        hidden_size=32,
        embedding_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=80,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    made: PreTrainedModel = AutoModelForTokenClassification.from_config(config)
    return made


def batch(padding: int) -> dict[str, torch.Tensor]:
    longest = max(_LENGTHS)
    mask = torch.tensor([[1] * n + [0] * (longest - n) for n in _LENGTHS])
    ids = torch.where(mask.bool(), torch.randint(5, 99, mask.shape), padding)
    labels = torch.where(mask.bool(), torch.randint(0, len(_TAGS), mask.shape), -100)
    types = torch.zeros_like(ids)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "labels": labels}


def learned(network: HeadedEncoder, inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """What it says of real tokens, and the gradients of its weights."""
    network.zero_grad()
    found = network.train()(**inputs)
    found.loss.backward()
    gradients = (w.grad.clone() for w in network.parameters() if w.grad is not None)
    return [found.logits[inputs["attention_mask"].bool()], *gradients]


@pytest.mark.parametrize("head", ["linear", "crf"])
@pytest.mark.parametrize("family", _FAMILIES)
def test_a_packed_batch_teaches_what_a_padded_one_teaches(family: str, head: str) -> None:
    network = HeadedEncoder(body(family), _TAGS, head)
    inputs = batch(network.config.pad_token_id)
    assert network.packs
    packed = learned(network, inputs)
    network.packs = False
    for ours, theirs in zip(packed, learned(network, inputs), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_with_memory_saved_it_teaches_the_same() -> None:
    network = HeadedEncoder(body("bert"), _TAGS)
    inputs = batch(0)
    before = learned(network, inputs)
    network.activation_checkpointing_enable({"use_reentrant": False})
    for ours, theirs in zip(learned(network, inputs), before, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_what_is_only_read_is_not_packed() -> None:
    """What is checked after an epoch and what goes to ONNX is the padded batch, as in use."""
    network = HeadedEncoder(body("bert"), _TAGS)
    inputs = batch(0)
    said = network.eval()(**inputs).logits
    network.packs = False
    assert torch.equal(said, network(**inputs).logits)


def test_a_family_that_is_not_known_to_give_its_attention_away_is_left_alone() -> None:
    config = AutoConfig.for_model(
        "deberta-v2", vocab_size=100, hidden_size=32, num_hidden_layers=1, num_attention_heads=4
    )
    network = HeadedEncoder(AutoModelForTokenClassification.from_config(config), _TAGS)
    assert not network.packs


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_each_token_stands_in_the_row_once_and_in_a_group_of_its_phrase(lengths: list[int]) -> None:
    longest = max(lengths)
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    row = Row.of(mask.long())
    assert sorted(row.places.tolist()) == mask.flatten().nonzero()[:, 0].tolist()
    assert row.positions.tolist() == (row.places % longest).tolist()
    for taken, real in row.groups:
        phrases = row.places[taken] // longest
        assert (phrases == phrases[:, :1]).all()
        if real is not None:
            assert (real[:, 0, 0].sum(1) == mask.sum(1)[phrases[:, 0]]).all()
