"""That Label Studio hands phrases and letters out in the order of the queue, to many at once."""

import secrets
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.keeping.accounts import Accounts
from annotate.queue.chosen import Chosen, choose
from annotate.queue.order import ORDERS, Order, ordered
from annotate.queue.stream import refresh_queue, set_overlap
from annotate.server.server import LabelStudioServer
from annotate.sync.push import push
from annotate.sync.studio import connect, find
from core.errors import BadInput
from core.jsonl import write_records
from core.records import Annotation
from tests.annotate.annotator import Annotator
from tests.annotate.queued import SCHEMA, SOURCE, labelled, people, texts
from tests.annotate.ward import annotator
from verbs.tasks import requeueing


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest) -> Any:
    server: LabelStudioServer = request.getfixturevalue("label_studio")
    return connect(server.url, server.token)


class Person:
    """Somebody who opens the stream of a project and submits what comes."""

    def __init__(self, page: httpx.Client, project: int) -> None:
        self.page, self.project = page, project
        self.seen: list[str] = []

    def next(self) -> dict[str, Any] | None:
        """What 'Label All Tasks' asks for."""
        token = {"X-CSRFToken": self.page.cookies["csrftoken"], "Referer": str(self.page.base_url)}
        answer = self.page.post(
            "/api/dm/actions",
            params={"id": "next_task", "project": self.project},
            json={"project": str(self.project)},
            headers=token,
        )
        return answer.json() if answer.status_code == 200 else None

    def submit(self, task: dict[str, Any]) -> None:
        token = {"X-CSRFToken": self.page.cookies["csrftoken"], "Referer": str(self.page.base_url)}
        answer = self.page.post(
            f"/api/tasks/{task['id']}/annotations/",
            json={"result": [], "lead_time": 1.0},
            headers=token,
        )
        assert answer.status_code == 201
        self.seen.append(task["data"]["text"])

    def work(self, count: int = 1000) -> list[str]:
        """The texts of the tasks that came, one after the other."""
        start = len(self.seen)
        for _ in range(count):
            if (task := self.next()) is None:
                break
            self.submit(task)
        return self.seen[start:]


@pytest.fixture(scope="module")
def two_people(
    client: Any, label_studio: LabelStudioServer, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    accounts = Accounts(client, label_studio.url, tmp_path_factory.mktemp("people"))
    names = [f"{name}.{secrets.token_hex(4)}@localhost" for name in ("anna", "bruno")]
    made = list(accounts.add(names))
    with (
        annotator(label_studio.url, made[0].user, str(made[0].password)) as anna,
        annotator(label_studio.url, made[1].user, str(made[1].password)) as bruno,
    ):
        yield anna, bruno


def pushed(client: Any, title: str, count: int, **more: Any) -> tuple[list[Annotation], int]:
    names = [f"Frase {n} di {title}, la {n} volta" for n in range(count)]
    scores = [("fumo", (n * 7 % count) / count) for n in range(count)]
    found = labelled(names, *scores)
    report = push(client, title, found, SCHEMA, "group", **{"bare": 0.0, **more})
    return found, report.project


@pytest.mark.server
@pytest.mark.parametrize("how", ORDERS)
def test_label_studio_hands_them_out_in_this_order(
    client: Any, two_people: Any, how: Order
) -> None:
    anna, bruno = two_people
    title = f"coda {how}"
    found, project = pushed(client, title, 8, bare=0.3)
    queued = refresh_queue(client, title, found, how=how)
    assert (queued.tasks, queued.unknown, queued.version) == (8, 0, f"{SOURCE}#2")
    person = Person(anna, project)
    wanted = texts(ordered(found, how=how))
    assert person.work(2) == wanted[:2]
    # What lies before one person is not handed to the next, who gets what comes after it.
    other, before_anna = Person(bruno, project), person.next()
    assert other.work(1) == [wanted[3]]
    assert before_anna is not None and before_anna["data"]["text"] == wanted[2]
    person.submit(before_anna)
    person.seen += other.seen

    # Four are corrected and a training went by: the rest is queued anew, by the new model.
    newer = [
        replace(a, source="model/small@2", spans=(replace(a.spans[0], score=1 - n / 8),))
        for n, a in enumerate(found)
    ]
    done = people(a for a in found if a.phrase.text in person.seen)
    queued = refresh_queue(client, title, newer, done, how)
    assert (queued.tasks, queued.version) == (4, "model/small@2")
    left = [a for a in newer if a.phrase.text not in person.seen]
    assert person.next()["predictions"][0]["model_version"] == "model/small@2"  # type: ignore[index]
    assert person.work() == texts(ordered(left, done, how))


@pytest.mark.server
def test_queued_again_and_again_leaves_the_first_labels_and_the_newest_queue(
    client: Any, two_people: Any
) -> None:
    found, project = pushed(client, "coda rifatta", 5)
    for number in range(2, 5):
        queued = refresh_queue(client, "coda rifatta", found, how="random", seed=number)
        assert queued.version == (f"{SOURCE}#2" if number % 2 == 0 else f"{SOURCE}#3")
        versions = {
            prediction.model_version
            for task in client.tasks.list(project=project, fields="all")
            for prediction in task.predictions
        }
        assert versions == {SOURCE, queued.version}
        shown = find(client, "coda rifatta")
        assert (shown.model_version, shown.sampling) == (queued.version, "Uncertainty sampling")


@pytest.mark.server
def test_a_new_model_orders_what_people_go_on_seeing_as_it_was_pushed(
    client: Any, two_people: Any
) -> None:
    found, project = pushed(client, "coda del modello", 5)
    unsure = [0.9, 0.1, 0.7, 0.3, 0.5]
    doubts = [
        replace(
            a, source="model/next@1", spans=(replace(a.spans[0], score=score, field="diabete"),)
        )
        for a, score in zip(found, unsure, strict=True)
    ]
    queued = refresh_queue(client, "coda del modello", found, how="uncertain", doubts=doubts)
    assert queued.version == f"{SOURCE}#2"
    person = Person(two_people[0], project)
    shown = person.next()["predictions"][0]  # type: ignore[index]
    assert shown["model_version"] == queued.version
    assert "diabete" not in str(shown["result"])
    assert person.work() == [found[n].phrase.text for n in (1, 3, 4, 2, 0)]


@pytest.mark.server
@pytest.mark.training
def test_a_training_keeps_to_the_order_that_was_chosen(
    client: Any, two_people: Any, tiny_model: Path, tmp_path: Path
) -> None:
    found, project = pushed(client, "coda scelta", 6)
    write_records(tmp_path / "labelled.jsonl", found)
    choose(tmp_path, "coda scelta", Chosen("random", 3))
    requeueing(client, "coda scelta", tmp_path, tiny_model)()
    assert Person(two_people[0], project).work() == texts(ordered(found, how="random", seed=3))


@pytest.mark.server
def test_phrases_of_which_nothing_is_known_are_counted(client: Any) -> None:
    found, _ = pushed(client, "coda corta", 4)
    queued = refresh_queue(client, "coda corta", found[:3])
    assert (queued.tasks, queued.unknown) == (3, 1)
    with pytest.raises(BadInput) as error:
        refresh_queue(client, "coda corta", [found[0], replace(found[1], source="rules/1")])
    assert str(error.value) == (
        "a queue takes the pre-labels of one labeller, and here are 2: model/small@1, rules/1; "
        "label all phrases by one"
    )


@pytest.mark.server
def test_letters_are_queued_as_a_whole(client: Any, two_people: Any) -> None:
    anna, _ = two_people
    letters = {
        f"{n}" * 12: labelled(
            [f"riga {n}", f"altra riga {n}"], ("fumo", score), ("", None), letter=f"{n}" * 12
        )
        for n, score in enumerate([0.9, 0.1, 0.5])
    }
    found = [annotation for letter in letters.values() for annotation in letter]
    report = push(client, "coda di lettere", found, SCHEMA, "group", unit="letter", bare=0.0)
    refresh_queue(client, "coda di lettere", found, how="uncertain")
    person = Person(anna, report.project)
    assert [text.splitlines()[1] for text in person.work()] == ["riga 1", "riga 2", "riga 0"]


@pytest.mark.server
def test_a_share_of_the_tasks_goes_to_two_people(client: Any, two_people: Any) -> None:
    _, project = pushed(client, "in due", 12)
    assert set_overlap(client, "in due", 2, 0.25) == 3
    anna, bruno = (Person(page, project) for page in two_people)
    anna.work(7)
    while (a := anna.next()) or bruno.next():
        b = bruno.next()
        # Two people at work at once have the same phrase only where it is meant for two.
        assert not (a and b and a["id"] == b["id"]) or a["overlap"] == 2
        for person, task in ((anna, a), (bruno, b)):
            if task:
                person.submit(task)
    seen = Counter(anna.seen + bruno.seen)
    assert Counter(seen.values()) == {1: 9, 2: 3}
    tasks = list(client.tasks.list(project=project, fields="all"))
    assert all(task.is_labeled for task in tasks)


@pytest.mark.server
def test_overlap_can_be_changed_and_taken_back(client: Any) -> None:
    pushed(client, "in più", 10)
    assert set_overlap(client, "in più", 3) == 10
    assert set_overlap(client, "in più", 2, 0.5) == 5
    assert set_overlap(client, "in più", 3, 0.5) == 5
    assert set_overlap(client, "in più", 1) == 0
    assert set_overlap(client, "in più", 2, 0.2) == 2
    pushed(client, "in più", 20)
    assert set_overlap(client, "in più", 2, 0.2) == 4
    for annotators, share in ((0, 1.0), (2, 0.0), (2, 1.2)):
        with pytest.raises(BadInput, match="give 1 or more annotators and a share from 0.01 to 1"):
            set_overlap(client, "in più", annotators, share)


@pytest.mark.server
@pytest.mark.browser
def test_the_button_label_all_tasks_follows_the_queue(
    client: Any, label_studio: LabelStudioServer, browser: Any
) -> None:
    found, project = pushed(client, "coda sullo schermo", 4)
    refresh_queue(client, "coda sullo schermo", found)
    person = Annotator(browser, label_studio)
    person.open(project)
    for text in texts(ordered(found)):
        person.sees(text)
        person.submit()
    person.close()
