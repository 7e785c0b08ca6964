"""How sure the labeller is: votes, rules, the model's own word; and examples shown."""

import json
import re
from pathlib import Path

from core.label.verdict import Losses
from core.records import Annotation, Phrase, Span
from tests.label.asker import KNOWN, TELLING, TOLD, Reader, labeller, phrases, rules, spans
from tests.loopback.together import Fault, Json, Said, Serve, completion, labelled


def test_a_span_has_the_share_of_votes_and_too_few_are_no_span(serve: Serve) -> None:
    """Two of three samples see "fumo", one "Nega"; only the first is drawn without chance."""

    def answer(body: Json) -> Said:
        words = {7: ["fumo"], 8: ["fumo", "Nega"], 9: ["alcol", "fumo"]}[body["seed"]]
        return labelled(*words)(body)

    server = serve(answer)
    asked = labeller(server, votes="3")
    (found,) = asked.label(phrases("Nega fumo e alcol."))
    assert [(s.text, s.score) for s in found.spans] == [("fumo", 0.999)]
    assert asked.losses == Losses(outvoted=2)
    drawn = sorted((body["seed"], body["temperature"]) for body in server.requests)
    assert drawn == [(7, 0.0), (8, 0.7), (9, 0.7)]
    assert asked.source.endswith("/iob.v1.it+3-votes")


def test_a_voter_without_an_answer_does_not_vote(serve: Serve) -> None:
    def answer(body: Json) -> Said:
        return Said("Non so.") if body["seed"] == 8 else labelled("fumo")(body)

    asked = labeller(serve(answer), votes="2")
    (found,) = asked.label(phrases("Nega fumo."))
    assert spans([found]) == [["fumo"]]
    assert found.comment == "1 of 2 questions without a usable answer"
    assert asked.losses == Losses(partly=1)


def test_formats_vote_too_a_whole_letter_besides_its_phrases(serve: Serve) -> None:
    texts = [*TELLING, "\n".join(TELLING)]
    readers = {f: Reader(f, "field", texts, **KNOWN) for f in ("iob", "inline", "spans", "fields")}
    whole = Reader("fields", "field", texts[-1:], **KNOWN)

    def answer(body: Json) -> Said:
        if texts[-1] in body["messages"][-1]["content"]:
            return whole(body)
        name = body.get("response_format", {}).get("json_schema", {}).get("name", "inline")
        return readers[name.partition(".")[0]](body)

    asked = labeller(serve(answer), view="field", votes="iob,inline,spans,fields", shield="auto")
    found = list(asked.label(phrases(*TELLING)))
    assert spans(found) == TOLD
    assert {s.score for a in found for s in a.spans} == {0.999}
    assert "/iob.v1.it+inline.v1.it+spans.v1.it+fields.v1.it" in asked.source


def test_the_rules_word_makes_a_span_more_or_less_sure(serve: Serve) -> None:
    server = serve(labelled("fumo", "alba"))
    (found,) = labeller(server, identity=rules()).label(phrases("Nega fumo, passeggia all'alba."))
    scores = {s.text: s.score for s in found.spans}
    assert scores == {"fumo": 0.9, "alba": 0.4}


def test_the_service_says_how_sure_the_model_was(serve: Serve) -> None:
    def answer(body: Json) -> Fault:
        said = completion(body, labelled("fumo", "alcol")(body))
        tokens = re.findall(r"\w+|\W", said["choices"][0]["message"]["content"])
        doubts = [-2.0 if token == "alcol" else 0.0 for token in tokens]
        if "logprobs" in body:
            said["choices"][0]["logprobs"] = {"tokens": tokens, "token_logprobs": doubts}
        return Fault(body=json.dumps(said).encode())

    server = serve(answer)
    (found,) = labeller(server, logprobs=True).label(phrases("Nega fumo e alcol."))
    sure, unsure = (span.score for span in found.spans)
    assert sure == 0.999 and unsure is not None and unsure < 0.9
    assert server.requests[0]["logprobs"]
    (found,) = labeller(server, logprobs=False).label(phrases("Nega fumo."))
    assert [s.score for s in found.spans] == [None]
    assert "logprobs" not in server.requests[1]


def test_examples_go_with_a_question_from_other_letters_and_without_identity(
    serve: Serve, tmp_path: Path
) -> None:
    pool = [
        corrected("Fuma da anni, come dice il Sig. BERTOLDI", "fumo", "Fuma", letter="b"),
        corrected("Fuma molto", "fumo", "Fuma", letter="a"),
    ]
    server = serve(labelled("Fuma"))
    asked = labeller(server, pool=pool, examples=2, ledger=tmp_path / "ledger.sqlite")
    assert spans(asked.label(phrases("Fuma ancora, anni"))) == [["Fuma"]]
    assert "dice" in server.sent() and "molto" not in server.sent()
    assert "BERTOLDI" not in server.sent()
    assert asked.source.endswith("+2-examples")


def corrected(text: str, field: str, words: str, letter: str) -> Annotation:
    phrase = Phrase(f"{letter}:x", letter, 0, len(text), text)
    start = text.index(words)
    span = Span(start, start + len(words), "TARGET", field, text=words)
    return Annotation(phrase, (span,), "human", "person/1")
