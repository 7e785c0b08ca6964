"""One Label Studio, one browser and one trained model serve the whole run; no key leaks in."""

import asyncio
from collections.abc import Iterator

import pytest

from core.schema import FIELDS

pytest_plugins = [
    "tests.front_door",
    "tests.loopback.together",
    "tests.studio",
    "tests.postgres",
    "tests.tiny_model",
    "tests.demo.visit",
]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOGETHER_API_KEY", "TOGETHER_BASE_URL", "HF_TOKEN", "LABEL_STUDIO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(FIELDS, "")  # and is what it was again when a test has chosen its own


@pytest.fixture(autouse=True)
def apart_from_the_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Once opened, the browser's event loop counts as running here until the end of the run."""
    running = asyncio._get_running_loop()
    if running is None or request.node.get_closest_marker("browser"):
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)
