"""Extraction by asking, from the front door: what it costs, what it fills, what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.extract.claims import WAYS, claim, says
from tests.front_door import LETTER, Run
from tests.loopback.together import LoopbackTogether

pytestmark = pytest.mark.slow

SAID = says(
    claim("fumo", "Ex fumatore", 1),
    claim("diabete", "diabete", False),
    claim("lasix", "Lasix 25 mg", "la sera"),
)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackTogether]:
    (tmp_path / "lettere").mkdir()
    (tmp_path / "lettere" / "a.txt").write_text(LETTER)
    (tmp_path / "lettere" / "b.txt").write_text("Fattura n. 12\nTotale euro 20,00")
    with LoopbackTogether(SAID).running() as server:
        monkeypatch.setenv("TOGETHER_API_KEY", "k")
        monkeypatch.setenv("TOGETHER_BASE_URL", server.address)
        yield server


@pytest.mark.parametrize("by", WAYS)
def test_a_dry_run_asks_nothing_and_the_run_fills_counts_and_is_paid_once(
    run: Run, served: LoopbackTogether, by: str
) -> None:
    words = ("extract", "lettere", "-o", "out.json", "--by", by)
    code, said, _ = run(*words, "--dry-run")
    assert code == 0 and "dry run, nothing was sent" in said and served.requests == []
    assert not Path("out.json").exists()
    code, said, complaint = run(*words)
    assert code == 0, complaint
    assert "1 letter, " in said and "1 turned away" in said and "US $ 0.0" in said
    assert "of the wrong type" in said
    letter, away = json.loads(Path("out.json").read_text())
    assert letter["fields"]["fumo"]["value"] == 1
    assert letter["fields"]["diabete"]["value"] is False
    assert letter["cost"]["calls"] == len(served.requests) and letter["cost"]["usd"] > 0
    assert letter["refused"]["type"] >= 1 and by[:3] in ("llm", "hyb")
    assert away["discharge_letter"] is False and away["fields"] == {}
    asked = len(served.requests)
    code, said, _ = run(*words)
    assert code == 0 and "0 calls" in said and len(served.requests) == asked


def test_a_choice_that_cannot_be_followed_is_one_line(run: Run, served: LoopbackTogether) -> None:
    code, _, complaint = run("extract", "lettere", "-o", "out.json", "--by", "bert")
    assert code == 1 and "choose local, llm or hybrid" in complaint
    code, _, complaint = run("extract", "lettere", "-o", "out.json", "--tagger", "model")
    assert code == 1 and "--tagger is for --by hybrid" in complaint
    code, _, complaint = run("extract", "lettere", "-o", "out.json", "--dry-run")
    assert code == 1 and "costs nothing" in complaint


def test_without_a_key_nothing_is_written(
    run: Run, served: LoopbackTogether, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOGETHER_API_KEY")
    monkeypatch.delenv("TOGETHER_BASE_URL")
    code, _, complaint = run("extract", "lettere", "-o", "out.json", "--by", "llm")
    assert code == 1 and "set TOGETHER_API_KEY" in complaint and not Path("out.json").exists()
