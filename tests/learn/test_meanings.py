"""States and values of spans: learned beside any model, told where they are sure, scored, used."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from annotate.backend.answers import Answering, label_set
from annotate.backend.model import Newest
from annotate.screen.codes import scale_of
from annotate.screen.config import STATE, STATES
from core.errors import BadInput
from core.learn.data.split import Split
from core.learn.engines import MEANINGS, files_of
from core.learn.options import options_for
from core.learn.record import read_record
from core.learn.tagger import Tagger
from core.learn.told import meanings_of
from core.learn.train import train
from core.records import Annotation
from tests.annotate.backend import config, tasks
from tests.places import ROOT
from tests.tiny_model import marked

pytestmark = pytest.mark.training

_HABITS = {0: "non fumatore", 1: "ex fumatore", 2: "fumatore"}
_SAID = {
    "present": "Noto [[diabete|diabete]], [[ipertensione|ipertensione arteriosa]]",
    "negated": "Non [[diabete|diabete]], nega [[ipertensione|ipertensione]]",
    "uncertain": "Sospetto [[diabete|diabete]], possibile [[ipertensione|ipertensione]]",
    "family": "Padre con [[diabete|diabete]], madre con [[ipertensione|ipertensione]]",
}


def letter(number: int) -> list[Annotation]:
    """A corrected letter: four phrases of one state each, one that half of the people mean
    otherwise than the others, and one with a code."""
    name = f"{number:012x}"
    rows = [
        _meant(marked(f"{text} dal {1950 + number}", name), state=state)
        for state, text in _SAID.items()
    ]
    torn = _meant(
        marked(f"Riferita [[BPCO|BPCO]] nel {1990 + number}", name),
        state=("present", "negated")[number % 2],
    )
    code = number % 3
    habit = marked(f"Abitudini: [[fumo|{_HABITS[code]}]] dal {1980 + number}", name)
    return [*rows, torn, _meant(habit, value=code)]


def _meant(annotation: Annotation, **known: object) -> Annotation:
    spans = tuple(replace(span, **known) for span in annotation.spans)  # type: ignore[arg-type]
    return replace(annotation, spans=spans)


def lot(start: int, stop: int) -> tuple[Annotation, ...]:
    return tuple(a for n in range(start, stop) for a in letter(n))


LOTS = Split(lot(0, 12), lot(12, 15), lot(15, 21))
FEWER = Split(lot(0, 6), LOTS.validation, LOTS.test)
OPTIONS = options_for("crfsuite", epochs=10, exchange=0.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a feature CRF that learned from twelve such letters."""
    out = tmp_path_factory.mktemp("meanings") / "model"
    train(LOTS, out, OPTIONS)
    return out


def test_states_and_codes_are_told_of_letters_it_has_not_seen(small: Path) -> None:
    """That a network tells them too, see tests/learn/test_retrain.py."""
    tagger = Tagger.load(small)
    right = _told(tagger, LOTS.test)
    assert len(right) > 20, "spans that are strictly right"
    assert sum(one == other for one, other in right) > 0.9 * len(right)
    record = tagger.record
    assert set(record.meanings["states"]) == set(_SAID)
    assert record.meanings["codes"] == {"fumo": {"0": 4, "1": 4, "2": 4}}
    told = record.meanings["scores"]["test"]
    assert told["states"]["all"]["asked"] == 54 and told["values"]["all"]["asked"] == 6
    assert told["states"]["parts"]["negated"]["share"]["value"] > 0.8, "half of BPCO"
    assert [line.partition(":")[0] for line in meanings_of(record)] == ["states", "values"]


def _told(tagger: Tagger, gold: tuple[Annotation, ...]) -> list[tuple[object, object]]:
    """State and value of gold and answer, where a span is strictly right."""

    def meant(annotation: Annotation) -> dict[object, object]:
        return {(s.start, s.end, s.label): (s.state, s.value) for s in annotation.spans}

    answers = tagger.label(a.phrase for a in gold)
    pairs = [(meant(a), meant(b)) for a, b in zip(gold, answers, strict=True)]
    # A habit of these letters has no state: what is told of one there is none of gold's.
    return [
        (true[place], said[place] if true[place][0] else (None, said[place][1]))  # type: ignore[index]
        for true, said in pairs
        for place in true.keys() & said.keys()
        if place[2] != "BPCO"  # type: ignore[index]
    ]


def test_what_it_is_not_sure_of_it_leaves_open(small: Path) -> None:
    asked = ["Nega [[diabete|diabete]] dal 1970", "Riferita [[BPCO|BPCO]] nel 2001"]
    known, torn = Tagger.load(small).label([marked(text).phrase for text in asked])
    assert [(s.label, s.state) for s in known.spans] == [("diabete", "negated")]
    assert [(s.label, s.state) for s in torn.spans] == [("BPCO", None)]


def test_nothing_to_tell_apart_is_no_file(tmp_path: Path) -> None:
    sides = (FEWER.train, FEWER.validation, FEWER.test)
    plain = Split(*(tuple(_meant(a, state=None, value=None) for a in side) for side in sides))
    record = train(plain, tmp_path / "model", OPTIONS)
    assert record.meanings == {} and not (tmp_path / "model" / MEANINGS).exists()
    assert MEANINGS not in files_of(record)


def test_a_broken_file_is_said(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in files_of(read_record(small)):
        (folder / name).write_bytes((small / name).read_bytes())
    Tagger.load(folder)
    (folder / MEANINGS).write_bytes((small / MEANINGS).read_bytes()[:-200])
    with pytest.raises(BadInput, match="cannot be loaded .BadZipFile.; train it again"):
        Tagger.load(folder)
    (folder / MEANINGS).unlink()
    with pytest.raises(BadInput, match=f"{MEANINGS} is not there"):
        Tagger.load(folder)


def test_its_file_holds_no_name_and_no_word_of_few_letters(tmp_path: Path) -> None:
    rows = [
        _meant(marked(f"Sig. [[cognome|Mezzalira]] {text}", f"{n:012x}"), state=state)
        for n in range(8)
        for state, text in _SAID.items()
    ]
    rows.append(_meant(marked("[[diabete|diabete xantelasma]]", "f" * 12), state="present"))
    train(Split(tuple(rows), (), LOTS.test), tmp_path / "model", OPTIONS)
    with zipfile.ZipFile(tmp_path / "model" / MEANINGS) as file:
        held = b"".join(file.read(name) for name in file.namelist()).lower()
    assert b"ipertensione" in held
    assert not any(word in held for word in (b"mezz", b"lira", b"xant"))


def test_the_backend_fills_in_the_choices(small: Path) -> None:
    newest = Newest(str(small), small)
    known = label_set(config())
    asked = [marked("Nega [[diabete|diabete]] dal 1970"), letter(1)[-1]]
    results = Answering(newest, known).results(tasks(asked))
    chosen = [
        (item["from_name"], item["value"]["choices"])
        for answer in results
        for item in answer["result"]
        if item["type"] == "choices"
    ]
    scale = scale_of("fumo")
    assert scale is not None
    assert (STATE, [STATES["negated"]]) in chosen and (scale.name, ["1"]) in chosen


KILLED = """
import json, os, signal, sys
from pathlib import Path
from core.learn.options import Options
from core.learn.data.split import Split
from core.learn.train import train
from core.records import Annotation

def killed(step, steps):
    if step == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

lots, how = json.loads(sys.stdin.read())
lots = Split(*(tuple(map(Annotation.from_json, lot)) for lot in lots))
train(lots, Path(sys.argv[1]), Options(**how), killed)
"""


@pytest.mark.parametrize("step", [5, 15], ids=["while spans", "while labels"])
def test_a_killed_training_begins_anew_and_ends_in_the_same_bytes(
    step: int, small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    before = train(FEWER, out, OPTIONS)
    held = {path.name: path.read_bytes() for path in out.iterdir()}
    lots = [[a.to_json() for a in side] for side in (LOTS.train, LOTS.validation, LOTS.test)]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(out), str(step)],
        input=json.dumps([lots, asdict(OPTIONS)]),
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    )
    assert ended.returncode == -signal.SIGKILL
    assert {path.name: path.read_bytes() for path in out.iterdir()} == held
    assert read_record(out) == before, "the good model stands"
    record = train(LOTS, out, OPTIONS)
    assert record.resumed_from is None and record.weights == read_record(small).weights
    for name in files_of(record)[1:]:
        assert (out / name).read_bytes() == (small / name).read_bytes(), name
    assert [path.name for path in tmp_path.iterdir()] == ["model"], "nothing half is left"
    assert json.loads((out / "lettera.json").read_text())["fingerprint"] == record.fingerprint
