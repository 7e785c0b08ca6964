"""A trained network -> its folder: safetensors for transformers, ONNX for the tagger, the record.

Everything is assembled in a folder beside and put in place at the end, so that a kill leaves either
the old model or the new one.
"""

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from core.errors import BadInput
from core.learn.encode import Encoder
from core.learn.record import FILE, NETWORK, Record
from core.learn.tagger import Tagger, weights_of


def write_model(
    network: PreTrainedModel,
    encoder: Encoder,
    record: Record,
    out: Path,
    finished: Callable[[Tagger], Record],
) -> Record:
    """Writes the folder `out`. `finished` makes the last record with the tagger made of it."""
    out = out.absolute()
    for stale in out.parent.glob(f".{out.name}.new-*"):
        shutil.rmtree(stale)  # left by a kill
    try:
        made = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.new-"))
    except OSError as error:
        raise BadInput(f"{out}: cannot be written ({error.strerror})") from error
    network.eval()  # type: ignore[no-untyped-call]
    try:
        network.save_pretrained(made)
        PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=encoder.tokenizer, model_max_length=encoder.limit
        ).save_pretrained(made)
        write_onnx(network, encoder, made / NETWORK)
        _write_record(made, replace(record, weights=weights_of(made / NETWORK)))
        record = finished(Tagger.load(made))
        _write_record(made, record)
        _put_in_place(made, out)
    except OSError as error:
        raise BadInput(f"{out}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return record


def _write_record(folder: Path, record: Record) -> None:
    text = json.dumps(record.to_json(), indent=1, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def old_of(out: Path) -> Path:
    """Where the model that stood at `out` waits while the new one is put in place."""
    return out.absolute().with_name(f".{out.absolute().name}.old")


def _put_in_place(made: Path, out: Path) -> None:
    old = old_of(out)
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        os.replace(out, old)
    os.replace(made, out)
    shutil.rmtree(old, ignore_errors=True)


class _Logits(nn.Module):
    """The network with plain tensors in and out, as the exporter wants it."""

    def __init__(self, network: PreTrainedModel, inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.inputs = inputs

    def forward(self, *tensors: Tensor) -> Any:
        return self.network(**dict(zip(self.inputs, tensors, strict=True))).logits


def write_onnx(network: PreTrainedModel, encoder: Encoder, path: Path) -> None:
    """The network as ONNX, for any number of rows of any length."""
    rows = torch.full((2, 8), encoder.padding)
    mask = torch.ones_like(rows)
    mask[1, 5:] = 0
    tensors = {"input_ids": rows, "attention_mask": mask, "token_type_ids": torch.zeros_like(rows)}
    free = {0: "rows", 1: "length"}
    with warnings.catch_warnings():
        # The tracing exporter: 30 times quicker than the new one and in need of nothing more. It
        # says that it is old and that it traces; the test of equal tags is what vouches for it.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Logits(network, encoder.inputs).eval(),
            tuple(tensors[name] for name in encoder.inputs),
            str(path),
            input_names=list(encoder.inputs),
            output_names=["logits"],
            dynamic_axes={name: free for name in (*encoder.inputs, "logits")},
            opset_version=17,
            dynamo=False,
        )
