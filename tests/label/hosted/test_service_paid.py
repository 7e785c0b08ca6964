"""The service and its ledger: equal questions are paid for once, and no more than was allowed."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.errors import MoneySpent
from core.label.hosted.budget import Budget
from core.label.hosted.ledger import Ledger
from core.label.hosted.models import Model
from core.label.hosted.reply import Reply
from core.label.hosted.service import Service
from tests.label.hosted.service import LETTER, echo, question, run
from tests.loopback.together import Fault, Json, Said, Serve, tokens

PRICE = Model("some/model", context=1000, usd_in=1.0, usd_out=2.0)


def test_equal_questions_are_asked_once(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda body: Said("{}", delay=0.1))

    async def work(service: Service) -> tuple[int, int]:
        await asyncio.gather(*(service.ask(question()) for _ in range(5)))
        await service.ask(question())
        return service.usage.calls, service.usage.reused

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert run(server, work, ledger) == (1, 5)
        assert run(server, work, ledger) == (0, 6)
    assert len(server.requests) == 1


def halves(text: str) -> list[str | None]:
    return [half or None for half in text.split("|")]


BATCHES: dict[str, tuple[Said, list[str | None]]] = {
    "all answered": (Said("a|b|c"), ["a", "b", "c"]),
    "one passed over": (Said("a||c"), ["a", None, "c"]),
    "too few": (Said("a"), ["a", None, None]),
    "too many": (Said("a|b|c|d"), ["a", "b", "c"]),
    "cut off": (Said("a|b", finish="length"), ["a", None, None]),
    "cut off at once": (Said("", finish="length"), [None, None, None]),
}


@pytest.mark.parametrize(("answer", "told"), BATCHES.values(), ids=BATCHES.keys())
def test_one_call_answers_several_questions(
    serve: Serve, answer: Said, told: list[str | None], tmp_path: Path
) -> None:
    server = serve(lambda body: answer if "tutte" in str(body) else echo(body))
    asked = [question(f"riga {n}") for n in range(3)]
    keys = [request.key for request in asked]

    async def work(service: Service) -> None:
        replies = await service.ask_all(question("tutte"), keys, halves)
        assert [reply and reply.text for reply in replies] == told
        alone = await asyncio.gather(*map(service.ask, asked))
        assert [r.text for r in alone] == [t or f"riga {n}" for n, t in enumerate(told)]

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        run(server, work, ledger)
        (total,) = ledger.totals()
    assert total.calls == len(server.requests) == 1 + told.count(None)
    sent = sum(tokens(m["content"]) for body in server.requests for m in body["messages"])
    assert total.tokens_in == sent


def test_questions_on_their_way_are_waited_for(serve: Serve, tmp_path: Path) -> None:
    def slow(body: Json) -> Said:
        text = body["messages"][-1]["content"]
        return Said("a|b" if text == "tutte" else text, delay=0.1)

    server = serve(slow)
    asked = [question("uno"), question("due")]
    keys = [request.key for request in asked]

    async def work(service: Service) -> list[Any]:
        together = service.ask_all(question("tutte"), keys, halves)
        first = await asyncio.gather(together, service.ask_all(question("x"), keys, halves))
        one = await asyncio.gather(service.ask(question("tre")), service.ask(asked[0]))
        late = [question("tre").key, question("quattro").key]
        rest = await service.ask_all(question("y"), late, halves)
        return [*first, one, rest]

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        first, second, one, rest = run(server, work, ledger)
    assert [reply.text for reply in first] == [reply.text for reply in second] == ["a", "b"]
    assert [reply.text for reply in one] == ["tre", "a"]
    assert (rest[0].text, rest[1]) == ("tre", None)
    assert len(server.requests) == 2


@pytest.mark.slow
def test_two_processes_pay_once(serve: Serve, tmp_path: Path) -> None:
    """Two ledgers on one file are two owners, as in two processes."""
    server = serve(lambda body: Said(body["messages"][-1]["content"], delay=0.02))
    path = tmp_path / "ledger.sqlite"

    async def go() -> list[Counter[str]]:
        with Ledger(path) as one, Ledger(path) as two:
            services = [Service(server.address, "k", ledger) for ledger in (one, two)]
            asked = [question(f"riga {n}") for n in range(20)]
            replies = [service.ask(request) for request in asked for service in services]
            texts = Counter(reply.text for reply in await asyncio.gather(*replies))
            together = sum(service.usage.calls for service in services)
            for service in services:
                await service.close()
            return [texts, Counter(calls=together)]

    texts, usage = asyncio.run(go())
    assert set(texts.values()) == {2} and len(texts) == 20
    assert usage["calls"] == len(server.requests) == 20


def test_what_another_gave_up_is_asked(serve: Serve, tmp_path: Path) -> None:
    server = serve(echo, [Fault(500)])
    path = tmp_path / "ledger.sqlite"

    async def go() -> Any:
        with Ledger(path) as one, Ledger(path) as two:
            first = Service(server.address, "k", one, pause=3.0, attempts=2)
            second = Service(server.address, "k", two)
            tasks = [asyncio.create_task(first.ask(question()))]
            while not server.requests:
                await asyncio.sleep(0.01)
            tasks.append(asyncio.create_task(second.ask(question())))
            await asyncio.sleep(0.05)
            await first.close()
            replies = await asyncio.gather(*tasks, return_exceptions=True)
            await second.close()
            return replies

    given_up, answered = asyncio.run(go())
    assert isinstance(given_up, asyncio.CancelledError) and answered.text == LETTER


def test_money_is_not_passed(serve: Serve, tmp_path: Path) -> None:
    server = serve(echo, [Fault(500), Fault(body=b"<html>")])
    limit = 0.001

    async def work(service: Service) -> list[Any]:
        asked = [question(f"riga {n}") for n in range(200)]
        return await asyncio.gather(*map(service.ask, asked), return_exceptions=True)

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        budget = Budget(limit)
        replies = run(server, work, ledger, budget=budget, price=PRICE, concurrency=4)
        (total,) = ledger.totals()
    kinds = Counter(type(reply) for reply in replies)
    assert kinds.keys() == {Reply, MoneySpent} and kinds[Reply] > 50
    assert total.usd <= budget.spent <= limit
    exact = PRICE.usd(total.tokens_in, total.tokens_out)
    assert total.usd == pytest.approx(exact) and exact < budget.spent


def test_usage_is_what_was_asked_and_paid_for(serve: Serve) -> None:
    server = serve(echo, [Fault(500), Fault(503)])

    async def work(service: Service) -> Any:
        await service.ask(question())
        return service.usage

    usage = run(server, work, price=PRICE)
    taken = (tokens("Label.") + tokens(LETTER), tokens(LETTER))
    assert (usage.calls, usage.retries, usage.tokens_in, usage.tokens_out) == (1, 2, *taken)
    assert usage.usd == pytest.approx(PRICE.usd(*taken))


def test_an_answer_on_its_way_at_the_end_is_kept(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda body: Said("{}", delay=0.3))

    async def work(service: Service) -> None:
        asked = asyncio.create_task(service.ask(question()))
        while not server.requests:
            await asyncio.sleep(0.01)
        asked.cancel()

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        run(server, work, ledger)
        assert ledger.find(question().key) == Reply("{}", "stop")
