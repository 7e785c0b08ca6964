"""The service and a server that fails: what passes is waited for, what lasts is told in a line."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import LLMError
from core.label.hosted.ledger import Ledger
from core.label.hosted.service import Refused
from tests.label.hosted.service import LETTER, ask, echo, question
from tests.loopback.together import Fault, Said, Serve

AGAIN = "run again: what was answered is not paid for twice"
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
    assert len(server.requests) <= 3  # two on their way, and the one that stood ready


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
