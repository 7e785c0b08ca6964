"""A file of corrections kept up to date with the real Label Studio."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from annotate.sync.corrected import Corrected, Touched
from annotate.sync.pull import Pulled, pull_into
from annotate.sync.push import push
from core.errors import BadInput
from core.jsonl import dump, read_records
from core.records import Annotation
from tests.annotate.sync.letters import SCHEMA, letter, lines, listed, submit
from tests.annotate.sync.test_sync import client as client


def told(report: Pulled) -> tuple[int, int, int, int]:
    return report.lines, report.fresh, report.withdrawn, report.gone


def answers(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for annotation in read_records(path, Annotation):
        found.setdefault(annotation.phrase.text, []).append(annotation.source)
    return found


@pytest.mark.server
def test_only_what_people_touched_is_read_again(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotate.sync.pull.OVERLAP", timedelta(0))
    out, title = tmp_path / "corrected.jsonl", "again and again"
    project = push(client, title, letter("target", lines(8)), SCHEMA, "target").project
    assert told(pull_into(client, title, SCHEMA, out)) == (0, 0, 0, 0)
    assert out.stat().st_mode & 0o777 == 0o600
    tasks = listed(client, project)
    made = [submit(client, task) for task in tasks[:4]]
    assert told(pull_into(client, title, SCHEMA, out)) == (4, 4, 0, 0)
    first = out.read_bytes()

    read: list[int] = []
    pull_into(client, title, SCHEMA, out, progress=lambda done, _: read.append(done))
    assert len(read) <= 1 and out.read_bytes() == first

    submit(client, tasks[4], was_cancelled=True)
    client.annotations.update(id=made[0].id, result=[])
    read.clear()
    report = pull_into(client, title, SCHEMA, out, progress=lambda done, _: read.append(done))
    assert told(report) == (5, 2, 0, 0) and report.skipped == 1 and len(read) <= 3
    assert out.read_bytes().splitlines()[1:4] == first.splitlines()[1:]
    line = json.loads(out.read_bytes().splitlines()[0])
    assert line["spans"] == [] and line["project"] == title and line["made"]

    client.annotations.delete(id=made[1].id)
    assert told(pull_into(client, title, SCHEMA, out)) == (4, 0, 1, 0)
    assert answers(out) == {f"riga {number}": ["person/1"] for number in (0, 2, 3, 4)}
    assert told(pull_into(client, title, SCHEMA, out, full=True)) == (4, 0, 0, 0)


@pytest.mark.server
def test_phrases_that_came_later_are_found_too(client: Any, tmp_path: Path) -> None:
    out, title = tmp_path / "corrected.jsonl", "came later"
    project = push(client, title, letter("target", lines(2)), SCHEMA, "target").project
    submit(client, listed(client, project)[0])
    pull_into(client, title, SCHEMA, out)
    push(client, title, letter("target", lines(4)), SCHEMA, "target")
    for task in listed(client, project)[2:]:
        submit(client, task)
    assert told(pull_into(client, title, SCHEMA, out)) == (3, 2, 0, 0)


@pytest.mark.server
def test_every_persons_version_is_kept(client: Any, tmp_path: Path) -> None:
    out, title = tmp_path / "corrected.jsonl", "every person"
    project = push(client, title, letter("target", lines(3)), SCHEMA, "target").project
    other = client.users.create(email=f"terza{project}@localhost", username="terza")
    first, second, _ = listed(client, project)
    submit(client, first)
    pull_into(client, title, SCHEMA, out)
    mine = submit(client, first, completed_by=other.id)
    submit(client, second, completed_by=other.id)
    pull_into(client, title, SCHEMA, out)
    people = ["person/1", f"person/{other.id}"]
    assert answers(out) == {"riga 0": people, "riga 1": people[1:]}
    client.annotations.delete(id=mine.id)
    pull_into(client, title, SCHEMA, out)
    assert answers(out) == {"riga 0": people[:1], "riga 1": people[1:]}


@pytest.mark.server
def test_a_project_made_anew_costs_no_line(client: Any, tmp_path: Path) -> None:
    out, title, pushed = tmp_path / "corrected.jsonl", "made anew", letter("target", lines(3))
    project = push(client, title, pushed, SCHEMA, "target").project
    for task in listed(client, project)[:2]:
        submit(client, task)
    pull_into(client, title, SCHEMA, out)
    before = out.read_bytes()
    client.projects.delete(id=project)
    project = push(client, title, pushed, SCHEMA, "target").project
    assert told(pull_into(client, title, SCHEMA, out)) == (2, 0, 0, 0)
    assert told(pull_into(client, title, SCHEMA, out, full=True)) == (2, 0, 0, 2)
    assert out.read_bytes() == before
    for task in listed(client, project):
        submit(client, task)
    assert told(pull_into(client, title, SCHEMA, out)) == (3, 3, 0, 0)


@pytest.mark.server
def test_what_was_marked_in_another_text_is_not_taken(client: Any, tmp_path: Path) -> None:
    out, title = tmp_path / "corrected.jsonl", "other text"
    project = push(client, title, letter("target", lines(2)), SCHEMA, "target").project
    task = listed(client, project)[0]
    submit(client, task)
    pull_into(client, title, SCHEMA, out)
    before = out.read_bytes()
    client.tasks.update(id=task.id, data={**task.data, "text": "x riga 0"})
    submit(client, task)
    for full in (False, True):
        report = pull_into(client, title, SCHEMA, out, full=full)
        assert out.read_bytes() == before
        assert [(r.id, r.reason) for r in report.refused] == [
            (
                task.data["key"],
                "its text was changed on the server: what people marked there was not taken",
            )
        ]


NOON, LATER = "2026-01-02T12:00:00.000000Z", "2026-01-02T12:00:05.250000Z"
EARLIER = "2026-01-02T11:00:00Z"


def answer(number: int, person: int = 1, made: str = NOON, **extra: str) -> Annotation:
    one = letter("target", lines(9))[number]
    extra = {"made": made, **extra}
    return replace(one, origin="human", source=f"person/{person}", extra=extra)


def file_of(folder: Path, annotations: Sequence[Annotation]) -> Path:
    path = folder / "corrected.jsonl"
    path.write_bytes(b"".join(map(dump, annotations)))
    return path


GONE = {
    "a task that was touched since": (EARLIER, LATER, 0),
    "a task from an older copy of the server": (EARLIER, EARLIER, 1),
    "a task that nobody touched since": (EARLIER, NOON, 1),
    "a task made anew": (LATER, LATER, 1),
}


@pytest.mark.parametrize(("created", "updated", "left"), GONE.values(), ids=GONE.keys())
def test_an_answer_that_is_gone(tmp_path: Path, created: str, updated: str, left: int) -> None:
    path = file_of(tmp_path, [answer(0)])
    file = Corrected.read(path, "p")
    file.take(Touched((answer(0).key,), (), created, updated))
    file.write()
    assert len(file) == len(path.read_bytes().splitlines()) == left
    assert (file.withdrawn, file.unseen()) == (1 - left, left)


def test_other_lines_stay_to_the_byte(tmp_path: Path) -> None:
    gold = replace(answer(0), source="gold/majority")
    path = file_of(tmp_path, [answer(1), gold])
    other = path.read_bytes().splitlines()[1].replace(b", ", b",  ") + b"\n\n"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0] + other)
    file = Corrected.read(path, "p")
    changed = replace(answer(1, made=LATER), spans=())
    file.take(Touched((answer(0).key,), (), EARLIER, LATER))
    file.take(Touched((answer(1).key,), (changed, answer(1, person=2)), EARLIER, LATER))
    file.write()
    first, second, third = path.read_bytes().splitlines()
    assert json.loads(first)["made"] == LATER and second == other.strip()
    assert json.loads(third)["source"] == "person/2"
    assert (len(file), file.fresh, file.withdrawn) == (3, 2, 0)


def test_what_a_person_began_with_outlives_the_old_pre_labels(tmp_path: Path) -> None:
    path = file_of(tmp_path, [answer(0, before="rules/1")])
    file = Corrected.read(path, "p")
    file.take(Touched((answer(0).key,), (answer(0, made=LATER),), EARLIER, LATER))
    file.write()
    [line] = path.read_bytes().splitlines()
    assert json.loads(line)["before"] == "rules/1" and json.loads(line)["made"] == LATER


def test_the_newest_answer_of_a_file(tmp_path: Path) -> None:
    file = Corrected.read(file_of(tmp_path, [answer(0, made=LATER), answer(1)]), "p")
    assert file.newest == LATER
    assert Corrected.read(tmp_path / "none", "p").newest is None


def test_an_answer_carried_over_gives_way_to_a_look(tmp_path: Path) -> None:
    path = file_of(tmp_path, [answer(0), answer(1, carried=answer(0).key)])
    file = Corrected.read(path, "p")
    file.take(Touched((answer(1).key,), (answer(1, person=2, made=LATER),), EARLIER, LATER))
    file.write()
    assert answers(path) == {"riga 0": ["person/1"], "riga 1": ["person/2"]}


def test_another_projects_file_is_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path, [answer(0, project="p")])
    with pytest.raises(BadInput, match=r"holds the corrections of project 'p', not of 'q'; .* -o"):
        Corrected.read(path, "q")


def test_what_is_no_annotation_is_told(tmp_path: Path) -> None:
    path = tmp_path / "corrected.jsonl"
    path.write_bytes(dump(answer(0)) + b'{"id": "segreto"}\n')
    with pytest.raises(BadInput, match=r"corrected.jsonl:2: not an annotation$"):
        Corrected.read(path, "p")
