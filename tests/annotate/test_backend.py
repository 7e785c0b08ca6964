"""The labelling backend as Label Studio meets it: over HTTP, on a port of this machine."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.backend.backend import Plan
from annotate.backend.serving import serving
from core.errors import ServerError
from core.records import Phrase
from core.schema import default_schema
from tests.annotate.backend import Run, Start, config, next_model, start, tasks, until
from tests.tiny_model import four_letters, marked

SCHEMA = default_schema()
JSON = {"Content-Type": "application/json"}
__all__ = ["next_model", "start"]  # fixtures


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Run]:
    """One backend for all that leave it as it is."""
    with ExitStack() as running:
        yield Start(tmp_path_factory.mktemp("steady"), tiny_model, running)()


@pytest.fixture
def run(start: Start) -> Run:
    """A backend of one's own."""
    return start()


def spans(result: dict[str, Any]) -> list[tuple[int, int, str]]:
    return [
        (item["value"]["start"], item["value"]["end"], item["value"]["labels"][0])
        for item in result["result"]
        if item["type"] == "labels"
    ]


def test_a_project_introduces_itself(steady: Run) -> None:
    version = steady.address.backend.model.source
    body = {"project": "14.1795", "schema": config(), "hostname": "x", "access_token": "secret"}
    assert steady.get("/health")["status"] == "UP"
    assert steady.post("/setup", body).json() == {"model_version": version}
    assert steady.get("/versions") == {"versions": [version]}
    assert version.startswith("model/model@")


def test_every_task_has_its_result_in_order(steady: Run) -> None:
    gold = four_letters()
    results = steady.results(tasks(gold))
    right = sum(
        spans(result) == [(s.start, s.end, s.label) for s in annotation.spans]
        for result, annotation in zip(results, gold, strict=True)
    )
    assert right >= len(gold) // 2  # two of the four letters were learned
    assert {result["model_version"] for result in results} == {steady.address.backend.model.source}
    for result, annotation in zip(results, gold, strict=True):
        for item in result["result"]:
            place = item["value"]
            assert annotation.phrase.text[place["start"] : place["end"]] == place["text"]


def test_an_interactive_question_is_answered_alike(steady: Run) -> None:
    asked = tasks()[:1]
    body = {
        "tasks": asked,
        "project": "1.2",
        "label_config": config(),
        "params": {"login": None, "password": None, "context": {"result": []}},
    }
    assert steady.post("/predict", body).json()["results"] == steady.results(asked)


def test_a_project_sees_its_own_labels_only(steady: Run) -> None:
    fields = steady.results(tasks())
    groups = steady.results(tasks(), config("group"))
    target = steady.results(tasks(), config("target"))
    known = {s[2] for result in groups for s in spans(result)}
    assert known and known <= set(SCHEMA.labels("group"))
    assert {s[2] for result in target for s in spans(result)} == {"TARGET"}
    assert [[s[:2] for s in spans(r)] for r in fields] == [
        [s[:2] for s in spans(r)] for r in groups
    ]


FEW = (
    '<View><Labels name="label" toName="text"><Label value="diabete"/><Label value="Altro"/>'
    '</Labels><Text name="text" value="$text"/></View>'
)


def test_labels_the_project_does_not_have_are_left_out(steady: Run) -> None:
    results = steady.results(tasks(), FEW)
    assert {s[2] for result in results for s in spans(result)} == {"diabete"}


STRANGE = {
    "no labels": "<View><Text name='text' value='$text'/></View>",
    "other labels": FEW.replace("diabete", "Farmaco"),
    "no XML": "<View",
    "nothing": "",
}


@pytest.mark.parametrize("labels", STRANGE.values(), ids=STRANGE)
def test_a_foreign_project_is_refused_and_gets_empty_results(steady: Run, labels: str) -> None:
    assert steady.post("/setup", {"project": "1.2", "schema": labels}).status_code == 400
    results = steady.results(tasks(), labels)
    assert [result["result"] for result in results] == [[]] * len(tasks())


def broken(**changes: Any) -> dict[str, Any]:
    task = tasks()[0]
    return task | {"data": task["data"] | changes}


PHRASE = Phrase("a:b.1", "a", 0, 0, "")
UNUSABLE = {
    "no data": {"id": 1},
    "not a task": "Paziente Rossi",
    "null": None,
    "data of another kind": {"id": 1, "data": ["Rossi"]},
    "text only": {"id": 1, "data": {"text": "Sig. Rossi"}},
    "empty text": broken(text="", start=0, end=0),
    "text is a number": broken(text=7),
    "section is a list": broken(section=["Rossi"]),
    "huge text": broken(text="Bisoprololo 2,5 mg " * 60_000),
    "control characters": broken(text="\x00\x01\x7f\u200b"),
}


@pytest.mark.parametrize("model", [None, "rules"], ids=["model", "rules"])
def test_tasks_that_are_none_of_ours_spoil_no_other(start: Start, model: str | None) -> None:
    run, good = start(model), tasks()[1:3]
    first, *bad, last = run.results([good[0], *UNUSABLE.values(), good[1]])
    told = {name: result["result"] for name, result in zip(UNUSABLE, bad, strict=True)}
    assert told == dict.fromkeys(UNUSABLE, [])
    assert [first, last] == run.results(good)


def test_half_a_character_is_answered_too(steady: Run) -> None:
    body = json.dumps({"tasks": [broken(text="Sig. \ud800")], "label_config": config()})
    answer = steady.http.post("/predict", content=body, headers=JSON)
    assert answer.json()["results"][0]["result"] == []


def test_a_thousand_tasks_in_one_call(run: Run) -> None:
    many = [marked(f"[[betabloc|Bisoprololo 2,5 mg]] ore {n}") for n in range(1000)]
    results = run.results(tasks(many))
    assert len(results) == 1000
    assert run.get("/status")["answered"] == {"tasks": 1000, "unanswered": 0}


def test_what_the_time_does_not_reach_is_left_to_the_next_call(start: Start) -> None:
    run = start(patience=-1.0)
    assert run.results(tasks()) == [[]] * len(tasks())  # nothing is stored, so it is asked again
    assert run.get("/status")["answered"]["unanswered"] == len(tasks())


def test_bare_tasks_stay_bare(steady: Run) -> None:
    """A tenth of the tasks is shown without pre-labels, to see what those are worth."""
    plain, bare = steady.results([tasks()[0], broken(bare=True)])
    assert plain["result"] and bare["result"] == []
    assert bare["score"] == plain["score"]


STRANGERS = {
    "nobody": None,
    "wrong password": ("lettera", "x"),
    "wrong user": ("x", "x"),
    "empty": ("", ""),
}


@pytest.mark.parametrize("who", STRANGERS.values(), ids=STRANGERS)
def test_strangers_are_turned_away(steady: Run, who: tuple[str, str] | None) -> None:
    with httpx.Client(base_url=steady.address.url, auth=who, trust_env=False) as stranger:
        for path in ("/health", "/status", "/versions", "/nothing"):
            assert stranger.get(path).status_code == 401
        for path in ("/predict", "/setup", "/webhook"):
            answer = stranger.post(path, content=b"{ not JSON")
            assert answer.status_code == 401 and "www-authenticate" in answer.headers
    assert "password" not in repr(steady.address.account).partition("password=")[2]


UNREADABLE = {
    "no JSON": b"Paziente Rossi, diabete",
    "tasks are no list": b'{"tasks": "Paziente Rossi", "label_config": ""}',
    "no tasks": b'{"Paziente Rossi": 1}',
    "no action": b'{"action": {"Paziente Rossi": 1}}',
    "a list": b'["Paziente Rossi"]',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("path", ["/predict", "/webhook"])
def test_what_cannot_be_read_is_not_sent_back(steady: Run, body: bytes, path: str) -> None:
    answer = steady.http.post(path, content=body, headers=JSON)
    assert answer.status_code == 422
    assert "Rossi" not in answer.text and "Rossi" not in "".join(steady.told)


def test_a_mistake_of_ours_quotes_no_letter(
    run: Run, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        source = "broken/1"

        def label(self, phrases: Any) -> Any:
            raise RuntimeError(next(iter(phrases)).text)

    run.address.backend.model.labeller = Broken()
    answer = run.post("/predict", {"tasks": tasks(), "label_config": config()})
    assert answer.status_code == 500
    seen = answer.text + "".join(run.told) + caplog.text + "".join(capfd.readouterr())
    assert "RuntimeError" in seen and "Livia" not in seen
    assert run.get("/health")["status"] == "UP"


def test_a_training_is_seen_and_its_model_takes_over(run: Run, next_model: Path) -> None:
    before = run.get("/status")
    assert run.train().status_code == 201
    status = run.until(lambda now: now["percent"] == 25)
    assert status["state"] == "training" and status["model"] == before["model"]
    second = run.train()
    assert second.status_code == 409 and "already" in second.json()["error"]
    assert len(run.results(tasks())) == len(tasks())
    run.let_go()
    status = run.until(lambda now: now["state"] == "idle")
    assert status["model"] == "model/model@00000000"
    assert {result["model_version"] for result in run.results(tasks())} == {status["model"]}
    assert run.get("/versions") == {"versions": [status["model"]]}


def test_a_training_that_fails_says_why_and_changes_nothing(run: Run, next_model: Path) -> None:
    model = run.get("/status")["model"]
    run.train()
    run.let_go("fail")
    status = run.until(lambda now: now["state"] == "failed")
    assert status["reason"].startswith("too few letters to learn from")
    assert status["model"] == model
    assert "Rossi" not in status["reason"] + "".join(run.told)
    (run.gate / "fail").unlink()
    assert run.train().status_code == 201
    assert run.until(lambda now: now["state"] == "idle")["model"] != model


@pytest.mark.parametrize("whom", ["the training", "all that was started"])
def test_a_killed_training_leaves_the_old_model(run: Run, next_model: Path, whom: str) -> None:
    model = run.get("/status")["model"]
    run.train()
    pid = int(until(lambda: (run.gate / "begun").exists() and (run.gate / "begun").read_text()))
    if whom == "the training":
        os.kill(pid, signal.SIGKILL)
    else:
        os.killpg(os.getpgid(pid), signal.SIGKILL)
    status = run.until(lambda now: now["state"] == "failed")
    assert "killed" in status["reason"] and status["model"] == model
    assert len(run.results(tasks())) == len(tasks())


def test_a_model_that_comes_from_elsewhere_is_taken(
    run: Run, tmp_path: Path, next_model: Path
) -> None:
    shutil.rmtree(tmp_path / "model")
    assert len(run.results(tasks())) == len(tasks())
    os.rename(next_model, tmp_path / "model")
    assert run.until(lambda now: now["model"].endswith("@00000000"))["spoilt"] is None


def test_a_model_that_cannot_be_loaded_is_told_and_not_taken(run: Run, tmp_path: Path) -> None:
    model = run.get("/status")["model"]
    (tmp_path / "model" / "model.onnx").write_bytes(b"cut off")
    status = run.until(lambda now: now["spoilt"])
    assert status["model"] == model and len(run.results(tasks())) == len(tasks())


def test_rules_answer_until_there_is_a_model(
    start: Start, tmp_path: Path, next_model: Path
) -> None:
    (tmp_path / "workspace").mkdir()
    shutil.copytree(next_model, tmp_path / "workspace" / "model")
    run = start("rules")
    assert run.get("/status")["model"].startswith("rules/")
    assert any(result["result"] for result in run.results(tasks()))


def test_one_backend_a_workspace(start: Start) -> None:
    start()
    with pytest.raises(ServerError, match="runs already"):
        start()


def test_a_taken_port_is_told(start: Start, tmp_path: Path) -> None:
    run = start()
    port = int(run.address.url.rpartition(":")[2])
    plan = Plan("rules", tmp_path / "other", ["true"])
    with pytest.raises(ServerError, match=f"port {port} .* choose another"), serving(plan, port):
        pass
