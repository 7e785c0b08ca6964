"""A reviewer at the page, in a real browser: hands on the keyboard, decisions in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from annotate.review.app import serving
from annotate.review.decisions import Decisions
from annotate.review.desk import Desk
from core.records import Annotation, Phrase, Span, phrase_ids
from core.schema import default_schema
from tests.studio import free_port

pytestmark = [
    pytest.mark.browser,
    # Gradio's own, of pandas, in a thread of the page's server.
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]
SCHEMA = default_schema()


def annotation(text: str, start: int, *spans: Span) -> Annotation:
    phrase = Phrase(next(phrase_ids("a", [text])), "a", start, start + len(text), text)
    quoted = tuple(replace(span, text=text[span.start : span.end]) for span in spans)
    return Annotation(phrase, quoted, "rules", "rules/1", extra={"view": "field"})


FILE = [
    annotation("Buone condizioni 👍🏽 <b>generali</b>", 0),
    annotation("🚬 Ex fumatore, diabete", 50, Span(2, 13, "fumo", field="fumo")),
    annotation("Riga di intestazione", 100),
    annotation("Padre e\u0301 diabetico", 150, Span(9, 18, "fumo", field="fumo")),
    annotation("Nega allergie", 200),
]


@dataclass
class Visit:
    """An open page, and what went wrong or out while it was open."""

    page: Page
    desk: Desk
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def phrase(self, text: str) -> None:
        expect(self.page.locator(".lr-phrase")).to_have_text(text)

    def decided(self, number: int) -> None:
        expect(self.page.locator(".lr-count")).to_contain_text(f"{number} frasi decise di 5")


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with Decisions(tmp_path / "review.db") as decisions:
        desk = Desk(FILE, decisions, SCHEMA, "field")
        with serving(desk, SCHEMA, "field", "127.0.0.1", free_port()) as (address, password):
            assert password is None
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            seen = Visit(page, desk)
            page.on("pageerror", lambda error: seen.errors.append(str(error)))
            page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
            here = (f"{address}/", "data:", "blob:")
            page.on(
                "request", lambda r: None if r.url.startswith(here) else seen.outside.append(r.url)
            )
            page.goto(address)
            page.get_by_label("Quali frasi").click()
            page.get_by_role("option", name="Nell'ordine del file").click()
            page.get_by_label("Chi siete").fill("Ines")
            page.keyboard.press("Enter")
            yield seen
            page.close()


def test_a_reviewer_keeps_mends_and_throws_out_by_keyboard_alone(visit: Visit) -> None:
    visit.phrase("Buone condizioni 👍🏽 <b>generali</b>")
    visit.press("Enter")
    visit.phrase("🚬 Ex fumatore, diabete")
    # The start one word on; then a second span at the first free word behind it: "diabete".
    visit.press("ArrowDown", "ArrowRight", "p", "a")
    expect(visit.page.locator(".lr-search")).to_be_focused()
    visit.page.keyboard.type("diabet")
    visit.press("Enter", "n")
    expect(visit.page.locator(".lr-keep")).to_have_text("Salva la correzione Invio")
    visit.press("Enter")
    visit.phrase("Riga di intestazione")
    visit.press("x")
    visit.phrase("Padre e\u0301 diabetico")
    # Another label, of a relative; then the end a word back and forth again.
    visit.press("ArrowDown", "e")
    visit.page.keyboard.type("diabete")
    visit.press("Enter", "f", "Shift+ArrowLeft", "Shift+ArrowRight", "Enter")
    visit.phrase("Nega allergie")
    visit.decided(4)
    lines = list(visit.desk.reviewed())
    assert [
        (line.skipped, [(s.text, s.label, s.state, s.edit) for s in line.spans]) for line in lines
    ] == [
        (False, []),
        (
            False,
            [
                ("fumatore", "fumo", "present", "changed"),
                ("diabete", "diabete", "negated", "added"),
            ],
        ),
        (True, []),
        (False, [("diabetico", "diabete", "family", "changed")]),
    ]
    assert all(0 < (line.seconds or 0) < 300 for line in lines)
    assert visit.errors == [] and visit.outside == []


def test_undo_later_and_reload_lose_nothing(visit: Visit) -> None:
    visit.phrase("Buone condizioni 👍🏽 <b>generali</b>")
    visit.press("s")
    visit.phrase("🚬 Ex fumatore, diabete")
    visit.press("ArrowDown", "Delete", "Enter")
    visit.decided(1)
    visit.press("z")
    visit.decided(0)
    visit.phrase("🚬 Ex fumatore, diabete")
    expect(visit.page.locator(".lr-keep")).to_have_text("Salva la correzione Invio")
    visit.press("Escape")
    expect(visit.page.locator(".lr-keep")).to_have_text("Va bene così Invio")
    visit.press("Enter")
    visit.decided(1)
    visit.page.reload()
    visit.page.get_by_label("Chi siete").fill("Ines")
    visit.press("Enter")
    visit.decided(1)
    (line,) = visit.desk.reviewed()
    assert [span.edit for span in line.spans] == ["kept"]


def test_a_stretch_is_marked_by_mouse(visit: Visit) -> None:
    visit.phrase("Buone condizioni 👍🏽 <b>generali</b>")
    left, top, right, bottom = visit.page.evaluate(
        """() => {
            const words = document.querySelector('.lr-phrase').firstChild.firstChild;
            const range = document.createRange();
            range.setStart(words, words.data.indexOf('<b>'));
            range.setEnd(words, words.data.length);
            const box = range.getBoundingClientRect();
            return [box.left, box.top, box.right, box.bottom];
        }"""
    )
    visit.page.mouse.move(left, (top + bottom) / 2)
    visit.page.mouse.down()
    visit.page.mouse.move(right + 3, (top + bottom) / 2, steps=5)
    visit.page.mouse.up()
    expect(visit.page.locator(".lr-search")).to_be_focused()
    visit.page.keyboard.type("fumo")
    visit.press("Enter", "Enter")
    visit.decided(1)
    (line,) = visit.desk.reviewed()
    assert [(span.text, span.edit) for span in line.spans] == [("<b>generali</b>", "added")]
    assert visit.errors == []
