"""Training, really done on a tiny network: what it writes, what it survives, what it refuses."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tokenizers import Tokenizer

from core.errors import BadInput
from core.learn.engines.encode import Encoder
from core.learn.options import BASE, Options, options_for
from core.learn.record import read_record
from core.learn.scratch.windows import WindowsNetwork
from core.learn.train import train
from tests.places import ROOT
from tests.tiny_model import four_letters, marked

pytestmark = pytest.mark.training

KILLED = """
import os, signal, sys
from pathlib import Path
from core.learn.options import options_for
from core.learn.train import train
from tests.tiny_model import four_letters

def killed(step, steps):
    if step == 7:
        os.kill(os.getpid(), signal.SIGKILL)

train(four_letters(), Path(sys.argv[2]), options_for(sys.argv[1], epochs=6, batch_size=4), killed)
"""


def test_the_defaults_are_the_papers() -> None:
    given = Options()
    assert (given.model, given.learning_rate, given.batch_size) == (BASE, 5e-5, 32)
    assert (given.epochs, given.weight_decay, given.patience) == (20, 0.01, None)


def test_the_folder_holds_what_it_takes_and_no_letter(tiny_model: Path) -> None:
    names = {path.name for path in tiny_model.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= names
    assert {"model.onnx", "lettera.json"} <= names
    record = read_record(tiny_model)
    assert record.view == "field"
    assert record.phrases == {"human": 16}
    assert [len(record.split[name]) for name in ("train", "validation", "test")] == [3, 0, 1]
    assert record.scores["test"].letters == 1
    assert record.best_epoch > 0
    told = (tiny_model / "lettera.json").read_text() + (tiny_model / "config.json").read_text()
    assert not any(word in told for word in ("Tormen", "Mezzalira", "Bisoprololo", "fumatore"))
    assert not list(tiny_model.parent.glob(".*")), "checkpoints are removed at the end"


def test_the_folder_is_one_that_transformers_loads(tiny_model: Path) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    network = AutoModelForTokenClassification.from_pretrained(tiny_model)
    assert network.config.id2label[0] == "O"
    assert network.config.id2label[1].startswith("B-")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    assert tokenizer("dimessa").input_ids[0] == tokenizer.convert_tokens_to_ids("[CLS]")


def test_a_killed_training_goes_on_and_ends_as_if_it_had_not_been(
    tiny_base: Path, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tiny_base), str(out)], env=environment, cwd=tmp_path
    )
    assert ended.returncode == -signal.SIGKILL
    assert not out.exists()
    options = options_for(str(tiny_base), epochs=6, batch_size=4)
    steps: list[int] = []
    resumed = train(four_letters(), out, options, lambda step, _: steps.append(step))
    assert resumed.resumed_from == 3.0
    assert steps[0] == 7, "six steps, three epochs, were done before"
    whole = train(four_letters(), tmp_path / "whole", options)
    assert whole.resumed_from is None
    assert whole.weights == resumed.weights
    assert train(four_letters(), out, options) == resumed, "asked again, nothing is done again"


def test_a_new_model_takes_the_place_of_the_old(tiny_base: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    options = options_for(str(tiny_base), epochs=1, batch_size=4)
    first = train(four_letters(), out, options)
    second = train(four_letters(), out, replace(options, seed=5))
    assert first.weights != second.weights
    assert read_record(out) == second
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_model_set_aside_by_a_killed_swap_comes_back(tiny_base: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    options = options_for(str(tiny_base), epochs=1)
    made = train(four_letters(), out, options)
    out.rename(tmp_path / ".model.old")
    assert train(four_letters(), out, options) == made
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_skipped_phrases_teach_nothing(tiny_base: Path, tmp_path: Path) -> None:
    skipped = replace(marked("[[morte|Exitus]] in quinta giornata", "0" * 12), skipped=True)
    record = train(
        [*four_letters(), skipped], tmp_path / "m", options_for(str(tiny_base), epochs=1)
    )
    assert record.phrases == {"human": 16}
    assert "morte" not in record.labels


def test_small_learns_from_scratch_with_its_own_vocabulary(tmp_path: Path) -> None:
    options = options_for("windows", epochs=2, learning_rate=1e-2, patience=None)
    record = train(four_letters(), tmp_path / "m", options)
    assert record.epochs == 2.0
    network = WindowsNetwork.from_pretrained(tmp_path / "m").eval()
    tokenizer = Tokenizer.from_file(str(tmp_path / "m" / "tokenizer.json"))
    encoder = Encoder(tokenizer, record.limit)
    phrases = [annotation.phrase for annotation in four_letters()]
    windows = [window for seen in encoder.encode(phrases) for window in seen.windows]
    rows = encoder.padded(windows)
    with torch.no_grad():
        theirs = network(**{name: torch.from_numpy(row) for name, row in rows.items()}).logits
    session = onnxruntime.InferenceSession(tmp_path / "m" / "model.onnx")
    (ours,) = session.run(["logits"], rows)
    assert np.abs(ours - theirs.numpy()).max() < 1e-4


REFUSED = {
    "no spans": ([replace(a, spans=()) for a in four_letters()], "has a span"),
    "too few letters": (four_letters()[:4], "too few"),
    "nothing": ([], "too few"),
}


@pytest.mark.parametrize(("rows", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_learned_from_is_said(rows: list, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=message):
        train(rows, tmp_path / "m", options_for("small"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_model_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("")
    with pytest.raises(BadInput, match="exists and is not a model"):
        train(four_letters(), tmp_path, options_for("small"))
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_the_best_epoch_is_chosen_by_the_score_that_the_model_has(
    tiny_base: Path, tmp_path: Path
) -> None:
    options = options_for(str(tiny_base), epochs=12, batch_size=3, learning_rate=5e-3)
    record = train(four_letters(), tmp_path / "m", options)
    by_epoch = {row["epoch"]: row["f1"] for row in record.history}
    assert by_epoch[record.best_epoch] == max(by_epoch.values()) > 0
    if not record.quantised:
        told = record.scores["validation"].micro.f1
        assert by_epoch[record.best_epoch] == pytest.approx(told, abs=1e-4)
