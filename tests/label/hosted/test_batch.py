"""The batch API, played over a real socket: paid once, whatever fails and whoever is killed."""

import asyncio
import json
import os
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import LLMError
from core.label.hosted import parcel
from core.label.hosted.account import account
from core.label.hosted.batch import Batched, run_batch
from core.label.hosted.budget import Budget
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.models import Model, PriceList
from core.label.hosted.reply import Reply
from core.label.hosted.service import Request
from tests.loopback.batches import Held, LoopbackBatches, line_of
from tests.loopback.together import Fault, Json, Said
from tests.places import ROOT

PRICE = Model("some/model", None, 1.0, 1.0, batch=0.5)
PRICES = PriceList("", "2026-10-07", {PRICE.id: PRICE})
SOAK = int(os.environ.get("LETTERA_SOAK", "3"))
RUNNER = """
import asyncio, sys
from pathlib import Path
from core.label.hosted.batch import run_batch
from core.label.hosted.ledger import Ledger
from tests.label.hosted.test_batch import PRICE, questions
address, path, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
with Ledger(path) as ledger:
    print("ready", flush=True)
    asyncio.run(run_batch(questions(count), address, "key", ledger, price=PRICE, poll=0.02))
"""


def questions(count: int) -> list[Request]:
    return [
        Request("some/model", "iob.v1.it", ({"role": "user", "content": f"è {n}"},), 50, None)
        for n in range(count)
    ]


def answer(body: Json) -> Said:
    # What ends a line for some, but not in a file of JSON Lines.
    return Said(f"risposta\u2028\x85 {body['messages'][-1]['content']}")


@pytest.fixture
def server() -> Iterator[LoopbackBatches]:
    with LoopbackBatches(answer).running() as running:
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "workspace" / "ledger.sqlite"


def run(server: LoopbackBatches, path: Path, asked: list[Request], **more: Any) -> Batched:
    options = {"price": PRICE, "poll": 0.01, "pause": 0.01, "attempts": 3} | more
    with Ledger(path) as ledger:
        return asyncio.run(run_batch(asked, server.address, "key", ledger, **options))


def kept(path: Path, asked: list[Request]) -> list[bool]:
    with Ledger(path) as ledger:
        return [ledger.find(request.key) is not None for request in asked]


def nothing_lies_about(server: LoopbackBatches, path: Path) -> bool:
    """No letter is left in a file here or there."""
    here = {file.name for file in path.parent.iterdir()}
    return not server.files and here <= {path.name, f"{path.name}-wal", f"{path.name}-shm"}


def test_every_question_is_answered_once_at_half_price(server: LoopbackBatches, path: Path) -> None:
    asked = questions(25)
    seen: list[tuple[int, int]] = []
    result = run(server, path, [*asked, asked[0]], watch=lambda *now: seen.append(now))
    assert (result.answered, result.left) == (25, 0)
    assert (result.tokens_in, result.tokens_out) == (server.tokens_in, server.tokens_out)
    assert result.usd == pytest.approx((server.tokens_in + server.tokens_out) / 2e6)
    assert seen[-1] == (25, 25) and all(done <= total == 25 for done, total in seen)
    with Ledger(path) as ledger:
        (line,) = account(ledger, PRICES)
        assert (line.calls, line.answers, line.median) == (25, 25, None)
        assert line.usd == pytest.approx(result.usd)
        reply = ledger.find(asked[3].key)
    assert reply == Reply("risposta\u2028\x85 è 3", "stop")
    assert nothing_lies_about(server, path)
    before = server.seen.total()
    assert run(server, path, asked) == Batched(reused=25)
    assert server.seen.total() == before
    assert set(server.paid.values()) == {1}


def test_what_is_sent_is_what_ordinary_asking_sends(server: LoopbackBatches, path: Path) -> None:
    asked = questions(2)
    run(server, path, asked)
    lines = [json.loads(line) for line in server.uploads[0].splitlines()]
    assert lines == [{"custom_id": request.key, "body": request.body()} for request in asked]


def test_the_file_is_private_while_it_is_there(server: LoopbackBatches, path: Path) -> None:
    held = server.held["put"] = Held()
    runner = threading.Thread(target=run, args=(server, path, questions(3)))
    runner.start()
    assert held.reached.wait(30)
    modes = {file.suffix: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    held.go.set()
    runner.join()
    assert modes[".jsonl"] == 0o600 and set(modes.values()) == {0o600}


def test_what_is_answered_or_being_asked_is_not_asked(server: LoopbackBatches, path: Path) -> None:
    asked = questions(5)
    with Ledger(path) as other:
        other.record(Call(asked[0].key, "m", "p", "ok", 1.0), {asked[0].key: Reply("x", "stop")})
        assert other.claim(asked[1].key)
        assert run(server, path, asked).answered == 3
    assert server.paid.keys() == {request.key for request in asked[2:]}


@pytest.mark.parametrize(("most", "jobs"), [(10, 3), (25, 1), (24, 2)])
def test_a_job_is_as_large_as_the_service_allows(
    server: LoopbackBatches, path: Path, monkeypatch: pytest.MonkeyPatch, most: int, jobs: int
) -> None:
    monkeypatch.setattr(parcel, "MOST_QUESTIONS", most)
    assert run(server, path, questions(25)).answered == 25
    assert len(server.jobs) == jobs
    assert set(server.paid.values()) == {1}


def test_a_file_is_as_long_as_the_service_allows(
    server: LoopbackBatches, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcel, "MOST_BYTES", 2000)
    assert run(server, path, questions(25)).answered == 25
    assert len(server.uploads) > 1
    assert all(len(upload) <= 2000 for upload in server.uploads)


def test_models_do_not_share_a_job(server: LoopbackBatches, path: Path) -> None:
    other = Request("other/model", "iob.v1.it", ({"role": "user", "content": "è"},), 50, None)
    assert run(server, path, [*questions(3), other]).answered == 4
    assert len(server.jobs) == 2


AGAIN = Fault(500)
BROKEN = Fault(200, b'{"id": "x"}', cut=3)
ROUTES = ["announce", "put", "confirm", "jobs", "make", "look", "content"]


@pytest.mark.parametrize(
    ("when", "fault"),
    [("faults", AGAIN), ("late", AGAIN), ("late", BROKEN)],
    ids=["before its work", "after its work", "in mid-answer"],
)
@pytest.mark.parametrize("route", ROUTES)
def test_a_fault_that_passes_costs_nothing(
    server: LoopbackBatches, path: Path, route: str, when: str, fault: Fault
) -> None:
    getattr(server, when)[route] += [fault]
    assert run(server, path, questions(6)).answered == 6
    assert len(server.jobs) == 1
    assert set(server.paid.values()) == {1} and len(server.paid) == 6
    with Ledger(path) as ledger:
        assert [total.calls for total in ledger.totals()] == [6]


@pytest.mark.parametrize("route", ["put", "make", "content"])
def test_a_fault_that_stays_is_told_and_the_next_run_goes_on(
    server: LoopbackBatches, path: Path, route: str
) -> None:
    server.faults[route] += [AGAIN] * 3
    with pytest.raises(LLMError, match="answered 500 3 times; run again later"):
        run(server, path, questions(6))
    assert run(server, path, questions(6)).answered == 6
    assert len(server.jobs) == 1 and set(server.paid.values()) == {1}
    assert nothing_lies_about(server, path)


def test_a_key_that_is_refused_is_told_and_the_job_is_not_given_up(
    server: LoopbackBatches, path: Path
) -> None:
    server.faults["look"] += [Fault(401)]
    with pytest.raises(LLMError, match=r"\(401\); check TOGETHER_API_KEY .* the batch goes on"):
        run(server, path, questions(6))
    assert run(server, path, questions(6)).answered == 6
    assert len(server.jobs) == 1


def test_a_job_that_is_refused_is_told_and_forgotten(server: LoopbackBatches, path: Path) -> None:
    server.faults["make"] += [Fault(400, b'{"error": {"message": "Mario Rossi"}}')]
    with pytest.raises(LLMError, match=r"refuses the job \(400\); .* without --batch-api") as told:
        run(server, path, questions(6))
    assert "Mario" not in str(told.value)
    assert run(server, path, questions(6)).answered == 6


@pytest.mark.parametrize("ends", ["FAILED", "CANCELLED"])
def test_a_job_that_is_given_up_is_told_and_its_questions_are_free_again(
    server: LoopbackBatches, path: Path, ends: str
) -> None:
    server.ends = ends
    said = rf"gave up the batch job job-1 \({ends.lower()}\); .* without --batch-api"
    with pytest.raises(LLMError, match=said) as told:
        run(server, path, questions(6))
    assert "Rossi" not in str(told.value)
    with Ledger(path) as ledger:
        assert ledger.claim(questions(1)[0].key)
    server.ends = "COMPLETED"
    assert run(server, path, questions(6)).answered == 6


def _but_first(lines: list[bytes]) -> bytes:
    return b"".join(lines[1:])


def _cut(lines: list[bytes]) -> bytes:
    return b"".join(lines)[:-40]


def _strangers(lines: list[bytes]) -> bytes:
    stranger = line_of("not ours", {"choices": [{"message": {"content": "x"}}]})
    return b"".join([stranger, b"null\n", b"[1]\n", b'{"custom_id": 7}\n', b"<html>\n", *lines])


def _without_choice(lines: list[bytes]) -> bytes:
    return b"".join([line_of(json.loads(lines[0])["custom_id"], {}), *lines[1:]])


def _refused(lines: list[bytes]) -> bytes:
    first = json.loads(lines[0])
    return b"".join([line_of(first["custom_id"], first["response"]["body"], 500), *lines[1:]])


ANSWERS: dict[str, tuple[Callable[[list[bytes]], bytes], int]] = {
    "out of order": (lambda lines: b"".join(reversed(lines)), 6),
    "twice": (lambda lines: b"".join(lines * 2), 6),
    "for strangers, and no answers at all": (_strangers, 6),
    "one missing": (_but_first, 5),
    "cut off": (_cut, 5),
    "one without a choice": (_without_choice, 5),
    "one with a status of its own": (_refused, 5),
    "nothing": (lambda lines: b"", 0),
}


@pytest.mark.parametrize(("mangle", "answered"), ANSWERS.values(), ids=ANSWERS)
def test_answers_that_are_not_as_agreed(
    server: LoopbackBatches, path: Path, mangle: Callable[[list[bytes]], bytes], answered: int
) -> None:
    server.mangle = mangle
    asked = questions(6)
    result = run(server, path, asked)
    assert (result.answered, result.left) == (answered, 6 - answered)
    assert sum(kept(path, asked)) == answered
    with Ledger(path) as ledger:
        assert list(ledger.rows("SELECT count(*) FROM answers")) == [(answered,)]
    server.mangle = b"".join
    assert run(server, path, asked).answered == 6 - answered
    assert Counter(server.paid.values()) == Counter({1: answered, 2: 6 - answered})


@pytest.mark.parametrize("ends", ["COMPLETED", "EXPIRED"])
def test_lines_that_fail_are_left_for_ordinary_asking(
    server: LoopbackBatches, path: Path, ends: str
) -> None:
    server.refused, server.ends = {1, 4}, ends
    asked = questions(6)
    result = run(server, path, asked)
    assert (result.answered, result.left) == (4, 2)
    assert kept(path, asked) == [True, False, True, True, False, True]
    with Ledger(path) as ledger:
        (line,) = account(ledger, PRICES)
        assert (line.calls, line.faults, line.usd) == (6, 2, pytest.approx(result.usd))
        assert ledger.claim(asked[1].key)
    assert nothing_lies_about(server, path)


KILLED = ["put", "make", "look", "content", "delete", "announce", "confirm", "jobs"]


@pytest.mark.slow
@pytest.mark.parametrize("route", KILLED[:SOAK])
def test_killed_anywhere_the_next_run_goes_on_with_the_same_job(
    server: LoopbackBatches, path: Path, route: str
) -> None:
    held = server.held[route] = Held()
    runner = start(server, path, 6)
    assert held.reached.wait(60)
    runner.kill()
    runner.communicate()
    held.go.set()
    asked = questions(6)
    run(server, path, asked)
    assert all(kept(path, asked))
    assert len(server.jobs) == 1 and set(server.paid.values()) == {1}
    with Ledger(path) as ledger:
        assert [total.calls for total in ledger.totals()] == [6]
    assert nothing_lies_about(server, path)


@pytest.mark.slow
def test_two_processes_make_one_job_and_where_one_is_killed_the_other_takes_over(
    server: LoopbackBatches, path: Path
) -> None:
    server.looks = 3
    held = server.held["look"] = Held()
    killed = start(server, path, 6)
    assert held.reached.wait(60)
    other = start(server, path, 8)
    assert other.stdout and other.stdout.readline().strip() == "ready"
    while len(server.jobs) < 2:  # of the two questions that are its own
        assert other.poll() is None
    killed.kill()
    killed.communicate()
    held.go.set()
    other.communicate(timeout=60)
    assert other.returncode == 0
    assert all(kept(path, questions(8)))
    assert len(server.jobs) == 2 and set(server.paid.values()) == {1}
    assert nothing_lies_about(server, path)


def test_no_more_is_handed_in_than_the_budget_allows(server: LoopbackBatches, path: Path) -> None:
    asked = questions(6)
    most = PRICE.usd(18, 50, batch=True)
    budget = Budget(3.5 * most)
    result = run(server, path, asked, budget=budget)
    assert (result.answered, result.left) == (3, 3)
    assert budget.spent == pytest.approx(result.usd)
    assert len(server.paid) == 3


def test_letters_go_nowhere_but_to_the_service(server: LoopbackBatches, path: Path) -> None:
    elsewhere = {"Location": "http://192.0.2.1/put", "X-Together-File-Id": "file-1"}
    server.faults["announce"] += [Fault(302, headers=elsewhere)]
    with pytest.raises(LLMError, match="sends files elsewhere"):
        run(server, path, questions(3))
    server.faults["announce"] += [Fault(200)]  # where the client would invent an address
    with pytest.raises(LLMError, match="sends files elsewhere"):
        run(server, path, questions(3))
    assert not server.uploads


def start(server: LoopbackBatches, path: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUNNER, server.address, str(path), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
