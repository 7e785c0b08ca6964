"""The labelling backend called by the real Label Studio."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.backend.backend import folder_of
from annotate.backend.connect import TITLE, connect_backend
from annotate.backend.corrections import pulling
from annotate.backend.door import account
from annotate.screen.config import Unit, label_config
from annotate.sync.push import push
from annotate.sync.studio import connect
from core.schema import default_schema
from tests.annotate.backend import Start, next_model, start
from tests.studio import free_port
from tests.tiny_model import four_letters

__all__ = ["next_model", "start"]  # fixtures
pytestmark = pytest.mark.server
SCHEMA = default_schema()
RULES = "rules/1"
ALL: Any = {"all": True, "excluded": []}


class Studio:
    """A project of sixteen phrases pre-labelled by rules, and what one does with it."""

    def __init__(self, server: Any, title: str) -> None:
        self.client: Any = connect(server.url, server.token)
        self.title = title
        self.http = httpx.Client(
            base_url=server.url,
            headers={"Authorization": f"Token {server.token}"},
            timeout=120,
            trust_env=False,
        )

    def push(self, unit: Unit = "phrase") -> int:
        said = [replace(a, origin="rules", source=RULES) for a in four_letters()]
        report = push(self.client, self.title, said, SCHEMA, "field", bare=0.0, unit=unit)
        self.project = report.project
        return self.project

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(f"/api/{path}", params=query).raise_for_status().json()

    def post(self, path: str, body: Any, **query: Any) -> httpx.Response:
        return self.http.post(f"/api/{path}", json=body, params=query)

    def tasks(self) -> list[Any]:
        found = self.get("tasks", project=self.project, fields="all", page_size=100)["tasks"]
        return sorted(found, key=lambda task: int(task["id"]))

    def versions(self) -> list[list[str]]:
        """The model versions of each task's predictions."""
        return [sorted(p["model_version"] for p in task["predictions"]) for task in self.tasks()]

    def seen(self) -> set[str]:
        """The versions of the pre-labels that the next person begins with."""
        coming = self.get(f"projects/{self.project}/next")
        return {str(prediction["model_version"]) for prediction in coming["predictions"]}

    def retrieve(self) -> httpx.Response:
        """A person chooses all tasks and presses Retrieve Predictions."""
        return self.post(
            "dm/actions", {"selectedItems": ALL}, id="retrieve_tasks_predictions",
            project=self.project,
        )  # fmt: skip

    def annotate(self, task: int) -> int:
        found = next(t for t in self.tasks() if t["id"] == task)
        result = [
            {key: value for key, value in item.items() if key != "lettera"}
            for item in found["predictions"][0]["result"]
        ]
        return int(self.client.annotations.create(id=task, result=result, lead_time=2.0).id)


@pytest.fixture
def studio(label_studio: Any, request: pytest.FixtureRequest) -> Iterator[Studio]:
    made = Studio(label_studio, f"{request.node.name[5:40]} {os.getpid()}")
    with made.http:
        yield made


def test_a_project_is_connected_and_its_prelabels_stay(studio: Studio, start: Start) -> None:
    project, run = studio.push(), start()
    assert studio.seen() == {RULES}
    for _ in range(2):
        connect_backend(studio.client, project, run.address.url, run.address.account)
        (known,) = studio.client.ml.list(project=project)
        assert (known.title, known.state, known.url) == (TITLE, "CO", run.address.url)
        assert known.model_version == run.get("/status")["model"]
        (hook,) = studio.get("webhooks", project=project)
        assert (hook["url"], hook["send_payload"]) == (f"{run.address.url}/webhook", False)
        assert studio.seen() == {RULES}


def test_an_empty_project_is_connected_before_its_phrases_come(
    studio: Studio, start: Start
) -> None:
    run = start()
    project = studio.client.projects.create(title=studio.title, label_config="<View></View>")
    studio.client.projects.update(id=project.id, label_config=label_config(SCHEMA, "field"))
    connect_backend(studio.client, project.id, run.address.url, run.address.account)
    assert not studio.client.projects.get(id=project.id).model_version
    studio.push()
    assert studio.seen() == {RULES}


def test_predictions_come_from_the_model_once(studio: Studio, start: Start) -> None:
    project, run = studio.push(), start()
    connect_backend(studio.client, project, run.address.url, run.address.account)
    model = run.get("/status")["model"]
    for _ in range(2):
        assert studio.retrieve().status_code == 200
        assert studio.versions() == [sorted([model, RULES])] * 16
    assert studio.seen() == {RULES}
    studio.client.projects.update(id=project, model_version=model)
    assert studio.seen() == {model}
    texts = [task["data"]["text"] for task in studio.tasks()]
    for task, text in zip(studio.tasks(), texts, strict=True):
        for item in next(p for p in task["predictions"] if p["model_version"] == model)["result"]:
            place = item["value"]
            assert text[place["start"] : place["end"]] == place["text"]


def test_letters_are_predicted_phrase_by_phrase(studio: Studio, start: Start) -> None:
    project, run = studio.push("letter"), start()
    connect_backend(studio.client, project, run.address.url, run.address.account)
    assert studio.retrieve().status_code == 200
    model = run.get("/status")["model"]
    places = 0
    for task in studio.tasks():
        assert len(task["data"]["phrases"]) == 4
        (said,) = (p for p in task["predictions"] if p["model_version"] == model)
        for item in said["result"]:
            place = item["value"]
            assert task["data"]["text"][place["start"] : place["end"]] == place["text"]
            places += place["start"] >= task["data"]["phrases"][1]["at"]
    assert places  # beyond the first line, so an offset of the phrase would be wrong


def test_one_task_is_predicted_interactively(studio: Studio, start: Start) -> None:
    project, run = studio.push(), start()
    connect_backend(studio.client, project, run.address.url, run.address.account)
    (known,) = studio.client.ml.list(project=project)
    account = run.address.account
    studio.client.ml.update(
        id=known.id, project=project, url=known.url, is_interactive=True, auth_method="BASIC_AUTH",
        basic_auth_user=account.user, basic_auth_pass=account.password,
    )  # fmt: skip
    asked = {"task": studio.tasks()[1]["id"], "context": {"result": []}}
    answer = studio.post(f"ml/{known.id}/interactive-annotating", asked).json()
    assert answer["data"]["model_version"] == run.get("/status")["model"]
    assert answer["data"]["result"]


def test_a_training_is_asked_for_in_label_studio(
    studio: Studio, start: Start, next_model: Path
) -> None:
    project, run = studio.push(), start()
    connect_backend(studio.client, project, run.address.url, run.address.account)
    (known,) = studio.client.ml.list(project=project)
    studio.client.ml.train(id=known.id)
    assert run.get("/status")["state"] == "training"
    studio.client.ml.train(id=known.id)  # refused; Label Studio itself says nothing of it
    assert studio.client.ml.list(project=project)[0].state == "CO"
    run.let_go()
    model = run.until(lambda now: now["state"] == "idle")["model"]
    assert model == "model/model@00000000"
    assert studio.retrieve().status_code == 200
    assert studio.versions() == [sorted([model, RULES])] * 16


def test_corrections_come_by_webhook_and_without(
    studio: Studio, start: Start, tmp_path: Path
) -> None:
    project, out = studio.push(), tmp_path / "corrected.jsonl"
    run = start(pull=pulling(studio.client, studio.title, out), every=3600.0)
    run.until(lambda now: now["corrections"]["total"] == 0)
    connect_backend(studio.client, project, run.address.url, run.address.account)
    first, second = studio.tasks()[:2]
    made = studio.annotate(first["id"])
    status = run.until(lambda now: now["corrections"]["total"] == 1)
    assert status["webhooks"]["ANNOTATION_CREATED"] == 1
    studio.annotate(second["id"])
    studio.client.annotations.update(id=made, result=[], lead_time=1.0)
    run.until(lambda now: now["corrections"]["total"] == 2)
    run.until(lambda now: now["webhooks"].get("ANNOTATION_UPDATED"))
    studio.client.annotations.delete(id=made)
    run.until(lambda now: now["corrections"]["total"] == 1)
    assert len(out.read_text().splitlines()) == 1
    (hook,) = studio.get("webhooks", project=project)
    studio.client.webhooks.delete(id=hook["id"])
    studio.annotate(first["id"])  # nobody tells the backend
    run.train()  # but a training asks for everything first
    run.until(lambda now: now["corrections"]["total"] == 2)
    run.let_go("fail")


SERVE = """
import sys, time
from pathlib import Path
from annotate.backend.backend import Plan
from annotate.backend.serving import serving
model, workspace, port = sys.argv[1:]
with serving(Plan(model, Path(workspace), ["true"]), int(port)) as address:
    print(address.url, flush=True)
    time.sleep(600)
"""


def test_a_killed_backend_costs_nothing(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    """Killed at random moments while Label Studio asks it for predictions and people work on."""
    project, port = studio.push(), free_port()
    program = [sys.executable, "-c", SERVE, str(tiny_model), str(tmp_path / "w"), str(port)]
    rounds = int(os.environ.get("LETTERA_SOAK", "2"))
    done = []
    for number in range(rounds + 1):
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as backend:
            assert backend.stdout is not None
            url = backend.stdout.readline().strip()
            connect_backend(
                studio.client, project, url, account(folder_of(tmp_path / "w") / "account.toml")
            )
            if number < rounds:
                killer = subprocess.Popen(
                    ["sh", "-c", f"sleep 0.{number * 13 % 50:02}; kill -9 {backend.pid}"]
                )
                assert studio.retrieve().status_code == 200
                killer.wait()
            else:
                assert studio.retrieve().status_code == 200
                backend.send_signal(signal.SIGKILL)
        assert studio.seen() == {RULES}
        if number < 15:  # one of the sixteen waits to the end, for `seen` to look at
            done.append(studio.annotate(studio.tasks()[number]["id"]))  # with the backend dead
    found = studio.tasks()
    assert [len(task["annotations"]) for task in found[: len(done)]] == [1] * len(done)
    assert all(len(versions) == len(set(versions)) == 2 for versions in studio.versions())
