"""Somebody with a mouse and a keyboard in front of one project, whose every act is counted."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annotate.server.server import LabelStudioServer

HIGHLIGHTS = "() => document.querySelectorAll('.lettera-text .htx-highlight').length"
# Where a quote stands on the screen. A line end of the text is no character of the page.
PLACE = """(quote) => {
  const walker = document.createTreeWalker(
    document.querySelector('.lettera-text'), NodeFilter.SHOW_TEXT);
  let text = '';
  const places = [];
  for (let node; (node = walker.nextNode());)
    for (let i = 0; i < node.data.length; i++) { text += node.data[i]; places.push([node, i]); }
  const start = text.indexOf(quote);
  if (start < 0) return null;
  const range = document.createRange();
  const [last, at] = places[start + quote.length - 1];
  range.setStart(...places[start]);
  range.setEnd(last, at + 1);
  const parent = places[start][0].parentElement;
  const box = range.getBoundingClientRect();
  const head = document.querySelector('.lettera-head');
  const free = head.contains(parent) ? 0 : head.getBoundingClientRect().bottom;
  if (box.bottom > innerHeight - 80 || box.top < free)
    parent.scrollIntoView({block: 'center'});
  const rects = range.getClientRects();
  const one = rects[0], end = rects[rects.length - 1];
  return [one.left, (one.top + one.bottom) / 2, end.right, (end.top + end.bottom) / 2];
}"""


class Annotator:
    """`spent` holds the clicks, drags and keys since it was last looked at; typing is one a key."""

    def __init__(self, browser: Any, server: LabelStudioServer) -> None:
        self.spent: Counter[str] = Counter()
        self._context = browser.new_context(viewport={"width": 1280, "height": 800})
        self.page = self._context.new_page()
        self._url = server.url
        self.page.goto(f"{server.url}/user/login")
        self.page.fill("input[name=email]", server.username)
        self.page.fill("input[name=password]", server.password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "login" not in url)

    def close(self) -> None:
        self._context.close()

    def open_named(self, title: str, first_words: str) -> None:
        """Finds a project on the page of all, and begins to label."""
        self.page.goto(f"{self._url}/projects?title={title}")
        self.page.get_by_text(title, exact=True).first.click()
        self._begin(first_words)

    def open(self, project: int) -> None:
        """Begins to label, having read the guideline."""
        self.page.goto(f"{self._url}/projects/{project}/data")
        self._begin("Che cosa fare.")

    def _begin(self, first_words: str) -> None:
        self.page.get_by_text("Label All Tasks").click()
        self.page.get_by_text(first_words).wait_for()
        self.look("guideline")
        self.page.keyboard.press("Escape")

    def sees(self, words: str) -> None:
        """Waits until a phrase or letter with these words is on the screen."""
        self.page.locator(".lettera-text", has_text=words).wait_for()

    def click(self, quote: str) -> None:
        left, top, right, bottom = self._place(quote)
        x, y = ((left + right) / 2, top) if top == bottom else (left + 3, top)
        self.page.mouse.click(x, y)
        self.spent["clicks"] += 1

    def choose(self, label: str) -> None:
        self.page.locator(".lettera-labels").get_by_text(label, exact=True).click()
        self.spent["clicks"] += 1

    def drag_over(self, quote: str) -> None:
        left, top, right, bottom = self._place(quote)
        before = self._highlights()
        self._drag((left + 1, top), (right - 1, bottom))
        self._until(lambda: self._highlights() > before)

    def drag_end(self, quote: str, to: str) -> None:
        """Takes the end of the chosen highlight `quote` to that of `to`."""
        _, _, right, middle = self._place(quote)
        _, _, end, bottom = self._place(to)
        self._drag((right, middle), (end - 1, bottom))

    def press(self, key: str) -> None:
        """Presses a key; of one that deletes the chosen highlight, waits until that is gone."""
        before = self._highlights()
        self.page.keyboard.press(key)
        self.spent["keys"] += 1
        if key == "Backspace":
            self._until(lambda: self._highlights() < before)

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)
        self.spent["keys"] += len(words)

    def note(self, words: str) -> None:
        self.page.get_by_placeholder("Nota (facoltativa)").click()
        self.spent["clicks"] += 1
        self.type(words)
        self.press("Enter")

    @contextmanager
    def sent(self) -> Iterator[None]:
        """Waits until the server has taken what is sent off in this block."""
        with self.page.expect_response(
            lambda answer: (
                "/annotations" in answer.url and answer.request.method == "POST" and answer.ok
            )
        ):
            yield

    def submit(self) -> None:
        with self.sent():
            self.press("Control+Enter")

    def paid(self) -> dict[str, int]:
        """What the acts since the last time cost."""
        spent, self.spent = dict(self.spent), Counter()
        return spent

    def look(self, name: str) -> None:
        """Keeps a picture where LETTERA_PICTURES says so."""
        if folder := os.environ.get("LETTERA_PICTURES"):
            self.page.wait_for_timeout(700)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def _drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=12)
        self.page.mouse.up()
        self.spent["drags"] += 1

    def _highlights(self) -> int:
        return int(self.page.evaluate(HIGHLIGHTS))

    def _until(self, done: Callable[[], bool]) -> None:
        for _ in range(200):
            if done():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the page did not do what it was asked within ten seconds")

    def _place(self, quote: str) -> tuple[float, float, float, float]:
        """Where words stand, once the page has settled after what was done before."""
        seen = None
        while seen != (place := self.page.evaluate(PLACE, quote)):
            seen = place
            self.page.wait_for_timeout(50)
        left, top, right, bottom = place
        return left, top, right, bottom
