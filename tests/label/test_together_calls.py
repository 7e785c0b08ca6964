"""Questions that share a call, letters asked about whole, and answers as they come."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.label.formats.fields import Fields
from core.label.verdict import Losses
from core.records import Phrase
from core.schema import default_schema
from tests.label.asker import KNOWN, TELLING, TOLD, Reader, labeller, phrases, spans
from tests.loopback.together import Fault, Json, Said, Serve, labelled


def test_no_more_questions_at_once_than_allowed(serve: Serve) -> None:
    server = serve(lambda body: Said(labelled()(body).text, delay=0.05))
    asked = labeller(server, concurrency=3, votes="2")
    list(asked.label(phrases(*(f"riga {n}" for n in range(10)))))
    assert 2 <= server.most_at_once <= 3
    assert len(server.requests) == 20


def test_results_stream_and_stopping_early_leaves_nothing_behind(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(labelled("riga"))
    taken = []

    def endless() -> Iterator[Phrase]:
        for number in range(100_000):
            taken.append(number)
            line = f"riga {number}"
            yield Phrase(f"{number}:0", str(number), 0, len(line), line)

    asked = labeller(server, concurrency=4, ledger=tmp_path / "ledger.sqlite")
    with closing(asked.label(endless())) as stream:  # type: ignore[type-var]
        assert next(stream).spans[0].text == "riga"
    assert len(taken) < 1_000


@pytest.mark.parametrize("format", ["iob", "spans", "inline"])
def test_phrases_that_share_a_call_are_read_and_kept_one_by_one(
    serve: Serve, tmp_path: Path, format: str
) -> None:
    server = serve(Reader(format, "field", ["Fuma.", *TELLING], **KNOWN))
    options = {"shield": "auto", "format": format, "ledger": tmp_path / "ledger.sqlite"}
    asked = labeller(server, view="field", batch=3, **options)
    found = list(asked.label(phrases(*TELLING)))
    assert spans(found) == TOLD
    assert len(server.requests) == 2 and asked.losses == Losses()

    alone = labeller(server, view="field", **options)
    assert list(alone.label(phrases(*TELLING))) == found
    other = labeller(server, view="field", batch=2, **options)
    assert list(other.label([*phrases("Fuma.", letter="b"), *phrases(*TELLING)])) != found
    assert len(server.requests) == 3, "only what was new is asked"


def test_a_phrase_passed_over_by_its_call_is_asked_alone(serve: Serve) -> None:
    reader = Reader("spans", "field", TELLING, **KNOWN)

    def forgetful(body: Json) -> Said:
        said = json.loads(reader(body).text or "")
        if "answers" in said:
            said["answers"][1] = {"n": 2, "spans": "?"}
            del said["answers"][2]
        return Said(json.dumps(said))

    server = serve(forgetful)
    asked = labeller(server, view="field", format="spans", batch=4, shield="auto")
    assert spans(asked.label(phrases(*TELLING))) == TOLD
    assert len(server.requests) == 3 and asked.losses == Losses()


def test_a_call_refused_for_all_is_made_for_each(serve: Serve) -> None:
    reader = Reader("spans", "field", TELLING, **KNOWN)

    def answer(body: Json) -> Said | Fault:
        return Fault(413) if "answers" in (reader(body).text or "") else reader(body)

    asked = labeller(serve(answer), view="field", format="spans", batch=4, shield="auto")
    assert spans(asked.label(phrases(*TELLING))) == TOLD


def test_a_whole_letter_is_asked_about_field_by_field_and_cut_back_to_phrases(
    serve: Serve,
) -> None:
    letter = "\n".join(TELLING)
    server = serve(Reader("fields", "field", [letter], **KNOWN))
    asked = labeller(server, view="field", format="fields", shield="auto")
    found = list(asked.label(phrases(*TELLING)))
    assert spans(found) == TOLD
    assert [a.phrase.text for a in found] == list(TELLING)
    assert len(server.requests) == len(Fields(default_schema(), "field").chunks()) > 3
    assert asked.losses == Losses()


def fields_asked(body: Json) -> list[str]:
    shape = json.dumps(body["response_format"], ensure_ascii=False)
    return [name for name in default_schema().labels("field") if f'"{name}"' in shape]


def test_a_chunk_without_an_answer_is_told_and_the_others_count(serve: Serve) -> None:
    letter = "\n".join(TELLING)
    reader = Reader("fields", "field", [letter], **KNOWN)

    def answer(body: Json) -> Said:
        return Said("Non so.") if "- diabete (" in body["messages"][0]["content"] else reader(body)

    asked = labeller(serve(answer), view="field", format="fields", shield="auto")
    found = list(asked.label(phrases(*TELLING)))
    assert spans(found) == TOLD
    chunks = len(Fields(default_schema(), "field").chunks())
    assert {a.comment for a in found} == {f"1 of {chunks} questions without a usable answer"}
    assert asked.losses == Losses(partly=4)


def test_a_chunk_cut_off_is_asked_for_in_fewer_fields(serve: Serve) -> None:
    letter = "\n".join(TELLING)
    reader = Reader("fields", "field", [letter], **KNOWN)
    most = max(map(len, Fields(default_schema(), "field").chunks()))

    def answer(body: Json) -> Said:
        schema = json.dumps(body["response_format"], ensure_ascii=False)
        names = [name for name in default_schema().labels("field") if f'"{name}"' in schema]
        return replace(reader(body), finish="length" if len(names) == most else "stop")

    asked = labeller(serve(answer), view="field", format="fields", shield="auto")
    assert spans(asked.label(phrases(*TELLING))) == TOLD
    assert asked.losses.halved >= 1 and replace(asked.losses, halved=0) == Losses()
