"""Likely mistakes: found where they were made, said in plain words, given back to people."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.server.server import LabelStudioServer
from annotate.suspects.marks import KINDS, Kind
from annotate.suspects.ranking import Suspect, letter_by_letter, suspects
from annotate.suspects.report import write_report
from annotate.suspects.view import TAB, show
from annotate.sync.push import push
from annotate.sync.studio import connect, request, tasks
from core.errors import BadInput
from core.jsonl import read_records
from core.records import Annotation, Phrase, Span, phrase_ids
from core.schema import default_schema
from tests.bench.suspects import fictitious, plant, recall
from tests.tiny_model import marked

LINES = (
    "Anamnesi: [[ipertensione|ipertensione arteriosa]], [[fumo|ex fumatrice]]",
    "In terapia con [[lasix|Lasix 25 mg]] ore 8",
    "Decorso regolare, dimessa il [[data_dimissione_cch|21/02/2024]]",
    "Vedova, vive con la figlia",
)
# What one of six letters has in the place of a line: what is wrong, and what should be said of it.
MISTAKES: dict[str, tuple[int, str, Kind, str, str | None]] = {
    "a span too long": (
        1, "In terapia con [[lasix|Lasix 25 mg ore]] 8", "boundary", "Lasix 25 mg ore",
        "Lasix 25 mg",
    ),
    "a span too short": (
        0, "Anamnesi: [[ipertensione|ipertensione]] arteriosa, [[fumo|ex fumatrice]]",
        "boundary", "ipertensione", "ipertensione arteriosa",
    ),
    "a wrong label": (
        1, "In terapia con [[betabloc|Lasix 25 mg]] ore 8", "type", "Lasix 25 mg", "Lasix 25 mg",
    ),
    "a span left out": (
        0, "Anamnesi: [[ipertensione|ipertensione arteriosa]], ex fumatrice", "missed", "",
        "ex fumatrice",
    ),
    "a span for nothing": (
        3, "Vedova, vive con [[fumo|la figlia]]", "spurious", "la figlia", None,
    ),
}  # fmt: skip


def letters(count: int = 6) -> list[Annotation]:
    return [marked(line, f"{number:012x}") for number in range(count) for line in LINES]


@pytest.mark.parametrize("name", MISTAKES)
def test_the_one_mistake_in_six_letters_is_the_first_suspect(name: str) -> None:
    place, line, kind, was, better = MISTAKES[name]
    corrected = letters()
    corrected[8 + place] = marked(line, "000000000002")
    first, *rest = suspects(corrected)
    assert first.kind == kind
    assert first.phrase == corrected[8 + place].phrase
    assert (first.span.text if first.span else "") == was
    assert (first.better.text if first.better else None) == better
    assert all(first.score > other.score for other in rest)
    assert first.person == "person/1"


def test_a_reason_says_what_and_why_in_both_languages() -> None:
    corrected = letters()
    corrected[9] = marked("In terapia con [[betabloc|Lasix 25 mg]] ore 8", "000000000002")
    first = suspects(corrected)[0]
    assert first.reason.startswith("«Lasix 25 mg» is marked betabloc: is it lasix? A model of the")
    assert "between the same words are marked lasix in 5 of 5 other places" in first.reason
    assert first.motivo.startswith("«Lasix 25 mg» è segnato betabloc: non è lasix? Un modello")
    assert "fra le stesse parole sono segnate lasix in 5 di 5 altri punti" in first.motivo


def test_a_labeller_is_believed_as_far_as_people_agree_with_it() -> None:
    corrected = letters()
    said = [replace(a, origin="rules", source="rules/1") for a in corrected]
    corrected[10] = marked("Decorso regolare, dimessa il 21/02/2024", "000000000002")
    alone = next(s for s in suspects(corrected) if s.phrase.id == corrected[10].phrase.id)
    with_it = suspects(corrected, [said])[0]
    assert with_it.phrase == corrected[10].phrase and with_it.score > alone.score
    assert "rules/1 says data_dimissione_cch" in with_it.reason


def test_what_nobody_looked_at_is_no_suspect() -> None:
    corrected = letters()
    wrong = marked("In terapia con [[betabloc|Lasix 25 mg]] ore 8", "000000000002")
    corrected[9] = replace(wrong, skipped=True)
    corrected[13] = replace(marked(LINES[1], "000000000003"), extra={"carried": "a phrase"})
    named = {suspect.phrase.id for suspect in suspects(corrected)}
    assert not named & {corrected[9].phrase.id, corrected[13].phrase.id}


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        (letters(1), "all phrases are of one letter; mistakes are found by comparing letters"),
        ([marked("Vedova", f"{n:012x}") for n in range(3)], "the phrases hold no span; there is"),
    ],
    ids=["one letter", "no span"],
)
def test_too_little_to_compare_is_said(annotations: list[Annotation], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        suspects(annotations)


def test_planted_mistakes_come_first() -> None:
    data = fictitious("two voices", ["lampo", "marcato"], 4, by_letter=True)
    spoiled, planted = plant(data.gold, 0.05, seed=3)
    found = suspects(spoiled, data.opinions)
    shuffled = [found[n] for n in np.random.default_rng(0).permutation(len(found))]
    told, chance = recall(found, spoiled, planted), recall(shuffled, spoiled, planted)
    assert {mistake.kind for mistake in planted} == set(KINDS)
    assert told["all"][1] > 0.6 > 0.3 > chance["all"][1]


@st.composite
def scribbled(draw: Callable[..., Any]) -> list[Annotation]:
    """Odd texts with spans anywhere, of two letters."""
    odd = st.text(st.sampled_from("ab 1,è\u0301\n\u00a0😀<&"), min_size=1, max_size=12)
    found = []
    for letter in ("a" * 12, "b" * 12):
        texts = draw(st.lists(odd, min_size=1, max_size=3))
        for key, text in zip(phrase_ids(letter, texts), texts, strict=True):
            spans = []
            for label in draw(st.lists(st.sampled_from(["fumo", "lasix"]), max_size=2)):
                start = draw(st.integers(0, len(text) - 1))
                end = draw(st.integers(start + 1, len(text)))
                spans.append(Span(start, end, label, text=text[start:end]))
            phrase = Phrase(key, letter, 0, len(text), text)
            found.append(Annotation(phrase, tuple(spans), "human", "person/1"))
    return found


@given(scribbled())
@settings(max_examples=30, deadline=None)
def test_suspects_quote_their_phrase_whatever_the_text(annotations: list[Annotation]) -> None:
    try:
        found = suspects(annotations, [annotations])
    except BadInput:
        return
    for suspect in found:
        assert suspect.span or suspect.better
        assert 0 <= suspect.score <= 1
        for span in filter(None, (suspect.span, suspect.better)):
            assert suspect.phrase.text[span.start : span.end] == span.text
        assert Suspect.from_json(json.loads(json.dumps(suspect.to_json()))) == suspect


def test_the_report_is_private_escaped_and_whole(tmp_path: Path) -> None:
    corrected = letters()
    line = "In terapia con <b>x & [[betabloc|Lasix 25 mg]] ore 8"
    corrected[9] = marked(line, "000000000002")
    found = suspects(corrected)
    page = write_report(found, tmp_path / "report")
    text = page.read_text()
    assert "&lt;b&gt;x &amp; <mark class=both>Lasix 25 mg</mark>" in text
    assert "src=" not in text and "href=" not in text and "http" not in text
    assert list(read_records(tmp_path / "report" / "suspects.jsonl", Suspect)) == found
    for path in (tmp_path / "report").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_labeller_is_asked_letter_by_letter() -> None:
    corrected = letters(2)
    mixed = [*corrected[::2], *corrected[1::2], replace(corrected[0], source="person/2")]
    asked = letter_by_letter(mixed)
    assert len(asked) == len(corrected)
    assert [phrase.letter for phrase in asked] == sorted(phrase.letter for phrase in asked)


@pytest.mark.server
@pytest.mark.parametrize("unit", ["phrase", "letter"])
def test_suspects_stand_in_a_tab_of_their_project(
    label_studio: LabelStudioServer, unit: Any
) -> None:
    client = connect(label_studio.url, label_studio.token)
    corrected = letters()
    corrected[9] = marked("In terapia con [[betabloc|Lasix 25 mg]] ore 8", "000000000002")
    corrected[19] = marked("Vedova, vive con [[fumo|la figlia]]", "000000000004")
    title = f"Sospetti {unit}"
    pushed = [replace(a, origin="rules", source="rules/1") for a in corrected]
    push(client, title, pushed, default_schema(), "field", unit=unit, bare=0.0)
    found = suspects(corrected)
    worst = found[:2]
    first = show(client, title, worst)
    assert (first.tasks, first.strangers) == (2, 0)

    def in_tab() -> list[dict[str, Any]]:
        listed = request(client, "GET", "api/tasks/", view=first.tab, fields="all")
        return [task["data"] for task in listed["tasks"]]

    assert [data["review"] for data in in_tab()] == [suspect.motivo for suspect in worst]
    assert all(data["lost"] == data["review"] for data in in_tab())
    assert show(client, title, worst[1:]).tasks == 1
    assert [data["review"] for data in in_tab()] == [worst[1].motivo]
    stranger = replace(worst[0], phrase=replace(worst[0].phrase, id="ffffffffffff:00000000.1"))
    again = show(client, title, [stranger])
    assert (again.tab, again.tasks, again.strangers) == (first.tab, 0, 1)
    assert in_tab() == []
    assert all(not task["data"]["lost"] for task in tasks(client, first.project))
    views = request(client, "GET", "api/dm/views/", project=first.project)
    assert [view["data"]["title"] for view in views] == ["Default", TAB]
