"""What goes online and what never does; the real Hub client against a small server on loopback."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import BadInput, ServerError
from core.publish.hub import check_repo, upload
from core.publish.model import publish_model
from core.publish.plan import Plan, PlannedFile, allowed_files
from tests.model_record import record

LIST = ("app.py", "core/*.py", "model/*.onnx")


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_a_plan_lists_every_file_with_its_size(tmp_path: Path) -> None:
    files = allowed_files(fill(tmp_path, "core/a.py", "app.py", "core/__pycache__/a.pyc"), LIST)
    assert [(file.name, file.size) for file in files] == [("app.py", 6), ("core/a.py", 9)]


@pytest.mark.parametrize(
    "stranger",
    ["letters.jsonl", "ledger.db", ".env", "core/token", "core/read/a.py", "model/a.onnx.jsonl"],
)
def test_a_file_that_is_not_on_the_list_stops_everything(tmp_path: Path, stranger: str) -> None:
    fill(tmp_path, "app.py", stranger)
    with pytest.raises(BadInput, match="nothing was sent") as caught:
        allowed_files(tmp_path, LIST)
    assert stranger in str(caught.value)


def test_a_link_out_of_the_folder_stops_everything(tmp_path: Path) -> None:
    secret = fill(tmp_path / "elsewhere", "letters.jsonl") / "letters.jsonl"
    (fill(tmp_path / "space", "core/b.py") / "app.py").symlink_to(secret)
    with pytest.raises(BadInput, match="app.py"):
        allowed_files(tmp_path / "space", LIST)


@pytest.mark.parametrize(
    "name", ["lettera", "a/b/c", "https://huggingface.co/a/b", "a /b", "", "a/"]
)
def test_a_repository_is_written_owner_slash_name(name: str) -> None:
    with pytest.raises(BadInput, match="owner/name"):
        check_repo(name)


class Hub(ThreadingHTTPServer):
    """As much of the Hub as a commit of small files needs. `refuse`: part of a path, its status."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Route)
        self.refuse: tuple[str, int] = ("", 0)
        self.calls: list[tuple[str, str, str]] = []
        self.committed: dict[str, bytes] = {}
        self.variables: dict[str, str] = {}
        self.created: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Route(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self.reply(404, {"error": "not here"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub, path = self.server, self.path
        hub.calls.append(("POST", path, self.headers.get("Authorization", "")))
        part, status = hub.refuse
        if status and part in path:
            return self.reply(status, {"error": "no"})
        if path == "/api/repos/create":
            hub.created = json.loads(body)
            owner, name = hub.created["organization"], hub.created["name"]
            return self.reply(200, {"url": f"{hub.url}/spaces/{owner}/{name}"})
        if path == "/api/validate-yaml":
            return self.reply(200, {"errors": [], "warnings": []})
        if path.endswith("/variables"):
            said = json.loads(body)
            hub.variables[said["key"]] = said["value"]
            return self.reply(200, {said["key"]: {"value": said["value"]}})
        if "/preupload/" in path:
            files = json.loads(body)["files"]
            plain = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files
            ]
            return self.reply(200, {"files": plain})
        if "/commit/" in path:
            for line in body.splitlines():
                row = json.loads(line)
                if row["key"] == "file":
                    value = row["value"]
                    hub.committed[value["path"]] = base64.b64decode(value["content"])
            return self.reply(
                200, {"commitOid": "0" * 40, "commitUrl": f"{hub.url}/spaces/ward/demo/commit/0"}
            )
        return self.reply(404, {"error": "not here"})


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def space(tmp_path: Path) -> Plan:
    path = fill(tmp_path, "app.py") / "app.py"
    variables = {"LETTERA_MODEL": "ward/letters"}
    return Plan("ward/demo", "space", (PlannedFile("app.py", path, 6),), variables)


def test_a_space_goes_online_in_one_commit(hub: Hub, space: Plan) -> None:
    sent = upload(space, "hf_test", "Publish", hub.url)
    assert sent.url == f"{hub.url}/spaces/ward/demo"
    assert hub.committed == {"app.py": b"app.py"}
    assert hub.variables == {"LETTERA_MODEL": "ward/letters"}
    assert (hub.created["type"], hub.created["sdk"]) == ("space", "gradio")
    assert all(token == "Bearer hf_test" for _, _, token in hub.calls)
    assert sum("/commit/" in path for _, path, _ in hub.calls) == 1


@pytest.mark.parametrize(
    ("part", "status", "way_out"),
    [
        ("/create", 401, "set HF_TOKEN"),
        ("/create", 402, "paid account"),
        ("/create", 403, "owner's name"),
        ("/create", 500, "answered 500"),
        ("/commit/", 409, "in a minute"),
        ("/preupload/", 404, "check the name"),
    ],
)
def test_a_refusal_is_one_line_with_the_way_out(
    hub: Hub, space: Plan, part: str, status: int, way_out: str
) -> None:
    hub.refuse = (part, status)
    with pytest.raises(ServerError, match=way_out) as caught:
        upload(space, "hf_secret", "Publish", hub.url)
    assert "hf_secret" not in str(caught.value) and "\n" not in str(caught.value)
    assert hub.committed == {}


def test_a_hub_that_is_not_there_says_so(space: Plan) -> None:
    with pytest.raises(ServerError, match="not reached"):
        upload(space, "hf_test", "Publish", "http://127.0.0.1:9")


def test_without_a_token_nothing_is_tried(space: Plan) -> None:
    with pytest.raises(BadInput, match="HF_TOKEN"):
        upload(space, None, "Publish", "http://127.0.0.1:9")


def model(folder: Path, **more: Any) -> Path:
    fill(folder, "model.onnx", "model.safetensors", "tokenizer.json", "config.json")
    (folder / "lettera.json").write_text(json.dumps(record(**more).to_json()))
    return folder


def test_a_model_goes_online_with_a_card(hub: Hub, tmp_path: Path) -> None:
    sent = publish_model(model(tmp_path), "ward/letters", token="hf_test", endpoint=hub.url)
    assert sent.url and hub.created["type"] == "model"
    assert set(hub.committed) == {file.name for file in sent.files} >= {"README.md", "model.onnx"}
    assert not (tmp_path / "README.md").exists()


def card(hub: Hub, folder: Path, **more: Any) -> tuple[dict[str, Any], str]:
    publish_model(model(folder, **more), "ward/letters", token="hf_test", endpoint=hub.url)
    _, front, body = hub.committed["README.md"].decode().split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_card_says_what_taught_the_model_and_how_well_it_reads(
    hub: Hub, tmp_path: Path
) -> None:
    front, body = card(hub, tmp_path)
    assert (front["license"], front["pipeline_tag"]) == ("apache-2.0", "token-classification")
    (result,) = front["model-index"][0]["results"]
    assert {m["type"]: m["value"] for m in result["metrics"]}["f1"] == 0.7467
    assert "- 1,200 phrases labelled by rules, checked by nobody" in body
    assert "No phrase it learned from was corrected by a person" in body
    assert "| test | 6 | 90 | 0.800 | 0.700 | 0.747 | 0.847 |" in body
    assert "- `risk`: Risk factors: fumo, diabete" in body
    assert "Not a medical device" in body


def test_the_card_counts_what_people_corrected(hub: Hub, tmp_path: Path) -> None:
    _, body = card(hub, tmp_path, phrases={"human": 2345})
    assert "2,345 of these phrases were corrected by people." in body


def test_a_model_nobody_tested_claims_no_score(hub: Hub, tmp_path: Path) -> None:
    front, body = card(hub, tmp_path, scores={})
    assert "model-index" not in front and "metrics" not in front
    assert "nothing is known of how well it reads" in body


def test_a_dry_run_of_a_model_asks_nobody(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    plan = publish_model(model(tmp_path), "ward/letters", dry_run=True, endpoint=nowhere)
    assert plan.url is None
    assert {file.name: file.size for file in plan.files}["model.onnx"] == len("model.onnx")


@pytest.mark.parametrize(
    ("folder", "message"),
    [("nowhere", "no such folder"), (".", "no model of ours")],
    ids=["a folder that is not there", "a folder without a record"],
)
def test_what_is_no_model_is_not_published(tmp_path: Path, folder: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        publish_model(tmp_path / folder, "ward/letters", dry_run=True)
