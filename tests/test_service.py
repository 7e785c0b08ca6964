"""The service against a server on loopback that speaks Together's protocol, faults and all."""

import asyncio
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LLMError, MoneySpent
from core.label.hosted.budget import Budget
from core.label.hosted.ledger import Ledger
from core.label.hosted.limits import Limits, Pace
from core.label.hosted.models import Model
from core.label.hosted.reply import Reply
from core.label.hosted.service import Refused, Request, Service
from core.label.hosted.stream import ordered
from tests.loopback_together import Fault, Json, LoopbackTogether, Said, Serve, tokens

ROOT = Path(__file__).parents[1]
AGAIN = "run again: what was answered is not paid for twice"
LETTER = "Nega fumo."
SCHEMA = {"type": "object", "properties": {}}
PRICE = Model("some/model", context=1000, usd_in=1.0, usd_out=2.0)


def question(text: str = LETTER, **more: Any) -> Request:
    messages = ({"role": "system", "content": "Label."}, {"role": "user", "content": text})
    asked = {"model": "some/model", "prompt": "test.v1.it", "max_tokens": 50, "schema": SCHEMA}
    return Request(**asked | {"messages": messages} | more)


def echo(body: Json) -> Said:
    return Said(body["messages"][-1]["content"])


def run(
    server: LoopbackTogether | str,
    work: Callable[[Service], Awaitable[Any]],
    ledger: Ledger | None = None,
    **options: Any,
) -> Any:
    """What `work` makes of a service at a server."""

    async def go() -> Any:
        address = server if isinstance(server, str) else server.address
        service = Service(address, "k3y", ledger, **{"pause": 0.01, "timeout": 5.0} | options)
        try:
            return await work(service)
        finally:
            await service.close()

    return asyncio.run(go())


def ask(server: LoopbackTogether | str, *asked: Request, **options: Any) -> list[Any]:
    """The replies, or what was raised instead."""

    async def work(service: Service) -> list[Any]:
        return await asyncio.gather(*map(service.ask, asked), return_exceptions=True)

    return run(server, work, **options)


def test_the_request_is_the_one_the_service_documents(serve: Serve) -> None:
    server = serve(echo)
    (reply,) = ask(server, question())
    (body,) = server.requests
    assert server.keys == ["Bearer k3y"]
    assert body == {
        "model": "some/model",
        "messages": [
            {"role": "system", "content": "Label."},
            {"role": "user", "content": LETTER},
        ],
        "max_tokens": 50,
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": 7,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "test.v1.it", "schema": SCHEMA, "strict": True},
        },
    }
    assert reply == Reply(LETTER, "stop", tokens("Label.") + tokens(LETTER), tokens(LETTER))


def test_all_that_decides_an_answer_is_in_its_key() -> None:
    other = [{"max_tokens": 9}, {"schema": None}, {"temperature": 0.7}, {"seed": 8}]
    other += [{"top_p": 0.9}, {"logprobs": True}, {"text": "Fuma."}]
    asked = [question(), *(question(**more) for more in other)]
    assert len({request.key for request in asked}) == len(asked)
    assert question().key == question().key


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_an_address_with_v1_is_the_same_address(serve: Serve, ending: str) -> None:
    assert ask(serve(echo).address + ending, question())[0].text == LETTER


def said(**choice: Any) -> Fault:
    """A completion with this choice."""
    return Fault(body=json.dumps({"choices": [choice]}).encode())


CONTENT = {"role": "assistant", "content": "{}"}
ODD: dict[str, tuple[Said | Fault, Reply]] = {
    "no counts": (said(message=CONTENT, finish_reason="stop"), Reply("{}", "stop")),
    "nothing said": (said(message={"content": ""}, finish_reason="stop"), Reply("", "stop")),
    "tools called": (
        said(message={"content": None, "tool_calls": [{"id": "x"}]}, finish_reason="tool_calls"),
        Reply("", "tool_calls"),
    ),
    "thoughts beside the answer": (
        said(message=CONTENT | {"reasoning": "hm", "reasoning_content": "hm"}),
        Reply("{}", ""),
    ),
    "log probabilities as Together tells them": (
        said(message=CONTENT, logprobs={"tokens": ["{", "}"], "token_logprobs": [-0.5, 0]}),
        Reply("{}", "", logprobs=(("{", -0.5), ("}", 0.0))),
    ),
    "log probabilities as OpenAI tells them": (
        said(message=CONTENT, logprobs={"content": [{"token": "{}", "logprob": -0.5}]}),
        Reply("{}", "", logprobs=(("{}", -0.5),)),
    ),
    "fewer log probabilities than tokens": (
        said(message=CONTENT, logprobs={"tokens": ["{", "}"], "token_logprobs": [-0.5]}),
        Reply("{}", ""),
    ),
    "a log probability that is none": (
        said(message=CONTENT, logprobs={"tokens": ["{}"], "token_logprobs": [None]}),
        Reply("{}", ""),
    ),
    "log probabilities in words": (said(message=CONTENT, logprobs="high"), Reply("{}", "")),
}


@pytest.mark.parametrize(("answer", "reply"), ODD.values(), ids=ODD.keys())
def test_what_servers_send_becomes_a_reply(
    serve: Serve, answer: Said | Fault, reply: Reply
) -> None:
    assert ask(serve(lambda _: answer), question(logprobs=True)) == [reply]


def test_log_probabilities_cover_the_answer(serve: Serve) -> None:
    (reply,) = ask(serve(echo), question(logprobs=True))
    assert "".join(token for token, _ in reply.logprobs) == LETTER
    assert all(value <= 0 for _, value in reply.logprobs)


PASSING: dict[str, list[Said | Fault]] = {
    "slow down, in seconds": [Fault(429, headers={"Retry-After": "0.2"})],
    "slow down, without saying for how long": [Fault(429)],
    "slow down, in words": [Fault(429, headers={"Retry-After": "soon"})],
    "a date gone by": [Fault(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})],
    "a date that is none": [Fault(429, headers={"Retry-After": "Wed, 99 Oct 9999 99:28:00 GMT"})],
    "a burst of server errors": [Fault(500), Fault(502), Fault(503)],
    "a page of HTML": [Fault(body=b"<html>busy</html>", kind="text/html")],
    "HTML that says it is JSON": [Fault(body=b"<html>busy</html>")],
    "HTML that says it is packed": [Fault(body=b"<html>", headers={"Content-Encoding": "gzip"})],
    "brackets without end": [Fault(body=b"[" * 100_000)],
    "no choices": [Fault(body=b'{"id": "x", "choices": null}')],
    "no choice": [Fault(body=b'{"choices": []}')],
    "an error with status 200": [Fault(body=b'{"error": {"message": "busy"}}')],
    "a list": [Fault(body=b"[]")],
    "an answer cut in the middle": [Fault(body=b'{"choices": [' + b" " * 500, cut=40)],
    "no answer at all": [Fault(body=b"x" * 50, cut=0)],
    "too late": [Fault(delay=1.0)],
}


@pytest.mark.parametrize("faults", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_is_met_with_patience(
    serve: Serve, faults: list[Said | Fault], tmp_path: Path
) -> None:
    server = serve(echo, faults)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        (reply,) = ask(server, question(), ledger=ledger, timeout=0.5)
        (total,) = ledger.totals()
    assert reply.text == LETTER
    assert len(server.requests) == total.calls == len(faults) + 1


LASTING: dict[str, tuple[Fault, str]] = {
    "a wrong key": (Fault(401), "the key was refused (401); set TOGETHER_API_KEY to a valid key"),
    "no money": (Fault(402), f"no money left (402); top it up, then {AGAIN}"),
    "an unknown model": (Fault(404), "no model 'some/model' at this address (404)"),
    "not allowed": (Fault(403), "may not use this model (403)"),
    "a malformed request": (Fault(400), "refused the request (400); check the address"),
    "an address that has moved": (
        Fault(307, headers={"Location": "http://example.invalid/"}),
        "refused the request (307)",
    ),
    "always busy": (Fault(503), f"answered 503 3 times; {AGAIN} later"),
    "always too many": (Fault(429), f"answered 429 3 times; {AGAIN} later"),
    "always HTML": (Fault(body=b"<html>"), "something that is not JSON 3 times"),
    "never a choice": (Fault(body=b"{}"), "answered without a choice 3 times"),
    "always too late": (Fault(delay=0.6), "did not answer in time 3 times"),
    "always cut": (Fault(body=b" " * 500, cut=40), "could not be reached or broke off 3 times"),
    "always reset": (Fault(reset=True), "could not be reached or broke off 3 times"),
    "a wait of an hour": (
        Fault(429, headers={"Retry-After": "3600"}),
        f"asks to wait 3600 seconds; then {AGAIN}",
    ),
}


@pytest.mark.parametrize(("fault", "message"), LASTING.values(), ids=LASTING.keys())
def test_a_fault_that_lasts_is_told_in_a_line_without_the_letter(
    serve: Serve, fault: Fault, message: str
) -> None:
    told = json.dumps({"error": {"message": f"you said: {LETTER}"}}).encode()
    fault = Fault(fault.status, told, fault.headers) if fault.status >= 300 else fault
    server = serve(lambda _: fault)
    (error,) = ask(server, question(), attempts=3, timeout=0.3)
    assert type(error) is LLMError and error.__cause__ is None
    line = str(error)
    assert line.startswith(f"{server.address}: ") and message in line and "\n" not in line
    assert "umo" not in line


def test_nobody_listening_is_told_with_the_address() -> None:
    (error,) = ask("http://127.0.0.1:9", question(), attempts=2)
    assert str(error).startswith("http://127.0.0.1:9: could not be reached or broke off 2 times")


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_after_a_refusal_for_all_nothing_more_is_asked(serve: Serve, status: int) -> None:
    server = serve(lambda _: Fault(status))
    errors = ask(server, *(question(f"riga {n}") for n in range(50)), concurrency=2)
    assert {type(error) for error in errors} == {LLMError}
    assert len({str(error) for error in errors}) == 1
    assert len(server.requests) <= 2


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_a_question_refused_among_answers_concerns_nobody_else(serve: Serve, status: int) -> None:
    server = serve(lambda body: Fault(status) if "lunga" in str(body) else echo(body))
    asked = [question("Fuma."), question("troppo lunga"), question("Ex fumo.")]
    first, refused, last = ask(server, *asked, concurrency=1)
    assert (first.text, last.text) == ("Fuma.", "Ex fumo.")
    assert (type(refused), str(refused)) == (Refused, f"refused by the service ({status})")
    assert len(server.requests) == 3


def test_the_time_of_a_request_begins_when_there_is_a_connection_for_it(serve: Serve) -> None:
    server = serve(lambda body: replace(echo(body), delay=0.6))
    asked = [question(f"riga {n}") for n in range(4)]
    replies = ask(server, *asked, concurrency=1, attempts=1, timeout=1.0)
    assert [reply.text for reply in replies] == [f"riga {n}" for n in range(4)]


def test_an_answer_that_strict_json_does_not_allow_is_read_all_the_same(serve: Serve) -> None:
    kept = b'{"choices": [{"message": {"content": "\\ud83d"}, "logprobs": {"tokens": ["a"],'
    server = serve(lambda _: Fault(body=kept + b' "token_logprobs": [NaN]}}]}'))
    (reply,) = ask(server, question(logprobs=True), attempts=1)
    assert (reply.text, reply.logprobs) == ("\ud83d", None)


def test_a_question_the_service_stumbles_over_is_lost_alone(serve: Serve) -> None:
    server = serve(lambda body: Fault(500) if "riga 7." in str(body) else echo(body))
    asked = [question(f"riga {n}.") for n in range(100)]
    replies = ask(server, *asked, concurrency=2, attempts=3, pause=0.02)
    assert str(replies.pop(7)) == "answered 500 3 times"
    assert len({reply.text for reply in replies}) == 99


def test_an_answer_of_ten_megabytes_is_not_kept(serve: Serve) -> None:
    long = Said("x" * 10_000_000)
    server = serve(lambda body: long if "lunga" in str(body) else echo(body))
    lost, found = ask(server, question("troppo lunga"), question())
    assert (type(lost), str(lost)) == (Refused, "an answer longer than any model gives")
    assert found.text == LETTER


def test_all_wait_when_the_service_says_so(serve: Serve) -> None:
    server = serve(echo, [Fault(429, headers={"Retry-After": "0.5"})])
    began = time.monotonic()
    replies = ask(server, *map(question, ("uno", "due", "tre")), concurrency=1)
    assert time.monotonic() - began >= 0.5
    assert [reply.text for reply in replies] == ["uno", "due", "tre"]
    assert len(server.requests) == 4


@pytest.mark.parametrize("place", ["redirect", "proxy"])
def test_what_is_meant_for_this_machine_goes_nowhere_else(
    serve: Serve, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = serve(echo)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        if place == "proxy":
            monkeypatch.setenv(name, elsewhere.address)
    moved = {"Location": f"{elsewhere.address}/v1/chat/completions"}
    server = serve(echo if place == "proxy" else lambda _: Fault(308, headers=moved))
    ask(server, question())
    assert (len(server.requests), len(elsewhere.requests)) == (1, 0)


def test_no_more_requests_at_once_than_allowed(serve: Serve) -> None:
    server = serve(lambda body: Said("{}", delay=0.05))
    ask(server, *(question(f"riga {n}") for n in range(20)), concurrency=3)
    assert 2 <= server.most_at_once <= 3


def knows_nothing_of(*names: str) -> Callable[[Json], Said | Fault]:
    return lambda body: Fault(400) if any(name in body for name in names) else echo(body)


LESS: dict[str, tuple[tuple[str, ...], list[set[str]], int]] = {
    "all is known": ((), [set()], 0),
    "no log probabilities": (("logprobs",), [{"logprobs"}], 1),
    "no schema": (("response_format",), [{"response_format"}], 1),
    "neither": (("logprobs", "response_format"), [{"logprobs", "response_format"}], 2),
}


@pytest.mark.parametrize(("unknown", "missing", "notes"), LESS.values(), ids=LESS.keys())
def test_a_service_that_knows_less_is_asked_for_less(
    serve: Serve, unknown: tuple[str, ...], missing: list[set[str]], notes: int
) -> None:
    server = serve(knows_nothing_of(*unknown))

    async def work(service: Service) -> tuple[str, ...]:
        asked = [question(f"riga {n}", logprobs=True) for n in range(8)]
        replies = await asyncio.gather(*map(service.ask, asked))
        assert [reply.text for reply in replies] == [f"riga {n}" for n in range(8)]
        await service.ask(question("one more", logprobs=True))
        return service.notes

    assert len(run(server, work)) == notes
    assert [{"logprobs", "response_format"} - server.requests[-1].keys()] == missing


def test_the_switch_for_log_probabilities_is_one_where_it_is_not_together(serve: Serve) -> None:
    server = serve(echo)
    ask(server, question(logprobs=True))
    assert server.requests[0]["logprobs"] is True
    assert question(logprobs=True).body()["logprobs"] == 1


# Paid once


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


# The stream


async def nothing() -> None:
    pass


def test_results_come_in_order_whatever_they_take() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.02 * (number % 3))
        return number

    assert list(ordered(range(100), work, 8, nothing)) == list(range(100))


def test_a_slow_answer_holds_nobody_up() -> None:
    """The first is answered when a hundred others have been."""
    finished = []

    async def work(number: int) -> int:
        while number == 0 and len(finished) < 100:
            await asyncio.sleep(0.001)
        finished.append(number)
        return number

    assert list(ordered(range(300), work, 8, nothing)) == list(range(300))


def test_items_are_taken_as_they_are_needed() -> None:
    taken, closed = [], []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    async def work(number: int) -> int:
        return number

    async def close() -> None:
        closed.append(True)

    with closing(ordered(endless(), work, 4, close)) as stream:
        assert [next(stream) for _ in range(10)] == list(range(10))
        time.sleep(0.05)
        assert len(taken) <= 10 + 4 * 32
    assert closed == [True]


def test_what_was_answered_before_a_fault_is_given_first() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.05 if number < 3 else 0)
        if number == 3:
            raise LLMError("over")
        return number

    given = []
    with pytest.raises(LLMError, match="over"):
        given.extend(ordered(range(100), work, 8, nothing))
    stream = ordered(range(100), work, 8, nothing)
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    stream.close()


def test_an_item_that_cannot_be_had_ends_the_stream() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    async def work(number: int) -> int:
        await asyncio.sleep(60)
        return number

    with pytest.raises(ValueError, match="no more"):
        list(ordered(broken(), work, 4, nothing))


INTERRUPTED = """
import asyncio, sys
from core.label.hosted.stream import ordered

async def work(number):
    print(number, flush=True)
    await asyncio.sleep(60)

async def close():
    print("closed", flush=True)

try:
    list(ordered(range(1000), work, 2, close))
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


def test_ctrl_c_ends_the_stream() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdout and ran.stdout.readline() == b"0\n"
        os.kill(ran.pid, signal.SIGINT)
        out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (1, b"interrupted\n")
    assert out.endswith(b"closed\n")


# The pace


class Clock(selectors.SelectSelector):
    """Time that passes when everybody waits, and then at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += max(timeout or 0.0, 1e-6)
        return super().select(0)


def at_once(work: Callable[[Clock], Awaitable[Any]]) -> Any:
    clock = Clock()
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(work(clock))
    finally:
        loop.close()


@settings(deadline=None, max_examples=25)
@given(
    rpm=st.sampled_from([0.5, 7, 60, 600, None]),
    tpm=st.sampled_from([1000, 60_000, None]),
    sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=60),
    guess=st.sampled_from([0.5, 1, 2]),
)
def test_no_minute_sees_more_than_its_limits(
    rpm: float | None, tpm: float | None, sizes: list[int], guess: float
) -> None:
    async def work(clock: Clock) -> list[tuple[float, int]]:
        pace, gone = Pace(Limits(rpm, tpm)), []

        async def go(size: int) -> None:
            await pace.turn(guess * size)
            gone.append((clock.now, size))
            pace.correct(guess * size, size)

        await asyncio.gather(*map(go, sizes))
        return gone

    gone = at_once(work)
    assert [size for _, size in gone] == sizes, "first come, first served"
    for start, _ in gone:
        minute = [size for at, size in gone if start <= at < start + 60]
        assert rpm is None or len(minute) <= rpm + max(1, rpm / 60) + 1
        assert tpm is None or sum(minute) <= tpm + tpm / 20 + 2 * max(minute)
    if tpm and not rpm:
        assert gone[-1][0] <= 60 * max(guess, 1) * sum(sizes) / tpm + 1, "no slower than it must"


def test_without_limits_nobody_waits() -> None:
    async def work(clock: Clock) -> float:
        pace = Pace(Limits())
        await asyncio.gather(*(pace.turn(1e9) for _ in range(1000)))
        return clock.now

    assert at_once(work) < 0.01


def test_the_limits_of_the_account_are_kept(serve: Serve) -> None:
    server = serve(echo)
    began = time.monotonic()
    ask(server, *(question(f"riga {n}") for n in range(30)), limits=Limits(rpm=1200))
    assert time.monotonic() - began >= 0.4
    assert len(server.requests) == 30
