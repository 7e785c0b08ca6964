"""The networks from scratch: the same whatever stands beside them, and what they start from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch

from core.errors import BadInput
from core.learn.engines.encode import Encoder
from core.learn.heads.headed import Headed
from core.learn.networks.base import make_network
from core.learn.networks.export import write_onnx
from core.learn.scratch.cnn_bilstm import CnnBilstmNetwork, read_vectors
from core.learn.scratch.transformer import TransformerConfig, TransformerNetwork
from core.records import Annotation
from tests.tiny_model import four_letters, marked

TINY: dict[str, tuple[str, dict[str, Any]]] = {
    "windows": ("windows", {"width": 16}),
    "transformer": ("transformer", {"width": 16, "layers": 1, "attention_heads": 2}),
    "cnn-bilstm-crf": ("cnn-bilstm-crf", {"head": "crf", "width": 12, "memory": 8}),
}
LABELS = tuple(sorted({span.label for a in four_letters() for span in a.spans}))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """More would only wait for each other over networks as small as these."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network_of(case: str, rows: list[Annotation]) -> tuple[Headed, Encoder]:
    name, settings = TINY[case]
    torch.manual_seed(0)
    return make_network(name, LABELS, rows, 64, **settings)


def inputs(encoder: Encoder, rows: list[Annotation]) -> dict[str, torch.Tensor]:
    windows = [w for seen in encoder.encode([a.phrase for a in rows]) for w in seen.windows]
    padded = encoder.padded(windows)
    return {name: torch.from_numpy(padded[name]) for name in encoder.inputs}


@pytest.mark.parametrize("case", TINY)
def test_a_phrase_alone_is_read_as_among_longer_ones(case: str) -> None:
    rows = [*four_letters(), marked("Decorso regolare, " * 9)]
    network, encoder = network_of(case, rows)
    network.eval()
    with torch.no_grad():
        together = network(**inputs(encoder, rows)).logits
        for n, row in ((0, rows[0]), (5, rows[5]), (16, rows[16])):
            alone = network(**inputs(encoder, [row])).logits[0]
            assert torch.allclose(together[n, : len(alone)], alone, atol=1e-5)


@pytest.mark.parametrize("case", TINY)
def test_its_onnx_form_says_the_same_of_rows_of_any_length(case: str, tmp_path: Path) -> None:
    network, encoder = network_of(case, four_letters())
    network.eval()
    write_onnx(network, encoder, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    taken = {put.name for put in session.get_inputs()}
    for rows in (four_letters(), four_letters()[2:3]):
        told = inputs(encoder, rows)
        [said] = session.run(["logits"], {k: v.numpy() for k, v in told.items() if k in taken})
        with torch.no_grad():
            assert torch.allclose(network(**told).logits, torch.from_numpy(said), atol=1e-4)


@pytest.mark.parametrize("case", TINY)
def test_it_is_made_again_from_its_folder(case: str, tmp_path: Path) -> None:
    network, encoder = network_of(case, four_letters())
    network.save_pretrained(tmp_path)  # type: ignore[operator]
    again = type(network).from_pretrained(tmp_path)  # type: ignore[attr-defined]
    told = inputs(encoder, four_letters())
    with torch.no_grad():
        assert torch.equal(again.eval()(**told).logits, network.eval()(**told).logits)


@pytest.mark.training
@pytest.mark.parametrize("case", TINY)
def test_it_learns(case: str) -> None:
    network, encoder = network_of(case, four_letters())
    told = inputs(encoder, four_letters())
    labels = torch.full(told["input_ids"].shape, -100)
    labels[:, 1:3] = torch.tensor([0, 1])
    steps = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(20):
        loss = network(**told, labels=labels).loss
        steps.zero_grad()
        loss.backward()
        steps.step()
        losses.append(float(loss.detach()))
    assert min(losses[-3:]) < losses[0] / 2


@pytest.mark.parametrize(("head", "wanted"), [("linear", 65_205_523), ("crf", 65_205_922)])
def test_the_transformer_is_that_of_the_paper(head: str, wanted: int) -> None:
    tags = dict(enumerate(["O", *(f"{part}-{n}" for n in range(9) for part in "BI")]))
    with torch.device("meta"):
        network = TransformerNetwork(TransformerConfig(head=head, id2label=tags))
    assert sum(p.numel() for p in network.parameters()) == wanted


def test_word_vectors_are_started_from(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("regolare 1 2 3\nsconosciuta 4 5 6\n", encoding="utf-8")
    rows = [replace(a, origin="fictitious") for a in four_letters()]
    network, encoder = make_network("cnn-bilstm-crf", LABELS, rows, 64, glove=str(path), memory=8)
    assert isinstance(network, CnnBilstmNetwork)
    known = encoder.tokenizer.token_to_id("regolare")
    assert network.pieces.weight[known].tolist() == [1, 2, 3]
    assert encoder.tokenizer.token_to_id("sconosciuta") is None


VECTORS = {
    "rows of another width": ("regolare 1 2\nlasix 1\n", "glove.txt:2: 1 numbers, not 2"),
    "no numbers": ("regolare a b\n", "no text file of word vectors"),
    "none of the words": ("altrove 1 2\n", "knows none of the words"),
}


@pytest.mark.parametrize(("text", "message"), VECTORS.values(), ids=VECTORS)
def test_vectors_that_do_not_fit_are_said(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        read_vectors(path, {"regolare", "lasix"})


def test_a_first_line_that_counts_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "word2vec.txt"
    path.write_text("1 2\nlasix 1 2\n", encoding="utf-8")
    assert read_vectors(path, {"lasix"}) == {"lasix": [1, 2]}
