"""No value of a patient's identity goes online, in whatever form a file holds it."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from core.errors import BadInput
from core.publish.identity import Identities, identities
from core.publish.inside import Raw, Text, parts, runs
from core.publish.leaks import refuse_leaks
from core.publish.plan import PlannedFile
from core.records import Letter
from tests.tiny_model import marked

NAME = "Tormenè"
KNOWN = identities(
    [
        marked("Sig.ra [[nome|Livia]] [[cognome|Tormenè]] della Valle"),
        marked("nata il [[data_di_nascita|03/11/1951]]"),
        marked("cartella n. [[n_cartella|201934]], tel. [[numero di telefono|+39 347 1234567]]"),
        marked("[[identity|Xu Li]]"),
        marked("Sig. [[nome|Guglielmo]] [[cognome|Della Valle]]"),
        marked("[[fumo|ex fumatore]] [[data_dimissione_cch|21/02/2024]]"),
        marked("Sig. [[nome|Amilcare]]", origin="fictitious"),
    ]
)  # fmt: skip


def test_names_numbers_and_days_are_taken_and_nothing_else() -> None:
    assert set(KNOWN.words) == {"livia", "tormene", "guglielmo", "valle"}
    assert set(KNOWN.names) == {"xu li"}
    assert set(KNOWN.numbers) == {"201934", "393471234567", "3471234567"}
    assert set(KNOWN.days) == {date(1951, 11, 3)}


def test_rules_find_who_is_in_letters_that_nobody_labelled() -> None:
    text = "Si dimette la Sig.ra BUSATO ELDA\nnata il 12/12/1939\nEx fumatrice."
    found = identities([], [Letter("a1" * 6, "f.pdf", True, text, (), "text")])
    assert {"busato", "elda"} <= set(found.words) and date(1939, 12, 12) in found.days
    assert found.letters == {"a1" * 6: 0}


@pytest.mark.parametrize(
    ("text", "fields"),
    {
        "in capitals without its accent": ("TORMENE", {"cognome"}),
        "as a sub-word": ("##livia ▁livia Ġlivia", {"nome"}),
        "as a feature": ("w-1,0=sig|livia", {"nome"}),
        "within another word": ("olivia tormenerà livianeo", set()),
        "two short words together": ("Xu  LI", {"identity"}),
        "two short words apart": ("li xu", set()),
        "a particle": ("della dello", set()),
        "a telephone in groups": ("347/123.45.67", {"numero di telefono"}),
        "a telephone within a longer number": ("0039 3471234567 12", {"numero di telefono"}),
        "a record number": ("n.201934/B", {"n_cartella"}),
        "a record number within a decimal": ("0.201934 1.2019345", set()),
        "a day in words": ("3 novembre 1951", {"data_di_nascita"}),
        "a day as ISO": ("1951-11-03", {"data_di_nascita"}),
        "a day with a short year": ("3.11.51", {"data_di_nascita"}),
        "another day": ("03/11/1952 13/11/1951", set()),
    }.values(),
)
def test_a_value_is_found_however_it_is_written(text: str, fields: set[str]) -> None:
    assert KNOWN.found(text) == fields


def array(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def onnx_file(name: str = "n", doc: str = "", raw: bytes = b"") -> bytes:
    from onnx import TensorProto, helper

    shape = [len(raw)] if raw else [1]
    tensor = helper.make_tensor("t", TensorProto.UINT8, shape, raw or b"\1", raw=True)
    out = helper.make_tensor_value_info("t", TensorProto.UINT8, shape)
    graph = helper.make_graph([], name, [], [out], [tensor])
    model = helper.make_model(graph, doc_string=doc)
    return bytes(model.SerializeToString())


def crf_file(feature: str, tmp: Path) -> bytes:
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.append([["any", feature], ["any"]], ["B", "O"])
    trainer.train(str(tmp / "m"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("spans", (tmp / "m").read_bytes())
    return file.getvalue()


LINE = b"Sig.ra Livia Tormen, nata a"
HIDDEN: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "plain text": ("special_tokens_map.json", lambda _: b'{"unk": "Livia"}'),
    "an escape of JSON": (
        "tokenizer.json",
        lambda _: json.dumps({"model": {"vocab": {NAME.casefold(): 1}}}).encode(),
    ),
    "a number of JSON": ("config.json", lambda _: b'{"n": [1, 201934]}'),
    "the header of safetensors": (
        "model.safetensors",
        lambda _: save({"w": np.zeros(2, "f4")}, {"of": "Livia"}),
    ),
    "a tensor's name": ("model.safetensors", lambda _: save({"livia.w": np.zeros(2, "f4")})),
    "bytes of a tensor": (
        "model.safetensors",
        lambda _: save({"w": np.frombuffer(os.urandom(999) + LINE + bytes(74), "u1")}),
    ),
    "a tensor of wide characters": (
        "model.safetensors",
        lambda _: save({"w": np.frombuffer("Guglielmo".encode("utf-32-le"), "i4").copy()}),
    ),
    "a graph's documentation": ("model.onnx", lambda _: onnx_file(doc="for Livia")),
    "a graph's name": ("model.onnx", lambda _: onnx_file(name="Livia")),
    "an initialiser of a graph": ("model.int8.onnx", lambda _: onnx_file(raw=bytes(50) + LINE)),
    "an array of words": ("m.npz", lambda _: array(words=np.array(["fumo", "Livia"]))),
    "an array of numbers": ("m.npz", lambda _: array(w=np.frombuffer(LINE, "u1"))),
    "a feature of a CRF": ("model.crfsuite", lambda tmp: crf_file("w=livia", tmp)),
    "a word list in an archive": (
        "meanings.crfsuite",
        lambda tmp: crf_file("any2", tmp) and zipped("words.json", b'["fumo", "livia"]'),
    ),
    "the card": ("README.md", lambda _: b"trained on Livia's letter"),
}  # fmt: skip


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(name, content)
    return file.getvalue()


def planned(folder: Path, name: str, content: bytes) -> list[PlannedFile]:
    (folder / name).write_bytes(content)
    return [PlannedFile(name, folder / name, len(content))]


@pytest.mark.parametrize("case", HIDDEN)
def test_a_name_is_found_wherever_it_hides(case: str, tmp_path: Path) -> None:
    name, made = HIDDEN[case]
    with pytest.raises(BadInput, match=f"not to be published: {name}") as caught:
        refuse_leaks(planned(tmp_path, name, made(tmp_path)), KNOWN)
    told = str(caught.value).casefold()
    assert "nothing was sent" in told
    assert not any(value in told for value in (*KNOWN.words, *KNOWN.numbers, "1951"))


@pytest.mark.parametrize(
    "secret",
    ["hf_" + "a1B2" * 9, "write to livio@ward.example.it", "-----BEGIN RSA PRIVATE KEY-----"],
    ids=["a token", "an e-mail address", "a private key"],
)
def test_what_is_secret_is_found_too(secret: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="README.md") as caught:
        refuse_leaks(planned(tmp_path, "README.md", secret.encode()), Identities())
    assert secret not in str(caught.value)


def test_clean_files_pass_and_public_words_are_no_leak(tmp_path: Path) -> None:
    weights = save({"w": np.random.default_rng(0).normal(size=200_000).astype("f4")})
    noise = save({"w": np.frombuffer(os.urandom(1 << 20), "u1")})
    for content in (weights, noise):
        refuse_leaks(planned(tmp_path, "model.safetensors", content), KNOWN)
    refuse_leaks(planned(tmp_path, "m.npz", array(w=np.arange(9))), KNOWN)
    refuse_leaks(planned(tmp_path, "model.onnx", onnx_file()), KNOWN)
    card = planned(tmp_path, "README.md", b"the valle of fields")
    refuse_leaks(card, KNOWN, public={"valle"})
    words = planned(
        tmp_path, "tokenizer.json", b'{"model": {"vocab": {"fumo": 0, "livia": 201934}}}'
    )
    refuse_leaks(words, KNOWN, vocabulary={"livia"})
    with pytest.raises(BadInput, match="tokenizer.json: model .nome"):
        refuse_leaks(words, KNOWN)


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.onnx", b"no graph"), ("m.npz", array(w=np.array([{}], dtype=object)))],
    ids=["a broken graph", "pickled objects"],
)
def test_what_cannot_be_looked_into_does_not_go(name: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be looked into"):
        refuse_leaks(planned(tmp_path, name, content), KNOWN)


@settings(max_examples=50)
@given(st.binary(max_size=200), st.text("abcdefgh ,.", min_size=16, max_size=40), st.binary())
def test_every_run_of_readable_bytes_is_seen(before: bytes, text: str, after: bytes) -> None:
    (raw,) = [Raw("w", before + text.encode() + after)]
    assert any(text in run for piece in raw.windows() for run in runs(piece))


@settings(max_examples=25)
@given(st.recursive(st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_every_string_of_json_is_seen(value: object) -> None:
    found = list(parts("x.json", json.dumps({"key": value, "name": "Livia"}).encode()))
    assert all(isinstance(part, Text) for part in found)
    assert any("Livia" in part.text for part in found if isinstance(part, Text))
