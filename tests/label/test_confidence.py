"""Scores and votes: an order of doubt, from whatever signals there are."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.label.confidence import ALONE, SAME, TOUCHED, agreement, elected, own, score
from core.records import Span


def span(start: int, end: int, label: str = "TARGET", **more: object) -> Span:
    return Span(start, end, label, text=more.pop("text", "x" * (end - start)), **more)  # type: ignore[arg-type]


SCORES = {
    "no signal, no score": ((None, None, None), None),
    "one signal is the score": ((0.8, None, None), 0.8),
    "two signals meet in their geometric mean": ((0.9, 0.4), 0.6),
    "certainty is never whole": ((1.0, 1.0), 0.999),
    "nor is doubt": ((0.0,), 0.001),
}


@pytest.mark.parametrize(("signals", "expected"), SCORES.values(), ids=SCORES.keys())
def test_a_score_is_the_mean_of_the_signals_there_are(
    signals: tuple[float | None, ...], expected: float | None
) -> None:
    assert score(*signals) == expected


@given(st.lists(st.none() | st.floats(0, 1), max_size=4))
def test_a_score_lies_between_nought_and_one(signals: list[float | None]) -> None:
    found = score(*signals)
    assert found is None if not any(s is not None for s in signals) else 0 < (found or 0) < 1


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_surer_signal_never_makes_a_span_less_sure(a: float, b: float, other: float) -> None:
    low, high = sorted([a, b])
    assert (score(low, other) or 0) <= (score(high, other) or 0)


AGREEMENTS = {
    "the same stretch and field": ([span(3, 8, "fumo", field="fumo")], SAME),
    "the same field, other bounds": ([span(5, 12, "fumo", field="fumo")], TOUCHED),
    "another field in the same place": ([span(3, 8, "diabete", field="diabete")], ALONE),
    "the same field elsewhere": ([span(8, 12, "fumo", field="fumo")], ALONE),
    "nothing": ([], ALONE),
    "the best of several counts": (
        [span(3, 9, "fumo", field="fumo"), span(3, 8, "fumo", field="fumo")],
        SAME,
    ),
}


@pytest.mark.parametrize(("rules", "expected"), AGREEMENTS.values(), ids=AGREEMENTS.keys())
def test_the_rules_speak_for_a_span_or_against_it(rules: list[Span], expected: float) -> None:
    assert agreement(span(3, 8, "fumo", field="fumo"), rules) == expected


def test_without_a_field_the_label_decides() -> None:
    assert agreement(span(0, 4), [span(0, 4, field="fumo")]) == SAME
    assert agreement(span(0, 4, "risk"), [span(0, 4, "drugs", field="lasix")]) == ALONE


def test_what_less_than_half_of_the_answers_have_is_outvoted() -> None:
    a, b, c = span(0, 4), span(5, 9), span(5, 10)
    found = elected([[a, b], [a, b], [a, c]])
    assert [(s.start, s.end, round(share, 2)) for s, share in found.spans] == [
        (0, 4, 1.0),
        (5, 9, 0.67),
    ]
    assert found.outvoted == 1
    assert elected([[a], []]).spans == ((a, 0.5),), "half is enough"
    assert elected([]).spans == ()


def test_an_answer_votes_once_however_often_it_repeats_itself() -> None:
    found = elected([[span(0, 4), span(0, 4)], [], []])
    assert (found.spans, found.outvoted) == ((), 1)


def test_state_and_value_are_those_of_most_answers_and_probability_is_their_mean() -> None:
    said = [
        span(0, 4, "fumo", field="fumo", state="present", value=1, score=0.9),
        span(0, 4, "fumo", field="fumo", state="negated", value=0, score=0.5),
        span(0, 4, "fumo", field="fumo", state="negated", value=0),
    ]
    ((found, share),) = elected([[one] for one in said]).spans
    assert (found.state, found.value, share) == ("negated", 0, 1.0)
    assert found.score == pytest.approx(0.7)


def test_a_field_that_some_answers_name_is_kept_and_two_of_them_are_two_spans() -> None:
    named = [span(0, 4, field="dapt"), span(0, 4, field="antiaggregante")]
    found = elected([named, [span(0, 4)]]).spans
    assert [(s.field, share) for s, share in found] == [("dapt", 1.0), ("antiaggregante", 1.0)]


def tokens(reply: str, doubts: dict[str, float]) -> list[tuple[str, float]]:
    """A reply in words and marks, each sure but for those in doubt."""
    return [(t, doubts.get(t, 0.0)) for t in re.findall(r"\w+|\W", reply)]


IOB = json.dumps(
    [
        {"parola": word, "label": label}
        for word, label in [
            ("nega", "O"),
            ("fumo", "O"),
            ("ma", "O"),
            ("ex", "B-fumo"),
            ("fumatore", "I-fumo"),
        ]
    ]
)
REPLIES = {
    "words with labels": (IOB, "ex fumatore"),
    "a list of quotes": ('{"spans": [{"field": "fumo", "quote": "ex fumatore"}]}', "ex fumatore"),
    "the field behind": ('{"spans": [{"quote": "ex fumatore", "field": "fumo"}]}', "ex fumatore"),
    "marked in the phrase": ("nega fumo, ma @@ex fumatore##{fumo}", "ex fumatore"),
}


@pytest.mark.parametrize(("reply", "quote"), REPLIES.values(), ids=REPLIES.keys())
def test_a_span_is_as_sure_as_the_tokens_that_say_it(reply: str, quote: str) -> None:
    here = span(0, len(quote), "fumo", field="fumo", text=quote)
    (sure,) = own(tokens(reply, {"nega": -5.0}), [here])
    (unsure,) = own(tokens(reply, {"fumatore": -3.0}), [here])
    assert sure == pytest.approx(1.0)
    assert unsure is not None and 0 < unsure < 0.9


def test_the_same_word_twice_has_two_places() -> None:
    reply = '[{"field": "lasix", "quote": "Lasix"}, {"field": "lasix", "quote": "Lasix"}]'
    parts = [("", 0.0), *((t, 0.0) for t in re.findall(r"\w+|\W", reply))]
    last = max(n for n, (t, _) in enumerate(parts) if t == "Lasix")
    parts[last] = ("Lasix", -2.0)
    spans = [span(0, 5, "lasix", field="lasix", text="Lasix")] * 2
    first, second = own(parts, spans)
    assert first == pytest.approx(1.0)
    assert second is not None and second < 0.9


def test_a_word_labelled_elsewhere_is_not_the_span() -> None:
    reply = '[{"parola": "fumo", "label": "O"}, {"parola": "diabete", "label": "B-diabete"}]'
    assert own(tokens(reply, {}), [span(0, 4, "fumo", field="fumo", text="fumo")]) == [None]


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_any_reply_gives_probabilities_or_nothing(reply: str, quotes: list[str]) -> None:
    spans = [span(0, len(quote), text=quote) for quote in quotes]
    found = own([(char, -0.1) for char in reply], spans)
    assert len(found) == len(quotes)
    assert all(p is None or 0 < p <= 1 for p in found)


def test_an_endless_reply_is_looked_through_in_no_time() -> None:
    reply = [("a ", -0.1)] * 200_000
    assert own(reply, [span(0, 1, text="a")] * 300) == [None] * 300
