"""A person at work: the real Label Studio in a real browser, ten phrases corrected, and pulled."""

from collections.abc import Iterator
from typing import Any

import pytest

from annotate.screen.guide import guideline
from annotate.server.server import LabelStudioServer
from annotate.sync.pull import pull
from annotate.sync.push import push
from annotate.sync.studio import connect
from core.records import Annotation, Phrase, Span, phrase_ids
from core.schema import default_schema
from tests.annotate.annotator import Annotator

pytestmark = [pytest.mark.server, pytest.mark.browser]

TITLE = "Dieci frasi"
# A line of the letter and what the machine says of it: quote, field, the rest of the span.
LINES: tuple[tuple[str, tuple[tuple[str, str, dict[str, Any]], ...]], ...] = (
    ("ANAMNESI PATOLOGICA REMOTA", ()),
    ("È iperteso 👩🏽‍⚕️ da anni.", (("iperteso", "ipertensione", {"value": True}),)),
    ("Prende Cardioaspirin 100 mg.", (("Cardioaspirin 100 mg", "anticoagorali", {}),)),
    ("Il padre era diabetico.", (("diabetico", "diabete", {"value": True}),)),
    ("Riferita <b>BPCO</b> &amp; asma.", ()),
    ("Prende Lasix 25 mg la mattina.", (("Lasix", "lasix", {"value": True}),)),
    ("Non ha dislipidemia.", (("dislipidemia", "dislipidemia", {"value": True}),)),
    ("Ex fumatore dal 1990.", (("Ex fumatore", "fumo", {"value": 2}),)),
    ("Portatore di PM.", (("PM", "pm", {"value": True}),)),
    ("Vedovo, vive con la figlia.", ()),
    ("Ha avuto un TIA nel 2008.", (("TIA", "TIA_pregresso", {"value": True}),)),
)


def letter(name: str, lines: Any = LINES) -> list[Annotation]:
    found, at = [], 0
    for key, (text, said) in zip(phrase_ids(name, [t for t, _ in lines]), lines, strict=True):
        phrase = Phrase(key, name, at, at + len(text), text, "Anamnesi")
        spans = tuple(span(text, quote, field, **more) for quote, field, more in said)
        found.append(Annotation(phrase, spans, "rules", "rules/1"))
        at += len(text) + 1
    return found


def span(text: str, quote: str, field: str, **more: Any) -> Span:
    start = text.index(quote)
    how = {"state": "present"} | more
    return Span(start, start + len(quote), field, field, text=quote, **how)  # type: ignore[arg-type]


@pytest.fixture
def person(browser: Any, label_studio: LabelStudioServer) -> Iterator[Annotator]:
    """Somebody who has logged in."""
    person = Annotator(browser, label_studio)
    yield person
    person.close()


def accept(person: Annotator) -> None:
    person.submit()


def relabel(person: Annotator) -> None:
    person.click("Cardioaspirin")
    person.choose("antiaggregante")
    person.submit()


def delete(person: Annotator) -> None:
    person.click("diabetico")
    person.press("Backspace")
    person.submit()


def add(person: Annotator) -> None:
    person.choose("BPCO")
    person.drag_over("BPCO")
    person.submit()


def move_a_boundary(person: Annotator) -> None:
    person.click("Lasix")
    person.drag_end("Lasix", to="Lasix 25 mg")
    person.submit()


def set_a_state(person: Annotator) -> None:
    person.click("dislipidemia")
    person.press("n")
    person.submit()


def set_a_value(person: Annotator) -> None:
    person.click("Ex fumatore")
    person.press("1")
    person.look("phrase")
    person.submit()


def write_a_note(person: Annotator) -> None:
    person.note("o ICD?")
    person.submit()


def skip(person: Annotator) -> None:
    with person.sent():
        person.press("Control+Space")


def undo(person: Annotator) -> None:
    person.click("TIA")
    person.press("Backspace")
    person.press("Control+z")
    person.submit()


# What is done with each line, and what it costs; sending it off is one key of it.
ACTS = (
    (accept, {"keys": 1}),
    (relabel, {"clicks": 2, "keys": 1}),
    (delete, {"clicks": 1, "keys": 2}),
    (add, {"clicks": 1, "drags": 1, "keys": 1}),
    (move_a_boundary, {"clicks": 1, "drags": 1, "keys": 1}),
    (set_a_state, {"clicks": 1, "keys": 2}),
    (set_a_value, {"clicks": 1, "keys": 2}),
    (write_a_note, {"clicks": 1, "keys": 1 + len("o ICD?") + 1}),
    (skip, {"keys": 1}),
    (undo, {"clicks": 1, "keys": 3}),
)


def test_ten_phrases_are_pulled_as_a_person_left_them(
    person: Annotator, label_studio: LabelStudioServer
) -> None:
    client, schema = connect(label_studio.url, label_studio.token), default_schema()
    mine, other = letter("3fa2b1c09d12"), letter("b437e4589048", LINES[6:7])
    report = push(client, TITLE, [*mine, *other], schema, "field", unit="phrase", bare=0.0)
    assert (report.added, report.hidden, report.carried, report.refused) == (10, 1, 1, ())

    person.open(report.project)
    costs = []
    for (text, _), (act, _) in zip(LINES[1:], ACTS, strict=True):
        person.sees(text[-12:])
        act(person)
        costs.append(person.paid())
    person.page.get_by_text("No more", exact=False).first.wait_for()
    assert costs == [cost for _, cost in ACTS]

    pulled = pull(client, TITLE, schema)
    by_key = {annotation.key: annotation for annotation in pulled.annotations}
    assert len(by_key) == len(pulled.annotations) == 11
    assert pulled.refused == () and pulled.skipped == 1
    done = [by_key[annotation.key] for annotation in mine[1:]]
    expected = (
        span(LINES[1][0], "iperteso", "ipertensione", value=True, edit="kept"),
        span(LINES[2][0], "Cardioaspirin 100 mg", "antiaggregante", edit="changed"),
        None,
        span(LINES[4][0], "BPCO", "BPCO", state=None, edit="added"),
        span(LINES[5][0], "Lasix 25 mg", "lasix", value=True, edit="changed"),
        span(
            LINES[6][0], "dislipidemia", "dislipidemia", state="negated", value=False,
            edit="changed",
        ),
        span(LINES[7][0], "Ex fumatore", "fumo", value=1, edit="changed"),
        span(LINES[8][0], "PM", "pm", value=True, edit="kept"),
        None,
        span(LINES[10][0], "TIA", "TIA_pregresso", value=True, edit="kept"),
    )  # fmt: skip
    assert [one.spans for one in done] == [(one,) if one else () for one in expected]
    assert [one.phrase for one in done] == [annotation.phrase for annotation in mine[1:]]
    assert [one.skipped for one in done] == [n == 8 for n in range(10)]
    assert [one.comment for one in done] == ["o ICD?" if n == 7 else None for n in range(10)]
    assert all(one.source == "person/1" and one.origin == "human" for one in done)
    assert all(one.seconds is not None and 0 < one.seconds < 120 for one in done)
    for one, before in zip(done, mine[1:], strict=True):
        assert one.extra["before"] == {
            "source": "rules/1", "spans": [said.to_json() for said in before.spans],
        }  # fmt: skip
        assert one.extra["guideline"] == guideline(schema, "field", "phrase").version
    copy = by_key[other[0].key]
    assert copy.spans == done[5].spans and copy.phrase == other[0].phrase
    assert copy.extra["carried"] == done[5].key and copy.seconds is None
    assert pull(client, TITLE, schema) == pulled
