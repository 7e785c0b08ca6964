"""The demo in a real browser: what a doctor does in two minutes, and what must not happen."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import expect

from core.jsonl import read_records
from core.records import Annotation
from tests.demo.visit import Visit
from tests.demo_page import LETTER
from tests.places import EXAMPLES

pytestmark = pytest.mark.browser
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


def test_nothing_that_was_entered_is_kept(desk: Visit, demo_home: Path, tmp_path: Path) -> None:
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
    folders = (demo_home, Path("/dev/shm"))
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
