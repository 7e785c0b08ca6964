"""The demo in a real browser: what a doctor does in two minutes, and what must not happen."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo_page import LETTER, served

pytestmark = pytest.mark.browser
EXAMPLES = Path(__file__).parents[1] / "demo" / "examples"
READ = "Leggi la lettera · Read the letter"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only folder that the server process writes to."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with served(home) as url:
        yield url


@dataclass
class Visit:
    """An open page, and what went wrong or out while it was open."""

    page: Page
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def paste(self, text: str) -> None:
        self.page.get_by_label("Incolla qui la lettera").fill(text)
        self.page.get_by_role("button", name=READ).click()

    def drop(self, path: Path) -> None:
        self.page.get_by_role("tab", name="PDF o foto").click()
        self.page.locator("input[type=file]").set_input_files(path)

    def found(self) -> None:
        expect(self.page.locator(".lettera .result")).to_be_visible(timeout=60_000)


def visit(browser: Browser, address: str, width: int, height: int, **more: str) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": width, "height": height}, **more)  # type: ignore[arg-type]
    seen = Visit(page)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    here = (f"{address}/", "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(here) else seen.outside.append(r.url))
    page.goto(address)
    yield seen
    page.close()
    assert seen.errors == []
    assert seen.outside == []


@pytest.fixture
def desk(browser: Browser, address: str) -> Iterator[Visit]:
    yield from visit(browser, address, 1280, 900)


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Visit]:
    yield from visit(browser, address, 390, 844)


def test_a_pasted_letter_is_marked_and_tabled(desk: Visit, tmp_path: Path) -> None:
    desk.paste(LETTER)
    desk.found()
    page = desk.page
    drawn = page.locator(".lettera .letter")
    assert "Ex fumatrice, stop nel 1990" in drawn.evaluate("e => e.textContent")
    fumo = page.locator("tr", has=page.get_by_role("rowheader", name="fumo", exact=True))
    expect(fumo).to_contain_text("ex fumatore (1)")
    fumo.get_by_role("link").first.click()
    expect(page.locator(".place:target")).to_be_in_viewport()
    page.screenshot(path=tmp_path / "pasted-1280.png", full_page=True)


def test_what_looks_like_html_stays_text(desk: Visit) -> None:
    hostile = "PA <140 & >90 <img src=x onerror=alert(1)> ${1+1} {{value}}"
    desk.paste(LETTER + hostile)
    desk.found()
    drawn = desk.page.locator(".lettera .letter")
    expect(drawn).to_contain_text("PA <140 & >90")
    expect(drawn).to_contain_text("${1+1} {{value}}")
    assert drawn.locator("img").count() == 0


def test_a_dropped_pdf_comes_home_as_a_spreadsheet(desk: Visit, tmp_path: Path) -> None:
    pdf = sorted(EXAMPLES.glob("*.pdf"))[0]
    desk.drop(pdf)
    desk.found()
    with desk.page.expect_download() as waiting:
        desk.page.get_by_role("link", name="Excel").click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.name == "lettera.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(saved.read_bytes())).worksheets[0]
    said = [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert "n_cartella" in said and pdf.name in said
    desk.page.screenshot(path=tmp_path / "pdf-1280.png", full_page=True)


def test_an_example_reads_on_a_phone_without_sideways_scrolling(
    phone: Visit, tmp_path: Path
) -> None:
    page = phone.page
    page.get_by_role("tab", name="Esempi").click()
    page.get_by_label("Lettere inventate").click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name=READ).click()
    phone.found()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=tmp_path / "example-390.png", full_page=True)


def test_what_cannot_be_read_gets_a_sentence_and_the_page_lives_on(
    desk: Visit, tmp_path: Path
) -> None:
    broken = tmp_path / "rossi mario.pdf"
    broken.write_bytes(b"%PDF-1.7 and then nothing")
    desk.drop(broken)
    alert = desk.page.get_by_role("alert")
    expect(alert).to_contain_text("Il file «rossi mario.pdf» è rovinato o incompleto")
    assert "/" not in alert.inner_text()
    desk.page.get_by_role("tab", name="Testo").click()
    desk.paste("   ")
    expect(alert).to_contain_text("incolla una lettera")
    desk.paste(LETTER)
    desk.found()


def test_nothing_that_was_entered_is_kept(desk: Visit, home: Path, tmp_path: Path) -> None:
    """Neither in a file's name nor in a file, while the server still runs."""
    letter = tmp_path / "bianchi teresa.txt"
    letter.write_text(LETTER)
    desk.drop(letter)
    desk.found()
    desk.page.get_by_role("tab", name="Testo").click()
    desk.paste(LETTER)
    desk.found()
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.name == "page.log" for path in files)
    assert [path for path in files if "bianchi" in path.name.lower()] == []
    assert [path for path in files if b"Bianchi" in path.read_bytes()] == []
    stores = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"
    assert "Bianchi" not in desk.page.evaluate(stores)
