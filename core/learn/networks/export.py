"""A trained network -> its folder: safetensors for transformers, ONNX for the tagger, a record."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from core.learn.engines import QUANTISED, TRANSITIONS
from core.learn.engines.batches import batches
from core.learn.engines.encode import Encoder
from core.learn.heads.crf import CrfHead
from core.learn.heads.headed import Headed
from core.learn.networks.quantise import quantise
from core.learn.places import write_folder
from core.learn.record import NETWORK, Record, write_record
from core.learn.tagger import Tagger
from core.records import Phrase
from core.workers import cores

DEAR = 0.002
"""What of strict F1 eight bits may not cost: from here on the tagger loads the network in fp32."""
SOME = 128
"""So many phrases, taken evenly from those learned from, tell the ranges of activations."""
_TOKENS = 1024


def write_model(
    network: Headed | PreTrainedModel,
    encoder: Encoder,
    record: Record,
    out: Path,
    finished: Callable[[Tagger], Record],
    strict: Callable[[Tagger], float] | None = None,
    learned: Sequence[Phrase] = (),
) -> Record:
    """Writes the folder `out`. `finished` makes the last record with the tagger made of it;
    `strict` scores a tagger in strict F1 on the validation letters. Where it is given the network
    is written in int8 too, its ranges set by `learned` (`SOME` of the phrases learned from), and
    that is what the tagger is when it costs less than `DEAR`.
    """
    network.eval()

    def fill(made: Path) -> Path:
        network.save_pretrained(made)  # type: ignore[operator]
        PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=encoder.tokenizer, model_max_length=encoder.limit
        ).save_pretrained(made)
        head = getattr(network, "classifier", None)
        if isinstance(head, CrfHead):
            head.transitions().save(made / TRANSITIONS)
        write_onnx(network, encoder, made / NETWORK)
        return made / NETWORK

    def chosen(tagger: Tagger, made: Path) -> Record:
        if strict is None:
            return tagger.record
        quantise(made / NETWORK, made / QUANTISED, _feeds(encoder, learned))
        return _cheaper(tagger, made, strict)

    return write_folder(fill, record, out, finished, chosen)


def _feeds(encoder: Encoder, phrases: Sequence[Phrase]) -> Iterator[dict[str, NDArray[np.int64]]]:
    """Phrases as inputs of a network."""
    windows = [window for seen in encoder.encode(phrases) for window in seen.windows]
    for rows in batches([len(window.ids) for window in windows], _TOKENS):
        yield encoder.padded([windows[row] for row in rows])


def _cheaper(tagger: Tagger, made: Path, strict: Callable[[Tagger], float]) -> Record:
    """The record, with what eight bits cost and whether they are taken."""
    record = replace(tagger.record, quantised=True)
    write_record(made, record)
    # On the processor: a GPU would not take it.
    cost = round(strict(tagger) - strict(Tagger.load(made, cores())), 6)
    return replace(record, quantised=cost < DEAR, int8_cost=cost)


class _Said(nn.Module):
    """The network with plain tensors in and out, as the exporter wants it."""

    def __init__(self, network: Headed | PreTrainedModel, inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.inputs = inputs

    def forward(self, *tensors: Tensor) -> Any:
        told = dict(zip(self.inputs, tensors, strict=True))
        return self.network(**told).logits


def write_onnx(network: Headed | PreTrainedModel, encoder: Encoder, path: Path) -> None:
    """The network as ONNX, for any number of rows of any length: scores of tags."""
    rows = torch.full((2, 8), encoder.padding)
    mask = torch.ones_like(rows)
    mask[1, 5:] = 0
    tensors = {"input_ids": rows, "attention_mask": mask, "token_type_ids": torch.zeros_like(rows)}
    free = {0: "rows", 1: "length"}
    body = getattr(network, "body", network)
    if isinstance(body, PreTrainedModel):
        # Written out: torch's own product asks each score whether it is a number.
        body.set_attn_implementation("eager")
    with warnings.catch_warnings():
        # The tracing exporter: 30 times quicker than the new one and in need of nothing more. It
        # says that it is old and that it traces; the test of equal tags is what vouches for it.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Said(network, encoder.inputs).eval(),
            tuple(tensors[name] for name in encoder.inputs),
            str(path),
            input_names=list(encoder.inputs),
            output_names=["logits"],
            dynamic_axes={name: free for name in (*encoder.inputs, "logits")},
            opset_version=17,
            dynamo=False,
        )
