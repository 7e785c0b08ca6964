"""The ledger: an answer is there once it was given, whoever else writes, and nobody else reads."""

import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.label.hosted.account import account, export, table
from core.label.hosted.estimate import Estimate, estimate
from core.label.hosted.ledger import Call, Ledger, Total
from core.label.hosted.models import Model, PriceList, price_list
from core.label.hosted.reply import Reply
from core.label.hosted.service import Request
from tests.loopback_together import Json, LoopbackTogether, Said

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("LETTERA_SOAK", "3"))
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
WRITER = """
import sys
from pathlib import Path
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.reply import Reply
name, path = sys.argv[1:]
with Ledger(Path(path)) as ledger:
    print(ledger.secret().hex())
    for number in range(150):
        call = Call(f"request {number}", f"model {name}", "iob.v1", "ok", 0.1)
        ledger.record(call, {call.request: Reply(f"answer {number}", "stop", 10, 1)})
"""
CLAIMER = """
import sys
from pathlib import Path
from core.label.hosted.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
print(ledger.claim("r"), flush=True)
sys.stdin.readline()
"""
ASKER = """
import asyncio
import sys
from pathlib import Path
from core.label.hosted.ledger import Ledger
from core.label.hosted.service import Service
from tests.test_ledger import question

address, path, count, width = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

async def main():
    gate = asyncio.Semaphore(width)
    with Ledger(path) as ledger:
        service = Service(address, "key", ledger)

        async def ask(number):
            async with gate:
                assert (await service.ask(question(number))).text == f"risposta {number}"

        print("ready", flush=True)
        await asyncio.gather(*map(ask, range(count)))
        await service.close()

asyncio.run(main())
"""


PRICES = PriceList("", "2026-10-07", {"some/model": Model("some/model", None, 1.0, 1.0, 0.5)})


def call(request: str = "r", outcome: str = "ok", **more: object) -> Call:
    return Call(request, "some/model", "iob.v1", outcome, 0.5, **more)  # type: ignore[arg-type]


def question(number: int) -> Request:
    messages = ({"role": "user", "content": f"frase {number}"},)
    return Request("some/model", "iob.v1.it", messages, 100, None)


def number_of(body: Json) -> int:
    return int(body["messages"][-1]["content"].removeprefix("frase "))


def answer(body: Json) -> Said:
    return Said(f"risposta {number_of(body)}", delay=random.uniform(0.005, 0.03))


@contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process that has said its first line; killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def wait_until(true: Callable[[], bool]) -> None:
    """A signal takes a moment to arrive."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


def sound(path: Path) -> bool:
    db = sqlite3.connect(path)
    try:
        return bool(db.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    finally:
        db.close()


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


def test_a_question_is_claimed_by_one_until_it_is_answered_or_given_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as one, Ledger(path) as other:
        assert one.claim("r")
        assert not one.claim("r")  # a second task of the same process waits as well
        assert not other.claim("r")
        other.release("r")
        assert not other.claim("r")
        one.release("r")
        assert other.claim("r")
        other.record(call(), {"r": Reply("x", "stop")})
        assert not one.claim("r")  # answered: there is nothing to ask
        assert one.claim("s")
        one.record(call("s", "answered 500"))
        assert not other.claim("s")
    with Ledger(path) as later:
        assert later.claim("s")


def test_the_claim_of_a_killed_process_lapses_at_once_that_of_a_living_one_never(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger, process(CLAIMER, path) as owner:
        assert first_line(owner) == "True"
        assert not ledger.claim("r")
        owner.kill()
        wait_until(lambda: ledger.claim("r"))  # though nobody has asked how it ended


@pytest.mark.parametrize(
    ("column", "value", "free"),
    [("started", 1.0, True), ("host", "elsewhere", False)],
    ids=["another process has its number now", "a process of another machine counts as living"],
)
def test_whose_claim_it_is(tmp_path: Path, column: str, value: object, free: bool) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as one, Ledger(path) as other:
        assert one.claim("r")
        with other.transaction() as db:
            db.execute(f"UPDATE owners SET {column} = ?", (value,))
        assert other.claim("r") is free
        with other.transaction() as db:
            db.execute("UPDATE claims SET at = at - 86400")
        assert other.claim("r")  # nobody asks for a day


def test_processes_that_open_and_write_at_once_neither_fail_nor_lose(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    command = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen([*command, name, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for name in "abcd"
    ]
    secrets = {writer.communicate(timeout=120)[0] for writer in writers}
    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(secrets) == 1
    with Ledger(path) as ledger:
        assert [t.calls for t in ledger.totals()] == [150] * 4
        assert all(ledger.find(f"request {number}") for number in range(150))
        assert ledger.secret().hex() in secrets.pop()
    assert sound(path)


@pytest.mark.slow
@pytest.mark.timeout(60 + 20 * KILLS)
def test_killed_at_any_moment_it_pays_for_no_answer_twice(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    width, last = 8, 0
    with LoopbackTogether(answer).running() as server:
        for _ in range(KILLS):
            kept, before = _kept(path), len(server.requests)
            with process(ASKER, server.address, path, 10_000, width) as child:
                assert first_line(child) == "ready"
                time.sleep(random.uniform(0.0, 0.6))
            assert sound(path)
            asked = [number_of(body) for body in server.requests[before:]]
            assert not kept & set(asked)
            assert kept <= _kept(path)
            last = max(last, *asked, 0)
        with process(ASKER, server.address, path, last + 1, width) as child:
            assert child.wait(60) == 0
    assert _kept(path) == set(range(last + 1))
    twice = Counter(map(number_of, server.requests)).total() - (last + 1)
    assert twice <= KILLS * width  # only what was on its way at a kill
    assert sound(path)


@pytest.mark.slow
def test_two_processes_pay_once_between_them_also_where_one_is_killed(tmp_path: Path) -> None:
    path, width, count = tmp_path / "ledger.sqlite", 8, 80
    with LoopbackTogether(answer).running() as server:
        with (
            process(ASKER, server.address, path, count, width) as one,
            process(ASKER, server.address, path, count, width) as other,
        ):
            assert (one.wait(60), other.wait(60)) == (0, 0)
        assert Counter(map(number_of, server.requests)) == Counter(range(count))
        server.requests.clear()
        path = tmp_path / "again.sqlite"
        with (
            process(ASKER, server.address, path, count, width) as killed,
            process(ASKER, server.address, path, count, width) as other,
        ):
            assert (first_line(killed), first_line(other)) == ("ready", "ready")
            time.sleep(0.15)
            killed.kill()
            assert other.wait(60) == 0
    asked = Counter(map(number_of, server.requests))
    assert set(asked) == _kept(path) == set(range(count))
    assert asked.total() - count <= width
    assert sound(path)


def _kept(path: Path) -> set[int]:
    """The numbers of the questions that are answered in a ledger."""
    if not path.exists():
        return set()
    with Ledger(path) as ledger:
        texts = [text for (text,) in ledger.rows("SELECT text FROM answers")]
    return {int(text.removeprefix("risposta ")) for text in texts}


def test_the_account_tells_calls_faults_money_and_latency(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for number in range(20):
            key = f"r{number}"
            made = Call(key, "some/model", "iob.v1.it", "ok", number / 10, usd=0.5)
            ledger.record(made, {key: Reply("x", "stop", 100, 20)})
        ledger.record(Call("r", "some/model", "iob.v1.it", "answered 500", 9.0))
        half = Call("s", "some/model", "spans.v1.it", "ok", 9.0, batch=True)
        ledger.record(half, {"s": Reply("x", "stop", 1_000_000, 0)})
        ledger.record(call("t"), {"t": Reply("x", "stop", 1, 1)})
        nobodys = Call("u", "unknown/model", "iob.v1.it", "ok", 1.0)
        ledger.record(nobodys, {"u": Reply("x", "stop", 1, 1)})
        lines = account(ledger, PRICES)
        text = table(lines)
    seen = {(line.model, line.prompt): line for line in lines}
    iob = seen["some/model", "iob.v1.it"]
    assert (iob.calls, iob.answers, iob.faults) == (21, 20, 1)
    assert (iob.tokens_in, iob.tokens_out, iob.usd) == (2000, 400, 10.0)
    assert (iob.median, iob.p95) == (0.9, 1.8)
    batch = seen["some/model", "spans.v1.it"]
    assert (batch.usd, batch.median) == (0.5, None)
    assert seen["unknown/model", "iob.v1.it"].usd is None
    assert [line.split()[0] for line in text.splitlines()] == [
        "model", "some/model", "some/model", "some/model", "unknown/model", "all",
    ]  # fmt: skip
    assert text.splitlines()[-1].split()[1:7] == ["24", "23", "1", "1,002,002", "402", "?"]


def test_an_empty_ledger_has_an_empty_account(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert account(ledger, PRICES) == []
        assert table([]).startswith("model  prompt  calls") and "\n" not in table([])


def test_what_is_exported_is_all_but_the_secret_and_private(tmp_path: Path) -> None:
    path = tmp_path / "out" / "ledger.jsonl"
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        secret = ledger.secret()
        ledger.record(call(outcome="answered 500"))
        ledger.record(call(usd=0.5), {"r": Reply("è così\u2028", "stop", 100, 20, (("è", -0.5),))})
        assert export(ledger, path) == 3
    written = path.read_bytes()
    fault, paid, kept = map(json.loads, written.splitlines())
    assert (fault["kind"], fault["outcome"], fault["tokens_in"]) == ("call", "answered 500", None)
    assert (paid["usd"], paid["batch"], paid["tokens_out"]) == (0.5, False, 20)
    assert (kept["kind"], kept["call"], kept["text"]) == ("answer", paid["id"], "è così\u2028")
    assert kept["logprobs"] == [["è", -0.5]]
    assert secret.hex().encode() not in written and secret not in written
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_estimate_asks_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    requests = [question(number) for number in (1, 2, 2, 3)]
    price = PRICES.models["some/model"]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(call(), {question(3).key: Reply("x", "stop", 1, 1)})
        guess = estimate(requests, ledger, price)
        assert (guess.calls, guess.reused) == (2, 2)
        assert guess == Estimate(2, 2, 5, 100, pytest.approx(105e-6))
        assert estimate(requests, ledger, price, batch=True).usd == pytest.approx(105e-6 / 2)
        assert estimate(requests, ledger, None).usd is None
        assert estimate(requests, None, price).calls == 3
        for number in range(100, 130):
            seen = Call("r", "some/model", "iob.v1.it", "ok", 1.0, characters=10)
            ledger.record(seen, {str(number): Reply("x", "stop", 20, 7)})
        learnt = estimate(requests, ledger, price)
        assert (learnt.tokens_in, learnt.tokens_out) == (2 * 2 * len("frase 1"), 14)


def test_the_price_list_has_a_date_and_knows_its_default_and_the_papers_models() -> None:
    prices = price_list()
    assert prices.checked >= "2026-10-07"
    default = prices.models[prices.default]
    assert default.usd(1_000_000, 1_000_000) == pytest.approx(2.08)
    assert default.usd(1_000_000, 1_000_000, batch=True) == pytest.approx(1.04)
    stood_for = {model.stands_for for model in prices.models.values()}
    assert stood_for >= {"LLaMA-3-70B", "DeepSeek-V3", "DeepSeek-R1"}


def test_a_users_list_overrides_and_adds(tmp_path: Path) -> None:
    ours, path = price_list(), tmp_path / "models.toml"
    assert price_list(path) == ours
    path.write_text(
        'checked = 2027-01-01\ndefault = "my/model"\n'
        f'[models."{ours.default}"]\nusd_in = 7\n'
        '[models."my/model"]\nusd_in = 1\nusd_out = 2\nrpm = 60\n'
    )
    prices = price_list(path)
    assert (prices.checked, prices.default) == ("2027-01-01", "my/model")
    old, new = ours.models[ours.default], prices.models[ours.default]
    assert (new.usd_in, new.usd_out, new.context) == (7, old.usd_out, old.context)
    assert prices.price("my/model") == Model("my/model", None, 1, 2, rpm=60)
    assert ours.models.keys() < prices.models.keys()


BAD_LISTS = {
    "no TOML": ("usd = = 1", "cannot be read as TOML"),
    "no list": ("price = 1", "is no price list"),
    "a model that is no table": ("models = 3", "is no price list"),
    "half a price": ('[models."m"]\nusd_in = 1', "needs usd_in and usd_out"),
    "a price below nothing": ('[models."m"]\nusd_in = -1\nusd_out = 1', "needs usd_in"),
    "a word for a price": ('[models."m"]\nusd_in = "a"\nusd_out = 1', "needs usd_in"),
    "no number": ('[models."m"]\nusd_in = nan\nusd_out = 1', "needs usd_in"),
    "no end of money": ('[models."m"]\nusd_in = inf\nusd_out = 1', "needs usd_in"),
    "an unknown value": ('[models."m"]\nusd_in = 1\nusd_out = 1\nx = 1', "and may have"),
}


@pytest.mark.parametrize(("text", "said"), BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_users_list_with_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=f"models.toml: .*{said}"):
        price_list(path)


def test_a_model_without_a_price_comes_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"no price .* add it to .*models\.toml: \[models\.\"x/y\"\]"
    ):
        price_list().price("x/y", tmp_path / "models.toml")
