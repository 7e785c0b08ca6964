"""A person at work on a whole letter: labels in sight, pages beside it, cut to phrases on pull."""

from collections.abc import Iterator
from typing import Any

import pytest

from annotate.screen.pages import add_storage, render_pages
from annotate.server.server import LabelStudioServer
from annotate.server.settings import files_folder
from annotate.sync.pull import pull
from annotate.sync.push import push
from annotate.sync.studio import connect
from core.read.readers.folders import digest
from core.records import Annotation, Letter, Page, Phrase, Span, phrase_ids
from core.schema import default_schema
from tests.annotate.annotator import Annotator
from tests.places import EXAMPLES

pytestmark = [pytest.mark.server, pytest.mark.browser]

TITLE = "Una lettera"
PDF = EXAMPLES / "lettera-01.pdf"
LINES = (
    ("OSPEDALE DI PROVA 👩🏽‍⚕️", None),
    ("ANAMNESI", None),
    *((f"Riga {number} senza niente da segnare, né da dire.", "Anamnesi") for number in range(9)),
    ("Iperteso da anni, diabete in terapia.", "Anamnesi"),
    ("TERAPIA DOMICILIARE", None),
    ("Cardioaspirin 100 mg", "Terapia"),
    ("Lasix 25 mg, 1 cp", "Terapia"),
    ("alle 8 e alle 16", "Terapia"),
    *((f"Altra riga {number} della lettera, fino in fondo.", "Terapia") for number in range(9)),
    ("Segni <b>strani</b> &amp; e\u0301 \u2028, a\u00a0capo\r\nqui\ttre   spazi 🇮🇹.", "Terapia"),
    ("Portatore di pacemaker dal 2012.", "Anamnesi"),
)
HEADINGS = ("ANAMNESI", "TERAPIA DOMICILIARE")
PRE_LABELS = {
    "Iperteso": ("ipertensione", True),
    "diabete": ("diabete", True),
    "Cardioaspirin 100 mg": ("antiaggregante", True),
    "Lasix 25 mg, 1 cp": ("lasix", True),
}


def letter(name: str) -> list[Annotation]:
    found, at = [], 0
    for key, (text, section) in zip(phrase_ids(name, [t for t, _ in LINES]), LINES, strict=True):
        phrase = Phrase(key, name, at, at + len(text), text, section)
        spans = tuple(
            Span(text.index(q), text.index(q) + len(q), field, field, "present", value, text=q)
            for q, (field, value) in PRE_LABELS.items()
            if q in text
        )
        found.append(Annotation(phrase, spans, "rules", "rules/1"))
        at += len(text) + 1
    return found


@pytest.fixture
def person(browser: Any, label_studio: LabelStudioServer) -> Iterator[Annotator]:
    person = Annotator(browser, label_studio)
    yield person
    person.close()


def test_a_letter_is_pulled_phrase_by_phrase_as_a_person_left_it(
    person: Annotator, label_studio: LabelStudioServer
) -> None:
    client, schema = connect(label_studio.url, label_studio.token), default_schema()
    name, folder = digest(PDF), files_folder(label_studio.password_file.parent)
    source = Letter(name, PDF.name, True, "x", (Page(1, 0, 1), Page(2, 1, 1)), "text")
    failures: list[str] = []
    pages = dict(render_pages([source], [PDF], folder, failures))
    assert failures == []
    mine = letter(name)
    report = push(client, TITLE, mine, schema, "field", bare=0.0, pages=pages)
    assert (report.unit, report.added, report.hidden) == ("letter", 1, 2)
    add_storage(client, report.project, folder)

    with person.page.expect_response(lambda answer: "/data/local-files/" in answer.url) as image:
        person.open(report.project)
    assert image.value.status == 200 and image.value.headers["content-type"] == "image/png"
    person.sees("Iperteso da anni")
    person.look("letter")
    labels = person.page.locator(".lettera-labels")
    assert labels.is_visible()

    person.click("diabete")  # it is negated, says the person
    person.press("n")
    person.look("letter-region")
    person.press("Escape")
    assert person.paid() == {"clicks": 1, "keys": 2}
    person.click("Cardioaspirin")  # delete
    person.press("Backspace")
    assert person.paid() == {"clicks": 1, "keys": 1}
    person.click("Lasix 25")  # the dose goes on in the next line
    person.drag_end("Lasix 25 mg, 1 cp", to="alle 8 e alle 16")
    person.press("Escape")
    assert person.paid() == {"clicks": 1, "drags": 1, "keys": 1}
    person.press("Shift+F")  # add, by search
    person.type("pm")
    person.press("Enter")
    person.drag_over("pacemaker")
    assert person.paid() == {"keys": 4, "drags": 1}
    assert labels.bounding_box()["y"] < 300  # still in sight at the letter's end
    person.look("letter-end")
    person.submit()

    pulled = pull(client, TITLE, schema)
    shown = [one.phrase for one in mine if one.phrase.text not in HEADINGS]
    assert [one.phrase for one in pulled.annotations] == shown
    said = {
        (span.text, span.label, span.state, span.value, span.edit)
        for one in pulled.annotations
        for span in one.spans
    }
    assert said == {
        ("Iperteso", "ipertensione", "present", True, "kept"),
        ("diabete", "diabete", "negated", False, "changed"),
        ("Lasix 25 mg, 1 cp", "lasix", "present", True, "kept"),
        ("alle 8 e alle 16", "lasix", "present", None, "added"),
        ("pacemaker", "pm", None, None, "added"),
    }
    [cut] = pulled.refused
    assert cut.reason.endswith("ran over a phrase's end and was cut into 2")
    first = pulled.annotations[0]
    assert first.extra["before"] == {"source": "rules/1", "spans": []}
    assert 0 < sum(one.seconds or 0 for one in pulled.annotations) < 300
