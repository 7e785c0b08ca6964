"""The JSON in what models type is read; what a repair would invent is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.label.formats.answers import (
    LONGEST,
    CutOff,
    Unusable,
    json_values,
    split_numbered,
    spoken,
)

WANTED = {"spans": [{"field": "fumo", "quote": 'l\'ex "fumo"'}, {"field": "pm", "quote": "PM"}]}
GOOD = json.dumps(WANTED)
READ: dict[str, tuple[str, list[Any]]] = {
    "as asked": (GOOD, [WANTED]),
    "in a fence": (f"```json\n{GOOD}\n```", [WANTED]),
    "after a sentence": (f"Ecco:\n{GOOD}\nSpero sia utile.", [WANTED]),
    "after reasoning": (f'<think>Forse {{"spans": []}}?</think>{GOOD}', [WANTED]),
    "after reasoning whose first mark is lost": (
        f'Forse {{"spans": []}}?\n</think>{GOOD}',
        [WANTED],
    ),
    "single quotes": (str(WANTED), [WANTED]),
    "trailing commas": (GOOD.replace("}]}", "},],}"), [WANTED]),
    "line breaks in a string": ('{"quote": "a\nb"}', [{"quote": "a\nb"}]),
    "quotes inside a string": ('{"quote": "detto "IMA" qui"}', [{"quote": 'detto "IMA" qui'}]),
    "a comma forgotten": ('{"a": "x" "b": "y"}', [{"a": "x", "b": "y"}]),
    "a comment": ('[{"a": 1}, // uno\n{"a": 2}]', [[{"a": 1}, {"a": 2}]]),
    "the wrong bracket at the end": ('[{"a": 1}}', [[{"a": 1}]]),
    "brackets forgotten at the end": ('{"a": [{"b": 1}', [{"a": [{"b": 1}]}]),
    "Python's words": ('{"a": True, "b": None}', [{"a": True, "b": None}]),
    "NaN": ('{"value": NaN, "b": 1}', [{"value": None, "b": 1}]),
    "a JSON string that holds JSON": (json.dumps(GOOD), [WANTED]),
    "the same in a fence": (f"```json\n{json.dumps(GOOD)}\n```", [WANTED]),
    "keys that come again": (
        '{"a": 1, "b": 2, "a": 3, "b": 4}',
        [[{"a": 1, "b": 2}, {"a": 3, "b": 4}]],
    ),
    "several values": ('a {"b": [1]} c [2]', [{"b": [1]}, [2]]),
    "a bracket that opens nothing": (f"nota [sic: {GOOD}", [WANTED]),
    "no JSON": ("Mi dispiace.", []),
    "nothing": ("", []),
    "reasoning without an end": ('<think>{"a": 1}', []),
}


@pytest.mark.parametrize(("reply", "values"), READ.values(), ids=READ.keys())
def test_what_models_type_is_read(reply: str, values: list[Any]) -> None:
    assert list(json_values(reply)) == values


CUT = {
    "in a name": ('{"s": [{"field": "pm"}, {"field": "lasix', {"s": [{"field": "pm"}]}),
    "in a quote": ('{"s": [{"q": "a"}, {"q": "diab', {"s": [{"q": "a"}]}),
    "before its state": (
        '{"s": [{"q": "a"}, {"q": "diabete", "at": [1], "state": ',
        {"s": [{"q": "a"}]},
    ),
    "after a comma": ('[{"q": "a"}, ', [{"q": "a"}]),
    "in a pair": ('[["Ex", "O"], ["fum', [["Ex", "O"]]),
    "in a fence": ('```json\n[["Ex", "O"], ["fum\n```', [["Ex", "O"]]),
    "in single quotes": ("{'s': [{'q': 'a'}, {'q': 'dia", {"s": [{"q": "a"}]}),
}


@pytest.mark.parametrize(("reply", "value"), CUT.values(), ids=CUT.keys())
def test_a_reply_that_breaks_off_gives_what_it_finished_and_says_so(reply: str, value: Any) -> None:
    given = []
    with pytest.raises(CutOff):
        for one in json_values(reply):
            given.append(one)
    assert given == [value]


@given(st.integers(1, len(GOOD) - 1))
def test_wherever_a_reply_breaks_off_nothing_is_invented(end: int) -> None:
    given: list[Any] = []
    try:
        for value in json_values(GOOD[:end]):
            given.append(value)
    except CutOff:
        pass
    for value in given:
        assert value["spans"] == WANTED["spans"][: len(value["spans"])]


def test_an_object_nobody_can_read_may_not_lose_a_repeated_key_in_silence() -> None:
    with pytest.raises(Unusable, match="repeats its keys"):
        list(json_values('[{"q": "a", "f": "x", "q": "b" "f": "y",}]'))


PIECES = ["[", '{"a":', '"', '{"a" ', "['", '\\"', "[{", '{"', "[x]", "[“"]
HOSTILE = [("[", LONGEST), ('{"a":', LONGEST), *((piece, 20_000) for piece in PIECES)]


@pytest.mark.parametrize(("piece", "size"), HOSTILE)
def test_no_reply_is_read_without_end(piece: str, size: int) -> None:
    try:
        list(json_values("[" + piece * ((size - 2) // len(piece)) + "]"))
    except Unusable as unusable:
        assert len(str(unusable)) < 80


def test_too_long_a_reply_is_not_looked_at() -> None:
    with pytest.raises(Unusable, match="longer than 1,000,000"):
        list(json_values(GOOD + " " * LONGEST))


@given(st.text("[]{}\",:'\\ abcè1\n`/#“”", max_size=60))
def test_whatever_is_typed_is_values_or_unusable(reply: str) -> None:
    try:
        assert all(type(value) in (list, dict) for value in json_values(reply))
    except Unusable:
        pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
).filter(lambda value: "think>" not in str(value))


@given(st.lists(JSON, max_size=4) | st.dictionaries(st.sampled_from("abc"), JSON))
def test_strict_json_is_read_as_it_is(value: Any) -> None:
    assert list(json_values(json.dumps(value))) == [value]


SPLIT = {
    "numbered": ('{"answers": [{"n": 2, "a": 1}, {"n": 1, "a": 2}]}', [2, 1]),
    "a bare list": ('[{"n": 1, "a": 1}, {"n": "2", "a": 2}]', [1, 2]),
    "a line each": ('{"n": 1, "a": 1}\n{"n": 2, "a": 2}', [1, 2]),
    "without numbers": ('[{"a": 1}, {"a": 2}]', [1, 2]),
    "without numbers, one too few": ('[{"a": 1}]', [None, None]),
    "a number left out": ('[{"n": 2, "a": 2}]', [None, 2]),
    "a number given twice": ('[{"n": 1, "a": 1}, {"n": 1, "a": 3}, {"n": 2, "a": 2}]', [None, 2]),
    "a number nobody asked for": ('[{"n": 1, "a": 1}, {"n": 7, "a": 2}]', [1, None]),
    "cut off": ('[{"n": 1, "a": 1}, {"n": 2, "a": [3', [1, None]),
}


@pytest.mark.parametrize(("reply", "wanted"), SPLIT.values(), ids=SPLIT.keys())
def test_a_reply_to_several_questions_is_split_by_number(
    reply: str, wanted: list[int | None]
) -> None:
    assert [part and json.loads(part)["a"] for part in split_numbered(reply, 2)] == wanted


def test_what_is_spoken_comes_after_the_last_thought() -> None:
    assert spoken("<think>a</think>b") == spoken("a</think>b") == spoken("b") == "b"
