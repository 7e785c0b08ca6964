"""A network's folder: torch and ONNX say the same, eight bits only where they cost nothing, and
what plain transformers loads of it."""

import json
import os
import random
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import BadInput
from core.learn.engines import QUANTISED, TRANSITIONS, files_of, onnx
from core.learn.engines.encode import Encoder
from core.learn.heads.headed import Headed
from core.learn.networks.base import decoder_of, make_network
from core.learn.networks.export import DEAR, write_model
from core.learn.record import NETWORK, Record, read_record
from core.learn.tagger import Tagger
from core.records import Phrase, Span
from tests.model_record import record as model_record
from tests.tiny_model import four_letters

LABELS = ("fumo", "diabete", "lasix")
NETWORKS = {
    "linear": ("tiny", "linear", "bio"),
    "linear, io": ("tiny", "linear", "io"),
    "crf": ("tiny", "crf", "bio"),
    "multilabel": ("tiny", "multilabel", "bio"),
    "multilabel, io": ("tiny", "multilabel", "io"),
    "from scratch": ("windows", "linear", "bio"),
    "from scratch, crf": ("windows", "crf", "bio"),
}
WHOLE = ("linear", "crf", "multilabel")  # each head once; the others on every fourth phrase


def thousand() -> list[Phrase]:
    """Phrases of one to forty words, some longer than the network can see, some of no word."""
    draw = random.Random(0)
    known = " ".join(a.phrase.text for a in four_letters()).split() + ["🫀", "\x07", "İctus", "2,5"]
    texts = [" ".join(draw.choices(known, k=draw.randint(1, 40))) for _ in range(996)]
    texts += ["", " ", "\x07", " ".join(known * 3)]
    return [Phrase(f"x:{n}", "x", 0, len(t), t) for n, t in enumerate(texts)]


def network_of(case: str, tiny_base: Path) -> tuple[Headed, Encoder, Record]:
    """An untrained network whose scores lie wide apart, and the record of its folder."""
    model, head, scheme = NETWORKS[case]
    torch.manual_seed(1)
    network, encoder = make_network(
        str(tiny_base) if model == "tiny" else model,
        LABELS,
        four_letters(),
        64,
        head=head,
        scheme=scheme,
    )
    for parameter in network.classifier.parameters():
        torch.nn.init.normal_(parameter)
    known = {"labels": LABELS, "view": "field", "limit": encoder.limit}
    return network, encoder, model_record(head=head, scheme=scheme, **known)


def written(case: str, tiny_base: Path, out: Path, strict: Callable | None = None) -> Record:
    network, encoder, record = network_of(case, tiny_base)
    learned = [annotation.phrase for annotation in four_letters()]
    return write_model(network, encoder, record, out, lambda tagger: tagger.record, strict, learned)


def said_by_torch(
    network: Headed, encoder: Encoder, phrases: Sequence[Phrase]
) -> list[tuple[Span, ...]]:
    """The spans of phrases, windows of one length together, so that nothing is ever filled up."""
    encoded = encoder.encode(phrases)
    width = len(network.classifier.bias)
    found = [np.empty((len(seen.words), width), np.float32) for seen in encoded]
    alike = defaultdict(list)
    for n, seen in enumerate(encoded):
        for window in seen.windows:
            alike[len(window.ids)].append((n, window))
    for places in alike.values():
        rows = encoder.padded([window for _, window in places])
        told = {name: torch.from_numpy(rows[name]) for name in encoder.inputs}
        with torch.no_grad():
            output = network.eval().said(**told)
        for (n, window), row in zip(places, output, strict=True):
            own = slice(window.start, window.start + len(window.firsts))
            found[n][own] = row[list(window.firsts)].numpy()
    texts, words = [p.text for p in phrases], [seen.words for seen in encoded]
    return decoder_of(network, LABELS).spans(texts, words, found)


@pytest.mark.parametrize("case", NETWORKS)
def test_torch_and_onnx_say_the_same(case: str, tiny_base: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    written(case, tiny_base, tmp_path / "m")
    network, encoder, _ = network_of(case, tiny_base)
    phrases = thousand() if case in WHOLE else thousand()[3::4]
    theirs = said_by_torch(network, encoder, phrases)
    found = 0
    for answer, spans in zip(Tagger.load(tmp_path / "m").label(phrases), theirs, strict=True):
        plain = [replace(span, field=None, score=None) for span in answer.spans]
        assert plain == [replace(span, score=None) for span in spans]
        scores = [span.score for span in answer.spans]
        assert scores == pytest.approx([span.score for span in spans], abs=2e-3)
        found += len(spans)
    assert found > len(phrases) / 2


def test_the_folder_of_a_linear_head_runs_in_plain_transformers(tiny_model: Path) -> None:
    from transformers import pipeline

    phrase = four_letters()[2].phrase
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = pipeline("token-classification", str(tiny_model), aggregation_strategy="first")
        theirs = {(s["start"], s["end"], s["entity_group"]) for s in run(phrase.text)}
    (answer,) = Tagger.load(tiny_model).label([phrase])
    assert theirs
    assert theirs == {(s.start, s.end, s.label) for s in answer.spans}


COSTS = {"cheap": (DEAR / 2, True), "a gain": (-0.1, True), "dear": (DEAR, False)}


@pytest.mark.parametrize(("cost", "taken"), COSTS.values(), ids=COSTS)
def test_eight_bits_are_taken_where_they_are_cheap(
    cost: float, taken: bool, tiny_base: Path, tmp_path: Path
) -> None:
    found = iter([0.5, 0.5 - cost])  # strict F1 in fp32, in int8
    record = written("crf", tiny_base, tmp_path / "m", lambda tagger: next(found))
    assert (record.quantised, record.int8_cost) == (taken, pytest.approx(cost))
    assert read_record(tmp_path / "m") == record
    assert {NETWORK, QUANTISED} <= {path.name for path in (tmp_path / "m").iterdir()}
    assert (QUANTISED in files_of(record), NETWORK in files_of(record)) == (taken, not taken)
    (tmp_path / "m" / (NETWORK if taken else QUANTISED)).unlink()
    assert len(list(Tagger.load(tmp_path / "m").label(thousand()[:3]))) == 3


@pytest.mark.parametrize("case", ["linear", "from scratch, crf"])
def test_eight_bits_say_nearly_the_same(case: str, tiny_base: Path, tmp_path: Path) -> None:
    phrases, spans = thousand()[:200], []
    for name, strict in {"fp32": None, "int8": lambda tagger: 0.5}.items():
        written(case, tiny_base, tmp_path / name, strict)
        answers = Tagger.load(tmp_path / name).label(phrases)
        spans.append({(a.phrase.id, s.start, s.end, s.label) for a in answers for s in a.spans})
    assert len(spans[0] & spans[1]) > 0.8 * len(spans[0] | spans[1])


@pytest.mark.parametrize("case", ["linear", "multilabel"])
def test_eight_bits_say_the_same_alone_as_among_others(
    case: str, tiny_base: Path, tmp_path: Path
) -> None:
    """The ranges of activations are those of the model, not those of the batch; and runs on several
    threads do not get into each other's way."""
    written(case, tiny_base, tmp_path / "m", lambda tagger: 0.5)
    one, three = (Tagger.load(tmp_path / "m", threads) for threads in (1, 3))
    assert three.form.startswith("int8")
    assert three.form.endswith("3 threads")
    for together in three.label(thousand()[:60]):
        (alone,) = one.label([together.phrase])
        assert alone == together


def test_with_a_gpu_the_network_in_fp32_is_asked_to_run_there(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is here: ONNX Runtime says so, and computes on the processor."""
    written("linear", tiny_base, tmp_path / "fp32")
    before = list(Tagger.load(tmp_path / "fp32").label(thousand()[:60]))
    record = written("linear", tiny_base, tmp_path / "m", lambda tagger: 0.5)
    monkeypatch.setattr(onnx, "has_gpu", lambda: True)
    assert NETWORK in files_of(record)
    with pytest.warns(UserWarning, match="'CUDAExecutionProvider' is not in available"):
        tagger = Tagger.load(tmp_path / "m")
    assert tagger.form == "fp32 on the GPU"
    assert Tagger.load(tmp_path / "m", threads=1).form.startswith("int8")
    assert [a.spans for a in tagger.label(thousand()[:60])] == [a.spans for a in before]


BROKEN = {
    "no int8 network": (QUANTISED, None, "model.int8.onnx is not there"),
    "no transitions": (TRANSITIONS, None, "transitions.json is not there"),
    "transitions cut short": (TRANSITIONS, b'{"tags": ["O"', "JSONDecodeError"),
    "transitions of other tags": (
        TRANSITIONS,
        b'{"tags": ["O"], "start": [0], "end": [0], "steps": [[0]]}',
        "other tags",
    ),
    "a network that is none": (QUANTISED, b"no network", "cannot be loaded"),
}


@pytest.mark.parametrize(("name", "content", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_missing_or_broken_is_said_in_a_line(
    name: str, content: bytes | None, message: str, tiny_base: Path, tmp_path: Path
) -> None:
    written("crf", tiny_base, tmp_path / "m", lambda tagger: 0.5)
    (tmp_path / "m" / name).unlink()
    if content is not None:
        (tmp_path / "m" / name).write_bytes(content)
    with pytest.raises(BadInput, match=message) as caught:
        Tagger.load(tmp_path / "m")
    assert "\n" not in str(caught.value)


def test_a_record_of_other_labels_is_said(tiny_base: Path, tmp_path: Path) -> None:
    written("linear", tiny_base, tmp_path / "m")
    path = tmp_path / "m" / "lettera.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"labels": ["fumo"]}))
    with pytest.raises(BadInput, match="7 tags, not those of its labels"):
        Tagger.load(tmp_path / "m")


def test_a_folder_that_cannot_be_finished_leaves_the_old_model(
    tiny_base: Path, tmp_path: Path
) -> None:
    before = written("crf", tiny_base, tmp_path / "m")

    def full(tagger: Tagger) -> float:
        raise OSError(28, os.strerror(28))

    with pytest.raises(BadInput, match="m: cannot be written .No space left"):
        written("linear", tiny_base, tmp_path / "m", full)
    assert read_record(tmp_path / "m") == before
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
