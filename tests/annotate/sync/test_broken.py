"""Push and pull over a bad line, and killed at random moments: nothing twice, nothing lost."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from annotate.server.server import LabelStudioServer
from annotate.sync.pull import pull_into
from annotate.sync.push import push
from annotate.sync.studio import connect
from core.errors import ServerError
from core.jsonl import read_records, write_records
from core.records import Annotation
from tests.annotate.sync.letters import SCHEMA, letter, lines, listed, submit
from tests.annotate.sync.line import Fault, Faults, bad_line
from tests.annotate.sync.test_push import NEWER, SOURCE, by

ROUNDS = int(os.environ.get("LETTERA_SOAK", "2"))
Befalls = tuple[tuple[str, str], Fault]
STUDIOS = {"sqlite": "label_studio", "postgres": "label_studio_on_postgres"}
PUSH, PULL, LIST = ("POST", "/import"), ("POST", "/import/predictions"), ("GET", "/api/tasks/")


@pytest.fixture(params=STUDIOS)
def studio(request: pytest.FixtureRequest) -> LabelStudioServer:
    server: LabelStudioServer = request.getfixturevalue(STUDIOS[request.param])
    return server


@pytest.fixture(autouse=True)
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of these shows itself within a second."""
    monkeypatch.setattr("annotate.sync.bulk.QUIET", 6.0)


def client_of(studio: LabelStudioServer) -> Any:
    return connect(studio.url, studio.token)


def once(*faults: Befalls) -> Faults:
    """Each fault befalls one request of its method whose path ends so, in turn."""
    left = list(faults)

    def fault_of(method: str, path: str) -> Fault:
        if left and left[0][0][0] == method and path.endswith(left[0][0][1]):
            return left.pop(0)[1]
        return None

    return fault_of


def expect_whole(client: Any, project: int, pushed: Sequence[Annotation], *versions: str) -> None:
    """Every phrase once, with each version of its pre-labels once."""
    tasks = listed(client, project)
    found = Counter(task.data["key"] for task in tasks)
    assert found == Counter(annotation.key for annotation in pushed)
    for task in tasks:
        assert sorted(p.model_version for p in task.predictions) == sorted(versions)


FAULTS: dict[str, tuple[Befalls, ...]] = {
    "the answer to an import is lost": ((PUSH, "lost"),),
    "half of it comes": ((PUSH, "cut"),),
    "a proxy has no patience": ((PUSH, "gateway"),),
    "the import never arrives": ((PUSH, "unsent"),),
    "pre-labels are left out": ((PUSH, "plain"),),
    "pre-labels are left out, and no answer comes": ((PUSH, "plain"), (PULL, "lost")),
    "the server fails, then an answer is lost": ((PUSH, "failed"), (PUSH, "lost")),
    "the lists break off": ((LIST, "cut"), (LIST, "failed"), (PUSH, "lost"), (LIST, "lost")),
    "a new project's answer is lost": ((("POST", "/api/projects/"), "lost"),),
    "a mark's answer is lost": ((("PATCH", ""), "lost"), (("PATCH", ""), "cut")),
}


@pytest.mark.server
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_a_bad_line_adds_no_phrase_twice(
    studio: LabelStudioServer, faults: tuple[Befalls, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotate.sync.bulk.BATCH", 50)
    pushed = letter("target", lines(60))
    seen: list[tuple[int, int | None]] = []
    client, title = client_of(studio), f"line {time.monotonic_ns()}"
    with bad_line(studio.url, once(*faults)) as url:
        line = connect(url, studio.token)
        report = push(line, title, pushed, SCHEMA, "target", lambda *n: seen.append(n))
    expect_whole(client, report.project, pushed, SOURCE)
    assert report.added == 60 and seen == [(50, 60), (60, 60)]


@pytest.mark.server
def test_an_answer_that_comes_too_late_is_looked_for(studio: LabelStudioServer) -> None:
    pushed = letter("target", lines(30))
    with bad_line(studio.url, once((PUSH, "late"))) as url:
        line = connect(url, studio.token, timeout=1.5)
        report = push(line, "too late", pushed, SCHEMA, "target")
    expect_whole(client_of(studio), report.project, pushed, SOURCE)


@pytest.mark.server
@pytest.mark.parametrize("fault", ["lost", "cut", "gateway", "unsent"])
def test_a_bad_line_adds_no_pre_label_twice(studio: LabelStudioServer, fault: Fault) -> None:
    pushed, title = letter("target", lines(30)), f"newer {fault}"
    client = client_of(studio)
    push(client, title, pushed, SCHEMA, "target")
    with bad_line(studio.url, once((PULL, fault))) as url:
        line = connect(url, studio.token)
        report = push(line, title, by(NEWER, pushed), SCHEMA, "target")
    expect_whole(client, report.project, pushed, SOURCE, NEWER)


@pytest.mark.server
def test_a_line_that_stays_bad_is_told_and_the_next_push_ends_it(
    studio: LabelStudioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotate.sync.bulk.QUIET", 2.0)
    pushed, client = letter("target", lines(30)), client_of(studio)

    def never(method: str, path: str) -> Fault:
        return "unsent" if method == "POST" and path.endswith("/import") else None

    with bad_line(studio.url, never) as url:
        line = connect(url, studio.token)
        with pytest.raises(ServerError, match="took no phrases though asked 3 times"):
            push(line, "stays bad", pushed, SCHEMA, "target")
    report = push(client, "stays bad", pushed, SCHEMA, "target")
    expect_whole(client, report.project, pushed, SOURCE)


def lettera(studio: LabelStudioServer, *words: str | Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "LABEL_STUDIO_TOKEN": studio.token}
    command = [sys.executable, "-m", "lettera", *map(str, words), "--url", studio.url]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def killed(process: "subprocess.Popen[bytes]", begun: Callable[[], bool], window: float) -> bool:
    """Kills a process at a random moment after it began its work; whether it was still at it."""
    with process:
        end = time.monotonic() + 60
        while not begun() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(random.uniform(0, window))
        at_it = process.poll() is None
        process.kill()
    return at_it


@pytest.mark.server
@pytest.mark.timeout(300 * ROUNDS)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_killed_push_is_ended_by_the_next(
    studio: LabelStudioServer, number: int, tmp_path: Path
) -> None:
    """New phrases and newer pre-labels in one file, of which the push is killed twice."""
    old, new = letter("group", lines(700)), letter("group", lines(800), "0123456789ab")
    client, title = client_of(studio), f"killed {time.monotonic_ns()}"
    project = push(client, title, old, SCHEMA, "group").project
    file = tmp_path / "labelled.jsonl"
    pushed = by(NEWER, [*old, *new])
    write_records(file, pushed)

    def begun() -> bool:
        return bool(client.projects.get(id=project).description)

    for window in (4.0, 8.0):
        killed(lettera(studio, "push", file, "--project", title), begun, window)
    report = push(client, title, pushed, SCHEMA, "group")
    tasks = {task.data["key"]: task for task in listed(client, project)}
    assert report.already + report.added == 1500 and len(tasks) == 1500
    assert client.projects.get(id=project).num_tasks_with_annotations == 0
    assert client.projects.get(id=project).task_number == 1500
    versions = Counter(
        (key[:12], *sorted(str(p.model_version) for p in task.predictions))
        for key, task in tasks.items()
    )
    assert versions == {("3fa2b1c09d12", SOURCE, NEWER): 700, ("0123456789ab", NEWER): 800}
    assert client.projects.get(id=project).model_version == NEWER


@pytest.mark.server
def test_a_killed_pull_leaves_the_file_whole(studio: LabelStudioServer, tmp_path: Path) -> None:
    client, out = client_of(studio), tmp_path / "corrected.jsonl"
    pushed = letter("target", lines(2 * ROUNDS + 2))
    project = push(client, "killed pull", pushed, SCHEMA, "target").project
    tasks = listed(client, project)
    for number in range(ROUNDS):
        for task in tasks[2 * number : 2 * number + 2]:
            submit(client, task)
        before = out.read_bytes() if out.exists() else None
        process = lettera(studio, "pull", "--project", "killed pull", "-o", out)
        killed(process, lambda: True, 4.0)
        there = out.read_bytes() if out.exists() else None
        assert there == before or len(list(read_records(out, Annotation))) == 2 * number + 2
    pull_into(client, "killed pull", SCHEMA, out)
    people = Counter(annotation.key for annotation in read_records(out, Annotation))
    assert len(people) == 2 * ROUNDS and set(people.values()) == {1}
