"""Networks under each head: their own parts, their losses, and going on from a folder of ours."""

from pathlib import Path

import pytest
import torch
import transformers

from core.errors import BadInput, UnknownName
from core.learn.networks.base import make_network
from core.learn.networks.export import write_model
from core.learn.tagger import Tagger
from core.learn.tags import IGNORED, head_tags
from tests.learn.test_export import LABELS, NETWORKS, network_of, said_by_torch, thousand, written
from tests.model_record import record as model_record

HEAD_PARTS = ("weight", "bias", "start", "end", "steps")


@pytest.mark.parametrize("case", NETWORKS)
def test_a_network_learns_from_tags(case: str, tiny_base: Path) -> None:
    network, encoder, record = network_of(case, tiny_base)
    tags = head_tags(record.head, LABELS, record.scheme)  # type: ignore[arg-type]
    ids = torch.full((2, 6), encoder.padding + 1)
    told = {name: torch.ones_like(ids) for name in encoder.inputs} | {"input_ids": ids}
    labels = torch.full((2, 6), IGNORED)
    labels[0, 1:4] = torch.tensor([0, 1, 0])
    if record.head == "multilabel":
        labels = torch.full((2, 6, len(tags)), float(IGNORED))
        labels[0, 1:4] = 0
    found = network(**told, labels=labels)
    assert found.logits.shape == (2, 6, len(tags)) and found.loss > 0
    found.loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
    assert network(**told).loss is None


@pytest.mark.parametrize("case", ["crf", "from scratch, crf", "multilabel"])
def test_a_folder_of_ours_is_gone_on_from(case: str, tiny_base: Path, tmp_path: Path) -> None:
    """With one label gone, one new, and in another order: the rest keeps what it knows."""
    record = written(case, tiny_base, tmp_path / "m")
    old, _, _ = network_of(case, tiny_base)
    labels = ("nome", "lasix", "fumo")
    new, encoder = make_network(str(tmp_path / "m"), labels, (), 64, head=record.head)
    here, there = head_tags(record.head, labels), head_tags(record.head, LABELS)
    assert encoder.limit == record.limit
    for name in ("I-lasix", "B-fumo"):
        a, b = here.index(name), there.index(name)
        for part, row in new.classifier.state_dict().items():
            assert part in HEAD_PARTS
            mine, theirs = row[a], old.classifier.state_dict()[part][b]
            if part == "steps":
                mine, theirs = mine[here.index("I-fumo")], theirs[there.index("I-fumo")]
            assert torch.equal(mine, theirs), (name, part)
    body = {n: p for n, p in old.state_dict().items() if not n.startswith("classifier.")}
    for part, row in body.items():
        assert torch.equal(new.state_dict()[part], row), part


def test_a_head_is_changed_and_its_linear_layer_kept(tiny_base: Path, tmp_path: Path) -> None:
    written("linear", tiny_base, tmp_path / "m")
    old, _, _ = network_of("linear", tiny_base)
    new, _ = make_network(str(tmp_path / "m"), LABELS, (), 64, head="crf")
    assert torch.equal(new.classifier.weight, old.classifier.weight)
    assert not new.classifier.steps.any()


def test_layers_computed_again_to_save_memory_give_the_same_loss(tiny_base: Path) -> None:
    network, encoder, _ = network_of("linear", tiny_base)
    ids = torch.full((2, 6), encoder.padding + 1)
    told = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids % 5}
    plain = network.train()(**told).loss
    network.activation_checkpointing_enable()  # type: ignore[operator]
    assert any(getattr(part, "gradient_checkpointing", False) for part in network.modules())
    again = network(**told).loss
    again.backward()
    assert torch.equal(again, plain)
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_what_cannot_be_asked_for_is_said(tiny_base: Path) -> None:
    with pytest.raises(UnknownName, match="no head named 'softmax'; choose one of: linear, crf"):
        make_network(str(tiny_base), LABELS, (), 64, head="softmax")
    with pytest.raises(BadInput, match="width: only a network from scratch has"):
        make_network(str(tiny_base), LABELS, (), 64, width=3)


ENCODERS = {
    "DistilBERT": ("DistilBertConfig", {"dim": 32, "hidden_dim": 64, "n_layers": 1, "n_heads": 2}),
    "RoBERTa": ("RobertaConfig", {"max_position_embeddings": 66}),
    "DeBERTa": ("DebertaV2Config", {"max_position_embeddings": 64}),
    "ModernBERT": ("ModernBertConfig", {"global_attn_every_n_layers": 1}),
}


@pytest.mark.parametrize(("config", "own"), ENCODERS.values(), ids=ENCODERS)
def test_encoders_of_other_families_are_headed_exported_and_read(
    config: str, own: dict[str, int], tiny_base: Path, tmp_path: Path
) -> None:
    """Of the true architecture, tiny, with random weights and the tokenizer at hand."""
    base = tmp_path / "base"
    transformers.AutoTokenizer.from_pretrained(tiny_base).save_pretrained(base)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    common = {"vocab_size": 500, "pad_token_id": 0, "initializer_range": 0.5}
    made = getattr(transformers, config)(
        **(common | (size if "dim" not in own else {}) | {"intermediate_size": 64} | own)
    )
    torch.manual_seed(0)
    transformers.AutoModelForTokenClassification.from_config(made).save_pretrained(base)
    network, encoder = make_network(str(base), LABELS, (), 64, head="crf")
    record = model_record(labels=LABELS, head="crf", limit=encoder.limit, view=None)
    write_model(network, encoder, record, tmp_path / "m", lambda tagger: tagger.record)
    phrases = thousand()[:40] + thousand()[-4:]
    theirs = said_by_torch(network, encoder, phrases)
    found = [a.spans for a in Tagger.load(tmp_path / "m").label(phrases)]
    assert [[(s.start, s.end, s.label) for s in spans] for spans in found] == [
        [(s.start, s.end, s.label) for s in spans] for spans in theirs
    ]
    assert sum(map(len, found)) > 10
