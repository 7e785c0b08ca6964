"""The ledger: an answer is there once it was given, and nobody else reads."""

import sqlite3
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.label.hosted.account import account
from core.label.hosted.ledger import Ledger, Total
from core.label.hosted.reply import Reply
from tests.label.hosted.ledger import PRICES, call

# The tables of version 0.1, as it made them.
FIRST_TABLES = """
CREATE TABLE answers (
    request TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, request TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL,
    outcome TEXT NOT NULL, tokens_in INTEGER, tokens_out INTEGER, seconds REAL NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL);
INSERT INTO secret VALUES (1, x'0102');
INSERT INTO calls VALUES (1, 'r', 'some/model', 'iob.v1', 'answered 500', NULL, NULL, 0.1, 1e9);
INSERT INTO calls VALUES (2, 'r', 'some/model', 'iob.v1', 'ok', 100, 20, 0.2, 1e9);
INSERT INTO answers VALUES ('r', 'è così', 'stop', 1e9);
PRAGMA journal_mode = WAL;
"""


def test_an_answer_is_found_by_its_request_also_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.sqlite"
    logprobs = (("è", -0.25), (" così", -1.5))
    with Ledger(path) as ledger:
        assert ledger.find("r") is None
        ledger.record(call(outcome="answered 500"))
        assert ledger.find("r") is None
        ledger.record(call(usd=0.5), {"r": Reply("è così 🙂", "stop", 100, 20, logprobs)})
    with Ledger(path) as ledger:
        assert ledger.find("r") == Reply("è così 🙂", "stop", logprobs=logprobs)
        assert ledger.totals() == [Total("some/model", 2, 100, 20, 0.5)]


def test_one_call_may_answer_several_questions(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        several = {"a": Reply("1", "stop"), "b": Reply("2", "stop")}
        ledger.record(call("a b c", questions=3, tokens_in=100, tokens_out=20), several)
        assert [ledger.find(key) is not None for key in "abc"] == [True, True, False]
        assert ledger.totals() == [Total("some/model", 1, 100, 20, 0.0)]


def test_the_first_answer_stays(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for text in "ab":
            ledger.record(call(), {"r": Reply(text, "stop")})
        assert ledger.find("r") == Reply("a", "stop")


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), max_size=20))
def test_whatever_a_model_says_can_be_kept(text: str) -> None:
    with TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.sqlite") as ledger:
        ledger.record(call(), {"r": Reply(text, "stop", logprobs=((text, -1.0),))})
        assert ledger.find("r") is not None


def test_it_is_private(tmp_path: Path) -> None:
    path = tmp_path / "workspace" / "ledger.sqlite"
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o644)
    with Ledger(path) as ledger:
        ledger.record(call(), {"r": Reply("x", "stop")})
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert files.keys() == {path.name, f"{path.name}-wal", f"{path.name}-shm"}
    assert set(files.values()) == {0o600}
    with Ledger(tmp_path / "new" / "ledger.sqlite"):
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_ledger_of_the_first_version_is_brought_up_to_date_in_place(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    db = sqlite3.connect(path)
    db.executescript(FIRST_TABLES)
    db.close()
    for _ in range(2):
        with Ledger(path) as ledger:
            assert ledger.find("r") == Reply("è così", "stop")
            assert ledger.secret() == b"\1\2"
            (line,) = account(ledger, PRICES)
            assert (line.calls, line.answers, line.faults) == (2, 1, 1)
            assert line.usd == pytest.approx(120e-6)
    with Ledger(path) as ledger, ledger.transaction() as db:
        # What the first version does when it comes back to this file.
        db.execute("INSERT INTO answers (request, text, finish, at) VALUES ('s', 't', 'stop', 1)")
    with Ledger(path) as ledger:
        assert ledger.find("s") == Reply("t", "stop")


def test_a_ledger_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger, ledger.transaction() as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(BadInput, match="later lettera; update lettera"):
        Ledger(path)


def test_a_file_that_is_no_ledger_is_named_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("something else entirely, and long enough to be looked at" * 20)
    with pytest.raises(BadInput, match=r"ledger\.sqlite: the ledger cannot be used .* move the"):
        Ledger(path)
    with pytest.raises(BadInput, match="cannot be made"):
        Ledger(path / "inside a file" / "ledger.sqlite")
