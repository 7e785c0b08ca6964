"""What goes online and what never does; the real Hub client against a Hub on loopback."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import constants, snapshot_download

from core.errors import BadInput, ServerError
from core.publish.hub import check_repo, upload
from core.publish.identity import Identities
from core.publish.model import publish_model
from core.publish.plan import Plan, PlannedFile, allowed_files
from tests.loopback.hub import hub as loopback
from tests.loopback.hub_repos import Blob, Repo
from tests.loopback.hub_server import TOKEN, Fault, Hub
from tests.model_record import record

# The client's own way to send a large file.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
LIST = ("app.py", "core/*.py", "model/*.onnx")
SPLIT = ("a1" * 6, "b2" * 6, "c3" * 6)
KNOWN = Identities(letters=dict.fromkeys(SPLIT, 2000))


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


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """As with HF_HUB_DISABLE_XET=1; the client asks this switch whenever it sends."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with loopback() as server:
        yield server


def plan_of(folder: Path, contents: dict[str, bytes], **more: Any) -> Plan:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    files = tuple(PlannedFile(name, folder / name, len(c)) for name, c in contents.items())
    known: dict[str, Any] = {"message": "Publish", "marker": "app.py", "patterns": LIST}
    return Plan("ward/demo", "space", files, **known | more)


@pytest.fixture
def space(tmp_path: Path) -> Plan:
    variables, secrets = {"LETTERA_MODEL": "ward/letters"}, {"HF_TOKEN": "hf_of_the_space"}
    return plan_of(tmp_path, {"app.py": b"app.py"}, variables=variables, secrets=secrets)


def test_a_space_goes_online_in_one_commit(hub: Hub, space: Plan) -> None:
    sent = upload(space, TOKEN, hub.url)
    online = hub.repo("ward/demo", "space")
    assert sent.url == f"{hub.url}/spaces/ward/demo"
    assert sent.revision == online.head.oid and len(online.commits) == 2
    assert online.head.files["app.py"].content == b"app.py"
    assert online.variables == {"LETTERA_MODEL": "ward/letters"}
    assert online.secrets == {"HF_TOKEN": "hf_of_the_space"} and online.sdk == "gradio"
    assert "hf_of_the_space" not in repr(space)


@pytest.mark.parametrize(
    ("part", "status", "way_out"),
    [
        ("/whoami", 401, "set HF_TOKEN"),
        ("/create", 402, "paid account"),
        ("/create", 403, "owner's name"),
        ("/create", 418, "answered 418"),
        ("/commit/", 409, "in a minute"),
        ("/preupload/", 404, "check the name"),
        ("/upload/", 413, "too large"),
    ],
)
def test_a_refusal_is_one_line_with_the_way_out(
    hub: Hub, tmp_path: Path, part: str, status: int, way_out: str
) -> None:
    hub.faults.append(Fault(part, status, times=9))
    plan = plan_of(tmp_path, {"app.py": b"a", "model/model.onnx": b"o" * 99})
    with pytest.raises(ServerError, match=way_out) as caught:
        upload(plan, TOKEN, hub.url)
    assert TOKEN not in str(caught.value) and "\n" not in str(caught.value)
    assert not any("app.py" in repo.head.files for repo in hub.repos.values())


@pytest.mark.slow
def test_a_busy_hub_and_cut_lines_are_outlasted(hub: Hub, tmp_path: Path) -> None:
    hub.faults += [
        Fault("GET /api/whoami", 503),
        Fault("POST /api/repos/create", 0),
        Fault("POST /api/spaces/ward/demo/variables", 503),
        Fault("/preupload/", 503, times=2),
        Fault("PUT /upload/", 0),
    ]
    contents = {"app.py": b"a", "model/model.onnx": bytes(range(256)) * 64}
    upload(plan_of(tmp_path, contents, variables={"A": "1"}), TOKEN, hub.url)
    online = hub.repo("ward/demo", "space").head.files
    assert {name: online[name].content for name in contents} == contents
    assert not any(fault.times for fault in hub.faults)


def test_a_readme_that_the_hub_does_not_take_is_told_in_its_words(hub: Hub, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"app.py": b"a", "README.md": b"---\nsdk: gradio\n---\n"})
    with pytest.raises(ServerError, match="'sdk_version' is required"):
        upload(plan, TOKEN, hub.url)


def test_a_hub_that_is_not_there_says_so(space: Plan) -> None:
    with pytest.raises(ServerError, match="not reached"):
        upload(space, TOKEN, "http://127.0.0.1:9")


def test_without_a_token_nothing_is_tried(space: Plan) -> None:
    with pytest.raises(BadInput, match="HF_TOKEN"):
        upload(space, None, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("role", "orgs", "message"),
    [("write", (), "it may write for: livia"), ("read", ("ward",), "may only read")],
    ids=["another's name", "a token that may only read"],
)
def test_who_may_not_write_is_told_before_anything_is_sent(
    hub: Hub, space: Plan, role: str, orgs: tuple[str, ...], message: str
) -> None:
    hub.role, hub.orgs = role, orgs
    with pytest.raises(BadInput, match=message):
        upload(space, TOKEN, hub.url)
    assert not any(call.startswith(("POST", "PUT")) for call in hub.calls)


def test_that_a_space_may_cost_is_told_before_it_is_refused(hub: Hub, space: Plan) -> None:
    hub.pro, told = False, []
    with pytest.raises(ServerError, match="paid account"):
        upload(space, TOKEN, hub.url, told.append)
    assert "it may refuse" in told[0] and not hub.repos


def test_what_is_no_longer_in_the_plan_goes_and_what_others_put_there_stays(
    hub: Hub, tmp_path: Path
) -> None:
    upload(plan_of(tmp_path, {"app.py": b"1", "core/old.py": b"o"}), TOKEN, hub.url)
    online = hub.repo("ward/demo", "space")
    online.commit("a picture", {**online.head.files, "picture.png": Blob(b"p", False)})
    upload(plan_of(tmp_path, {"app.py": b"2", "core/new.py": b"n"}), TOKEN, hub.url)
    names = set(online.head.files) - {".gitattributes"}
    assert names == {"app.py", "core/new.py", "picture.png"}
    before = len(online.commits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = upload(plan_of(tmp_path, {"app.py": b"2", "core/new.py": b"n"}), TOKEN, hub.url)
    assert len(online.commits) == before and again.revision == online.head.oid


def test_a_repository_of_others_is_left_alone(hub: Hub, space: Plan) -> None:
    others = hub.add(Repo("ward/demo", "space"))
    others.commit("theirs", {"index.html": Blob(b"<p>", False)})
    with pytest.raises(BadInput, match="index.html"):
        upload(space, TOKEN, hub.url)
    assert len(others.commits) == 2


def test_what_is_private_does_not_go_where_all_may_see_it(hub: Hub, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"app.py": b"1"})
    upload(plan, TOKEN, hub.url)
    online = hub.repo("ward/demo", "space")
    with pytest.raises(BadInput, match="for all to see"):
        upload(replace(plan, private=True), TOKEN, hub.url)
    assert len(online.commits) == 2
    online.private = True
    upload(replace(plan, private=True), TOKEN, hub.url)


@pytest.mark.parametrize("part_size", [1 << 30, 1000], ids=["in one piece", "in parts"])
def test_what_comes_down_is_what_went_up(hub: Hub, tmp_path: Path, part_size: int) -> None:
    hub.part_size = part_size
    contents = {
        "app.py": "perché\n".encode(),
        "core/empty.py": b"",
        "model/model.onnx": bytes(range(256)) * 17,
    }
    sent = upload(plan_of(tmp_path / "up", contents), TOKEN, hub.url)
    hub.faults.append(Fault("GET /blob/", 0, after=1500))  # cut: it goes on where it was
    down = snapshot_download(
        "ward/demo",
        repo_type="space",
        revision=sent.revision,
        endpoint=hub.url,
        cache_dir=tmp_path / "cache",
        token=TOKEN,
    )
    assert {name: (Path(down) / name).read_bytes() for name in contents} == contents


def model(folder: Path, **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    header = b'{"__metadata__":{"format":"pt"}}'
    weights = len(header).to_bytes(8, "little") + header
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "tokenizer.json").write_text('{"model": {"vocab": {"fumo": 0}}}')
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "lettera.json").write_text(json.dumps(record(**more).to_json()))
    return folder


def publish(hub: Hub, folder: Path, **more: Any) -> Plan:
    return publish_model(folder, "ward/letters", known=KNOWN, token=TOKEN, endpoint=hub.url, **more)


def test_a_model_goes_online_with_a_card_a_recipe_and_a_tag(hub: Hub, tmp_path: Path) -> None:
    sent = publish(hub, model(tmp_path / "model"), private=True)
    online = hub.repo("ward/letters")
    names = {"README.md", "config.json", "lettera.json", "model.safetensors", "recipe.json"}
    assert {file.name for file in sent.files} == names | {"tokenizer.json"}
    assert online.tags == {"2026-11-21-ffffffff": sent.revision} and online.private
    assert not (tmp_path / "model" / "README.md").exists()
    publish(hub, model(tmp_path / "model"))  # the same again: no second tag, no complaint
    assert len(online.tags) == 1


def card(hub: Hub, folder: Path, **more: Any) -> tuple[dict[str, Any], str]:
    publish(hub, model(folder, **more))
    online = hub.repo("ward/letters").head.files
    _, front, body = online["README.md"].content.decode().split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_card_says_what_taught_the_model_and_how_well_it_reads(
    hub: Hub, tmp_path: Path
) -> None:
    bounds = {"test": {"value": 0.7467, "low": 0.7, "high": 0.8}}
    leaks = {"letters on two sides": 0, "phrases": 80, "phrases repeated": 12}
    sources = {"person/1": 200, "rules/1": 900}
    front, body = card(hub, tmp_path / "m", intervals=bounds, leaks=leaks, sources=sources)
    assert (front["license"], front["pipeline_tag"]) == ("apache-2.0", "token-classification")
    (result,) = front["model-index"][0]["results"]
    f1 = next(metric for metric in result["metrics"] if metric["type"] == "f1")
    assert f1["value"] == 0.7467 and f1["args"]["low"] == 0.7
    assert f1["name"] == "strict span f1 (95 %: 0.700 to 0.800)"
    assert "- 1,200 phrases labelled by rules, checked by nobody" in body
    assert "**Corrected by people:** none of the 1,500 phrases it was made with." in body
    assert "on 6 letters it was not trained on, invented" in " ".join(body.split())
    assert result["dataset"]["name"] == "6 letters not trained on, invented"
    assert "| person/1 | 200 |" in body
    assert "| test | 6 | 90 | 0.800 | 0.700 | 0.747 (0.700 to 0.800) | 0.847 |" in body
    assert "Of the 80 distinct phrases scored on, 12 stand word for word" in body
    assert "| `risk` | Risk factors: fumo, diabete" in body
    assert "| 0.80 / 0.70 / **0.75** (40) |" in body
    assert "Not a medical device" in body and 'pipeline("token-classification"' in body


def test_the_card_counts_what_people_corrected(hub: Hub, tmp_path: Path) -> None:
    sources = {"person/1": 200, "fictitious/prosa": 3, "fictitious/exitus": 4}
    phrases = {"human": 2345, "fictitious": 2345}
    _, body = card(hub, tmp_path / "m", phrases=phrases, sources=sources)
    assert "**Corrected by people:** 2,345 of the 4,690 phrases it was made with, 50 %." in body
    assert "| person/1 | 200 |\n| invented letters, in 2 voices | 7 |" in body


def test_a_model_nobody_tested_claims_no_score(hub: Hub, tmp_path: Path) -> None:
    front, body = card(hub, tmp_path / "m", scores={})
    assert "model-index" not in front and "metrics" not in front
    assert "nothing is known of how well it reads" in body


def test_no_folder_of_this_machine_is_told(hub: Hub, tmp_path: Path) -> None:
    base = tmp_path / "mario.rossi" / "encoder"
    base.mkdir(parents=True)
    card(hub, tmp_path / "m", base=str(base), options={"model": str(base), "start": "ward/last"})
    online = hub.repo("ward/letters").head.files
    assert not any(b"mario" in blob.content for blob in online.values())
    assert json.loads(online["lettera.json"].content)["options"]["start"] == "ward/last"
    assert "--model encoder" in json.loads(online["recipe.json"].content)["command"]


def test_annotators_are_numbers_or_nothing_goes(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="annotators are not numbers") as caught:
        publish(hub, model(tmp_path / "m", sources={"person/livia": 3}))
    assert "livia" not in str(caught.value)


def test_letters_that_are_not_at_hand_cannot_be_searched_for(tmp_path: Path) -> None:
    few = Identities(letters={SPLIT[0]: 3})
    with pytest.raises(BadInput, match="1,200 phrases of letters, of which 3 are at hand"):
        publish_model(model(tmp_path / "m"), "ward/letters", known=few, dry_run=True)
    fiction = model(tmp_path / "m", phrases={"fictitious": 300})
    assert publish_model(fiction, "ward/letters", dry_run=True).files


def test_a_model_not_better_than_the_last_goes_by_force_only(tmp_path: Path) -> None:
    told = {"difference": 0.0, "low": -0.1, "high": 0.1, "p": 0.8, "letters": 9}
    folder = model(tmp_path / "m", offered=False, compared=told)
    with pytest.raises(BadInput, match="not shown to be better.*--force"):
        publish_model(folder, "ward/letters", known=KNOWN, dry_run=True)
    assert publish_model(folder, "ward/letters", known=KNOWN, dry_run=True, force=True).files


def test_a_dry_run_of_a_model_asks_nobody(tmp_path: Path) -> None:
    plan = publish_model(
        model(tmp_path / "m"),
        "ward/letters",
        known=KNOWN,
        dry_run=True,
        endpoint="http://127.0.0.1:9",
    )
    assert plan.url is None and plan.tag == "2026-11-21-ffffffff"


@pytest.mark.parametrize(
    ("folder", "message"),
    [("nowhere", "no such folder"), (".", "no model of ours")],
    ids=["a folder that is not there", "a folder without a record"],
)
def test_what_is_no_model_is_not_published(tmp_path: Path, folder: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        publish_model(tmp_path / folder, "ward/letters", dry_run=True)
