"""A network in ONNX -> the same in int8, the ranges of its activations fixed beforehand.

ONNX Runtime's own dynamic form measures the range of each activation anew in each run, over all its
rows: what a phrase is given then hangs on the phrases beside it. Here the ranges are measured once,
over phrases that were learned from, so a phrase is answered the same alone and among others.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

_OPERATORS = ["MatMul", "Gemm", "Gather", "LSTM", "Attention", "EmbedLayerNormalization"]
_MEASURES = "DynamicQuantizeLinear"
_PRODUCT = "MatMulInteger"
_OWN = "com.microsoft"
_LEVELS = 255
_SLACK = 0.05
"""How far past what was measured a range goes to each side, in shares of its width."""

Feed = Mapping[str, NDArray[np.int64]]
Ranges = dict[str, tuple[float, float]]


def quantise(network: Path, out: Path, feeds: Iterable[Feed]) -> None:
    """Writes `out`: weights in seven bits of eight, a scale for each column. The eighth bit would
    overflow on processors without VNNI, which is what a free CPU Space may have, and a cost
    measured here would not be its cost there. Convolutions stay as they are: theirs is slower.
    `feeds`: inputs of the network, by which the ranges are set."""
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
    made = onnx.load(out)
    measured = [node.input[0] for node in made.graph.node if node.op_type == _MEASURES]
    _fix(made, _ranges(network, measured, feeds))
    _join(made)
    onnx.save(made, out)


def _ranges(network: Path, names: list[str], feeds: Iterable[Feed]) -> Ranges:
    """The least and the greatest value of each activation while the fp32 network reads."""
    model = onnx.load(network)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    taken = {put.name for put in session.get_inputs()}
    found: Ranges = {}
    for feed in feeds:
        told = {name: row for name, row in feed.items() if name in taken}
        for name, value in zip(names, session.run(names, told), strict=True):
            low, high = found.get(name, (0.0, 0.0))  # zero has to be among what can be said
            found[name] = (min(low, float(value.min())), max(high, float(value.max())))
    return found


def _fix(model: ModelProto, ranges: Ranges) -> None:
    """Puts fixed ranges where activations would be measured in each run."""
    for node in model.graph.node:
        if node.op_type == _MEASURES:
            scale, zero = _grid(*ranges[node.input[0]])
            names = list(node.output[1:])
            rows = (
                numpy_helper.from_array(scale, names[0]),
                numpy_helper.from_array(zero, names[1]),
            )
            model.graph.initializer.extend(rows)
            node.op_type = "QuantizeLinear"
            node.input.extend(names)
            del node.output[1:]


def _join(model: ModelProto) -> None:
    """Integer product, conversion, scale and bias as the one operator that does it all. ONNX
    Runtime would join them itself, were the scale not known beforehand."""
    nodes = model.graph.node
    made = {name: node for node in nodes for name in node.output}
    readers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in nodes:
        for name in node.input:
            readers[name].append(node)
    constant = {row.name for row in model.graph.initializer if len(row.dims) == 1}
    # Equal biases are written once; the others point there.
    constant |= {n.output[0] for n in nodes if n.op_type == "Identity" and n.input[0] in constant}
    gone: set[str] = set()
    for node in nodes:
        if node.op_type != _PRODUCT:
            continue
        (cast,) = readers[node.output[0]]
        (scaled,) = readers[cast.output[0]]
        scales = made[next(name for name in scaled.input if name != cast.output[0])]
        last, bias = scaled, []
        after = readers[scaled.output[0]]
        if len(after) == 1 and after[0].op_type == "Add":
            bias = [name for name in after[0].input if name in constant]
            last = after[0] if bias else scaled
        node.op_type, node.domain = f"{_PRODUCT}ToFloat", _OWN
        a, b, a_zero, b_zero = node.input
        node.input[:] = [a, b, *scales.input, a_zero, b_zero, *bias]
        gone |= {part.output[0] for part in (cast, scales, scaled, *([last] if bias else []))}
        node.output[0] = last.output[0]
    kept = [n for n in nodes if n.op_type.startswith(_PRODUCT) or n.output[0] not in gone]
    del nodes[:]
    nodes.extend(kept)
    if _OWN not in {known.domain for known in model.opset_import}:
        model.opset_import.append(helper.make_opsetid(_OWN, 1))


def _grid(low: float, high: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The scale and the number that stands for zero of a range."""
    slack = _SLACK * (high - low)
    low, high = low - slack * (low < 0), high + slack * (high > 0)
    scale = (high - low) / _LEVELS or 1.0
    zero = int(np.clip(round(-low / scale), 0, _LEVELS))
    return np.array(scale, dtype=np.float32), np.array(zero, dtype=np.uint8)
