"""How corrections reach the backend, and when it learns from them by itself."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from annotate.backend.corrections import Corrections
from core.errors import ServerError
from core.records import Annotation
from tests.annotate.backend import TRAINING, Start, next_model, start, tasks, until
from tests.tiny_model import four_letters

__all__ = ["next_model", "start"]  # fixtures


class People:
    """What stands in Label Studio: `said` are the corrected phrases, `asked` the pulls of it."""

    def __init__(self) -> None:
        self.said: list[Annotation] = []
        self.asked: list[bool] = []
        self.away = False
        self._all = four_letters()

    def correct(self, number: int, **known: Any) -> None:
        """So many more phrases are corrected."""
        for _ in range(number):
            n = len(self.said)
            made = {"made": f"2026-11-21T08:{n // 60:02}:{n % 60:02}.000000Z"}
            self.said.append(replace(self._all[n % 16], extra=made, **known))

    def pull(self, full: bool) -> Sequence[Annotation]:
        self.asked.append(full)
        if self.away:
            raise ServerError("Label Studio stopped answering (ConnectError)")
        return list(self.said)


@pytest.fixture
def people() -> People:
    return People()


def test_a_webhook_brings_the_next_pull_near(start: Start, people: People) -> None:
    run = start(pull=people.pull, every=3600.0)
    run.until(lambda now: now["corrections"]["total"] == 0)
    people.correct(2)
    assert run.post("/webhook", {"action": "ANNOTATION_CREATED"}).status_code == 201
    told = run.until(lambda now: now["corrections"]["total"] == 2)
    assert told["webhooks"] == {"ANNOTATION_CREATED": 1}
    assert people.asked == [True, False]  # the first pull reads everything
    people.said.pop()
    run.post("/webhook", {"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 7}]})
    run.until(lambda now: now["corrections"]["total"] == 1)
    assert people.asked == [True, False, True]  # what is gone is seen only by reading everything
    run.post("/webhook", {"action": "PROJECT_UPDATED"})
    assert "PROJECT_UPDATED" not in run.get("/status")["webhooks"]


def test_a_missed_webhook_is_caught_up(start: Start, people: People) -> None:
    run = start(pull=people.pull, every=0.05)
    people.correct(3)
    run.until(lambda now: now["corrections"]["new"] == 3)


def test_a_label_studio_that_is_away_is_told_once(start: Start, people: People) -> None:
    people.away = True
    run = start(pull=people.pull, every=0.05)
    run.until(lambda now: now["corrections"]["problem"])
    until(lambda: len(people.asked) > 5)
    assert sum("stopped answering" in line for line in run.told) == 1
    assert len(run.results(tasks())) == 16
    run.train()
    assert "stopped answering" in run.until(lambda now: now["state"] == "failed")["reason"]
    people.away = False
    people.correct(1)
    run.until(lambda now: now["corrections"]["new"] == 1)
    assert run.get("/status")["corrections"]["problem"] is None


def test_it_learns_by_itself_after_so_many_corrections(
    start: Start, people: People, next_model: Path
) -> None:
    people.correct(1)
    queued: list[str] = []
    run = start(pull=people.pull, every=0.05, after=3, then=lambda: queued.append("anew"))
    run.until(lambda now: now["corrections"]["total"] == 1)
    people.correct(5, skipped=True)
    until(lambda: len(people.asked) > 5)
    assert run.get("/status")["state"] == "idle"
    people.correct(2)
    run.until(lambda now: now["state"] == "training")
    assert not queued
    run.let_go()
    told = run.until(lambda now: now["state"] == "idle")
    assert queued == ["anew"], "what waits is put in order once the new model is there"
    assert told["corrections"] == {"total": 3, "new": 0, "problem": None}
    assert told["model"].endswith("@00000000")


def test_what_was_learned_from_is_remembered(tmp_path: Path, people: People) -> None:
    def counted() -> Corrections:
        made = Corrections(people.pull, tmp_path, None, lambda: None, lambda sentence: None)
        made.pull()
        return made

    people.correct(4)
    first = counted()
    assert first.new == 4
    first.learned()
    assert counted().new == 0
    people.correct(1)
    assert counted().new == 1


SERVE = """
import sys, time
from pathlib import Path
from annotate.backend.backend import Plan
from annotate.backend.serving import serving
workspace, *train = sys.argv[1:]
with serving(Plan("rules", Path(workspace), train), 0) as address:
    address.backend.training.start()
    time.sleep(600)
"""


@pytest.mark.slow
def test_a_killed_backend_takes_its_training_up_again(
    start: Start, tmp_path: Path, next_model: Path
) -> None:
    gate, workspace = tmp_path / "gate", tmp_path / "workspace"
    gate.mkdir()
    train = [sys.executable, "-c", TRAINING, str(next_model), str(workspace / "model"), str(gate)]
    program = [sys.executable, "-c", SERVE, str(workspace), *train]
    with subprocess.Popen(program) as backend:
        pid = int(until(lambda: (gate / "begun").exists() and (gate / "begun").read_text()))
        backend.send_signal(signal.SIGKILL)
    until(lambda: not psutil.pid_exists(pid))  # it ends with its backend
    run = start("rules", train=train)
    assert run.get("/status")["state"] == "training"
    run.let_go()
    assert run.until(lambda now: now["state"] == "idle")["model"] == "model/model@00000000"


def test_a_training_that_may_be_what_kills_is_taken_up_once(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "workspace" / "backend"
    folder.mkdir(parents=True)
    left = {"state": "training", "since": None, "reason": None, "resumed": True, "process": None}
    (folder / "training.json").write_text(json.dumps(left))
    assert "cut short twice" in start().get("/status")["reason"]


def test_a_backend_that_stops_ends_its_training(start: Start, people: People) -> None:
    run = start(pull=people.pull)
    run.train()
    pid = int(until(lambda: (run.gate / "begun").exists() and (run.gate / "begun").read_text()))
    begun = time.monotonic()
    run.address.backend.stop()
    assert time.monotonic() - begun < 20
    until(lambda: not psutil.pid_exists(pid))
    assert "stopped" in run.get("/status")["reason"]
    assert run.train().status_code == 409
    assert os.listdir(run.gate) == ["begun"]
