"""The ledger: an answer is there once it was given, whoever else writes, and nobody else reads."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import BadInput
from core.label.hosted.ledger import Call, Ledger, Reply, Total
from core.label.hosted.models import price_list

WRITER = """
import sys
from pathlib import Path
from core.label.hosted.ledger import Call, Ledger, Reply
name, path = sys.argv[1:]
with Ledger(Path(path)) as ledger:
    print(ledger.secret().hex())
    for number in range(150):
        call = Call(f"request {number}", f"model {name}", "iob.v1", "ok", 0.1)
        ledger.record(call, Reply(f"answer {number}", "stop", 10, 1))
"""


def call(request: str = "r", outcome: str = "ok") -> Call:
    return Call(request, "some/model", "iob.v1", outcome, 0.5)


def test_an_answer_is_found_by_its_request_also_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.sqlite"
    with Ledger(path) as ledger:
        assert ledger.find("r") is None
        ledger.record(call(outcome="answered 500"), None)
        assert ledger.find("r") is None
        ledger.record(call(), Reply("è così 🙂", "stop", 100, 20))
    with Ledger(path) as ledger:
        found = ledger.find("r")
        assert found is not None
        assert (found.text, found.finish) == ("è così 🙂", "stop")
        assert ledger.totals() == [Total("some/model", 2, 100, 20)]


def test_it_is_private(tmp_path: Path) -> None:
    path = tmp_path / "workspace" / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.record(call(), Reply("x", "stop"))
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert files and set(files.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_processes_that_open_and_write_at_once_neither_fail_nor_lose(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    command = [sys.executable, "-c", WRITER]
    root = Path(__file__).parents[1]
    writers = [
        subprocess.Popen([*command, name, str(path)], cwd=root, stdout=subprocess.PIPE, text=True)
        for name in "abcd"
    ]
    secrets = {writer.communicate(timeout=120)[0] for writer in writers}
    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(secrets) == 1
    with Ledger(path) as ledger:
        assert [t.calls for t in ledger.totals()] == [150] * 4
        assert all(ledger.find(f"request {number}") for number in range(150))
        assert ledger.secret().hex() in secrets.pop()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_a_file_that_is_no_ledger_is_named_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("something else entirely, and long enough to be looked at" * 20)
    with pytest.raises(BadInput, match=r"ledger\.sqlite: the ledger cannot be used .* move the"):
        Ledger(path)
    with pytest.raises(BadInput, match="cannot be made"):
        Ledger(path / "inside a file" / "ledger.sqlite")


def test_the_price_list_has_a_date_and_knows_its_default() -> None:
    prices = price_list()
    assert prices.checked >= "2026-10-07"
    assert prices.models[prices.default].usd(1_000_000, 1_000_000) == pytest.approx(2.08)
