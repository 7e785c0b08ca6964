"""A person at work: the real Label Studio in a real browser, corrected with the mouse."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotate.server import LabelStudioServer
from annotate.sync import connect, pull, push
from core.records import Annotation, Missing, Phrase, Span, phrase_ids
from core.schema import default_schema

pytestmark = [pytest.mark.server, pytest.mark.browser]

TITLE = "Lettere di prova"
LINES = (
    "ANAMNESI PATOLOGICA REMOTA",
    "Paziente 👩🏽‍⚕️ ex tabagista; nega diabete, è ipertesa. Lasix 25 mg due volte al dì.",
    "Vedova, vive con la figlia.",
)
# Where the characters start-end of the phrase stand on the screen, counted in code points.
PLACE = """([start, end]) => {
  const walker = document.createTreeWalker(
    document.querySelector('.lettera-phrase'), NodeFilter.SHOW_TEXT);
  const places = [];
  for (let node; (node = walker.nextNode());)
    for (let i = 0; i < node.data.length;) {
      const step = String.fromCodePoint(node.data.codePointAt(i)).length;
      places.push([node, i, i + step]);
      i += step;
    }
  const range = document.createRange();
  range.setStart(places[start][0], places[start][1]);
  range.setEnd(places[end - 1][0], places[end - 1][2]);
  const box = range.getBoundingClientRect();
  return [box.left, box.right, box.top, box.bottom];
}"""


class Annotator:
    """Somebody with a mouse and a keyboard in front of one project."""

    def __init__(self, page: Any, text: str) -> None:
        self.page, self.text = page, text

    def place(self, quote: str) -> tuple[float, float, float, float]:
        start = self.text.index(quote)
        left, right, top, bottom = self.page.evaluate(PLACE, [start, start + len(quote)])
        return left, right, top, bottom

    def click(self, quote: str) -> None:
        left, right, top, bottom = self.place(quote)
        self.page.mouse.click((left + right) / 2, (top + bottom) / 2)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=12)
        self.page.mouse.up()

    def mark(self, quote: str, label: str) -> None:
        """Chooses a label, then drags over the words."""
        self.page.get_by_text(label, exact=True).first.click()
        left, right, top, bottom = self.place(quote)
        middle = (top + bottom) / 2
        self.drag((left + 1, middle), (right - 1, middle))

    def look(self, name: str) -> None:
        """Keeps a picture where LETTERA_PICTURES says so."""
        if folder := os.environ.get("LETTERA_PICTURES"):
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


def letter() -> list[Annotation]:
    """Three lines of a letter, the middle one pre-labelled with three spans, two of them wrong."""
    ids = phrase_ids("3fa2b1c09d12", LINES)
    found = []
    start = 0
    for key, text in zip(ids, LINES, strict=True):
        phrase = Phrase(key, "3fa2b1c09d12", start, start + len(text), text, "Anamnesi")
        found.append(Annotation(phrase, (), "rules", "rules/1"))
        start += len(text) + 1
    text = LINES[1]
    spans = (
        spanned(text, "tabagista", "risk", field="fumo", state="present", score=0.4),
        spanned(text, "diabete", "risk", field="diabete", state="negated", score=0.9),
        spanned(text, "Lasix", "drugs", field="lasix", score=0.7),
    )
    found[1] = replace(found[1], spans=spans, missing=(Missing("bisoprololo", "betabloc"),))
    return found


def spanned(text: str, quote: str, label: str, **more: Any) -> Span:
    start = text.index(quote)
    return Span(start, start + len(quote), label, text=quote, **more)


@pytest.fixture
def page(browser: Any, label_studio: LabelStudioServer) -> Any:
    """A browser window of somebody who has logged in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{label_studio.url}/user/login")
    page.fill("input[name=email]", label_studio.username)
    page.fill("input[name=password]", label_studio.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)
    yield page
    context.close()


def submit(page: Any, name: str = "Submit") -> None:
    """Sends the screen off and waits until the server has taken it."""
    with page.expect_response(lambda answer: "/annotations" in answer.url and answer.ok):
        page.get_by_text(name, exact=True).click()


def test_a_correction_made_with_the_mouse_is_pulled_as_it_was_made(
    page: Any, label_studio: LabelStudioServer
) -> None:
    client = connect(label_studio.url, label_studio.token)
    report = push(client, TITLE, letter(), default_schema(), "group")
    assert (report.added, report.already, report.refused) == (3, 0, ())

    page.goto(f"{label_studio.url}/projects/{report.project}/data")
    page.get_by_text("Label All Tasks").click()
    page.get_by_text("Che cosa fare.").wait_for()
    page.keyboard.press("Escape")
    # What the machine is least sure of comes first, with what it said and nobody can see.
    page.locator(".lettera-phrase", has_text="Paziente").wait_for()
    assert "«bisoprololo» (betabloc)" in page.locator(".lettera-lost").inner_text()
    person = Annotator(page, LINES[1])
    person.look("annotator-before")

    person.click("diabete")  # delete
    page.keyboard.press("Backspace")
    person.mark("ipertesa", "Fattori di rischio")  # add, and say its state
    person.click("ipertesa")
    page.locator(".lettera-state").get_by_text("presente[p]").click()
    person.click("Lasix")  # move a boundary
    _, right, top, bottom = person.place("Lasix")
    _, dose, _, _ = person.place("Lasix 25 mg")
    person.drag((right, (top + bottom) / 2), (dose - 1, (top + bottom) / 2))
    person.look("annotator-after")
    submit(page)
    page.get_by_text(LINES[0], exact=True).first.wait_for()
    submit(page)  # a heading: nothing to mark
    page.locator(".lettera-phrase", has_text="Vedova").wait_for()
    submit(page, "Skip")
    page.get_by_text("No more", exact=False).first.wait_for()

    pulled = pull(client, TITLE, default_schema(), "group")
    heading, corrected, skipped = sorted(pulled.annotations, key=lambda a: a.phrase.start)
    assert pulled.refused == () and pulled.skipped == 1
    assert heading.spans == () and not heading.skipped
    assert skipped.skipped and skipped.phrase.text == LINES[2]
    assert corrected.phrase == letter()[1].phrase
    assert corrected.origin == "human" and corrected.source == "person/1"
    assert corrected.seconds is not None and 0 < corrected.seconds < 120
    text = LINES[1]
    assert corrected.spans == (
        spanned(text, "tabagista", "risk", field="fumo", state="present", edit="kept"),
        spanned(text, "ipertesa", "risk", state="present", edit="added"),
        spanned(text, "Lasix 25 mg", "drugs", field="lasix", edit="changed"),
    )
    assert pull(client, TITLE, default_schema(), "group") == pulled
