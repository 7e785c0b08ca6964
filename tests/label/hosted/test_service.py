"""The service: what goes over the wire, what becomes of the answers, who is asked for less."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from core.label.hosted.reply import Reply
from core.label.hosted.service import Service
from tests.label.hosted.service import LETTER, SCHEMA, ask, echo, question, run
from tests.loopback.together import Fault, Json, Said, Serve, tokens


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


def test_an_answer_that_strict_json_does_not_allow_is_read_all_the_same(serve: Serve) -> None:
    kept = b'{"choices": [{"message": {"content": "\\ud83d"}, "logprobs": {"tokens": ["a"],'
    server = serve(lambda _: Fault(body=kept + b' "token_logprobs": [NaN]}}]}'))
    (reply,) = ask(server, question(logprobs=True), attempts=1)
    assert (reply.text, reply.logprobs) == ("\ud83d", None)


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
