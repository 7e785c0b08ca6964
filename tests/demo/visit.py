"""One demo server for the whole run, and a browser's visit to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.demo_page import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only folder that the server process writes to."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="session")
def demo_address(demo_home: Path) -> Iterator[str]:
    with served(demo_home) as url:
        yield url


@dataclass
class Visit:
    """An open page, and what went wrong or out while it was open."""

    page: "Page"
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def paste(self, text: str) -> None:
        self.page.locator("#text").fill(text)
        self.page.locator("#go").click()

    def drop(self, path: Path) -> None:
        self.page.locator("#file").set_input_files(path)

    def found(self) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator(".visit")).to_be_visible(timeout=90_000)

    def row(self, name: str) -> Any:
        return self.page.locator(f'[data-field="{name}"]')

    def download(self, button: str) -> bytes:
        with self.page.expect_download(timeout=60_000) as waiting:
            self.page.get_by_role("button", name=button).click()
        return Path(waiting.value.path()).read_bytes()


def visit(
    browser: "Browser", address: str, width: int, height: int, **more: str
) -> Iterator[Visit]:
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
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
def desk(browser: "Browser", demo_address: str) -> Iterator[Visit]:
    yield from visit(browser, demo_address, 1280, 900)
