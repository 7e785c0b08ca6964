"""One Label Studio, one browser and one trained model serve the whole run; no key leaks in."""

import pytest

pytest_plugins = ["tests.studio", "tests.tiny_model"]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOGETHER_API_KEY", "TOGETHER_BASE_URL", "HF_TOKEN", "LABEL_STUDIO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
