"""Fixtures of the labelling backend: one that runs on a port, and programs that stand in for a
training."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.backend.backend import Plan
from annotate.backend.serving import Address, serving
from annotate.screen.config import label_config
from annotate.screen.regions import task_of
from core.records import Annotation, Json
from core.schema import View, default_schema
from tests.tiny_model import four_letters

# A training that lasts until it is told to end, tells how far it is, and brings a prepared model.
TRAINING = """
import os, shutil, sys, time
from pathlib import Path
from annotate.backend.progress import report
prepared, out, gate = map(Path, sys.argv[1:])
report(1, 4)
(gate / "begun").write_text(str(os.getpid()))
while not (gate / "go").exists():
    time.sleep(0.02)
if (gate / "fail").exists():
    print("a letter's words: Paziente Rossi")
    sys.exit("lettera: too few letters to learn from")
report(4, 4)
made = out.with_name(".made")
shutil.copytree(prepared, made)
if out.exists():
    os.rename(out, out.with_name(".gone"))
os.rename(made, out)
"""


def config(view: View = "field") -> str:
    return label_config(default_schema(), view)


def tasks(annotations: list[Annotation] | None = None) -> list[Json]:
    """Tasks as Label Studio sends them, numbered from 1."""
    found = [task_of(a, None, None) for a in annotations or four_letters()]
    return [task | {"id": n} for n, task in enumerate(found, 1)]


def until(ready: Callable[[], Any], seconds: float = 30) -> Any:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


class Run:
    """A backend that runs, and Label Studio's side of the talk with it."""

    def __init__(self, address: Address, told: list[str], gate: Path) -> None:
        self.address, self.told, self.gate = address, told, gate
        account = address.account
        self.http = httpx.Client(
            base_url=address.url,
            auth=(account.user, account.password),
            timeout=60,
            trust_env=False,
        )

    def get(self, path: str) -> Json:
        answer: Json = self.http.get(path).raise_for_status().json()
        return answer

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def results(self, asked: list[Any], labels: str | None = None) -> list[Any]:
        body = {"tasks": asked, "label_config": config() if labels is None else labels}
        found: list[Any] = self.post("/predict", body).raise_for_status().json()["results"]
        return found

    def until(self, ready: Callable[[Json], Any]) -> Json:
        until(lambda: ready(self.get("/status")))
        return self.get("/status")

    def train(self) -> httpx.Response:
        return self.post("/webhook", {"action": "START_TRAINING", "project": {"id": 1}})

    def let_go(self, *how: str) -> None:
        """The training that stands at the gate may end (`fail`: badly)."""
        for name in (*how, "go"):
            (self.gate / name).touch()


class Start:
    """Starts backends in a folder: `model` is in it, `next` is what a training brings."""

    def __init__(self, folder: Path, model: Path, running: ExitStack) -> None:
        self._folder, self._running = folder, running
        shutil.copytree(model, folder / "model")

    def __call__(self, model: str | None = None, **changes: Any) -> Run:
        out, gate = self._folder / "model", self._folder / "gate"
        gate.mkdir(exist_ok=True)
        train = [sys.executable, "-c", TRAINING, str(self._folder / "next"), str(out), str(gate)]
        told: list[str] = []
        usual = {"train": train, "tell": told.append}
        plan = Plan(model or str(out), self._folder / "workspace", **usual | changes)
        run = Run(self._running.enter_context(serving(plan, port=0)), told, gate)
        self._running.callback(run.http.close)
        return run


@pytest.fixture
def start(tmp_path: Path, tiny_model: Path) -> Iterator[Start]:
    """Starts backends; all end with the test."""
    with ExitStack() as running:
        yield Start(tmp_path, tiny_model, running)


@pytest.fixture
def next_model(tmp_path: Path, tiny_model: Path) -> Path:
    """The model that a training will bring: the same network with other weights' name."""
    made = tmp_path / "next"
    shutil.copytree(tiny_model, made)
    record = (made / "lettera.json").read_text()
    old = record.split('"weights": "')[1][:8]
    (made / "lettera.json").write_text(record.replace(old, "0" * 8))
    return made
