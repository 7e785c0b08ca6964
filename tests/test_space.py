"""The Space's folder: it runs from itself alone, without what a Space does not install."""

import json
import os
import re
import shutil
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from gradio_client import Client

from core.errors import BadInput
from core.learn.engines import files_of
from core.learn.record import read_record
from core.publish.space import assemble_space, publish_space, requirements
from tests.demo_page import LETTER, running

ROOT = Path(__file__).parents[1]
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


def test_the_space_answers_from_its_own_folder(space: Path, tmp_path: Path) -> None:
    with started(space, tmp_path) as url:
        client = Client(url, verbose=False)
        said = client.predict(LETTER, api_name="/extract")
    assert said["fields"]["fumo"]["value"] == 1
    assert said["fields"]["data_di_nascita"]["value"] == "1948-11-02"
    lines = (tmp_path / "seen.jsonl").read_text().splitlines()
    origins = dict(json.loads(line) for line in lines)
    assert {"core", "demo", "core.extract", "core.label.rules.rules", "demo.app"} <= origins.keys()
    assert {name for name, at in origins.items() if not Path(at).is_relative_to(space)} == set()


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
        with urllib.request.urlopen(f"{url}/config", timeout=10) as reply:
            assert b"Entities by model/model@" in reply.read()
        said = Client(url, verbose=False).predict(LETTER, api_name="/extract")
    assert said["fields"]["ipertensione"]["value"] is True


def test_the_folder_holds_what_runs_and_nothing_else(space: Path) -> None:
    names = {path.relative_to(space).as_posix() for path in space.rglob("*") if path.is_file()}
    assert {"app.py", "README.md", "requirements.txt", "packages.txt", "core/fields.toml"} <= names
    assert {"demo/app.py", "demo/page.css", "core/read/__init__.py"} <= names
    assert any(name.startswith("demo/examples/") for name in names)
    assert not any(name.startswith(("core/publish", "spaces", "tests")) for name in names)
    assert {Path(name).suffix for name in names} <= {".py", ".toml", ".md", ".txt", ".css", ".pdf"}


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
    assert names <= {re.split(r"[<>=~! ;\[]", line)[0] for line in known}


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
