"""What a training is given or meets that is not as it should be: one clear line, no model lost."""

import dataclasses
import importlib.util
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadInput, MissingExtra, UnknownName
from core.learn.data.split import Split
from core.learn.options import Options, options_for
from core.learn.record import read_record
from core.learn.told import needs_an_eye
from core.learn.train import train
from core.records import Annotation
from tests.tiny_model import four_letters, marked

pytestmark = pytest.mark.training

ROWS = tuple(four_letters())
THIRD = Split(ROWS[:8], ROWS[8:12], ROWS[12:])

LOTS = {
    "nothing to learn from": (Split((), ROWS[:8], ROWS[8:]), "no phrase to learn from"),
    "nothing to choose by": (Split(ROWS[:8], (), ROWS[8:]), "choose the best epoch by"),
    "nothing to be scored on": (Split(ROWS[:8], ROWS[8:], ()), "be scored on"),
    "a test of skipped phrases": (
        Split(ROWS[:8], ROWS[8:12], tuple(replace(a, skipped=True) for a in ROWS[12:])),
        "be scored on",
    ),
}


@pytest.mark.parametrize(("lots", "message"), LOTS.values(), ids=LOTS)
def test_an_empty_lot_is_said(lots: Split, message: str, tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=message):
        train(lots, tmp_path / "m", options_for(str(tiny_base)))
    assert not list(tmp_path.iterdir())


NAMES = {
    "a head": ({"head": "softmax"}, UnknownName, "choose one of: linear, crf, multilabel"),
    "a scheme": ({"scheme": "bilou"}, UnknownName, "choose one of: bio, io"),
    "a precision": ({"precision": "fp8"}, UnknownName, "choose one of: auto, fp32, bf16"),
    "a reporter": ({"report_to": "mlflow"}, UnknownName, "choose one of: tensorboard, wandb"),
    "a label": ({"labels": ("fumo", "tabacco")}, BadInput, "has the label tabacco; there are: "),
    "no epoch": ({"epochs": 0}, BadInput, "0 for epochs: it must be at least 1"),
    "no phrase a step": ({"batch_size": 0}, BadInput, "0 for batch size: it must be"),
    "a way back": ({"learning_rate": -1.0}, BadInput, "rate of -1.0 teaches nothing"),
    "a network that keeps little": ({"checkpointing": True}, BadInput, "no gradient checkpoint"),
}


@pytest.mark.parametrize(("changes", "error", "message"), NAMES.values(), ids=NAMES)
def test_an_unknown_name_is_said(
    changes: dict, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        train(ROWS, tmp_path / "m", options_for("windows", **changes))


CRF: dict[str, tuple[dict[str, object], str]] = {
    "another head": ({"head": "linear"}, "leave --head and --scheme out"),
    "another scheme": ({"scheme": "io"}, "leave --head and --scheme out"),
    "a reporter": ({"report_to": "tensorboard"}, "leave --report-to out"),
}


@pytest.mark.parametrize(("changes", "message"), CRF.values(), ids=CRF)
def test_what_a_feature_crf_cannot_do_is_said(changes: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=message):
        train(ROWS, tmp_path / "m", options_for("small", **changes))


def test_a_label_of_no_field_among_fields_is_said(tmp_path: Path) -> None:
    rows = [replace(a, spans=tuple(replace(s, label="fumoo") for s in a.spans)) for a in ROWS[:4]]
    record = train([*rows, *ROWS[4:]], tmp_path / "m", options_for("small", epochs=2))
    assert "labels that the table of fields does not know: fumoo" in list(needs_an_eye(record))


def test_a_reporter_that_is_not_installed_is_said(tmp_path: Path) -> None:
    if importlib.util.find_spec("wandb") is not None:
        pytest.skip("wandb is installed here")
    with pytest.raises(MissingExtra, match="pip install wandb"):
        train(ROWS, tmp_path / "m", options_for("windows", report_to="wandb"))
    assert not list(tmp_path.iterdir())


def test_only_the_labels_asked_for_are_learned(tiny_base: Path, tmp_path: Path) -> None:
    options = options_for(str(tiny_base), labels=("fumo", "diabete"), epochs=1)
    record = train(ROWS, tmp_path / "m", options)
    assert set(record.labels) == {"fumo", "diabete"}
    assert record.spans["unknown"] > 0
    assert record.spans["learned"] + record.spans["unknown"] == _spans(record.split["train"])
    assert sum(record.sources.values()) == record.spans["learned"]


def _spans(letters: list[str]) -> int:
    return sum(len(a.spans) for a in ROWS if a.phrase.letter in letters)


def test_one_label_nested_spans_and_a_phrase_beyond_the_window(
    tiny_base: Path, tmp_path: Path
) -> None:
    def with_all(annotation: Annotation) -> Annotation:
        """One label; the whole phrase is a span too, over the others."""
        text = annotation.phrase.text
        span = replace(annotation.spans[0], start=0, end=len(text), text=text)
        own = tuple(replace(s, label="fumo", field="fumo") for s in annotation.spans)
        return replace(annotation, spans=(*own, replace(span, label="fumo", field="fumo")))

    long = marked("nega fumo; " * 60 + "[[fumo|ex fumatrice]]", "000000000000")
    rows = [with_all(a) if a.spans else a for a in ROWS]
    lots = Split((*rows[:8], long), tuple(rows[8:12]), tuple(rows[12:]))
    options = options_for(str(tiny_base), epochs=1, imbalance="weighted")
    record = train(lots, tmp_path / "m", options)
    assert record.labels == ("fumo",)
    assert record.limit < 120 < len(long.phrase.text.split()), "read in several windows"
    assert record.spans == {
        "learned": sum(bool(a.spans) for a in rows[:8]) + 1,
        "overlapped": sum(len(a.spans) for a in ROWS[:8]),
        "cut": 0,
        "merged": 0,
        "unknown": 0,
    }


def test_a_precision_and_a_memory_of_its_own(tiny_base: Path, tmp_path: Path) -> None:
    options = options_for(
        str(tiny_base), epochs=2, precision="bf16", checkpointing=True, accumulate=2, keep="last"
    )
    record = train(replace_validation(THIRD), tmp_path / "m", options)
    assert (record.precision, record.epochs, record.best_epoch) == ("bf16", 2.0, 2.0)
    assert [round(row["epoch"]) for row in record.history] == [1, 2]
    assert all(0 < row["loss"] < 100 for row in record.history)
    assert set(record.scores) == {"test"} == set(record.intervals)


def replace_validation(lots: Split) -> Split:
    return dataclasses.replace(lots, train=(*lots.train, *lots.validation), validation=())


class Stopped(Exception):
    """Stands for what kills a training."""


def stop_at(step: int, out: Path, options: Options) -> None:
    def stopped(done: int, _: int) -> None:
        if done == step:
            raise Stopped

    with pytest.raises(Stopped):
        train(THIRD, out, options, stopped)


SPOILED = {
    "the newest network": "checkpoint-6/model.safetensors",
    "the newest optimizer": "checkpoint-6/optimizer.pt",
    "everything": "*/optimizer.pt",
}


@pytest.mark.parametrize("files", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_checkpoint_is_not_gone_on_with(
    files: str, tiny_base: Path, tmp_path: Path
) -> None:
    options = options_for(str(tiny_base), epochs=4, batch_size=4)
    stop_at(7, tmp_path / "m", options)
    work = tmp_path / ".m.training"
    for path in work.glob(files):
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)
    record = train(THIRD, tmp_path / "m", options)
    assert record.epochs == 4.0
    assert record.resumed_from is None if files[0] == "*" else record.resumed_from in (1.0, 2.0)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_full_disk_leaves_the_good_model(tiny_base: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    good = train(THIRD, out, options_for(str(tiny_base), epochs=1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # the limit on one file's size
    try:
        with pytest.raises(BadInput, match="cannot be written .* make room and run it again"):
            train(THIRD, out, options_for(str(tiny_base), epochs=1, seed=5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_record(out) == good
    assert {path.name for path in tmp_path.iterdir()} == {"m", ".m.training"}
    assert train(THIRD, out, options_for(str(tiny_base), epochs=1, seed=5)).weights != good.weights
