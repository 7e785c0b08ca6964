"""The tagger: what the trained network says, without torch, in order, however long the phrase."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadInput
from core.learn.engines import files_of
from core.learn.record import read_record
from core.learn.tagger import Tagger
from core.records import Phrase
from tests.places import ROOT
from tests.tiny_model import four_letters, marked

pytestmark = pytest.mark.training

PHRASES = [annotation.phrase for annotation in four_letters()]
ODD = [
    marked(text).phrase
    for text in ("", " ", "🫀", "\x07", "Sig. \x07Dario\u200b nato", "ex\r\nfumatore", "İ" * 300)
]

WITHOUT_TORCH = """
import sys
from core.learn.tagger import Tagger
from tests.tiny_model import four_letters
found = list(Tagger.load(sys.argv[1]).label(a.phrase for a in four_letters()))
assert any(a.spans for a in found)
print(sorted({"torch", "transformers", "sklearn", "huggingface_hub", "scipy"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def tagger(tiny_model: Path) -> Tagger:
    return Tagger.load(tiny_model)


def test_it_has_learned_something(tagger: Tagger) -> None:
    answers = tagger.label(PHRASES)
    right = sum(
        {(s.start, s.end, s.label) for s in gold.spans}
        == {(s.start, s.end, s.label) for s in said.spans}
        for gold, said in zip(four_letters(), answers, strict=True)
    )
    assert right >= 8


def test_spans_quote_name_their_field_and_say_how_sure(tagger: Tagger) -> None:
    answers = list(tagger.label(iter(PHRASES)))
    assert [a.phrase for a in answers] == PHRASES
    for annotation in answers:
        assert (annotation.origin, annotation.source) == ("model", tagger.source)
        for span in annotation.spans:
            assert span.field == span.label
            assert span.score is not None and 0 < span.score <= 1
    assert tagger.source.startswith("model/tiny-model@")


def test_one_by_one_is_as_all_together(tagger: Tagger) -> None:
    def plain(phrases: list[Phrase]) -> list[list[tuple[int, int, str]]]:
        return [[(s.start, s.end, s.label) for s in a.spans] for a in tagger.label(phrases)]

    together = plain(PHRASES * 3)
    assert together == plain(PHRASES[::-1])[::-1] * 3
    assert together[: len(PHRASES)] == [plain([phrase])[0] for phrase in PHRASES]


def test_a_repeated_phrase_keeps_its_own_place(tagger: Tagger) -> None:
    """Read once, answered each time, under the phrase's own id."""
    again = [replace(PHRASES[2], id=f"y:{n}", start=7 * n) for n in range(3)]
    answers = list(tagger.label([*again, PHRASES[0], *again]))
    assert [a.phrase for a in answers] == [*again, PHRASES[0], *again]
    said = [a.spans for a in answers if a.phrase.text == PHRASES[2].text]
    assert said[0] and said == [said[0]] * 6


def test_odd_phrases_are_answered(tagger: Tagger) -> None:
    assert [a.phrase for a in tagger.label(ODD)] == ODD


def test_a_phrase_longer_than_the_network_sees_is_read_to_its_end(tagger: Tagger) -> None:
    line = four_letters()[3].phrase.text
    alone = {(s.text, s.label) for a in tagger.label([PHRASES[3]]) for s in a.spans}
    assert alone
    long = marked(". ".join([line] * 40)).phrase
    (answer,) = tagger.label([long])
    last = len(long.text) - len(line)
    assert any(span.start >= last for span in answer.spans)
    assert len(answer.spans) >= 30


def test_it_needs_no_torch(tiny_model: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WITHOUT_TORCH, str(tiny_model)]
    run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("[]\n", "")


def test_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such model folder; make one with lettera train"):
        Tagger.load(tmp_path / "gone")
    with pytest.raises(BadInput, match="no model of ours .* make one with lettera train"):
        Tagger.load(tmp_path)


BROKEN = {
    "the network cut short": (None, "cannot be loaded"),
    "the tokenizer cut short": ("tokenizer.json", "cannot be loaded"),
    "the record cut short": ("lettera.json", "not a training record"),
}


@pytest.mark.parametrize(("name", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_model_is_said(
    name: str | None, message: str, tiny_model: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_model, copy)
    name = name or files_of(read_record(copy))[1]
    (copy / name).write_bytes((copy / name).read_bytes()[:100])
    with pytest.raises(BadInput, match=message):
        Tagger.load(copy)
