"""From push to a running Space: how long, how large, and whether the fields come back.

    python -m tests.bench.space [--model FOLDER] [--home FOLDER]

The model, if any, and the Space go to the Hub on loopback and come down again from there; the
Space's folder is started in an environment made from its requirements alone; `gradio_client` asks.
With FOLDER a model that was trained (its patients' names are not searched for here). The
environment stays in --home, and is used again from there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

os.environ["HF_HUB_DISABLE_XET"] = "1"

from gradio_client import Client  # noqa: E402
from huggingface_hub import snapshot_download  # noqa: E402

from core.learn.engines import files_of  # noqa: E402
from core.learn.record import read_record  # noqa: E402
from core.publish.hub import client  # noqa: E402
from core.publish.local import environment, running  # noqa: E402
from core.publish.running import LETTER, ask, wait_until_running  # noqa: E402
from core.publish.space import publish_space  # noqa: E402
from tests.hub_repos import Repo  # noqa: E402
from tests.hub_server import TOKEN, Hub  # noqa: E402
from tests.loopback_hub import hub  # noqa: E402
from tests.studio import free_port  # noqa: E402

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "core", ROOT / "demo")
ROUNDS = 3
MEGA = 1e6


def sent(there: Hub, model: Path | None) -> str:
    """Publishes the Space, over a model of the Hub if there is one; the Space's revision."""
    if model is not None:
        # As publishing leaves it, without the search for names, for which there are no letters.
        known = there.add(Repo("ward/model"))
        known.seed(model)
    plan = publish_space(
        "ward/demo",
        ROOT / "spaces",
        FOLDERS,
        ROOT / "pyproject.toml",
        "ward/model" if model is not None else None,
        token=TOKEN,
        endpoint=there.url,
    )
    assert plan.revision is not None
    return plan.revision


def fetched(there: Hub, revision: str, home: Path) -> Path:
    """The Space's folder as its builder would get it."""
    found = snapshot_download(
        "ward/demo",
        repo_type="space",
        revision=revision,
        endpoint=there.url,
        token=TOKEN,
        local_dir=home / "folder",
    )
    return Path(found)


def timed_import(python: Path) -> float:
    """Seconds to import Gradio and nothing else, the best of three."""
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        subprocess.run([str(python), "-c", "import gradio"], check=True, capture_output=True)
        took.append(time.perf_counter() - begun)
    return min(took)


@contextmanager
def started(there: Hub, folder: Path, python: Path, home: Path) -> Iterator[str]:
    """The Space with its own settings, fetching its model from the Hub on loopback."""
    space = there.repo("ward/demo", "space")
    settings = dict(space.variables) | {"HF_ENDPOINT": there.url, "HF_HUB_DISABLE_XET": "1"}
    settings |= {"HF_HOME": str(home / "cache"), "NO_PROXY": "127.0.0.1,localhost"}
    with running(folder, python, free_port(), settings) as address:
        yield address


def resident() -> tuple[float, int]:
    """Megabytes resident of the Space's processes, what they share counted in each; how many."""
    sizes = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a child lives for one letter
            sizes.append(process.memory_info().rss)
    return sum(sizes) / MEGA, len(sizes)


def size_of(folder: Path) -> float:
    """Megabytes of a folder's files, compiled ones too."""
    return sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir()) / MEGA


def bench(model: Path | None, home: Path) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    with hub() as there, tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        begun = time.perf_counter()
        revision = sent(there, model)
        rows.append(("push to the Hub on loopback", f"{time.perf_counter() - begun:.1f} s"))
        folder = fetched(there, revision, work)
        begun = time.perf_counter()
        python = environment(folder, home)
        rows.append(("environment made", f"{time.perf_counter() - begun:.0f} s"))
        rows.append(("environment", f"{size_of(python.parents[1]):.0f} MB"))
        bare = timed_import(python)
        rows.append(("bare import gradio", f"{bare:.2f} s"))
        took = []
        for number in range(ROUNDS):
            begun = time.perf_counter()
            with started(there, folder, python, work) as address:
                there.repo("ward/demo", "space").host = address
                answered = ask(address)
                took.append(time.perf_counter() - begun)
                if number:
                    continue
                api = client(TOKEN, there.url)
                lived = wait_until_running(api, "ward/demo", revision, print, pause=0.1)
                said = Client(lived, verbose=False).predict(LETTER, api_name="/extract")
                fields = {name: found["value"] for name, found in said["fields"].items()}
                rows.append(("fields", str(fields)))
                rss, count = resident()
                rows.append((f"resident, {count} processes", f"{rss:.0f} MB"))
                rows.append(("an answer, warm", f"{min(answered, ask(address)):.2f} s"))
        rows.append(("start to first answer", f"{min(took):.2f} s (bare + {min(took) - bare:.2f})"))
        if model is not None:
            wanted = set(files_of(read_record(model)))
            rows.append(("fetched of the model", ", ".join(sorted(wanted & set(there.fetched)))))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--home", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        for name, value in bench(told.model, told.home or Path(made)):
            sys.stdout.write(f"{name:<32}{value}\n")


if __name__ == "__main__":
    main()
