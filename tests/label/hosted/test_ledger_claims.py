"""Processes that share a ledger: each question is one's to ask, whoever is killed."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from core.label.hosted.ledger import Ledger
from core.label.hosted.reply import Reply
from tests.label.hosted.ledger import (
    answer,
    call,
    first_line,
    number_of,
    process,
    sound,
    wait_until,
)
from tests.loopback.together import LoopbackTogether
from tests.places import ROOT

KILLS = int(os.environ.get("LETTERA_SOAK", "3"))


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
from tests.places import ROOT
from tests.label.hosted.ledger import question

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
