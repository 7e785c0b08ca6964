"""The network to start from: a folder, an old repository, one that is not there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from core.errors import BadInput
from core.learn.engines.encode import Encoder
from core.learn.networks.base import make_network
from core.records import Phrase
from tests.places import ROOT
from tests.tiny_model import four_letters

UNREACHABLE = """
import sys
from core.errors import ServerError
from core.learn.networks.base import make_network
from core.learn.engines.encode import Encoder
try:
    make_network("someone/an-encoder", ("fumo",), (), 64)
except ServerError as error:
    print(error)
"""


def test_an_old_cased_repository_keeps_case_and_accents(tiny_base: Path, tmp_path: Path) -> None:
    """config.json, vocab.txt and the weights alone, as Bio_ClinicalBERT is laid out."""
    vocabulary = json.loads((tiny_base / "tokenizer.json").read_text())["model"]["vocab"]
    (tmp_path / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)))
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((tiny_base / name).read_bytes())
    _, encoder = make_network(str(tmp_path), ("fumo",), (), 64)
    assert encoder.tokenizer.encode("Decorso è").tokens == ["[CLS]", "Decorso", "è", "[SEP]"]


def test_the_head_has_the_tags_of_the_labels(tiny_base: Path) -> None:
    network, encoder = make_network(str(tiny_base), ("fumo", "lasix"), (), 512)
    assert list(network.config.id2label.values()) == "O B-fumo I-fumo B-lasix I-lasix".split()
    assert encoder.limit == 64, "the network cannot see further"


def test_a_folder_that_holds_no_encoder_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not an encoder that transformers can load"):
        make_network(str(tmp_path), ("fumo",), (), 64)


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such model folder; .*train --model small"):
        make_network(str(tmp_path / "gone"), ("fumo",), (), 64)


@pytest.mark.slow
def test_a_hub_out_of_reach_is_one_line_with_the_way_out(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HOME": str(tmp_path),
    }
    run = subprocess.run(
        [sys.executable, "-c", UNREACHABLE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.stdout.startswith("someone/an-encoder: no folder here, not in the cache")
    assert "not to be had from the Hub" in run.stdout
    assert run.stdout.rstrip().endswith("or train --model small")
    assert run.stdout.count("\n") == 1
    assert run.stderr == ""


def test_a_network_from_scratch_reads_the_section_first() -> None:
    network, encoder = make_network("windows", ("fumo",), four_letters(), 64)
    known = encoder.tokenizer.get_vocab()
    phrase = four_letters()[0].phrase

    def first(section: str | None) -> int:
        told = Phrase(phrase.id, phrase.letter, phrase.start, phrase.end, phrase.text, section)
        return encoder.encode([told])[0].windows[0].ids[0]

    assert first("Terapia") == known["[section Terapia]"]
    assert first(None) == first("Allergie") == known["[no section]"]
    assert network.config.vocab_size == len(known)


def test_words_read_one_by_one_are_spelled_as_in_the_running_text() -> None:
    """A byte-level vocabulary, as RoBERTa's: what follows a blank has other pieces."""
    text = "Lasix 25 mg ore 8, poi Lasix 2,5mg"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    signs = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=330, initial_alphabet=signs, show_progress=False)
    tokenizer.train_from_iterator([text, text.lower() + " a a"] * 9, trainer)
    (seen,) = Encoder(tokenizer, 99).encode([Phrase("x:1", "x", 0, len(text), text)])
    (window,) = seen.windows
    assert list(window.ids) == tokenizer.encode(text).ids
    assert {tokenizer.id_to_token(window.ids[i])[0] for i in window.firsts} == set("LĠ,5m")
