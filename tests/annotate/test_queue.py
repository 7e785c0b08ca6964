"""The order in which phrases and letters come to people."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.queue.chosen import Chosen, choose, chosen
from annotate.queue.order import ORDERS, Order, as_order, ordered, ranked
from core.errors import BadInput, UnknownName
from core.records import Annotation
from demo.fictitious import annotations, voices, write
from tests.annotate.queued import SOURCE, labelled, people, texts

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
