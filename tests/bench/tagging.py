"""Tagging with a network of BERT-base's size beside transformers' own pipeline:
python -m tests.bench.tagging [--phrases N] [--threads N].

Both read the same phrases with the same (random) weights, turn by turn; medians of the ratios of
the turns, so that what else the machine does weighs on both. With one thread it is processor
seconds that count, which a busy machine hardly changes. The limit is what ONNX Runtime multiplies
in int8 in large products, one a thread, measured between the turns; a token costs 170 MFLOP.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import pipeline

from core.learn.engines.encode import Encoder
from core.learn.networks.base import make_network
from core.learn.networks.export import write_model
from core.learn.record import NETWORK, TOKENIZER, read_record, write_record
from core.learn.tagger import Tagger
from core.records import Phrase
from demo.fictitious import corpus, voices
from tests.bench.bert import bert_base
from tests.bench.table import tell, turns
from tests.model_record import record

LABELS = ("drugs", "risk", "exams", "surgery")
ROUNDS = 3
TOKEN = 2 * 85.1e6  # operations a token: 12 layers of 7.1 M weights, each multiplied and added


def network(gold: Sequence[Phrase], folder: Path, layers: int = 12) -> tuple[Path, Path, Path]:
    """The folders of a random network: transformers' own, ours in fp32, ours in int8."""
    base, plain, small = names = folder / "base", folder / "fp32", folder / "int8"
    if all(name.is_dir() for name in names):
        return names
    bert_base([phrase.text for phrase in gold], LABELS, base, layers)
    made, encoder = make_network(str(base), LABELS, (), 512)
    told = record(labels=LABELS, limit=encoder.limit, base="bert-base")
    write_model(made, encoder, told, small, lambda t: t.record, lambda t: 0.5, gold[:40])
    plain.mkdir()
    write_record(plain, replace(read_record(small), quantised=False))
    for name in (NETWORK, TOKENIZER):
        os.link(small / name, plain / name)
    return names


def multiply(threads: int, rows: int = 512) -> Callable[[], Any]:
    """Products of (rows, 768) by (768, 3072) in int8, one a thread at a time."""
    weights = np.random.default_rng(0).integers(-64, 64, (768, 3072)).astype(np.int8)
    constants = [
        numpy_helper.from_array(weights, "w"),
        numpy_helper.from_array(np.array(128, np.uint8), "z"),
    ]
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w", "z"], ["y"])],
        "limit",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["m", 768])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, ["m", 3072])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    asked = np.random.default_rng(1).integers(0, 255, (rows, 768)).astype(np.uint8)

    def step() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: session.run(None, {"x": asked}), range(20)))

    return step


MULTIPLIED = 20 * 2 * 512 * 768 * 3072


def bench(folder: Path, number: int, threads: int) -> None:
    torch.set_num_threads(threads)
    letters = [a.phrase for a in corpus(voices(), 12)]
    distinct = list({phrase.text: phrase for phrase in letters}.values())
    base, plain, small = network(distinct, folder)
    step = max(1, len(distinct) // number)
    asked, whole = distinct[::step][:number], letters[: 4 * number]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pipeline("token-classification", str(base), aggregation_strategy="first")
    tagger, fp32 = Tagger.load(small, threads), Tagger.load(plain, threads)
    ways = {
        "pipeline": lambda: [theirs(phrase.text) for phrase in asked],
        "int8": lambda: list(tagger.label(asked)),
        "fp32": lambda: list(fp32.label(asked)),
        "whole": lambda: list(tagger.label(whole)),
        "limit": multiply(threads),
    }
    found = turns(ways, ROUNDS, time.process_time if threads == 1 else time.perf_counter)
    tokens, all_tokens = _tokens(tagger, asked), _tokens(tagger, whole)
    pipe = found["pipeline"]
    beside = f"pipeline {len(asked) / pipe.median:.1f} phrases/s"
    for name, asks in {"fp32": "", "int8": "6.5"}.items():
        ours = found[name]
        what = f"BERT-base in {name}, {tokens / len(asked):.0f} tokens a phrase"
        tell(what, f"{len(asked) / ours.median:.1f} phrases/s", beside, ours.under(pipe), asks)
    # The pipeline reads each phrase at its pace a token, however often it has read it before.
    repeated = len(whole) / len({(phrase.text, phrase.section) for phrase in whole})
    pace = found["whole"].under(pipe) * all_tokens / tokens
    ours_pace = f"{len(whole) / found['whole'].median:.1f} phrases/s"
    tell(f"the same, whole letters (said {repeated:.2f} times)", ours_pace, "pipeline", pace, "8")
    reached = found["int8"].under(found["limit"]) * tokens * TOKEN / MULTIPLIED
    limit = MULTIPLIED / found["limit"].median
    tell(
        "int8 against large products alone",
        f"{reached:.0%}",
        f"{limit / 1e9:,.0f} GOP/s",
        0,
        "30 %",
    )
    tell("int8, peak memory", f"{peak(small)} MB", asked="500 MB")
    print(tagger.form)  # noqa: T201


_PEAK = r"""
import re, sys
from core.learn.tagger import Tagger
from core.records import Phrase

text = "Bisoprololo 2,5 mg 1 cp ore 8 e stenosi aortica severa " * 3
phrases = [Phrase(f"x:{n}", "x", 0, 9 + len(text), f"{n:08} {text}") for n in range(64)]
assert len(list(Tagger.load(sys.argv[1]).label(phrases))) == 64
# Not ru_maxrss: it begins with what the process that started this one holds.
print(int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


def peak(folder: Path) -> int:
    """The most memory, in MB, of a process that loads the model and tags 64 long phrases."""
    command = [sys.executable, "-c", _PEAK, str(folder)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


def _tokens(tagger: Tagger, phrases: Sequence[Phrase]) -> int:
    encoder: Encoder = tagger._engine._encoder  # type: ignore[attr-defined]
    return sum(len(w.ids) for seen in encoder.encode(phrases) for w in seen.windows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phrases", type=int, default=100)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, help="where the models are kept for the next time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench(asked.folder or Path(name), asked.phrases, asked.threads)


if __name__ == "__main__":
    main()
