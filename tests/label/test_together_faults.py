"""What the labeller makes of a service's faults: time, or one line."""

import json

import pytest

from core.errors import LLMError
from core.label.asking import Asking
from core.label.together import Together
from core.label.verdict import UNUSABLE, Losses
from tests.label.asker import labeller, phrases, spans
from tests.loopback.together import Fault, Json, Said, Serve, labelled, shown_words

WAY_OUT = "run again: what was answered is not paid for twice"


PASSING: dict[str, list[Said | Fault]] = {
    "slow down, in seconds": [Fault(429, headers={"Retry-After": "0.2"})],
    "slow down, without saying for how long": [Fault(429)],
    "a date gone by": [Fault(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})],
    "a burst of server errors": [Fault(500), Fault(502), Fault(503)],
    "a page of HTML": [Fault(body=b"<html>busy</html>", kind="text/html")],
    "HTML that says it is JSON": [Fault(body=b"<html>busy</html>")],
    "no choices": [Fault(body=b'{"id": "x", "choices": null}')],
    "no choice": [Fault(body=b'{"choices": []}')],
    "a list": [Fault(body=b"[]")],
    "an answer cut in the middle": [Fault(body=b'{"choices": [' + b" " * 500, cut=40)],
    "no answer at all": [Fault(body=b"x" * 50, cut=0)],
    "a broken line": [Fault(reset=True)],
    "too late": [Fault(delay=1.0)],
}


@pytest.mark.parametrize("faults", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_costs_nothing_but_time(
    serve: Serve, faults: list[Said | Fault]
) -> None:
    server = serve(labelled("fumo"), faults)
    asked = labeller(server, timeout=0.5)
    assert spans(asked.label(phrases("Nega fumo."))) == [["fumo"]]
    assert len(server.requests) == len(faults) + 1
    assert asked.losses == Losses()


LASTING = {
    "a wrong key": (Fault(401), "the key was refused (401); set TOGETHER_API_KEY to a valid key"),
    "no money": (Fault(402), f"no money left (402); top it up, then {WAY_OUT}"),
    "an unknown model": (Fault(404), "no model 'gone/model' at this address (404)"),
    "not allowed": (Fault(403), "may not use this model (403)"),
    "always busy": (Fault(503), f"answered 503 3 times; {WAY_OUT} later"),
    "always HTML": (Fault(body=b"<html>"), "something that is not JSON 3 times"),
    "never a choice": (Fault(body=b"{}"), "answered without a choice 3 times"),
}


@pytest.mark.parametrize(("fault", "message"), LASTING.values(), ids=LASTING.keys())
def test_a_fault_that_lasts_is_told_in_a_line_without_the_letter(
    serve: Serve, fault: Fault, message: str
) -> None:
    echo = json.dumps({"error": {"message": "you said: Nega fumo"}}).encode()
    told = Fault(fault.status, echo, fault.headers) if fault.status >= 300 else fault
    server = serve(lambda _: told)
    asked = labeller(server, model="gone/model", attempts=3, timeout=0.3)
    with pytest.raises(LLMError) as caught:
        list(asked.label(phrases("Nega fumo.")))
    line = str(caught.value)
    assert line.startswith(f"{server.address}: ") and message in line and "\n" not in line
    assert "umo" not in line


def test_nobody_listening_is_told_with_the_address() -> None:
    how = Asking(attempts=2, pause=0.01)
    asked = Together(how=how, base_url="http://127.0.0.1:9")
    with pytest.raises(LLMError, match="http://127.0.0.1:9: could not be reached or broke off 2"):
        list(asked.label(phrases("Fuma.")))


def test_after_a_refused_key_nothing_more_is_asked(serve: Serve) -> None:
    server = serve(lambda _: Fault(401))
    with pytest.raises(LLMError):
        list(labeller(server, concurrency=2).label(phrases(*(f"riga {n}" for n in range(50)))))
    assert len(server.requests) <= 2


def test_one_refused_phrase_does_not_end_the_run(serve: Serve) -> None:
    def answer(body: Json) -> Said | Fault:
        return Fault(413) if "lunga" in shown_words(body) else labelled("fumo")(body)

    asked = labeller(serve(answer), concurrency=1)
    found = list(asked.label(phrases("Nega fumo", "troppo lunga", "ex fumo")))
    assert spans(found) == [["fumo"], [], ["fumo"]]
    assert found[1].comment == f"{UNUSABLE}: refused by the service (413)"
    assert asked.losses == Losses(unusable=1)
