"""Models from the Hub, fetched by the real client from a small server on loopback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.learn.engines import files_of
from core.learn.record import read_record
from tests.loopback_hub import REVISION, hub

TAG = """
from core.learn.tagger import Tagger
from tests.tiny_model import four_letters
tagger = Tagger.load("ward/model")
print(tagger.source, sum(len(a.spans) for a in tagger.label(a.phrase for a in four_letters())))
"""
HEAD = """
from core.learn.base import make_network
network, encoder = make_network("someone/encoder", ("fumo",), (), 64, head="crf")
print(encoder.limit, float(next(network.body.parameters()).detach().sum()))
"""


def run(script: str, address: str, home: Path) -> str:
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "HF_ENDPOINT": address,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "0",
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.training
def test_a_tagger_fetches_only_what_it_runs_on(tiny_model: Path, tmp_path: Path) -> None:
    with hub({"ward/model": tiny_model}) as (address, fetched):
        said = run(TAG, address, tmp_path)
        source, spans = said.split()
        assert source == f"model/ward/model@{REVISION[:8]}"
        assert int(spans) > 8
        assert sorted(fetched) == sorted(files_of(read_record(tiny_model)))
        assert run(TAG, address, tmp_path) == said
        assert len(fetched) == len(set(fetched)), "what is in the cache is not fetched again"


def test_an_encoder_is_fetched_and_headed(tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    with hub({"someone/encoder": tiny_base}) as (address, fetched):
        limit, total = run(HEAD, address, tmp_path).split()
    assert limit == "64"
    first = load_file(tiny_base / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
    assert float(total) == pytest.approx(float(first.sum()), rel=1e-5)
    assert "model.safetensors" in fetched
