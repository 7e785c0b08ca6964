"""How the demo looks: by keyboard alone, on a phone, in the dark, in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.demo.visit import Visit, visit
from tests.demo_page import LETTER

pytestmark = pytest.mark.browser


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
    browser: Browser, demo_address: str, colours: str, tmp_path: Path
) -> None:
    for phone in visit(browser, demo_address, 390, 844, color_scheme=colours, locale="en-GB"):
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
