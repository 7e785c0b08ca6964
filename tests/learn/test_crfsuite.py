"""The feature CRF: what it learns from few phrases, what its one file holds, what it survives."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.learn.data.split import Split
from core.learn.engines.crfsuite import FILE, CrfsuiteEngine
from core.learn.engines.features import look, span_features, word_features
from core.learn.options import options_for
from core.learn.record import read_record
from core.learn.scoring.scores import score
from core.learn.scratch.crfsuite import train_crfsuite
from core.learn.tagger import Tagger
from core.learn.train import train
from core.records import Annotation
from tests.model_record import record
from tests.tiny_model import four_letters, marked

pytestmark = pytest.mark.training
OPTIONS = options_for("crfsuite", epochs=30, distinct=True, exchange=0.5)
LABELS = tuple(sorted({span.label for a in four_letters() for span in a.spans}))


def learned(rows: Sequence[Annotation], folder: Path) -> Path:
    folder.mkdir()
    labels = sorted({span.label for a in rows for span in a.spans})
    train_crfsuite(rows, labels, OPTIONS, folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model of the four letters."""
    out = tmp_path_factory.mktemp("crfsuite") / "model"
    train(four_letters(), out, OPTIONS)
    return out


@pytest.fixture(scope="module")
def tagger(model: Path) -> Tagger:
    return Tagger.load(model)


def test_it_has_learned_from_few_phrases_and_says_how_sure_it_is(tagger: Tagger) -> None:
    gold = four_letters()
    answers = list(tagger.label(a.phrase for a in gold))
    assert score(gold, answers).micro.f1 > 0.8
    assert all(span.field == span.label for a in answers for span in a.spans)
    assert all(0 < (span.score or 0) <= 1 for a in answers for span in a.spans)


def test_the_record_says_which_engine_it_is(model: Path) -> None:
    known = read_record(model)
    assert (known.engine, known.head, known.epochs) == ("crfsuite", "crf", 30)
    assert sorted(path.name for path in model.iterdir()) == sorted(["lettera.json", FILE])


def test_validation_letters_choose_how_sure_a_word_of_a_span_must_be(
    model: Path, tmp_path: Path
) -> None:
    rows = tuple(four_letters())
    known = train(Split(rows[:8], rows[8:12], rows[12:]), tmp_path / "m", OPTIONS)
    (least,) = known.thresholds or ()
    assert 0.3 < least < 0.9 and read_record(tmp_path / "m").thresholds == [least]
    assert read_record(model).thresholds is None

    found = {}
    for least in (0.01, 0.99):
        own = replace(known, thresholds=[least])
        engine = CrfsuiteEngine.load(tmp_path / "m", own)
        found[least] = sum(map(len, engine.read([a.phrase for a in rows])))
    assert found[0.01] > found[0.99]


def test_the_same_phrases_make_the_same_file(tmp_path: Path) -> None:
    files = [learned(four_letters(), tmp_path / name) / FILE for name in ("a", "b")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_it_tells_of_every_round(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    train_crfsuite(
        four_letters(), LABELS, OPTIONS, tmp_path, lambda done, every: told.append((done, every))
    )
    assert told[0] == (1, 60) and told == sorted(told) and told[-1][0] > 30


def test_its_file_holds_no_word_of_few_letters_and_no_name(tmp_path: Path) -> None:
    texts = ("Sig. [[cognome|Mezzalira]] ha ipercheratosi", "seguito da Mezzalira, [[fumo|fumo]]")
    rows = [marked(text, f"{n:012x}") for n in range(9) for text in texts]
    rows = [replace(rows[0], phrase=replace(rows[0].phrase, section="Nota di Tormen")), *rows]
    rows.append(marked("un rigo solo con xantelasma", "f" * 12))
    with zipfile.ZipFile(learned(rows, tmp_path / "model") / FILE) as file:
        held = b"".join(file.read(name) for name in file.namelist()).lower()
    assert b"seguito" in held and b"ipercheratosi" in held
    assert not any(word in held for word in (b"mezz", b"lira", b"torm", b"xant"))


@settings(max_examples=50, deadline=None)
@given(st.text("qzQZ1- ", max_size=40))
def test_of_an_unknown_word_no_feature_tells_more_than_three_letters(text: str) -> None:
    seen = look(text, "zq as written", frozenset({"fumo"}))
    features = [f for row in word_features(seen) for f in row]
    if seen.places:
        features += span_features(seen, 0, len(seen.places))
    assert not [feature for feature in features if re.search("[qz]{4}|zq as", feature)]


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=80))
def test_every_span_quotes_its_phrase(tagger: Tagger, text: str) -> None:
    phrase = replace(four_letters()[0].phrase, text=text)
    [answer] = tagger.label([phrase])
    assert all(span.text == text[span.start : span.end] for span in answer.spans)


ONE_KIND = {
    "no span has two words": "[[fumo|fumo]] da anni",
    "no word is outside": "[[fumo|ex fumatore]]",
    "one word is all there is": "[[fumo|fumo]]",
}


@pytest.mark.parametrize("text", ONE_KIND.values(), ids=ONE_KIND)
def test_what_was_never_seen_has_no_probability(text: str, tmp_path: Path) -> None:
    rows = [marked(text, f"{n:012x}") for n in range(9)]
    engine = CrfsuiteEngine.load(learned(rows, tmp_path / "model"), record(labels=("fumo",)))
    [spans] = engine.read([rows[0].phrase])
    assert [(s.start, s.end) for s in spans] == [(s.start, s.end) for s in rows[0].spans]
    assert engine.read([marked("nega BPCO e ictus").phrase])


def test_a_very_long_phrase_is_read_to_its_end(tagger: Tagger) -> None:
    text = "Decorso regolare. " * 500 + "Lasix 25 mg"
    [answer] = tagger.label([replace(four_letters()[0].phrase, text=text)])
    assert answer.spans and answer.spans[-1].end == len(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.unlink(), f"{FILE} is not there"),
        (lambda path: path.write_bytes(b"torn"), "BadZipFile"),
        (lambda path: path.write_bytes(path.read_bytes()[:-200]), "BadZipFile"),
        (lambda path: zipfile.ZipFile(path, "w").close(), "KeyError"),
    ],
    ids=["missing", "no model", "cut short", "empty"],
)
def test_a_broken_file_is_said(change: object, message: str, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for path in model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    change(folder / FILE)  # type: ignore[operator]
    with pytest.raises(BadInput, match=f"cannot be loaded .*{message}.*train it again"):
        Tagger.load(folder)


def test_a_file_of_other_labels_is_said(tmp_path: Path) -> None:
    folder = learned(four_letters(), tmp_path / "model")
    with pytest.raises(BadInput, match="labels that its record does not"):
        CrfsuiteEngine.load(folder, record(labels=("lasix",)))


def test_it_needs_neither_torch_nor_transformers(model: Path) -> None:
    code = (
        "import sys; from core.learn.tagger import Tagger; Tagger.load(sys.argv[1]); "
        "print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
