"""The real Label Studio and the real Chromium: one of each for a whole run of the tests."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from annotate.server.server import LabelStudioServer

CHROMIUM = "/usr/bin/chromium"
# As root in a closed network: no sandbox, and none of the browser's own errands.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    """A started Label Studio with an empty database."""
    with LabelStudioServer.start(tmp_path_factory.mktemp("studio"), free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()
