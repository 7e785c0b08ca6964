"""A network in ONNX -> the same in int8, its activations quantised as they come (dynamic)."""

from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

_OPERATORS = ["MatMul", "Gemm", "Gather", "LSTM", "Attention", "EmbedLayerNormalization"]


def quantise(network: Path, out: Path) -> None:
    """Writes `out`: weights in seven bits of eight, a scale for each column. The eighth bit would
    overflow on processors without VNNI, which is what a free CPU Space may have, and a cost
    measured here would not be its cost there. Convolutions stay as they are: theirs is slower."""
    model = onnx.load(network)
    add_pre_process_metadata(model)  # else it warns that shapes were not inferred: nothing needs it
    quantize_dynamic(
        model,
        out,
        op_types_to_quantize=_OPERATORS,
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )
