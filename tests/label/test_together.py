"""The labeller against a service on loopback that speaks Together's protocol."""

import json
from typing import Any

import pytest

from core.errors import BadInput, LLMError, UnknownName
from core.label import LABELLERS
from core.label.asking import Asking, Voter
from core.label.together import Together
from core.label.verdict import Losses
from core.schema import default_schema
from tests.label.asker import IDENTITY, LINES, labeller, phrases, rules, spans
from tests.loopback.together import Json, Said, Serve, labelled, shown_words


def test_phrases_come_back_labelled_in_their_order(serve: Serve) -> None:
    def slow_at_first(body: Json) -> Said:
        said = labelled("Diabete", "diabete", "fumo")(body)
        return Said(said.text, delay=0.3 if "tp" in shown_words(body) else 0)

    server = serve(slow_at_first)
    asked = labeller(server)
    found = list(asked.label(phrases(*LINES)))
    assert [a.phrase.text for a in found] == list(LINES)
    assert spans(found) == [[], ["Diabete", "fumo"], ["diabete"], [], []]
    assert {(a.origin, a.source) for a in found} == {
        ("llm", "together/meta-llama/Llama-3.3-70B-Instruct-Turbo/iob.v1.it")
    }
    assert [(s.label, s.field, s.status, s.edits) for s in found[1].spans] == [
        ("TARGET", None, "exact", 0)
    ] * 2
    assert len(server.requests) == 4, "a line without a letter or digit is not asked about"
    assert (asked.usage.calls, asked.losses) == (4, Losses())
    assert asked.usage.tokens_in > 4 * 100


def test_the_request_is_the_one_the_service_documents(serve: Serve) -> None:
    server = serve(labelled())
    list(labeller(server, api_key="k3y", model="some/model").label(phrases("Fuma.")))
    (body,) = server.requests
    assert server.keys == ["Bearer k3y"]
    assert (body["model"], body["temperature"]) == ("some/model", 0.0)
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert body["response_format"]["type"] == "json_schema"
    assert "B-TARGET" in json.dumps(body["response_format"]["json_schema"]["schema"])


def test_an_address_with_v1_is_the_same_address(serve: Serve) -> None:
    server = serve(labelled("Fuma"))
    found = labeller(server, base_url=server.address + "/v1/").label(phrases("Fuma."))
    assert spans(found) == [["Fuma"]]


@pytest.mark.parametrize("view", ["group", "field"])
def test_other_views_give_other_labels(serve: Serve, view: str) -> None:
    label = {"group": "risk", "field": "fumo"}[view]
    server = serve(labelled("Fuma", label=label))
    ((span,),) = (a.spans for a in labeller(server, view=view).label(phrases("Fuma.")))
    assert (span.label, span.field) == (label, "fumo" if view == "field" else None)


def test_lines_of_the_diagnosis_are_whole_targets_too(serve: Serve) -> None:
    server = serve(labelled("aortica"))
    (found,) = labeller(server).label(phrases("Stenosi aortica severa", section="Diagnosi"))
    assert [(s.text, s.label, s.field) for s in found.spans] == [
        ("Stenosi aortica severa", "TARGET", "Diagnosi"),
        ("aortica", "TARGET", None),
    ]
    assert default_schema().seen_as(found, "field").spans == ()


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "an unknown format": (
        {"format": "xml"},
        UnknownName,
        "no answer format named 'xml'; choose one of: iob",
    ),
    "an unknown format to vote in": ({"votes": "iob,xml"}, UnknownName, "no answer format named"),
    "an unknown language": ({"language": "fr"}, UnknownName, "choose one of: it, en"),
    "an unknown shield": ({"shield": "perhaps"}, BadInput, "no shield mode 'perhaps'; choose one"),
    "nobody votes": ({"votes": "0"}, BadInput, "votes must be 1 to 9, or formats"),
    "a format votes twice": ({"votes": "iob,iob"}, BadInput, "names a format twice: iob,iob"),
    "calls without a phrase": ({"batch": 0}, BadInput, "batch must be 1 or more, not 0"),
    "fewer examples than none": ({"examples": -1}, BadInput, "examples must be 0 or more, not -1"),
    "no money": ({"max_usd": 0.0}, BadInput, "max_usd must be more than 0, not 0"),
    "no limit that is one": ({"rpm": float("nan")}, BadInput, "rpm must be more than 0, not nan"),
    "two ways to save at once": ({"batch": 2, "batch_api": True}, BadInput, "leave one of the two"),
}


@pytest.mark.parametrize(("options", "kind", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_choice_that_cannot_be_followed_is_told_at_once(
    options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        Asking(**options)
    assert message in str(caught.value)


def test_votes_are_samples_of_one_format_or_several_formats() -> None:
    assert Asking().voters == (Voter("iob", 0.0, 7),)
    assert Asking(votes="3", format="spans").voters == (
        Voter("spans", 0.0, 7),
        Voter("spans", 0.7, 8),
        Voter("spans", 0.7, 9),
    )
    assert Asking(votes="iob, inline").voters == (Voter("iob"), Voter("inline"))


def test_without_a_key_only_this_machine_is_asked() -> None:
    with pytest.raises(LLMError, match="set TOGETHER_API_KEY, or label without it"):
        Together().label(phrases("Fuma."))


def test_money_cannot_be_limited_without_a_price() -> None:
    with pytest.raises(BadInput, match="no price for the model 'own/model'"):
        Together(how=Asking(model="own/model", max_usd=1.0))


def test_no_identity_value_reaches_the_service(serve: Serve) -> None:
    """The model marks every word it is shown: all of them come back in the letter's own words."""
    everything = serve(lambda body: labelled(*shown_words(body))(body))
    found = list(labeller(everything).label(phrases(*LINES)))
    assert [value for value in IDENTITY if value in everything.sent()] == []
    assert [value for value in IDENTITY if value in json.dumps(everything.requests)] == []
    assert spans(found)[0] == ["Il", "Sig", ".", "BERTOLDI", "FRANCO", "nato", "il", "27/03/1939"]
    assert spans(found)[4][:4] == ["Dimesso", "il", "2 settembre 2019", "in"]


def test_a_heading_as_written_is_not_sent_but_a_section_of_the_schema_is(serve: Serve) -> None:
    server = serve(labelled())
    list(labeller(server).label(phrases("Fuma.", section="Lettera del Sig. BERTOLDI")))
    assert "BERTOLDI" not in server.sent()
    list(labeller(server).label(phrases("Fuma.", section="Anamnesi")))
    assert "Anamnesi" in server.sent()


def test_the_shield_is_off_on_loopback_or_when_told_and_on_for_all_else(serve: Serve) -> None:
    server = serve(labelled())
    assert labeller(server, shield="auto").shielded is False
    assert Together(api_key="k").shielded is True
    assert Together(how=Asking(shield="off"), api_key="k").shielded is False
    list(labeller(server, shield="auto").label(phrases(LINES[0])))
    assert "BERTOLDI" in server.sent()


def test_what_the_shield_found_comes_back_though_the_model_says_nothing(serve: Serve) -> None:
    asked = labeller(serve(labelled()), view="field", identity=rules())
    found = list(asked.label(phrases(*LINES[:3])))
    assert [[(s.field, s.text) for s in a.spans] for a in found] == [
        [("cognome", "BERTOLDI"), ("nome", "FRANCO"), ("data_di_nascita", "27/03/1939")],
        [],
        [("numero di telefono", "347 9927663")],
    ]


def test_the_models_own_word_for_it_gives_way(serve: Serve) -> None:
    """It takes the whole line for the family name; what it says besides is kept."""
    server = serve(lambda body: labelled(*shown_words(body), label="cognome")(body))
    (found,) = labeller(server, view="field", identity=rules()).label(phrases(LINES[0]))
    named = [(s.field, s.text) for s in found.spans]
    assert named[:3] == [
        ("cognome", "BERTOLDI"),
        ("nome", "FRANCO"),
        ("data_di_nascita", "27/03/1939"),
    ]
    assert len(named) == len(set(named))
    assert [s.score for s in found.spans[:3]] == [0.9, None, None], "both say the first"


def test_a_line_of_nothing_but_identity_needs_no_call(serve: Serve) -> None:
    server = serve(labelled())
    lines = ("Cognome: BERTOLDI Nome: FRANCO", "Data di nascita: 27/03/1939", "Fuma.")
    found = list(labeller(server, view="field", identity=rules()).label(phrases(*lines)))
    assert spans(found) == [["BERTOLDI", "FRANCO"], ["27/03/1939"], []]
    assert len(server.requests) == 1
    assert [a.comment for a in found] == [None] * 3


def test_it_is_the_labeller_called_together() -> None:
    assert LABELLERS.get("together") is Together
