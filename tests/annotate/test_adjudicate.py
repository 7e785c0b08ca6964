"""What counts as gold where people differ, and the project in which somebody decides."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.agreement.adjudicate import Adjudication, Gold, adjudicate, settle, verdicts_of
from annotate.agreement.tribunal import ALL
from annotate.agreement.verdicts import majority, trusting
from annotate.agreement.versions import meaning, places
from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from core.errors import BadInput
from core.records import Annotation, Span
from core.schema import default_schema
from tests.annotate.people import TEXT, Mark, any_marks, marked, phrase, said, span

SCHEMA = default_schema()
ROWS = st.lists(st.lists(any_marks(), min_size=1, max_size=4), min_size=1, max_size=4)


def of(rows: Sequence[Sequence[Sequence[Mark]]]) -> list[Annotation]:
    return [
        marked(phrase(number), person, *marks)
        for number, row in enumerate(rows)
        for person, marks in enumerate(row, 1)
    ]


def told(gold: Gold) -> list[tuple[str, list[Mark]]]:
    """Source and spans (first word, label) of every gold phrase."""
    return [
        (a.source, sorted((len(a.phrase.text[: s.start].split()), s.label) for s in a.spans))
        for a in gold.annotations
    ]  # type: ignore[return-value]


MAJORITIES: dict[str, tuple[list[list[Mark]], list[tuple[int, str]] | None]] = {
    "two of three mark it": ([[(0, 1, "risk")], [(0, 1, "risk")], []], [(0, "risk")]),
    "one of three marks it": ([[(0, 1, "risk")], [], []], []),
    "one against one": ([[(0, 1, "risk")], []], None),
    "two against two": ([[(0, 1, "risk")], [(0, 1, "risk")], [], []], None),
    "all mark about there, each otherwise": (
        [[(0, 1, "risk")], [(0, 2, "risk")], [(0, 3, "risk")]],
        None,
    ),
    "all mark it, each under another label": (
        [[(0, 1, "risk")], [(0, 1, "drugs")], [(0, 1, "history")]],
        None,
    ),
    "the odd boundary loses": (
        [[(0, 2, "risk")], [(0, 2, "risk")], [(0, 3, "risk")]],
        [(0, "risk")],
    ),
    "what one alone marks elsewhere falls": (
        [[(0, 2, "risk")], [(0, 2, "risk"), (4, 5, "drugs")], [(0, 2, "risk")]],
        [(0, "risk")],
    ),
}


@pytest.mark.parametrize(("row", "wanted"), MAJORITIES.values(), ids=MAJORITIES)
def test_majority(row: list[list[Mark]], wanted: list[tuple[int, str]] | None) -> None:
    gold = settle(of([row]), verdicts=[majority])
    if wanted is None:
        assert gold.annotations == () and len(gold.open) == 1
    else:
        assert gold.open == () and told(gold) == [("gold/majority", wanted)]


def test_majority_decides_on_the_meaning_too() -> None:
    states = ["negated", "negated", "present"]
    people = [
        said(phrase(0), n, [span(TEXT, 0, 1, "risk", state=state, edit="kept", score=0.3)])
        for n, state in enumerate(states, 1)
    ]
    [gold] = settle(people, verdicts=[majority]).annotations
    assert gold.spans == (span(TEXT, 0, 1, "risk", state="negated"),)
    three = [replace(people[0], spans=(replace(people[0].spans[0], state="uncertain"),))]
    assert settle(three + people[1:], verdicts=[majority]).annotations == ()


@settings(max_examples=50, deadline=None)
@given(ROWS, st.permutations(range(4)))
def test_whoever_is_named_first_the_verdict_is_the_same(
    rows: list[list[tuple[Mark, ...]]], order: list[int]
) -> None:
    people = of(rows)
    number = {f"person/{n + 1}": f"person/{other + 1}" for n, other in enumerate(order)}
    renamed = [replace(a, source=number[a.source]) for a in people]
    for verdicts in ((), (majority,)):
        one, other = settle(people, verdicts=verdicts), settle(renamed, verdicts=verdicts)
        assert [places(a).keys() for a in one.annotations] == [
            places(a).keys() for a in other.annotations
        ]
        assert [s.phrase for s in one.open] == [s.phrase for s in other.open]


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_every_phrase_is_decided_or_open_and_none_twice(
    rows: list[list[tuple[Mark, ...]]],
) -> None:
    people = of(rows)
    for verdicts in ((), (majority,), (trusting("person/2"), majority)):
        gold = settle(people, verdicts=verdicts)
        decided = [a.key for a in gold.annotations]
        left = [shared.phrase.id for shared in gold.open]
        assert sorted([*decided, *left]) == sorted({a.key for a in people})
        assert sum(gold.by.values()) == len(decided)


def test_trust_takes_one_persons_version_where_there_is_one() -> None:
    people = of([[[(0, 1, "risk")], []], [[(0, 1, "risk")], [(0, 1, "risk")]]])
    people += [marked(phrase(2), 1), marked(phrase(2), 3, (0, 1, "drugs"))]
    gold = settle(people, verdicts=verdicts_of(False, "person/2", [a.source for a in people]))
    assert sorted(told(gold)) == [("gold/agreed", [(0, "risk")]), ("gold/person/2", [])]
    assert [shared.phrase for shared in gold.open] == [phrase(2)]
    with pytest.raises(BadInput, match="nobody named 'person/9' among those who corrected"):
        verdicts_of(False, "person/9", ["person/2", "person/1"])


def test_what_one_person_alone_saw_goes_along_as_it_is() -> None:
    alone = marked(phrase(0), 4, (0, 1, "risk"), seconds=2.0)
    passed = marked(phrase(0), 5, skipped=True)
    assert settle([alone, passed]).annotations == (alone,)


def test_copies_follow_the_phrase_that_people_looked_at() -> None:
    where, copy = phrase(0), replace(phrase(0), id="other:00000000.1", letter="other", start=7)
    people = of([[[(0, 1, "risk")], []]])
    copies = [replace(a, phrase=replace(copy, end=7 + len(TEXT))) for a in people]
    copies = [replace(a, extra={"carried": where.id}) for a in copies]
    assert settle(people + copies).annotations == ()
    first, second = settle(people + copies, verdicts=[trusting("person/1")]).annotations
    assert (first.key, second.key) == (where.id, copy.id)
    assert second.spans == first.spans and second.source == "gold/person/1"
    assert second.extra["carried"] == where.id


def test_copies_of_what_one_person_alone_saw_stay_that_persons() -> None:
    alone = marked(phrase(0), 4, (0, 1, "risk"), seconds=2.0)
    where = replace(phrase(0), id="other:00000000.1", letter="other")
    copy = replace(alone, phrase=where, seconds=None, extra={"carried": alone.key})
    assert set(a.key for a in settle([alone, copy]).annotations) == {alone.key, copy.key}
    assert copy in settle([alone, copy]).annotations


def test_two_fields_in_one_place_are_both_gold() -> None:
    spans = [span(TEXT, 0, 1, "drugs", field=field) for field in ("lasix", "dapt")]
    people = [said(phrase(0), person, spans) for person in (1, 2, 3)]
    [gold] = settle(people).annotations
    assert [s.field for s in gold.spans] == ["lasix", "dapt"]
    more = said(phrase(0), 3, [*spans, span(TEXT, 3, 4, "risk")])
    [gold] = settle([*people[:2], more], verdicts=[majority]).annotations
    assert [s.field for s in gold.spans] == ["lasix", "dapt"]


def test_agreed_spans_keep_the_field_that_somebody_still_knows() -> None:
    people = [
        said(phrase(0), 1, [span(TEXT, 0, 1, "risk", edit="added")]),
        said(phrase(0), 2, [span(TEXT, 0, 1, "risk", field="fumo", edit="kept")]),
    ]
    [gold] = settle(people).annotations
    assert gold.spans == (span(TEXT, 0, 1, "risk", field="fumo"),)
    assert gold.extra["people"] == ["person/1", "person/2"]


# --- against the real server -----------------------------------------------------------------


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest) -> Any:
    server: LabelStudioServer = request.getfixturevalue("label_studio")
    return connect(server.url, server.token)


def people() -> list[Annotation]:
    """Three phrases: one agreed, one disputed a little, one a lot; and a note."""
    spans = [span(TEXT, 0, 1, "risk", state="negated"), span(TEXT, 3, 5, "drugs")]
    return [
        said(phrase(0, letters=1), 1, spans),
        said(phrase(0, letters=1), 2, spans),
        said(phrase(1, letters=1), 1, spans, comment="chiedere"),
        said(phrase(1, letters=1), 2, spans[1:]),
        said(phrase(2, letters=1), 1, spans),
        said(phrase(2, letters=1), 2, [span(TEXT, 0, 1, "risk"), span(TEXT, 3, 4, "drugs")]),
    ]


def counts(done: Adjudication) -> tuple[int, int, int, int]:
    return len(done.gold.open), done.added, done.renewed, done.withdrawn


def told_in(task: Any) -> list[str]:
    """What each version is said to have, on the screen of a task."""
    return [choice["value"] for choice in task.data["choices"]]


def tasks_of(client: Any, done: Adjudication) -> list[Any]:
    return list(client.tasks.list(project=done.project, fields="all"))


@pytest.mark.server
def test_both_versions_stand_there_and_what_comes_back_is_gold(client: Any) -> None:
    said_by_two = people()

    def again(annotations: list[Annotation] = said_by_two, **more: Any) -> Adjudication:
        return adjudicate(client, "da decidere", annotations, SCHEMA, "group", **more)

    first = again()
    assert counts(first) == (2, 2, 0, 0)
    assert first.gold.by == {"gold/agreed": 1}
    worst, other = tasks_of(client, first)
    assert [task.data["key"] for task in (worst, other)] == [said_by_two[4].key, said_by_two[2].key]
    assert client.projects.get(id=first.project).model_version == ALL
    seen = {p.model_version: len(p.result) for p in other.predictions}
    # The state of the first span is an item of its own.
    assert seen == {ALL: 3, "person/1": 3, "person/2": 1}
    assert told_in(other) == [
        "person/1: «alfa» Fattori di rischio (negato), nota: chiedere",
        "person/2: niente in più",
    ]

    assert counts(again()) == (2, 0, 0, 0)
    assert len(tasks_of(client, first)) == 2

    begin = next(p.result for p in other.predictions if p.model_version == ALL)
    decided = [item for item in begin if item["value"]["start"] == 0]
    client.annotations.create(id=other.id, result=decided, lead_time=2.0)
    second = again()
    assert counts(second) == (1, 0, 0, 0)
    [gold] = [a for a in second.gold.annotations if a.source == "gold/adjudicated"]
    assert gold.key == other.data["key"]
    assert [(s.start, s.label, meaning(s)[0]) for s in gold.spans] == [(0, "risk", "negated")]

    # Somebody corrected the other phrase again, with another difference: its task is made anew.
    changed = [*said_by_two[:-1], replace(said_by_two[-1], spans=())]
    third = again(changed)
    assert counts(third) == (1, 0, 1, 0)
    [renewed] = [task for task in tasks_of(client, third) if task.data["key"] == worst.data["key"]]
    assert renewed.id != worst.id

    # In the end they agree: the task goes, what was adjudicated stays.
    settled = [*said_by_two[:-1], replace(said_by_two[-1], spans=said_by_two[-2].spans)]
    last = again(settled)
    assert counts(last) == (0, 0, 0, 1)
    assert [task.id for task in tasks_of(client, last)] == [other.id]
    assert last.gold.by == {"gold/agreed": 2, "gold/adjudicated": 1}


@pytest.mark.server
def test_a_task_that_somebody_began_is_not_touched(client: Any) -> None:
    first = adjudicate(client, "cominciati", people(), SCHEMA, "group")
    skipped, begun = tasks_of(client, first)
    client.annotations.create(id=skipped.id, result=[], was_cancelled=True)
    wire = client._client_wrapper.httpx_client
    draft = {"result": [], "lead_time": 1}
    wire.request(f"api/tasks/{begun.id}/drafts", method="POST", json=draft)
    changed = [replace(a, spans=()) if a.source == "person/2" else a for a in people()]
    done = adjudicate(client, "cominciati", changed, SCHEMA, "group")
    # The phrase that was agreed on is in dispute now; the skipped one is still open.
    assert counts(done) == (3, 1, 0, 0)
    assert {skipped.id, begun.id} < {task.id for task in tasks_of(client, done)}


@pytest.mark.server
def test_blind_versions_have_letters_for_names(client: Any) -> None:
    done = adjudicate(client, "alla cieca", people(), SCHEMA, "group", blind=True)
    for task in tasks_of(client, done):
        assert {p.model_version for p in task.predictions} == {ALL, "A", "B"}
        assert "person" not in str(task.data) and told_in(task)[0].startswith("A: ")
    assert counts(adjudicate(client, "alla cieca", people(), SCHEMA, "group", blind=True)) == (
        2, 0, 0, 0,
    )  # fmt: skip


@pytest.mark.server
def test_where_nothing_is_in_dispute_no_project_is_made(client: Any) -> None:
    done = adjudicate(client, "concordi", people()[:2], SCHEMA, "group")
    assert (done.project, counts(done)) == (None, (0, 0, 0, 0))
    assert "concordi" not in [project.title for project in client.projects.list()]


@pytest.mark.server
def test_a_value_is_told_where_people_give_another(client: Any) -> None:
    def version(person: int, value: int, *more: Span) -> Annotation:
        spans = [span(TEXT, 0, 1, "fumo", state="family", value=value), *more]
        return said(phrase(0), person, spans)

    same = [version(1, 2), version(2, 2, span(TEXT, 2, 3, "fumo", value=1))]
    other = [replace(version(n, n), phrase=phrase(1)) for n in (1, 2)]
    done = adjudicate(client, "valori", same + other, SCHEMA, "field")
    assert {task.data["key"]: told_in(task) for task in tasks_of(client, done)} == {
        phrase(0).id: ["person/1: niente in più", "person/2: «gamma» fumo"],
        phrase(1).id: [
            "person/1: «alfa» fumo (familiare, = 1)",
            "person/2: «alfa» fumo (familiare, = 2)",
        ],
    }
