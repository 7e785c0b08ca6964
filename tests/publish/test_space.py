"""The Space's folder: it runs from itself alone, without what a Space does not install."""

import ast
import json
import os
import re
import shutil
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from gradio_client import Client
from huggingface_hub import constants, snapshot_download
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.errors import BadInput, ServerError
from core.learn.engines import files_of
from core.learn.record import read_record
from core.publish.folder import AT_HOME, assemble_space, requirements
from core.publish.hub import client
from core.publish.local import environment
from core.publish.online import look, remember, remembered
from core.publish.plan import Plan
from core.publish.running import ask, wait_until_running
from core.publish.space import pinned, publish_space
from tests.demo_page import LETTER, running
from tests.loopback.hub import hub
from tests.loopback.hub_repos import Blob, Repo
from tests.loopback.hub_server import TOKEN, Fault, Hub
from tests.model_record import record
from tests.places import ROOT

TEMPLATE, PROJECT = ROOT / "spaces", ROOT / "pyproject.toml"
FOLDERS = (ROOT / "core", ROOT / "demo")
# Runs first in the Space's process: hides the checkout, forbids what a Space does not install, and
# writes down where our packages come from.
FENCE = """
import importlib.machinery, json, os, sys

FORBIDDEN = {"torch", "transformers", "together", "label_studio_sdk", "lettera", "annotate"}
CHECKOUT, SEEN = os.environ["CHECKOUT"], os.environ["SEEN"]


class Fence:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in FORBIDDEN:
            raise ModuleNotFoundError(f"{name} is not on a Space", name=name)
        if top in ("core", "demo"):
            spec = importlib.machinery.PathFinder.find_spec(name, path)
            with open(SEEN, "a") as seen:
                print(json.dumps([name, spec.origin if spec else None]), file=seen)
            return spec
        return None


sys.meta_path.insert(0, Fence())
sys.path[:] = [p for p in sys.path if os.path.realpath(p) != os.path.realpath(CHECKOUT)]
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    return assemble_space(tmp_path / "space", TEMPLATE, FOLDERS, PROJECT)


def header(readme: Path) -> dict[str, object]:
    (front,) = re.findall(r"\A---\n(.*?)\n---\n", readme.read_text(encoding="utf-8"), re.DOTALL)
    said = yaml.safe_load(front)
    assert isinstance(said, dict)
    return said


@contextmanager
def started(space: Path, scratch: Path) -> Iterator[str]:
    """The Space's own program, in a process that can see nothing else of ours."""
    (scratch / "fence").mkdir()
    (scratch / "fence" / "sitecustomize.py").write_text(FENCE)
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    env = kept | {"PYTHONPATH": str(scratch / "fence"), "HOME": str(scratch)}
    env |= {"CHECKOUT": str(ROOT), "SEEN": str(scratch / "seen.jsonl")}
    with running([sys.executable, "app.py"], space, env) as url:
        yield url


@pytest.mark.training
def test_a_model_that_was_copied_in_is_the_one_that_answers(
    tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "space"
    assemble_space(folder, TEMPLATE, FOLDERS, PROJECT, str(tiny_model))
    assert sorted(path.name for path in (folder / "model").iterdir()) == sorted(
        files_of(read_record(folder / "model"))
    )
    with started(folder, tmp_path) as url:
        with urllib.request.urlopen(url, timeout=10) as reply:
            assert b"model/model@" in reply.read()
        said = Client(url, verbose=False).predict(LETTER, api_name="/extract")
    assert said["fields"]["ipertensione"]["value"] is True


def test_the_folder_holds_what_runs_and_nothing_else(space: Path) -> None:
    names = {path.relative_to(space).as_posix() for path in space.rglob("*") if path.is_file()}
    assert {"app.py", "README.md", "requirements.txt", "packages.txt", "core/fields.toml"} <= names
    assert {"demo/app.py", "demo/screen/index.html", "core/read/__init__.py"} <= names
    assert not names & {row for row in AT_HOME if row.endswith(".py")}
    assert any(name.startswith("demo/examples/") for name in names)
    assert not any(name.startswith(("core/publish", "spaces", "tests")) for name in names)
    assert {Path(name).suffix for name in names} <= {
        *(".py", ".toml", ".md", ".txt", ".pdf"),
        *(".html", ".css", ".js", ".json"),
    }


def test_the_header_says_what_the_hub_must_know(space: Path, tmp_path: Path) -> None:
    alone = header(space / "README.md")
    assert (alone["sdk"], alone["app_file"], alone["python_version"]) == (
        "gradio",
        "app.py",
        "3.11",
    )
    assert re.fullmatch(r"6\.\d+\.\d+", str(alone["sdk_version"]))
    assert "models" not in alone and len(str(alone["short_description"])) <= 60
    online = assemble_space(tmp_path / "online", TEMPLATE, FOLDERS, PROJECT, "ward/letters")
    assert header(online / "README.md")["models"] == ["ward/letters"]


def test_a_space_installs_no_more_than_the_page_needs() -> None:
    lines = requirements(PROJECT)
    names = {line.partition("==")[0] for line in lines}
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in lines)
    assert not names & {"torch", "transformers", "label-studio-sdk", "together", "gradio"}
    known = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    extras = {extra for line in known for extra in Requirement(line).extras}  # gradio[mcp]
    assert names <= {Requirement(line).name for line in known} | extras


def imported(space: Path, names: list[str]) -> set[str]:
    """The packages of others that modules import when they are imported, and those they import."""
    seen: set[str] = set()
    foreign: set[str] = set()
    while names:
        name = names.pop()
        path = space / name.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in seen or not file.is_file():
            continue
        seen.add(name)
        names += [name.rpartition(".")[0]] if "." in name else []
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            found = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                found = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            ours = [row for row in found if row.partition(".")[0] in ("core", "demo")]
            names += ours
            foreign |= {row.partition(".")[0] for row in set(found) - set(ours)}
    return foreign - set(sys.stdlib_module_names)


def brought(names: set[str]) -> set[str]:
    """Distributions and all that they bring with them here."""
    found: set[str] = set()
    while names:
        name = canonicalize_name(names.pop())
        if name in found:
            continue
        found.add(name)
        for line in requires(name) or ():
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                names.add(need.name)
    return found


def test_all_that_the_page_imports_is_among_its_requirements(space: Path) -> None:
    """Only the fresh environment of `tests.bench.space` proves it whole; this is what costs no
    minutes."""
    rooms = ("demo", "core/read", "core/learn/engines", "core/label/rules", "core/extract")
    roots = [
        path.relative_to(space).with_suffix("").as_posix().replace("/", ".")
        for room in rooms
        for path in (space / room).glob("*.py")
    ]
    names = {
        re.split("[=@ ]", line)[0] for line in (space / "requirements.txt").read_text().split()
    }
    there = brought(names | {"gradio"})
    homes = packages_distributions()
    missing = {
        package: homes.get(package, ["?"])
        for package in imported(space, roots)
        if not {canonicalize_name(home) for home in homes.get(package, ["?"])} & there
    }
    assert missing == {}


def test_a_dry_run_lists_every_file_and_sends_nothing() -> None:
    plan = publish_space(
        "ward/demo",
        TEMPLATE,
        FOLDERS,
        PROJECT,
        "ward/letters",
        dry_run=True,
        endpoint="http://127.0.0.1:9",
    )
    assert plan.url is None and plan.variables == {"LETTERA_MODEL": "ward/letters"}
    assert "app.py" in {file.name for file in plan.files}
    assert plan.size == sum(file.size for file in plan.files) > 0


def test_a_letter_among_the_examples_stops_the_space(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    shutil.copytree(ROOT / "demo" / "examples", demo / "examples")
    (demo / "examples" / "rossi.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(BadInput, match="rossi.pdf: not one of the invented letters"):
        assemble_space(tmp_path / "space", TEMPLATE, [demo], PROJECT)


def test_a_letter_among_the_model_s_files_stops_the_space(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "lettera.json").write_text("{}")
    (model / "corrected.jsonl").write_text("{}")
    with pytest.raises(BadInput, match="corrected.jsonl"):
        assemble_space(tmp_path / "space", TEMPLATE, FOLDERS, PROJECT, str(model))


def push(there: Hub, model: str | None = None, **more: Any) -> Plan:
    return publish_space(
        "ward/demo",
        TEMPLATE,
        FOLDERS,
        PROJECT,
        model,
        token=TOKEN,
        endpoint=there.url,
        **more,
    )


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with hub() as server:
        server.add(Repo("ward/letters")).commit("v1", {"lettera.json": Blob(b"{}", False)})
        yield server


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_from_push_to_a_space_that_answers(there: Hub, tmp_path: Path) -> None:
    told: list[str] = []
    plan = push(there)
    online, api = there.repo("ward/demo", "space"), client(TOKEN, there.url)
    folder = snapshot_download(
        "ward/demo",
        repo_type="space",
        revision=plan.revision,
        endpoint=there.url,
        cache_dir=tmp_path / "cache",
        token=TOKEN,
    )
    copied = Path(shutil.copytree(folder, tmp_path / "built"))
    with started(copied, tmp_path) as url:
        said = Client(url, verbose=False).predict(LETTER, api_name="/extract")
        online.host = url
        address = wait_until_running(api, "ward/demo", plan.revision, told.append, pause=0.01)
        assert address == url and ask(address) < 60
        remember(tmp_path, plan)
        (seen,) = look(api, [(r["kind"], r["repo"]) for r in remembered(tmp_path).values()])
    assert told == ["  building", "  app starting", "  running"]
    assert seen.well and seen.told[0] == "running" and url in seen.told[-1]
    assert said["fields"]["fumo"]["value"] == 1
    assert said["fields"]["data_di_nascita"]["value"] == "1948-11-02"
    lines = (tmp_path / "seen.jsonl").read_text().splitlines()
    origins = dict(json.loads(line) for line in lines)
    assert {"core", "demo", "core.extract", "core.label.rules.rules", "demo.app"} <= origins.keys()
    assert {name for name, at in origins.items() if not Path(at).is_relative_to(copied)} == set()


def test_a_model_of_the_hub_is_pinned_to_its_commit(there: Hub) -> None:
    sha = there.repo("ward/letters").head.oid
    assert pinned("ward/letters", TOKEN, there.url, {}) == f"ward/letters@{sha}"
    there.add(Repo("ward/other"))
    with pytest.raises(BadInput, match="no lettera.json there"):
        pinned("ward/other", TOKEN, there.url, {})
    there.repo("ward/letters").private = True
    with pytest.raises(BadInput, match="--secret HF_TOKEN"):
        pinned("ward/letters", TOKEN, there.url, {})
    assert pinned("ward/letters", TOKEN, there.url, {"HF_TOKEN": "hf_read"})
    with pytest.raises(ServerError, match="no such repository"):
        pinned("ward/nowhere", TOKEN, there.url, {})


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_a_model_that_ran_there_before_runs_there_no_more(there: Hub) -> None:
    push(there, "ward/letters", variables={"MINE": "1"})
    online = there.repo("ward/demo", "space")
    assert online.variables.keys() == {"LETTERA_MODEL", "MINE"}
    push(there)
    assert online.variables == {"MINE": "1"}


def test_a_log_that_is_not_to_be_had_hides_no_failure(there: Hub) -> None:
    there.faults.append(Fault("/logs/build", 404, times=9))
    made = there.add(Repo("ward/demo", "space", stages=["BUILD_ERROR"]))
    made.commit("a commit", {"app.py": Blob(b"", False)})
    told: list[str] = []
    with pytest.raises(ServerError, match="BUILD_ERROR"):
        wait_until_running(client(TOKEN, there.url), "ward/demo", None, told.append, pause=0.01)
    assert "its log was not to be had" in told[-1]


@pytest.mark.parametrize(
    ("stage", "log", "message"),
    [
        ("BUILD_ERROR", "build", "BUILD_ERROR .Exit code: 1"),
        ("RUNTIME_ERROR", "run", "RUNTIME_ERROR"),
        ("PAUSED", None, "wake it with Restart"),
    ],
)
def test_a_space_that_does_not_run_is_told_with_the_end_of_its_log(
    there: Hub, stage: str, log: str | None, message: str
) -> None:
    made = Repo("ward/demo", "space", stages=["BUILDING", stage])
    made.logs = {"build": [f"build {n}" for n in range(99)], "run": ["run 0", "run 1"]}
    there.add(made).commit("a commit", {"app.py": Blob(b"", False)})
    told: list[str] = []
    with pytest.raises(ServerError, match=message):
        wait_until_running(client(TOKEN, there.url), "ward/demo", None, told.append, pause=0.01)
    lines = [line for line in told if line.startswith("  | ")]
    assert lines[-1:] == ([f"  | {made.logs[log][-1]}"] if log else []) and len(lines) <= 20


def test_an_older_version_that_still_runs_is_not_taken_for_the_new_one(there: Hub) -> None:
    there.add(Repo("ward/demo", "space", stages=["RUNNING"])).commit("old", {})
    with pytest.raises(ServerError, match="still RUNNING after 0 minutes"):
        wait_until_running(
            client(TOKEN, there.url), "ward/demo", "f" * 40, print, seconds=0.05, pause=0.01
        )


def test_what_is_online_says_its_version_and_whether_a_newer_one_is_there(there: Hub) -> None:
    letters = there.repo("ward/letters")
    told = json.dumps(record().to_json()).encode()
    letters.commit("v1", {"lettera.json": Blob(told, False)})
    letters.tags["2026-11-21-ffffffff"] = first = letters.head.oid
    space = there.add(Repo("ward/demo", "space", stages=["PAUSED"]))
    space.commit("demo", {})
    space.variables["LETTERA_MODEL"] = f"ward/letters@{first}"
    rows, api = [("model", "ward/letters"), ("space", "ward/demo")], client(TOKEN, there.url)
    model, demo = look(api, rows)
    assert model.well and model.told[0].startswith("version 2026-11-21-ffffffff")
    assert "strict F1 0.747" in model.told[-1]
    assert not demo.well
    assert demo.told == ("paused", "model ward/letters (version 2026-11-21-ffffffff)")
    space.left = ["SLEEPING"]
    (asleep,) = look(api, rows[1:])
    assert asleep.well and asleep.told[-1] == "wakes with the next visitor"
    letters.commit("v2", {"lettera.json": Blob(told, False)})
    assert "a newer one is online" in list(look(api, rows))[1].told[1]
    (gone,) = look(api, [("model", "ward/nowhere")])
    assert not gone.well and "no such repository" in gone.told[0]


def test_the_environment_is_that_of_the_header(space: Path, tmp_path: Path) -> None:
    page = (space / "README.md").read_text()
    (space / "README.md").write_text(page.replace('"3.11"', '"3.9"'))
    with pytest.raises(BadInput, match="the Space runs on Python 3.9"):
        environment(space, tmp_path)
