"""No value of a patient's identity goes online, in whatever form a file holds it."""

import base64
import gzip
import io
import json
import os
import pickle
import struct
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pycrfsuite
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from safetensors.numpy import save

from core.errors import BadInput
from core.publish.identity import Identities, identities
from core.publish.inside import Raw, Text, parts, runs
from core.publish.leaks import refuse_leaks
from core.publish.plan import PlannedFile
from core.publish.readings import MOST
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
    apart = {word for word in KNOWN.words if len(word) < 10}
    assert apart == {"livia", "tormene", "guglielmo", "valle"}
    assert {"liviatormene", "tormenelivia", "dellavalle"} < KNOWN.words.keys()
    assert set(KNOWN.names) == {"xu li", "li xu"}
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
        "the surname first": ("li-xu", {"identity"}),
        "two short words apart": ("li e xu", set()),
        "with signs that are not seen": ("Li\u00advi\u200ba", {"nome"}),
        "in wide letters": ("Ｌｉｖｉａ", {"nome"}),
        "first name and surname as one word": ("liviatormene.pdf", {"nome"}),
        "a particle": ("della dello", set()),
        "a telephone in groups": ("347/123.45.67", {"numero di telefono"}),
        "a telephone within a longer number": ("0039 3471234567 12", {"numero di telefono"}),
        "a record number": ("n.201934/B", {"n_cartella"}),
        "a record number within a decimal": ("0.201934 1.2019345", set()),
        "a day in words": ("3 novembre 1951", {"data_di_nascita"}),
        "a day in an abbreviated word": ("3 nov. 1951", {"data_di_nascita"}),
        "a day with a Roman month": ("3.XI.1951", {"data_di_nascita"}),
        "a day said in words": ("tre novembre millenovecentocinquantuno", {"data_di_nascita"}),
        "a day in another language": ("3. November 1951", {"data_di_nascita"}),
        "a day in a table": ("7,03-11/1951,F", {"data_di_nascita"}),
        "a day as eight digits": ("19511103 03111951 1951110312", {"data_di_nascita"}),
        "a day as ISO": ("1951-11-03", {"data_di_nascita"}),
        "a day with a short year": ("3.11.51", {"data_di_nascita"}),
        "another day": ("03/11/1952 13/11/1951", set()),
    }.values(),
)
def test_a_value_is_found_however_it_is_written(text: str, fields: set[str]) -> None:
    assert KNOWN.found(text) == fields


def onnx_file(
    name: str = "n",
    doc: str = "",
    raw: bytes = b"\1",
    words: list[bytes] | None = None,
    numbers: list[int] | None = None,
) -> bytes:
    tensors = [helper.make_tensor("t", TensorProto.UINT8, [len(raw)], raw, raw=True)]
    if words:
        tensors.append(helper.make_tensor("w", TensorProto.STRING, [len(words)], words))
    if numbers:
        tensors.append(helper.make_tensor("n", TensorProto.INT64, [len(numbers)], numbers))
    out = helper.make_tensor_value_info("t", TensorProto.UINT8, [len(raw)])
    model = helper.make_model(helper.make_graph([], name, [], [out], tensors), doc_string=doc)
    return bytes(model.SerializeToString())


def crf(feature: str) -> bytes:
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.append([["any", feature], ["any"]], ["B", "O"])
    with tempfile.NamedTemporaryFile() as file:
        trainer.train(file.name)
        return file.read()


def zipped(name: str, content: bytes, extra: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        member = zipfile.ZipInfo(name)
        member.extra = extra
        packed.writestr(member, content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


LINE = b"Sig.ra Livia Tormen, nata a"
HIDDEN = {
    "plain text": ("special_tokens_map.json", b'{"unk": "Livia"}'),
    "an escape of JSON": (
        "tokenizer.json",
        json.dumps({"model": {"vocab": {NAME.casefold(): 1}}}).encode(),
    ),
    "a word of a tokenizer of bytes": ("tokenizer.json", '{"ĠTormenÃ¨": 0}'.encode()),
    "a number of JSON": ("config.json", b'{"n": [1, 201934]}'),
    "a fraction of JSON": ("config.json", b'{"n": 201934.0}'),
    "a telephone among counts": ("config.json", b'{"n": {"a": 3471234567, "b": 1}}'),
    "a key that stands twice": ("config.json", b'{"a": "Livia", "a": "fumo"}'),
    "JSON in JSON": ("config.json", rb'{"a": "{\"of\": \"Tormen\\u00e8\"}"}'),
    "the numbers of its letters": ("config.json", json.dumps([*b"Livia"]).encode()),
    "base64": ("lettera.json", json.dumps(base64.b64encode(b"Livia").decode()).encode()),
    "base64, compressed": (
        "lettera.json",
        json.dumps(base64.b64encode(gzip.compress(LINE)).decode()).encode(),
    ),
    "hexadecimal": ("lettera.json", json.dumps(b"Livia".hex()).encode()),
    "the header of safetensors": (
        "model.safetensors",
        save({"w": np.zeros(2, "f4")}, {"of": "Livia"}),
    ),
    "a tensor's name": ("model.safetensors", save({"livia.w": np.zeros(2, "f4")})),
    "bytes of a tensor": (
        "model.safetensors",
        save({"w": np.frombuffer(os.urandom(999) + LINE + bytes(74), "u1")}),
    ),
    "a tensor of wide characters": (
        "model.safetensors",
        save({"w": np.frombuffer("Guglielmo".encode("utf-32-le"), "i4").copy()}),
    ),
    "a graph's documentation": ("model.onnx", onnx_file(doc="for Livia")),
    "a graph's name": ("model.onnx", onnx_file(name="Livia")),
    "bytes of a graph's tensor": ("model.int8.onnx", onnx_file(raw=bytes(50) + LINE)),
    "strings of a graph's tensor": ("model.onnx", onnx_file(words=[b"fumo", b"Livia"])),
    "numbers of a graph's tensor": ("model.onnx", onnx_file(numbers=[*b"Livia"])),
    "a feature of a CRF": ("model.crfsuite", zipped("spans", crf("w=livia"))),
    "a word list in an archive": ("meanings.crfsuite", zipped("words.json", b'["livia"]')),
    "an archive's margin": (
        "model.crfsuite",
        zipped("spans", crf("fumo"), struct.pack("<HH5s", 9, 5, b"Livia")),
    ),
    "behind an archive": ("model.crfsuite", zipped("spans", crf("fumo")) + b"Livia"),
    "the card": ("README.md", b"trained on Livia's letter"),
    "HTML": ("README.md", b"Tormen&egrave; &#76;ivia"),
    "an address": ("README.md", b"letters/Xu%20Li.pdf"),
    "words that run together": ("README.md", b"LiviaTormene"),
    "letters apart": ("README.md", b"L I V I A"),
    "the end of a line": ("README.md", b"Tor-\nmene"),
    "backwards": ("README.md", b"omleilguG"),
    "a tax number": ("README.md", b"C.F. TRMLVI51S43L736X"),
}  # fmt: skip


def planned(folder: Path, name: str, content: bytes) -> list[PlannedFile]:
    (folder / name).write_bytes(content)
    return [PlannedFile(name, folder / name, len(content))]


@pytest.mark.parametrize("case", HIDDEN)
def test_a_name_is_found_wherever_it_hides(case: str, tmp_path: Path) -> None:
    name, content = HIDDEN[case]
    with pytest.raises(BadInput, match=f"not to be published: {name}") as caught:
        refuse_leaks(planned(tmp_path, name, content), KNOWN)
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
    refuse_leaks(planned(tmp_path, "model.onnx", onnx_file()), KNOWN)
    card = planned(tmp_path, "README.md", b"the valle of fields")
    refuse_leaks(card, KNOWN, public={"valle"})
    words = planned(
        tmp_path, "tokenizer.json", b'{"model": {"vocab": {"fumo": 0, "livia": 201934}}}'
    )
    refuse_leaks(words, KNOWN, vocabulary={"livia"})
    with pytest.raises(BadInput, match="tokenizer.json: model .nome"):
        refuse_leaks(words, KNOWN)


FOREIGN = {
    "a broken graph": ("model.onnx", b"no graph"),
    "a field unknown to graphs": ("model.onnx", onnx_file() + b"\xaa\x06\x05Livia"),
    "more than its tensors": ("model.safetensors", save({"w": np.zeros(3, "f4")}) + b"Livia"),
    "a pickle": ("config.json", pickle.dumps({"of": "Livia"})),
    "JSON in UTF-16": ("config.json", json.dumps("Livia").encode("utf-16")),
    "a card in UTF-16": ("README.md", "Livia".encode("utf-16-le")),
    "a card in Latin-1": ("README.md", NAME.encode("latin-1")),
    "something compressed": ("tokenizer.json", gzip.compress(b"Livia")),
    "an archive in an archive": (
        "model.crfsuite",
        zipped("spans", zipped("letters.txt", b"Livia")),
    ),
    "an archive behind a CRF": ("model.crfsuite", crf("fumo") + zipped("a", b"Livia")),
    "a torn CRF": ("model.crfsuite", zipped("spans", crf("fumo")[:-9])),
}


@pytest.mark.parametrize(
    ("name", "content"),
    FOREIGN.values(),
    ids=FOREIGN,
)
def test_what_is_not_what_its_name_says_does_not_go(
    name: str, content: bytes, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="cannot be looked into"):
        refuse_leaks(planned(tmp_path, name, content), KNOWN)


def test_a_bomb_in_base64_is_refused_and_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(MOST)) + gzip.compress(b"Livia")
    card = planned(tmp_path, "README.md", base64.b64encode(bomb))
    with pytest.raises(BadInput, match="README.md: something compressed is more than 64 MB"):
        refuse_leaks(card, KNOWN)


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
