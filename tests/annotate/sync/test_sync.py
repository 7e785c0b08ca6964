"""There and back through the real Label Studio, on SQLite and on PostgreSQL."""

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.screen.config import Unit
from annotate.server.server import LabelStudioServer
from annotate.sync.pull import pull
from annotate.sync.push import push
from annotate.sync.studio import connect
from core.errors import BadInput, ServerError
from core.records import Annotation
from core.schema import VIEWS, View
from tests.annotate.sync.letters import NASTY, SCHEMA, accept, letter, listed
from tests.annotate.sync.line import serving
from tests.studio import free_port

PIECES = [
    "fumatore",
    *NASTY.values(),
    "a",
    " ",
    "\u00a0",
    "\r\n",
    "\r",
    "\u2028",
    "\u0085",
    "e\u0301",
]
_numbers = count()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def client(request: pytest.FixtureRequest) -> Any:
    name = {"sqlite": "label_studio", "postgres": "label_studio_on_postgres"}[request.param]
    server: LabelStudioServer = request.getfixturevalue(name)
    return connect(server.url, server.token)


def there_and_back(
    client: Any, title: str, pushed: list[Annotation], view: View, unit: Unit
) -> None:
    """Everything accepted as it was proposed comes back as it was."""
    report = push(client, title, pushed, SCHEMA, view, unit=unit, bare=0)
    assert report.refused == () and report.already == report.hidden == 0
    assert pull(client, title, SCHEMA).annotations == ()
    accept(client, report.project)
    pulled = pull(client, title, SCHEMA)
    assert pulled.refused == () and pulled.skipped == 0
    back = sorted(pulled.annotations, key=lambda annotation: annotation.phrase.start)
    for before, after in zip(pushed, back, strict=True):
        spans = [replace(span, edit="kept") for span in before.spans]
        assert list(after.spans) == sorted(spans, key=lambda s: (s.start, s.end))
        stood = sorted(after.extra["before"]["spans"], key=lambda span: span["start"])
        assert stood == sorted((s.to_json() for s in before.spans), key=lambda span: span["start"])
        assert after.extra["before"]["source"] == before.source
        assert after.extra["seen"] == "yes"
        assert (after.phrase, after.origin, after.source) == (before.phrase, "human", "person/1")


@pytest.mark.server
@pytest.mark.parametrize("view", VIEWS)
def test_there_and_back_is_the_same(client: Any, view: View) -> None:
    there_and_back(client, f"nasty {view}", letter(view, NASTY.values()), view, "phrase")


@pytest.mark.server
def test_there_and_back_as_a_letter(client: Any) -> None:
    there_and_back(client, "nasty letter", letter("group", NASTY.values()), "group", "letter")


@pytest.mark.server
@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1).map("".join), min_size=5, unique=True)
)
def test_any_texts_come_back(client: Any, texts: list[str]) -> None:
    title = f"drawn {next(_numbers)}"
    there_and_back(client, title, letter("target", texts), "target", "phrase")


@pytest.mark.server
def test_two_people_and_a_broken_region(client: Any) -> None:
    report = push(client, "two people", letter("group", ["Ex fumatore"]), SCHEMA, "group", bare=0)
    [task] = listed(client, report.project)
    number = report.project
    other = client.users.create(email=f"altra{number}@localhost", username="altra")
    broken = {"start": 3, "end": 99, "labels": ["risk"]}
    good = {"start": 3, "end": 11, "labels": ["risk"], "text": "never mind"}
    item = {"id": "x", "from_name": "label", "to_name": "text", "type": "labels"}
    client.annotations.create(id=task.id, result=[{**item, "value": broken}], lead_time=3.0)
    client.annotations.create(id=task.id, result=[{**item, "value": good}], completed_by=other.id)
    pulled = pull(client, "two people", SCHEMA, "group")
    assert [r.reason for r in pulled.refused] == ["the region 3-99 lies outside the text"]
    spans = {a.source: [(s.text, s.edit) for s in a.spans] for a in pulled.annotations}
    assert spans == {"person/1": [], f"person/{other.id}": [("fumatore", "added")]}


@pytest.mark.server
@pytest.mark.filterwarnings("ignore:The `parse_obj` method is deprecated")  # the SDK's own
def test_a_personal_access_token_opens_too(label_studio: LabelStudioServer) -> None:
    with httpx.Client(base_url=label_studio.url, follow_redirects=True) as browser:
        browser.get("/user/login/")
        form = {"email": label_studio.username, "password": label_studio.password}
        token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        browser.post("/user/login/", data={**form, **token})
        made = browser.post("/api/token/", headers={"X-CSRFToken": browser.cookies["csrftoken"]})
        assert made.status_code == 201
    client = connect(label_studio.url, made.json()["token"])
    report = push(client, "personal token", letter("target", ["uno"]), SCHEMA, "target")
    assert report.added == 1


@pytest.mark.server
def test_a_wrong_token_is_told(label_studio: LabelStudioServer) -> None:
    with pytest.raises(ServerError, match="refused the token") as told:
        connect(label_studio.url, "0" * 40)
    assert "0" * 40 not in str(told.value)


@pytest.mark.server
def test_names_that_do_not_fit_are_told(client: Any) -> None:
    push(client, "by group", letter("group", ["uno"]), SCHEMA, "group")
    with pytest.raises(ServerError, match="no project named 'group'; there are: .*'by group'"):
        pull(client, "group", SCHEMA, "group")
    with pytest.raises(BadInput, match="3 to 50 characters"):
        push(client, "ab", [], SCHEMA, "group")


def test_no_server_is_told() -> None:
    with pytest.raises(ServerError, match="no server answers at http://127.0.0.1:"):
        connect(f"http://127.0.0.1:{free_port()}/", "x")


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", ""])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ServerError, match="no web address"):
        connect(url, "x")


class Other(BaseHTTPRequestHandler):
    """Some other web server."""

    content = b"<html>Benvenuti</html>"

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)


class OtherJson(Other):
    content = json.dumps({"release": 1}).encode()


@pytest.fixture(params=[Other, OtherJson])
def other(request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(request.param) as url:
        yield url


def test_another_server_is_told(other: str) -> None:
    with pytest.raises(ServerError, match="it is not Label Studio"):
        connect(other, "x")
