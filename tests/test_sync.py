"""Push and pull against the real Label Studio."""

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from annotate.config import label_config
from annotate.server import LabelStudioServer
from annotate.sync import connect, pull, push
from core.errors import BadInput, ServerError
from core.records import Annotation, Phrase, Span, phrase_ids
from core.schema import TARGET, VIEWS, View, default_schema
from tests.studio import free_port

SCHEMA = default_schema()
NASTY = {
    "emoji": "Paziente 👩🏽‍⚕️ fumatore 🚬, poi 🇮🇹 fumatore.",
    "combining accents": "Perche\u0301 e\u0300 fumatore? Così è.",
    "no-break spaces": "25\u00a0mg,\u202ffumatore",
    "tabs and many spaces": "\tEx   fumatore\t\tattivo  ",
    "line ends of all kinds": "uno\nfumatore\r\ndue\rtre\u2028quattro\u2029cinque\u0085",
    "HTML-looking": "<b>fumatore</b> &amp; <script>x</script> a<b",
    "zero width": "fu\u200bmo, fumatore\ufeff",
    "İstanbul": "İİ fumatore ẞ ﬁne",
    "other scripts": "курильщик fumatore 吸烟者 מעשן",
    "JSON-looking": '{"text": "fumatore", "\\u0041": null}',
    "dollar": "$text $fumatore {{fumatore}} %s",
}


def letter(view: View, texts: list[str], name: str = "3fa2b1c09d12") -> list[Annotation]:
    """The texts as the phrases of one letter, every 'fumatore' and every first character marked."""
    found, start = [], 0
    for key, text in zip(phrase_ids(name, texts), texts, strict=True):
        phrase = Phrase(key, name, start, start + len(text), text, "Anamnesi")
        places = [(0, 1, "Sesso", None)]
        at = text.find("fumatore")
        while at >= 0:
            places.append((at, at + 8, "fumo", "negated"))
            at = text.find("fumatore", at + 1)
        spans = tuple(
            Span(
                a,
                b,
                str(SCHEMA.label_of(field, view)),
                field=field,
                state=state,  # type: ignore[arg-type]
                value=0 if state else None,
                text=text[a:b],
            )
            for a, b, field, state in places
        )
        found.append(Annotation(phrase, spans, "llm", "together/x/iob.v1", extra={"seen": "yes"}))
        start += len(text) + 1
    return found


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest) -> Any:
    server: LabelStudioServer = request.getfixturevalue("label_studio")
    return connect(server.url, server.token)


def accept(client: Any, project: int) -> None:
    """Somebody submits every task of a project as it was proposed."""
    for task in client.tasks.list(project=project, fields="all"):
        result = [
            {key: value for key, value in item.items() if key != "lettera"}
            for item in task.predictions[0].result
        ]
        client.annotations.create(id=task.id, result=result, lead_time=1.5)


@pytest.mark.server
@pytest.mark.parametrize("view", VIEWS)
def test_there_and_back_is_the_same(client: Any, view: View) -> None:
    pushed = letter(view, list(NASTY.values()))
    title = f"nasty {view}"
    report = push(client, title, pushed, SCHEMA, view)
    assert (report.added, report.already, report.refused) == (len(NASTY), 0, ())
    assert pull(client, title, SCHEMA, view).annotations == ()

    again = push(client, title, pushed, SCHEMA, view)
    assert (again.project, again.added, again.already) == (report.project, 0, len(NASTY))

    accept(client, report.project)
    pulled = pull(client, title, SCHEMA, view)
    assert pulled.refused == () and pulled.skipped == 0
    back = sorted(pulled.annotations, key=lambda annotation: annotation.phrase.start)
    for before, after in zip(pushed, back, strict=True):
        spans = tuple(replace(span, edit="kept") for span in before.spans)
        assert after.spans == tuple(sorted(spans, key=lambda s: (s.start, s.end)))
        assert after == replace(
            before, spans=after.spans, origin="human", source="person/1", seconds=1.5
        )


@pytest.mark.server
def test_neighbours_are_those_of_the_letter(client: Any) -> None:
    first = letter("target", ["uno", "due \ud83d", "tre"])
    second = letter("target", ["altro"], "0123456789ab")
    pushed = [first[2], second[0], first[0]]
    report = push(client, "neighbours", [*pushed, first[1]], SCHEMA, "target")
    assert [(r.id, r.reason) for r in report.refused] == [
        (first[1].key, "its text holds half a character (a lone surrogate)")
    ]
    shown = {
        task.data["key"]: (task.data["before"], task.data["after"])
        for task in client.tasks.list(project=report.project)
    }
    assert shown == {
        first[0].key: ("(inizio della lettera)", "due ?"),
        first[2].key: ("due ?", "(fine della lettera)"),
        second[0].key: ("(inizio della lettera)", "(fine della lettera)"),
    }


@pytest.mark.server
def test_what_cannot_be_sent_is_listed_and_the_rest_is_sent(client: Any) -> None:
    phrase = letter("target", ["Ex fumatore"])[0].phrase
    spans = (Span(0, 2, TARGET, text="Ex"), Span(3, 11, "fumo", text="fumatore"))
    one = Annotation(phrase, spans, "rules", "rules/1")
    twice = replace(one, source="rules/2")
    report = push(client, "refused", [one, twice], SCHEMA, "target")
    assert report.added == 1
    assert [(r.id, r.reason) for r in report.refused] == [
        (phrase.id, "the label of the span 3-11 is not in the label set"),
        (phrase.id, "the phrase comes twice; only the first was sent"),
    ]
    [task] = client.tasks.list(project=report.project, fields="all")
    assert [item["value"]["labels"] for item in task.predictions[0].result] == [[TARGET]]
    assert "fumatore" not in str(report.refused)


@pytest.mark.server
def test_two_people_and_a_broken_region(client: Any) -> None:
    report = push(client, "two people", letter("group", ["Ex fumatore"]), SCHEMA, "group")
    [task] = client.tasks.list(project=report.project, fields="all")
    other = client.users.create(email="altra@localhost", username="altra")
    broken = {"start": 3, "end": 99, "labels": ["risk"]}
    good = {"start": 3, "end": 11, "labels": ["risk"], "text": "never mind"}
    item = {"id": "x", "from_name": "label", "to_name": "text", "type": "labels"}
    client.annotations.create(id=task.id, result=[{**item, "value": broken}], lead_time=3.0)
    client.annotations.create(id=task.id, result=[{**item, "value": good}], completed_by=other.id)
    pulled = pull(client, "two people", SCHEMA, "group")
    assert [r.reason for r in pulled.refused] == ["the region 3-99 lies outside the phrase"]
    spans = {a.source: [(s.text, s.edit) for s in a.spans] for a in pulled.annotations}
    assert spans == {"person/1": [], f"person/{other.id}": [("fumatore", "added")]}


@pytest.mark.server
def test_labels_and_names_that_do_not_fit_are_told(client: Any) -> None:
    push(client, "by group", letter("group", ["uno"]), SCHEMA, "group")
    with pytest.raises(ServerError, match="'by group' was made with other labels than 'field'"):
        push(client, "by group", [], SCHEMA, "field")
    with pytest.raises(ServerError, match="no project named 'group'; there are: .*'by group'"):
        pull(client, "group", SCHEMA, "group")
    with pytest.raises(BadInput, match="3 to 50 characters"):
        push(client, "ab", [], SCHEMA, "group")


class Forgetful(BaseHTTPRequestHandler):
    """A line to the server on which the answer to the first import is lost."""

    behind: str
    lost = 0

    def log_message(self, *_: Any) -> None: ...

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = http.client.HTTPConnection(self.behind.removeprefix("http://"), timeout=60)
        server.request(self.command, self.path, body, dict(self.headers))
        answer = server.getresponse()
        content = answer.read()
        server.close()
        self.close_connection = True
        if self.command == "POST" and self.path.split("?")[0].endswith("/import"):
            type(self).lost += 1
            if self.lost == 1:
                return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"] or "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = handle_any


def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def forgetful(label_studio: LabelStudioServer) -> Iterator[str]:
    yield from serving(type("Line", (Forgetful,), {"behind": label_studio.url, "lost": 0}))


@pytest.mark.server
def test_a_lost_answer_adds_no_phrase_twice(
    forgetful: str, label_studio: LabelStudioServer, client: Any
) -> None:
    pushed = letter("target", [f"riga {number}" for number in range(1010)])
    seen: list[tuple[int, int | None]] = []
    line = connect(forgetful, label_studio.token)
    report = push(line, "lost answer", pushed, SCHEMA, "target", lambda *n: seen.append(n))
    keys = [task.data["key"] for task in client.tasks.list(project=report.project, page_size=1000)]
    assert sorted(keys) == sorted(annotation.key for annotation in pushed)
    assert report.added == 1010 and seen == [(1000, 1010), (1010, 1010)]


@pytest.mark.server
def test_a_wrong_token_is_told(label_studio: LabelStudioServer) -> None:
    with pytest.raises(ServerError, match="refused the token") as told:
        connect(label_studio.url, "0" * 40)
    assert "0" * 40 not in str(told.value)


def test_no_server_is_told() -> None:
    with pytest.raises(ServerError, match="no server answers at http://127.0.0.1:"):
        connect(f"http://127.0.0.1:{free_port()}/", "x")


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", ""])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ServerError, match="no web address"):
        connect(url, "x")


class Other(BaseHTTPRequestHandler):
    """Some other web server."""

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    content = b"<html>Benvenuti</html>"


class OtherJson(Other):
    content = json.dumps({"release": 1}).encode()


@pytest.mark.parametrize("handler", [Other, OtherJson])
def test_another_server_is_told(handler: type[BaseHTTPRequestHandler]) -> None:
    for url in serving(handler):
        with pytest.raises(ServerError, match="it is not Label Studio"):
            connect(url, "x")


def test_the_config_holds_what_a_task_needs() -> None:
    """A name the config uses and a task lacks would be refused by the server, or shown empty."""
    from annotate.regions import task_of

    data = task_of(letter("target", ["x"])[0], None, None)["data"]
    config = label_config(SCHEMA, "target")
    assert all(f"${name}" in config for name in ("place", "before", "text", "after"))
    assert {"place", "before", "text", "after"} <= data.keys()
