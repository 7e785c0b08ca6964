"""The order in which phrases come to people, and that Label Studio hands them out just so."""

import random
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.keeping.accounts import Accounts
from annotate.queue.chosen import Chosen, choose, chosen
from annotate.queue.order import ORDERS, Order, as_order, ordered, ranked
from annotate.queue.stream import refresh_queue, set_overlap
from annotate.server.server import LabelStudioServer
from annotate.sync.push import push
from annotate.sync.studio import connect, find
from core.errors import BadInput, UnknownName
from core.jsonl import write_records
from core.records import Annotation, Phrase, Span, phrase_ids
from core.schema import default_schema
from demo.fictitious import annotations, voices, write
from tests.annotate.annotator import Annotator
from tests.annotate.ward import annotator
from verbs.tasks import requeueing

SCHEMA = default_schema()
SOURCE = "model/small@1"


def labelled(texts: Sequence[str], *spans: tuple[str, float | None], letter: str = "0" * 12) -> Any:
    """Phrases with at most one span each over all the text: its field and score."""
    found, start = [], 0
    for key, text, (field, score) in zip(phrase_ids(letter, texts), texts, spans, strict=True):
        where = Phrase(key, letter, start, start + len(text), text, "Anamnesi")
        label = SCHEMA.label_of(field, "group") if field else None
        span = Span(0, len(text), str(label), field=field, score=score, text=text)
        found.append(Annotation(where, (span,) if field else (), "model", SOURCE))
        start += len(text) + 1
    return found


def people(found: Iterable[Annotation]) -> list[Annotation]:
    return [replace(a, origin="human", source="person/1") for a in found]


def texts(found: Iterable[Annotation]) -> list[str]:
    return [annotation.phrase.text for annotation in found]


TEACH: dict[str, tuple[list[Any], list[Any], list[str]]] = {
    "the least certain first": (
        labelled(["alfa", "beta", "gamma"], ("fumo", 0.9), ("fumo", 0.2), ("fumo", 0.5)),
        [],
        ["beta", "gamma", "alfa"],
    ),
    "what was corrected teaches little again": (
        labelled(["uno due", "tre quattro"], ("fumo", 0.2), ("fumo", 0.6)),
        people(labelled(["uno due"], ("fumo", None))),
        ["tre quattro", "uno due"],
    ),
    "the same twice is put off": (
        labelled(["uno due", "uno due", "tre"], ("fumo", 0.2), ("fumo", 0.2), ("fumo", 0.6)),
        [],
        ["uno due", "tre", "uno due"],
    ),
    "a field that few corrections speak of": (
        labelled(["uno", "due"], ("fumo", 0.5), ("diabete", 0.5)),
        people(labelled(["a", "b", "c"], *[("fumo", None)] * 3)),
        ["due", "uno"],
    ),
    "one field is not asked again and again": (
        labelled(["a", "b", "c"], ("fumo", 0.5), ("fumo", 0.5), ("diabete", 0.5)),
        [],
        ["a", "c", "b"],
    ),
    "where the machine never says how sure it is": (
        labelled(["a", "a", "b"], ("fumo", None), ("fumo", None), ("fumo", None)),
        [],
        ["a", "b", "a"],
    ),
    "no phrase at all": ([], people(labelled(["x"], ("fumo", None))), []),
    "phrases without a word": (
        labelled(["  ", "uno"], ("", None), ("fumo", 0.5)),
        [],
        ["  ", "uno"],
    ),
}


@pytest.mark.parametrize(("found", "done", "wanted"), TEACH.values(), ids=TEACH)
def test_what_teaches_most_comes_first(found: Any, done: Any, wanted: list[str]) -> None:
    assert texts(ordered(found, done)) == wanted


def test_uncertain_goes_by_certainty_alone() -> None:
    found = labelled(["a", "b", "c", "d"], ("fumo", 0.9), ("", None), ("fumo", 0.1), ("fumo", 0.9))
    assert texts(ordered(found, how="uncertain")) == ["c", "a", "d", "b"]


def test_random_is_drawn_by_the_seed_and_a_phrase_more_moves_no_other() -> None:
    found = labelled([f"frase {n}" for n in range(50)], *[("fumo", 0.5)] * 50)
    one, other = ordered(found, how="random"), ordered(found, how="random", seed=1)
    assert one != other and one != found and sorted(texts(one)) == sorted(texts(other))
    assert ordered(found[1:], how="random") == [a for a in one if a != found[0]]


def test_the_order_chosen_for_a_project_is_remembered(tmp_path: Path) -> None:
    assert chosen(tmp_path, "Lettere") == Chosen("teach")
    choose(tmp_path, "Lettere", Chosen("random", 7))
    choose(tmp_path, "Altre", Chosen("uncertain"))
    assert chosen(tmp_path, "Lettere") == Chosen("random", 7)
    assert chosen(tmp_path, "Altre") == Chosen("uncertain")
    (tmp_path / "queues.json").write_text("{")
    with pytest.raises(BadInput, match="queues.json: cannot be read; delete it"):
        chosen(tmp_path, "Lettere")


def test_an_order_nobody_knows() -> None:
    with pytest.raises(UnknownName) as error:
        as_order("best")
    assert str(error.value) == "no order named 'best'; choose one of: teach, uncertain, random"


WORDS = st.lists(st.sampled_from(["alfa", "beta", "gamma", "delta"]), max_size=3).map(" ".join)
SAID = st.tuples(
    st.sampled_from(["", "fumo", "diabete", "lasix"]), st.none() | st.floats(0, 1, width=16)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(WORDS.filter(bool), SAID), max_size=12), st.sampled_from(ORDERS))
def test_every_phrase_comes_once(rows: list[Any], how: Order) -> None:
    found = labelled([text for text, _ in rows], *[said for _, said in rows])
    order = ordered(found, people(found[:2]), how)
    assert Counter(a.key for a in order) == Counter(a.key for a in found)
    assert ordered(found, people(found[:2]), how) == order


def test_letters_come_where_their_phrases_come_on_the_average() -> None:
    found = labelled(["a", "b", "c", "d", "e"], *[("fumo", 0.5)] * 5)
    phrases = [annotation.phrase for annotation in found]
    # The letter of the second and third place is worth more than that of the first and the last.
    assert ranked(found, [[phrases[0], phrases[3], phrases[4]], [phrases[1], phrases[2]]]) == [0, 1]
    assert ranked(found, [[phrases[0], *phrases[3:], *phrases[3:]], phrases[1:3]]) == [1, 0]


def test_the_queue_meets_rare_fields_sooner_than_chance() -> None:
    gold = [a for voice in voices() for a in annotations(write(voice, 0))[1]]
    chance = random.Random(0)
    said = [
        replace(
            annotation,
            source=SOURCE,
            # A machine that misses every fourth span, and is less sure of what it gets wrong.
            spans=tuple(
                replace(span, score=chance.uniform(0.3, 1.0))
                for span in annotation.spans
                if chance.random() < 0.75
            ),
        )
        for annotation in gold
    ]
    truth = {a.key: {s.field for s in a.spans} for a in gold}
    often = Counter(field for fields in truth.values() for field in fields)
    rare = {field for field, times in often.items() if times <= 8}
    assert len(rare) >= 10

    def met(order: Sequence[Annotation]) -> int:
        seen = Counter(field for a in order[:100] for field in truth[a.key])
        return sum(min(seen[field], 2) for field in rare)

    by_chance = [met(ordered(said, how="random", seed=seed)) for seed in range(20)]
    teach, uncertain = met(ordered(said)), met(ordered(said, how="uncertain"))
    assert teach > max(by_chance) and teach > uncertain
    assert teach >= 2 * sum(by_chance) / len(by_chance)


# --- against the real server -----------------------------------------------------------------


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
