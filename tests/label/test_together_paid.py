"""What the labeller asks is paid for once, and no more than allowed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import BadInput, MoneySpent
from core.label.asking import Asking
from core.label.formats.fields import Fields
from core.label.hosted.jobs import Jobs
from core.label.hosted.ledger import Ledger
from core.label.together import Together
from core.schema import default_schema
from tests.label.asker import IDENTITY, LINES, labeller, phrases, rules, spans
from tests.loopback.batches import LoopbackBatches
from tests.loopback.together import (
    Fault,
    Json,
    LoopbackTogether,
    Said,
    Serve,
    labelled,
    shown_words,
)
from tests.places import ROOT


def test_the_same_line_is_paid_for_once(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda body: Said(labelled("Nega")(body).text, delay=0.1))
    path = tmp_path / "ledger.sqlite"
    asked = labeller(server, ledger=path)
    found = list(asked.label([*phrases("Nega fumo."), *phrases("Nega fumo.", letter="b")]))
    assert spans(found) == [["Nega"]] * 2
    assert (len(server.requests), asked.usage.calls, asked.usage.reused) == (1, 1, 1)

    again = labeller(server, ledger=path)
    assert list(again.label(phrases("Nega fumo."))) == found[:1]
    assert (len(server.requests), again.usage.calls, again.usage.reused) == (1, 0, 1)

    list(labeller(server, ledger=path, model="other/model").label(phrases("Nega fumo.")))
    list(labeller(server, ledger=path, view="group").label(phrases("Nega fumo.")))
    assert len(server.requests) == 3


def test_a_shielded_line_is_the_same_question_on_the_next_run(serve: Serve, tmp_path: Path) -> None:
    server = serve(labelled())
    for _ in range(2):
        list(labeller(server, ledger=tmp_path / "ledger.sqlite").label(phrases(*LINES)))
    assert len(server.requests) == 4


def test_the_ledger_counts_every_attempt_and_holds_no_identity(
    serve: Serve, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite"
    server = serve(lambda body: labelled(*shown_words(body))(body), [Fault(500), Said("Non so.")])
    list(labeller(server, ledger=path, concurrency=1).label(phrases(*LINES)))
    with Ledger(path) as ledger:
        (total,) = ledger.totals()
    assert total.calls == 6 and total.tokens_in > 5 * 100
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert [value for value in IDENTITY if value.encode() in kept] == []


def test_an_estimate_asks_nothing_and_says_what_labelling_then_takes(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(labelled())
    options = {"ledger": tmp_path / "ledger.sqlite", "identity": rules()}
    before = labeller(server, **options).estimate(phrases(*LINES))
    assert (before.calls, before.reused, len(server.requests)) == (4, 0, 0)
    assert before.tokens_in > 4 * 300 and before.usd is not None and before.usd > 0

    asked = labeller(server, **options)
    list(asked.label(phrases(*LINES)))
    assert asked.usage.calls == before.calls
    after = labeller(server, **options).estimate(phrases(*LINES))
    assert (after.calls, after.reused, after.usd) == (0, 4, 0)


def test_an_estimate_needs_no_key_and_counts_calls_that_phrases_share(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    many = phrases(*(f"riga {n}" for n in range(10)))
    assert Together(how=Asking(batch=4), ledger=ledger).estimate(many).calls == 3
    assert Together(how=Asking(votes="3")).estimate(many).calls == 30
    few = Together("field", Asking(format="fields"), ledger=ledger).estimate(many)
    assert few.calls == len(Fields(default_schema(), "field").chunks())


def test_money_stops_the_run_and_what_was_answered_is_kept(serve: Serve, tmp_path: Path) -> None:
    server = serve(labelled("riga"))
    lines = [f"riga {name}" for name in "abcdefghijklmnopqrst"]
    letters = [p for n, line in enumerate(lines) for p in phrases(line, letter=str(n))]
    options = {"ledger": tmp_path / "ledger.sqlite", "concurrency": 1}
    one = labeller(server, **options).estimate(letters[:1]).usd
    assert one is not None
    asked = labeller(server, max_usd=12 * one, **options)
    found = []
    with pytest.raises(MoneySpent):
        for annotation in asked.label(letters):
            found.append(annotation)
    assert 0 < len(found) < len(lines)
    assert asked.usage.usd <= 12 * one

    rest = labeller(server, **options)
    assert len(list(rest.label(letters))) == len(lines)
    assert sum(server.answered.values()) == len(lines), "each answer is paid for once"


def test_what_the_batch_api_answered_is_in_the_ledger_for_all(
    tmp_path: Path,
) -> None:
    lines = [f"riga {name}" for name in "abcdefgh"]
    options = {"batch_api": True, "ledger": tmp_path / "ledger.sqlite"}
    with LoopbackBatches(labelled("riga")).running() as server:
        asked = labeller(server, **options)
        estimate = asked.estimate(phrases(*lines))
        assert spans(asked.label(phrases(*lines))) == [["riga"]] * 8
        assert (asked.usage.calls, server.seen["make"]) == (8, 1) and estimate.calls == 8
        assert asked.usage.usd > 0
        again = labeller(server, **options)
        assert spans(again.label(phrases(*lines))) == [["riga"]] * 8
        assert (again.usage.calls, server.seen["make"]) == (0, 1)
    with LoopbackTogether(labelled("riga")).running() as ordinary:
        usual = labeller(ordinary, ledger=tmp_path / "ledger.sqlite")
        assert spans(usual.label(phrases(*lines, "altra riga"))) == [["riga"]] * 9
        assert len(ordinary.requests) == 1


def test_what_a_batch_job_still_owes_is_not_asked_for_as_usual(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(labelled("riga"))
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        Jobs(ledger, server.address).new("some/model")
    asked = labeller(server, ledger=tmp_path / "ledger.sqlite")
    with pytest.raises(BadInput, match="--batch-api"):
        list(asked.label(phrases("riga a")))
    assert server.requests == []


RUN = """
import sys
from pathlib import Path
from core.label.asking import Asking
from core.label.together import Together
from core.records import Phrase
address, ledger = sys.argv[1:]
lines = [f"riga numero {'abcdefghilmnopqrstuv'[n]}" for n in range(20)]
phrases = [Phrase(f"a:{n}", "a", 0, len(line), line) for n, line in enumerate(lines)]
how = Asking(shield="on", concurrency=1)
asked = Together(how=how, base_url=address, ledger=Path(ledger))
print(sum(len(annotation.spans) for annotation in asked.label(phrases)))
"""


@pytest.mark.slow
def test_a_run_that_is_killed_pays_nothing_twice(serve: Serve, tmp_path: Path) -> None:
    """Killed while the ninth question waits for its answer: eight are kept, the rest asked once."""
    hangs = [Fault(delay=5.0)]

    def answer(body: Json) -> Said | Fault:
        return hangs.pop() if hangs and "i" in shown_words(body) else labelled("riga")(body)

    server = serve(answer)
    command = [sys.executable, "-c", RUN, server.address, str(tmp_path / "ledger.sqlite")]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    until = time.monotonic() + 60
    while len(server.requests) < 9 and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert (first.returncode, len(server.requests)) == (-signal.SIGKILL, 9)

    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (second.returncode, second.stdout) == (0, "20\n"), second.stderr
    assert len(server.requests) == 21
    assert set(server.answered.values()) == {1} and len(server.answered) == 20
