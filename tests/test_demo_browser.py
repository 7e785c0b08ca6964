"""The demo in a real browser: what a doctor does in two minutes, and what must not happen."""

import asyncio
import base64
import io
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from gradio_client import Client
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from playwright.sync_api import Browser, Page, expect

from core.jsonl import read_records
from core.records import Annotation
from tests.demo_page import LETTER, OTHER, served
from tests.hard_letters import cat, many_pages, two_scans, with_script, zip_bomb

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
EXAMPLES = Path(__file__).parents[1] / "demo" / "examples"
SCAN = "7"  # the number of an example whose two pages have to be recognised
SELECT = """(words) => {
  const walker = document.createTreeWalker(document.querySelector(".letter"), NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const at = node.data.indexOf(words);
    if (at < 0) continue;
    getSelection().setBaseAndExtent(node, at, node, at + words.length);
    document.querySelector(".letter").dispatchEvent(new MouseEvent("mouseup", {bubbles: true}));
    return;
  }
}"""


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
        self.page.locator("#text").fill(text)
        self.page.locator("#go").click()

    def drop(self, path: Path) -> None:
        self.page.locator("#file").set_input_files(path)

    def found(self) -> None:
        expect(self.page.locator(".visit")).to_be_visible(timeout=90_000)

    def row(self, name: str) -> Any:
        return self.page.locator(f'[data-field="{name}"]')

    def download(self, button: str) -> bytes:
        with self.page.expect_download(timeout=60_000) as waiting:
            self.page.get_by_role("button", name=button).click()
        return Path(waiting.value.path()).read_bytes()


def visit(browser: Browser, address: str, width: int, height: int, **more: str) -> Iterator[Visit]:
    view = {"width": width, "height": height}
    page = browser.new_page(viewport=view, **({"locale": "it-IT"} | more))  # type: ignore[arg-type]
    page.set_default_timeout(60_000)
    seen = Visit(page)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    here = (f"{address}/", "data:", f"blob:{address}")
    page.on("request", lambda r: None if r.url.startswith(here) else seen.outside.append(r.url))
    page.goto(address)
    yield seen
    page.close()
    assert seen.errors == []
    assert seen.outside == []


@pytest.fixture
def desk(browser: Browser, address: str) -> Iterator[Visit]:
    yield from visit(browser, address, 1280, 900)


def test_a_field_shows_its_words_and_words_their_field(desk: Visit, tmp_path: Path) -> None:
    desk.paste(LETTER)
    desk.found()
    page = desk.page
    assert page.locator(".letter").evaluate("e => e.textContent") == LETTER.strip()
    desk.row("ipertensione").get_by_role("button").first.click()
    expect(page.locator(".letter .lit")).to_have_text("ipertensione arteriosa")
    expect(page.locator(".letter .lit")).to_be_in_viewport()
    # The dose stands inside the drug: one line below the words for each.
    dose = page.locator(".letter .mark", has_text="25 mg 1 cp alle 8")
    assert dose.evaluate("e => e.style.backgroundImage.match(/linear-gradient/g).length") == 2
    dose.click()
    expect(desk.row("lasix_dosaggio").get_by_role("button").first).to_be_focused()
    expect(page.locator(".letter .name[data-name*='poco sicuro, 62 %']")).to_have_count(1)
    expect(desk.row("ipertensione")).to_contain_text("per regola")
    page.screenshot(path=tmp_path / "pasted-1280.png")


def test_a_pdf_shows_its_page_with_boxes_and_goes_home_as_a_sheet(
    desk: Visit, tmp_path: Path
) -> None:
    pdf = sorted(EXAMPLES.glob("*.pdf"))[0]
    desk.drop(pdf)
    desk.found()
    page = desk.page
    desk.row("fumo").get_by_role("button").first.click()
    page.get_by_role("tab", name="Pagina").click()
    box = page.locator(".pages .box").first
    expect(box).to_be_in_viewport()
    assert page.locator(".pages img").first.evaluate("e => e.naturalWidth") > 900
    assert page.locator(".detail .crop .box").count() > 0
    page.screenshot(path=tmp_path / "pdf-1280.png")
    sheet = openpyxl.load_workbook(io.BytesIO(desk.download("Excel"))).worksheets[0]
    said = [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert "n_cartella" in said and pdf.name in said
    (raw,) = json.loads(desk.download("JSON"))
    assert raw["letter"] == pdf.name
    assert desk.download("CSV").startswith(b"\xef\xbb\xbfletter,")


def test_what_is_corrected_goes_home_as_phrases_to_learn_from(desk: Visit, tmp_path: Path) -> None:
    desk.paste(LETTER)
    desk.found()
    page, told = desk.page, desk.page.locator("#said")
    desk.row("ipertensione").get_by_role("button").first.click()
    page.get_by_label("Stato").select_option("negated")
    expect(told).to_have_text("Corretto: i campi sono ricalcolati.")
    expect(desk.row("ipertensione").locator(".value")).to_contain_text("no")
    desk.row("cognome").get_by_role("button").first.click()
    page.get_by_label("Correggi il valore").fill("Biancardi")
    page.get_by_role("button", name="Salva").click()
    expect(desk.row("cognome").locator(".value")).to_have_text("Biancardi corretto da te")
    page.evaluate(SELECT, "dispnea")
    page.locator("#mark-as").select_option("classe_nyha")
    page.get_by_role("button", name="Segna", exact=True).click()
    expect(page.locator(".letter .mark", has_text="dispnea")).to_have_class("mark edited lit")
    # Other words over a mark of the same field take its place.
    page.evaluate(SELECT, "Bisoprololo 2,5 mg")
    expect(page.locator("#mark-as")).to_have_value("betabloc")
    page.get_by_role("button", name="Segna", exact=True).click()
    expect(page.locator(".letter .mark.edited", has_text="Bisoprololo")).to_have_count(1)
    (tmp_path / "corrected.jsonl").write_bytes(desk.download("Le correzioni (5)"))
    found = list(read_records(tmp_path / "corrected.jsonl", Annotation))
    said = {(span.text, span.field, span.state, span.edit) for a in found for span in a.spans}
    assert ("ipertensione arteriosa", "ipertensione", "negated", "changed") in said
    assert ("dispnea", "classe_nyha", "present", "added") in said
    assert {s[0] for s in said if s[1] == "betabloc"} == {"Bisoprololo 2,5 mg"}
    (raw,) = json.loads(desk.download("JSON"))
    assert raw["fields"]["cognome"]["value"] == "Biancardi"
    assert raw["fields"]["ipertensione"]["value"] is False


def test_two_ways_stand_side_by_side(desk: Visit, tmp_path: Path) -> None:
    page = desk.page
    page.get_by_label("Confronta con").select_option("rules")
    desk.paste(LETTER)
    desk.found()
    expect(page.locator(".side h3")).to_contain_text(["regole + other", "regole"])
    first, second = page.locator(".side .letter").all()
    assert first.locator(".name[data-name^=diabete]").count() == 0
    assert second.locator(".name[data-name^=diabete]").count() == 1
    expect(page.locator("#found")).to_contain_text("valori diversi a 0 campi su 74")
    assert first.locator(".name[data-name*='solo qui']").count() == 1  # fumo, of fewer words
    assert second.locator(".name[data-name='diabete · negato · solo qui']").count() == 1
    page.get_by_label("solo dove differiscono").check()
    expect(page.locator(".table")).to_contain_text("Nessun campo")
    page.screenshot(path=tmp_path / "compared-1280.png", full_page=True)


def test_the_keyboard_is_enough(desk: Visit) -> None:
    page, press = desk.page, desk.page.keyboard.press
    for _ in range(3):
        press("Tab")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.insert_text(LETTER)
    press("Tab")
    press("Enter")
    desk.found()
    expect(page.get_by_role("heading", name="testo incollato")).to_be_focused()
    for _ in range(4):  # past Excel, CSV and JSON into the text
        press("Tab")
    expect(page.locator(".letter [role=button]").first).to_be_focused()
    press("ArrowRight")
    press("Enter")
    handle = page.locator("[aria-expanded=true]")
    expect(handle).to_be_focused()
    assert handle.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    press("Escape")
    expect(page.locator(".detail")).to_have_count(0)
    press("Space")
    expect(page.locator(".detail")).to_be_visible()


def test_words_are_chosen_and_marked_by_keyboard(desk: Visit) -> None:
    page, press = desk.page, desk.page.keyboard.press
    desk.paste(LETTER)
    desk.found()
    for _ in range(4):
        press("Tab")
    expect(page.locator(".letter [role=button]").first).to_be_focused()
    chosen = page.locator(".markbar label")
    for _ in range(20):
        press("Control+ArrowRight")
        if chosen.text_content() == "Segna «stenosi» come":
            break
    press("Shift+ArrowRight")
    press("Shift+ArrowRight")
    expect(chosen).to_have_text("Segna «stenosi aortica severa» come")
    press("Tab")
    expect(page.locator("#mark-as")).to_be_focused()
    page.keyboard.type("endoc")
    press("Tab")
    press("Enter")
    expect(page.locator("#said")).to_have_text("Corretto: i campi sono ricalcolati.")
    expect(page.locator(".mark.edited")).to_have_text("stenosi aortica severa")
    expect(desk.row("endocardite").get_by_role("button").first).to_be_focused()


def test_english_speaks_of_doubts_in_english(desk: Visit) -> None:
    desk.page.get_by_role("button", name="English").click()
    desk.paste(LETTER.replace("Terapia:", "Età 90 anni. Terapia:"))
    desk.found()
    expect(desk.page.locator(".check")).to_contain_text("does not fit: By the dates: 75 years")
    desk.page.get_by_role("button", name="Italiano").click()
    expect(desk.page.locator(".check")).to_contain_text("non torna: Dalle date: 75 anni")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(
    browser: Browser, address: str, colours: str, tmp_path: Path
) -> None:
    for phone in visit(browser, address, 390, 844, color_scheme=colours, locale="en-GB"):
        page = phone.page
        expect(page.get_by_text("Paste the letter here")).to_be_visible()
        page.get_by_label("Read with").select_option("rules")
        page.get_by_role("button", name="Invented letter 1", exact=True).click()
        phone.found()
        phone.row("fumo").get_by_role("button").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(CONTRAST) == []
        page.screenshot(path=tmp_path / f"example-390-{colours}.png", full_page=True)
        page.get_by_role("button", name="Italiano").click()
        expect(page.locator("#go")).to_have_text("Leggi la lettera")
        expect(phone.row("fumo")).to_contain_text("Correggi il valore")


# Words whose colour stands out less than WCAG's 4.5 from the nearest ground that is one colour.
CONTRAST = """() => {
  const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => channel(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const says = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const style = getComputedStyle(e), colour = style.backgroundColor;
      if (style.backgroundImage !== "none" || colour.startsWith("color(")) return null;
      const [r, g, b, a = 1] = parse(colour);
      if (a === 1) return [r, g, b];
      if (a > 0) return null;
    }
    return null;
  };
  const poor = new Set();
  for (const e of document.querySelectorAll("body *")) {
    if (!e.checkVisibility() || !says(e)) continue;
    const under = ground(e);
    if (!under || e.id === "said") continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(under)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.add(`${e.tagName}.${e.className}`);
  }
  return [...poor];
}"""


def test_what_is_slow_says_so_and_can_be_cancelled(desk: Visit) -> None:
    page = desk.page
    page.get_by_role("button", name=f"Lettera inventata {SCAN}, scansione").click()
    expect(page.locator("#step")).to_have_text("Riconosco il testo: pagina 1 di 2…")
    page.get_by_role("button", name="Annulla").click()
    expect(page.locator("#said")).to_have_text("Annullato: della lettera non resta nulla.")
    expect(page.locator("#progress")).to_be_hidden()
    desk.paste(LETTER)
    desk.found()


def test_what_cannot_be_read_gets_a_sentence_and_the_page_lives_on(
    desk: Visit, tmp_path: Path
) -> None:
    alert = desk.page.locator("#alert[role=alert]")
    broken = tmp_path / "rossi mario.pdf"
    broken.write_bytes(b"%PDF-1.7 and then nothing")
    desk.drop(broken)
    expect(alert).to_have_text(
        "Il file «rossi mario.pdf»: è rovinato o incompleto: copialo di nuovo da dove viene."
    )
    with (tmp_path / "film.pdf").open("wb") as file:
        file.truncate(200 << 20)
    desk.drop(tmp_path / "film.pdf")
    expect(alert).to_contain_text("è troppo grande: al massimo 20 MB")
    desk.paste("   ")
    expect(alert).to_contain_text("Manca ancora la lettera")
    desk.paste("x" * (1 << 20))
    expect(alert).to_contain_text("troppo lungo per questa pagina")
    hostile = (
        "PA <140 & >90 <img src=x onerror=alert(1)> ${1+1} <script>alert(2)</script> שלום \u202e3"
    )
    desk.paste(LETTER + hostile)
    desk.found()
    expect(alert).to_be_hidden()
    letter = desk.page.locator(".letter")
    for shown in ("PA <140 & >90", "${1+1}", "<script>alert(2)</script>", "שלום"):
        expect(letter).to_contain_text(shown)
    assert letter.locator("img, script").count() == 0
    assert "\u202e" not in letter.evaluate("e => e.textContent")


def test_thirty_pages_stay_smooth(desk: Visit) -> None:
    pages = [LETTER.replace("Bianchi", f"Bianchi{n}") for n in range(30)]
    desk.paste("\f".join(pages))
    desk.found()
    # Lighting up a field is one frame's work or two, however long the letter.
    took = desk.page.evaluate(
        """() => { const begun = performance.now();
        document.querySelector("[data-field=ipertensione] .handle").click();
        return performance.now() - begun; }"""
    )
    assert desk.page.locator(".sheet").count() == 30
    expect(desk.page.locator(".letter .lit").first).to_be_in_viewport()
    assert took < 2_000  # a stuck page, not a slow machine


def test_nothing_that_was_entered_is_kept(desk: Visit, home: Path, tmp_path: Path) -> None:
    """Neither in a file's name nor in a file, while the server still runs."""
    letter = tmp_path / "zampironi teresa.txt"
    text = LETTER.replace("Bianchi", "Zampironi")
    letter.write_text(text)
    desk.drop(letter)
    desk.found()
    for _ in range(4):  # each stops the one before in the middle of its writing
        desk.page.get_by_role("button", name="Excel").click()
    desk.paste(text)
    desk.found()
    folders = (home, Path("/dev/shm"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "page.log" for path in files)
    assert [path for path in files if "zampironi" in path.name.lower()] == []
    assert [path for path in files if b"Zampironi" in path.read_bytes()] == []
    stores = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"
    assert desk.page.evaluate(stores) == "[[],[]]"
    assert desk.page.context.cookies() == []
    desk.page.goto("about:blank")
    desk.page.go_back()
    expect(desk.page.locator("#text")).to_have_value("")
    expect(desk.page.locator(".visit")).to_have_count(0)


# --- for programs ---


def sent(address: str, body: bytes, name: str | None = None) -> list[dict[str, Any]]:
    query = {"ways": "rules"} | ({"name": name} if name else {})
    url = f"{address}/read?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=200) as reply:
        return [json.loads(line) for line in reply.read().splitlines()]


HARD = {
    "a bomb in a PDF": (zip_bomb(2), "b.pdf", "crashed"),
    "two thousand pages": (many_pages(2000), "long.pdf", "long"),
    "a cat": (cat(), "cat.jpg", "blank"),
    "an empty file": (b"", "empty.pdf", "empty"),
    "a program": (b"MZ" * 100, "run.exe", "kind"),
    "a path for a name": (b"x", "../../etc/passwd", "kind"),
}


@pytest.mark.parametrize(("body", "name", "fault"), HARD.values(), ids=HARD.keys())
def test_hard_letters_are_refused_and_the_page_lives_on(
    address: str, body: bytes, name: str, fault: str
) -> None:
    assert sent(address, body, name)[-1] == {"kind": "fault", "fault": fault}
    assert sent(address, LETTER.encode())[-1] == {"kind": "done"}


def test_recognition_tells_each_page_as_it_comes_to_it(address: str) -> None:
    said = sent(address, two_scans(), "scan.tif")
    steps = [m["page"] for m in said if m.get("step") == "recognising" and m["pages"] == 2]
    assert steps == [1, 1, 2]  # the first also before the pictures of the pages are made


def test_what_no_page_of_ours_would_ask_is_refused(address: str) -> None:
    def answered(path: str, body: bytes) -> dict[str, Any]:
        with urllib.request.urlopen(f"{address}/{path}", body, timeout=60) as reply:
            last: dict[str, Any] = json.loads(reply.read().splitlines()[-1])
            return last

    other = {"kind": "fault", "fault": "other"}
    assert answered("read?ways=" + ",".join(["rules"] * 3), b"x") == other
    assert answered("read?ways=gpt", b"x") == other
    for body in (b"[" * 200_000, b"[]", b'{"do": "read"}', b'{"do": "again", "ways": [[]]}'):
        assert answered("work", body) == other
    with pytest.raises(urllib.error.HTTPError, match="413"):
        answered("read?ways=rules&name=film.pdf", bytes(200 << 20))
    assert sent(address, LETTER.encode())[-1] == {"kind": "done"}


def test_a_script_in_a_pdf_is_not_run_and_its_text_is_read(address: str) -> None:
    (reading,) = (m for m in sent(address, with_script(), "s.pdf") if m["kind"] == "reading")
    assert reading["result"]["fields"]["ipertensione"]["value"] is True


def test_twenty_visitors_at_once_are_all_answered(address: str) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as crowd:
        ends = [said[-1] for said in crowd.map(lambda _: sent(address, LETTER.encode()), range(20))]
    assert ends == [{"kind": "done"}] * 20
    assert time.monotonic() - begun < 120


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/upload", "/gradio_api/file=/etc/passwd", "/gradio_api/proxy=x", "/monitoring"],
)
def test_gradios_own_doors_are_shut(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}{path}", data=b"x")


def test_a_client_gets_fields_entities_and_a_table(address: str) -> None:
    client = Client(address, verbose=False)
    said = client.predict(LETTER, api_name="/extract")
    assert said["fields"]["fumo"]["value"] == 1
    place = said["fields"]["fumo"]["evidence"][0]
    assert LETTER[place["start"] : place["end"]] == place["text"]
    pdf = base64.b64encode((EXAMPLES / "lettera-01.pdf").read_bytes()).decode()
    scanned = client.predict("lettera-01.pdf", pdf, "rules", api_name="/extract_file")
    assert scanned["fields"]["n_cartella"]["evidence"][0]["page"] == 1
    found = client.predict(LETTER, "rules", api_name="/entities")
    assert {"diabete", "fumo"} <= {entity["field"] for entity in found}
    table = client.predict(said, "csv", api_name="/table")
    assert base64.b64decode(table["content"]).startswith(b"\xef\xbb\xbfletter,")
    assert len(client.predict(api_name="/fields")) == 74
    with pytest.raises(Exception, match="there is no letter yet"):
        client.predict(" ", api_name="/extract")
    with pytest.raises(Exception, match=f"no such way; one of: {OTHER}, rules"):
        client.predict(LETTER, "gpt", api_name="/extract")


def test_the_readmes_example_runs(address: str) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?gradio_client.*?)```\n\nprints `(.*?)`", readme, re.DOTALL)
    if found is None:
        pytest.skip("the README has no example for programs yet")
    code, prints = found.groups()
    with redirect_stdout(io.StringIO()) as said:
        exec(code.replace("http://127.0.0.1:7860", address), {})
    assert said.getvalue().splitlines()[-1] == prints


def test_a_language_model_finds_the_same_as_tools(address: str) -> None:
    """The client checks each answer against the schema that its tool gives."""

    async def asked() -> tuple[dict[str, Any], list[Any]]:
        async with streamable_http_client(f"{address}/gradio_api/mcp/") as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                tools = {tool.name: tool for tool in (await session.list_tools()).tools}
                given = {"text": LETTER, "way": "rules"}
                fields = await session.call_tool("extract", given)
                table = {"result": fields.structuredContent, "format": "csv"}
                return tools, [
                    fields,
                    await session.call_tool("entities", given),
                    await session.call_tool("table", table),
                    await session.call_tool("extract", {"text": " "}),
                ]

    with ThreadPoolExecutor(1) as apart:  # the browser's event loop stands in this thread
        tools, (fields, entities, table, none) = apart.submit(lambda: asyncio.run(asked())).result()
    assert {"extract", "extract_file", "entities", "table", "fields"} == set(tools)
    told = tools["extract"]
    assert "The 74 fields of an Italian discharge letter" in told.description
    assert told.inputSchema["properties"]["text"]["description"].startswith("The letter")
    assert {"letter", "fields"} <= set(told.outputSchema["properties"])
    assert json.loads(fields.content[0].text) == fields.structuredContent
    assert fields.structuredContent["fields"]["fumo"]["value"] == 1
    assert {"diabete", "fumo"} <= {one["field"] for one in entities.structuredContent["result"]}
    assert base64.b64decode(table.structuredContent["content"]).startswith(b"\xef\xbb\xbfletter,")
    assert none.isError and "there is no letter yet" in none.content[0].text
