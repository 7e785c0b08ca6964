"""The whole loop, for real: three letters in, Label Studio, a trained model and the demo out."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import lettera
from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from core.jsonl import read_records
from core.learn.record import read_record
from core.records import Annotation
from tests.studio import free_port

pytestmark = [pytest.mark.server, pytest.mark.training, pytest.mark.timeout(900)]

EXAMPLES = Path(lettera.__file__).with_name("demo") / "examples"
THREE = [str(EXAMPLES / f"lettera-{number}.pdf") for number in ("01", "02", "03")]
PROJECT = "Lettere (field)"


def up(workspace: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "lettera", "up", *words, "--workspace", str(workspace)]
    return subprocess.Popen(
        [*command, "--demo-port", str(free_port())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=EXAMPLES.parent.parent,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.fixture(scope="module")
def workspace(label_studio: LabelStudioServer) -> Path:
    """The workspace of the session's server, so that `up` finds it running."""
    return label_studio.password_file.parent.parent


@pytest.fixture(scope="module")
def first(workspace: Path) -> Iterator[str]:
    run = up(workspace, *THREE, "--once")
    said, complaint = run.communicate()
    assert run.returncode == 0, complaint
    yield said


def test_one_command_goes_from_letters_to_two_addresses(first: str, workspace: Path) -> None:
    assert "read 3 letters" in first and "by rules/1" in first
    assert "no TOGETHER_API_KEY is set" in first, "what was chosen by itself is said"
    assert "nobody checked" in first and "strict F1" in first
    assert f"project '{PROJECT}': 3 tasks wait, first what teaches model/" in first
    assert "annotators:  http://127.0.0.1:" in first and "the demo:    http://127.0.0.1:" in first
    assert "lettera@localhost" in first and "credentials.toml" in first
    labelled = list(read_records(workspace / "labelled.jsonl", Annotation))
    assert len({a.phrase.letter for a in labelled}) == 3
    assert sum(len(a.spans) for a in labelled) > 60
    record = read_record(workspace / "model")
    assert record.phrases["rules"] == len(labelled) and "human" not in record.phrases
    assert record.scores["test"].micro.f1 > 0.3, "a network that learned nothing scores 0"
    assert workspace.stat().st_mode & 0o077 == 0


def test_the_password_is_not_printed_where_nobody_watches(
    first: str, label_studio: LabelStudioServer
) -> None:
    assert label_studio.password not in first and label_studio.token not in first


def test_run_again_it_goes_on_and_ends_on_ctrl_c(
    first: str, workspace: Path, label_studio: LabelStudioServer
) -> None:
    """A person's correction in between is pulled; nothing is pushed, read or labelled twice."""
    client = connect(label_studio.url, label_studio.token)
    project = next(p for p in client.projects.list() if p.title == PROJECT)
    task = next(iter(client.tasks.list(project=project.id)))
    client.annotations.create(id=task.id, result=[], lead_time=3.0)
    model = (workspace / "model" / "lettera.json").read_bytes()
    labelled = (workspace / "labelled.jsonl").read_bytes()

    run = up(workspace, *THREE)
    assert run.stdout is not None
    said = []
    for line in run.stdout:
        said.append(line)
        if line.startswith("the demo:"):
            break
    address = said[-1].split()[-1]
    with urllib.request.urlopen(address, timeout=30) as page:
        assert b"Lettera" in page.read()
    run.send_signal(signal.SIGINT)
    rest, complaint = run.communicate(timeout=60)
    assert run.returncode == 0 and "stopping" in rest, complaint
    text = "".join(said)
    corrected = list(read_records(workspace / "corrected.jsonl", Annotation))
    assert "0 letters added" in text and f"{len(corrected)} answers by people" in text
    assert f"{len(corrected)} corrected ones" in text
    assert (workspace / "labelled.jsonl").read_bytes() == labelled
    assert (workspace / "model" / "lettera.json").read_bytes() != model, "it learned from that"
    assert read_record(workspace / "model").phrases["human"] == len(corrected)
    assert {line.origin for line in corrected} == {"human"}
    assert len({line.phrase.letter for line in corrected}) == 1, "it was one letter"
    assert sum(line.seconds or 0 for line in corrected) == pytest.approx(3.0)
    with pytest.raises(OSError):
        urllib.request.urlopen(address, timeout=5)
