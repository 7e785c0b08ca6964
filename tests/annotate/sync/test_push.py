"""Push run any number of times against the real Label Studio: what is added, what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from annotate.sync.drift import untouched
from annotate.sync.plan import Manner
from annotate.sync.pull import pull
from annotate.sync.push import push
from core.errors import BadInput, ServerError
from core.records import Annotation, Phrase, Span, phrase_ids
from core.schema import TARGET
from tests.annotate.sync.letters import NASTY, SCHEMA, SOURCE, letter, lines, listed, submit
from tests.annotate.sync.test_sync import client as client

NEWER = "together/x/iob.v2"


def by(source: str, annotations: list[Annotation]) -> list[Annotation]:
    return [replace(annotation, source=source) for annotation in annotations]


def versions(client: Any, project: int) -> list[list[str]]:
    """The model versions of each task's predictions."""
    return [[p.model_version for p in task.predictions] for task in listed(client, project)]


def shown(client: Any, project: int) -> str | None:
    return client.projects.get(id=project).model_version or None


@pytest.mark.server
def test_a_second_push_adds_nothing(client: Any) -> None:
    pushed = letter("target", [*NASTY.values(), *lines(20)])
    first = push(client, "twice", pushed, SCHEMA, "target")
    assert (first.added, first.already, first.updated) == (len(pushed), 0, 0)
    again = push(client, "twice", pushed, SCHEMA, "target")
    assert (again.added, again.already, again.updated) == (0, len(pushed), 0)
    assert again.project == first.project and again.uncovered == 0
    assert versions(client, first.project) == [[SOURCE]] * len(pushed)
    third = push(client, "twice", letter("target", lines(3, "altra")), SCHEMA, "target")
    assert (third.added, third.already) == (3, 0)
    assert client.projects.get(id=first.project).description == ""


@pytest.mark.server
def test_newer_pre_labels_stand_beside_the_older(client: Any) -> None:
    pushed = letter("target", lines(12))
    project = push(client, "versions", pushed, SCHEMA, "target", bare=0.3).project
    task = listed(client, project)[0]
    made = submit(client, task)
    before = client.annotations.get(id=made.id)
    cut = [replace(a, spans=()) for a in by(NEWER, pushed)]
    report = push(client, "versions", cut, SCHEMA, "target")
    assert (report.added, report.updated, report.dropped) == (0, 12, ())
    assert shown(client, project) == NEWER
    for task in listed(client, project):
        # PostgreSQL gives them in no order of its own.
        older, newer = sorted(task.predictions, key=lambda prediction: prediction.id)
        assert [older.model_version, newer.model_version] == [SOURCE, NEWER]
        assert newer.result == []
        assert bool(older.result) != task.data.get("bare", False)
    after = client.annotations.get(id=made.id)
    assert (after.result, after.updated_at) == (before.result, before.updated_at)
    assert push(client, "versions", cut, SCHEMA, "target").updated == 0

    report = push(client, "versions", cut, SCHEMA, "target", drop_old=True)
    assert report.dropped == (SOURCE,) and shown(client, project) == NEWER
    assert versions(client, project) == [[NEWER]] * 12
    after = client.annotations.get(id=made.id)
    assert (after.result, after.updated_at) == (before.result, before.updated_at)


@pytest.mark.server
def test_pre_labels_of_a_part_hide_nobodys(client: Any) -> None:
    pushed = letter("target", lines(6))
    project = push(client, "part", pushed, SCHEMA, "target").project
    report = push(client, "part", by(NEWER, pushed[:2]), SCHEMA, "target", drop_old=True)
    assert (report.updated, report.uncovered, report.dropped) == (2, 0, ())
    assert shown(client, project) == SOURCE
    report = push(client, "part", by(NEWER, pushed[2:]), SCHEMA, "target")
    assert (report.updated, report.uncovered) == (4, 0)
    assert shown(client, project) == NEWER
    more = push(
        client, "part", by("rules/1", letter("target", ["sette"], "b" * 12)), SCHEMA, "target"
    )
    assert (more.added, more.uncovered) == (1, 1)
    assert shown(client, project) == NEWER


@pytest.mark.server
def test_new_phrases_join_the_queue_that_runs(client: Any) -> None:
    pushed = letter("target", lines(4))
    project = push(client, "queued", by(f"{SOURCE}#2", pushed), SCHEMA, "target").project
    report = push(client, "queued", letter("target", lines(5)), SCHEMA, "target")
    assert (report.added, report.updated, report.uncovered) == (1, 0, 0)
    assert versions(client, project) == [[f"{SOURCE}#2"]] * 5


@pytest.mark.server
def test_many_long_named_versions_are_told_apart(client: Any) -> None:
    pushed = letter("target", lines(2))
    names = [f"together/some-lab/a-model-with-a-long-name-{n:020}/iob.v1" for n in range(9)]
    for name in (*names, *names):
        report = push(client, "many versions", by(name, pushed), SCHEMA, "target")
    assert report.updated == 0
    assert versions(client, report.project) == [names] * 2


@pytest.mark.server
def test_letters_get_newer_pre_labels_whole(client: Any) -> None:
    one, other = letter("group", lines(5)), letter("group", lines(5), "0123456789ab")
    project = push(client, "letters", one + other, SCHEMA, "group", unit="letter").project
    assert [task.data["key"] for task in listed(client, project)] == [
        "0123456789ab",
        "3fa2b1c09d12",
    ]
    newer = by(NEWER, one + other[:3])
    report = push(client, "letters", newer, SCHEMA, "group")
    assert (report.unit, report.added, report.already, report.updated) == ("letter", 0, 8, 1)
    assert [(r.id, r.reason) for r in report.refused] == [
        ("0123456789ab", "gets no newer pre-labels: the file has 3 of its 5 phrases")
    ]
    with pytest.raises(BadInput, match=r"1 letters stand in the project with other phrases"):
        push(client, "letters", letter("group", [*lines(5), "nuova"]), SCHEMA, "group")
    with pytest.raises(BadInput, match="was made for --unit letter, not phrase"):
        push(client, "letters", one, SCHEMA, "group", unit="phrase")


@pytest.mark.server
def test_a_share_comes_bare_but_in_its_place(client: Any) -> None:
    pushed = [
        replace(a, spans=tuple(replace(span, score=0.5) for span in a.spans))
        for a in letter("target", lines(200))
    ]
    report = push(client, "bare", pushed, SCHEMA, "target", bare=0.1, seed=3)
    assert 8 <= report.bare <= 35
    tasks = listed(client, report.project)
    bare = [task for task in tasks if task.data.get("bare")]
    assert len(bare) == report.bare
    assert {len(task.predictions[0].result) for task in bare} == {0}
    assert {task.predictions[0].score for task in tasks} == {0.5}


def test_a_share_is_drawn_by_key_and_seed() -> None:
    keys = list(phrase_ids("3fa2b1c09d12", lines(3000)))
    tenth = {key for key in keys if Manner("phrase", (), bare=0.1).is_bare(key)}
    assert 0.08 < len(tenth) / len(keys) < 0.12
    assert tenth == {key for key in keys if Manner("phrase", (), bare=0.1).is_bare(key)}
    assert tenth != {key for key in keys if Manner("phrase", (), bare=0.1, seed=1).is_bare(key)}
    assert not any(Manner("phrase", ()).is_bare(key) for key in keys)
    assert all(Manner("phrase", (), bare=1.0).is_bare(key) for key in keys)


@pytest.mark.server
def test_neighbours_are_those_of_the_letter(client: Any) -> None:
    first = letter("target", ["uno", "due \ud83d", "tre"])
    second = letter("target", ["altro"], "0123456789ab")
    pushed = [first[2], second[0], first[0]]
    report = push(client, "neighbours", [*pushed, first[1]], SCHEMA, "target")
    assert [(r.id, r.reason) for r in report.refused] == [
        (first[1].key, "its text holds half a character (a lone surrogate)")
    ]
    shown = {
        task.data["key"]: (task.data["before"], task.data["after"])
        for task in listed(client, report.project)
    }
    assert shown == {
        first[0].key: ("(inizio della lettera)", "due ?"),
        first[2].key: ("due ?", "(fine della lettera)"),
        second[0].key: ("(inizio della lettera)", "(fine della lettera)"),
    }


@pytest.mark.server
def test_what_cannot_be_sent_is_listed_and_the_rest_is_sent(client: Any) -> None:
    phrase = letter("target", ["Ex fumatore"])[0].phrase
    spans = (
        Span(0, 2, TARGET, text="Ex"),
        Span(3, 11, "fumo", text="fumatore"),
        Span(0, 2, TARGET, field="fumo", text="Ex"),
        Span(3, 5, TARGET, state="maybe", text="fu"),  # type: ignore[arg-type]
    )
    one = Annotation(phrase, spans, "rules", "rules/1")
    twice = replace(one, source="rules/2")
    report = push(client, "refused", [one, twice], SCHEMA, "target", bare=0)
    assert report.added == 1
    assert [(r.id, r.reason) for r in report.refused] == [
        (phrase.id, "the span 3-11 has a label that is not in the label set"),
        (phrase.id, "the span 0-2 stands there twice under one label; only the first was sent"),
        (phrase.id, "the span 3-5 has a state that is none"),
        (phrase.id, "the phrase comes twice; only the first was sent"),
    ]
    [task] = listed(client, report.project)
    assert [item["value"]["labels"] for item in task.predictions[0].result] == [[TARGET]]
    assert "fumatore" not in str(report.refused)


@pytest.mark.server
def test_a_text_that_changed_there_is_told_and_nothing_is_sent(client: Any) -> None:
    pushed = letter("target", ["Ex fumatore", "Nega diabete"])
    project = push(client, "text drift", pushed, SCHEMA, "target").project
    task = listed(client, project)[0]
    client.tasks.update(id=task.id, data={**task.data, "text": "Ex forte fumatore"})
    more = letter("target", [*(a.phrase.text for a in pushed), "Terza"])
    with pytest.raises(BadInput) as told:
        push(client, "text drift", more, SCHEMA, "target")
    assert str(told.value) == (
        f"1 of the project's texts are not those of the file ({pushed[0].key}: 11 characters "
        "here, 17 there, from 4 on); nothing was sent: push to another project, or bring the "
        "older file back"
    )
    assert len(listed(client, project)) == 2
    assert client.projects.get(id=project).description == ""


@pytest.mark.server
def test_labels_that_changed_there_are_told(client: Any) -> None:
    pushed = letter("group", ["uno"])
    project = push(client, "label drift", pushed, SCHEMA, "group").project
    config = client.projects.get(id=project).label_config
    other = config.replace('alias="risk"', 'alias="Fumo"').replace('value="risk"', 'value="Fumo"')
    client.projects.update(id=project, label_config=other)
    told = "'label drift' has other labels than 'group': it lacks risk; it has Fumo besides"
    with pytest.raises(ServerError, match=told):
        push(client, "label drift", pushed, SCHEMA, "group")
    with pytest.raises(ServerError, match=told):
        pull(client, "label drift", SCHEMA)
    with pytest.raises(ServerError, match="has other labels than 'field': it lacks .* and 61 more"):
        push(client, "label drift", pushed, SCHEMA, "field")


UNTOUCHED = {
    "our own key": ("3fa2b1c09d12:{}.1", True),
    "our own key, changed text": ("3fa2b1c09d12:00000000.1", False),
    "another program's key": ("sentence 17", True),
}


@pytest.mark.parametrize(("key", "expected"), UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_a_key_tells_whether_its_text_was_changed(key: str, expected: bool) -> None:
    text = "Ex fumatore"
    own = next(phrase_ids("x", [text])).removeprefix("x:").removesuffix(".1")
    assert untouched(Phrase(key.format(own), "3fa2b1c09d12", 0, 11, text)) == expected
