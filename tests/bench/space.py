"""From push to a running Space, in one command: are the fields right, how long, how large?

    python -m tests.bench.space [--model FOLDER] [--home FOLDER]

The model, if any, is published to the Hub on loopback, and the Space after it; its folder comes
down from there and is started in an environment made from its requirements alone (minutes), where
it fetches the model by itself; `gradio_client` asks. Ends with 1 where a field is wrong. The names
of the model's patients are not searched for here. With --home the environment stays there, and is
used again while the requirements are the same.
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
from typing import Any

import psutil

os.environ["HF_HUB_DISABLE_XET"] = "1"

from gradio_client import Client  # noqa: E402
from huggingface_hub import snapshot_download  # noqa: E402

from core.learn.engines import files_of  # noqa: E402
from core.learn.record import read_record  # noqa: E402
from core.publish.hub import client  # noqa: E402
from core.publish.identity import Identities  # noqa: E402
from core.publish.local import environment, running  # noqa: E402
from core.publish.model import publish_model  # noqa: E402
from core.publish.running import wait_until_running  # noqa: E402
from core.publish.space import publish_space  # noqa: E402
from core.read import read_file  # noqa: E402
from tests.demo_page import LETTER  # noqa: E402
from tests.loopback.hub import hub  # noqa: E402
from tests.loopback.hub_server import TOKEN, Hub  # noqa: E402
from tests.studio import free_port  # noqa: E402

ROOT = Path(__file__).parents[2]
FOLDERS, PROJECT = (ROOT / "core", ROOT / "demo"), ROOT / "pyproject.toml"
PAGE = ROOT / "demo" / "examples" / "lettera-04.pdf"
EXPECTED = {
    "nome": "Teresa",
    "cognome": "Bianchi",
    "data_di_nascita": "1948-11-02",
    "data_dimissione_cch": "2024-03-14",
    "classe_nyha": 3,
    "fumo": 1,
    "ipertensione": True,
    "diabete": 0,
    "betabloc": True,
    "lasix_dosaggio": 50,
}
ROUNDS = 3
MEGA = 1e6


def publish(there: Hub, model: Path | None) -> str:
    """Publishes the Space, over a model of the Hub if there is one; the Space's revision."""
    known: dict[str, Any] = {"token": TOKEN, "endpoint": there.url}
    if model is not None:
        letters = {key: 1 << 30 for lot in read_record(model).split.values() for key in lot}
        whose = Identities(letters=letters)
        publish_model(model, "ward/model", known=whose, force=True, **known)
    named = "ward/model" if model is not None else None
    plan = publish_space("ward/demo", ROOT / "spaces", FOLDERS, PROJECT, named, **known)
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


def timed(call: Any) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


@contextmanager
def started(there: Hub, folder: Path, python: Path, home: Path) -> Iterator[str]:
    """The Space with its own settings, fetching its model from the Hub on loopback."""
    space = there.repo("ward/demo", "space")
    settings = dict(space.variables) | {"HF_ENDPOINT": there.url, "HF_HUB_DISABLE_XET": "1"}
    settings |= {"HF_HOME": str(home / "cache"), "NO_PROXY": "127.0.0.1,localhost"}
    with running(folder, python, free_port(), settings) as address:
        space.host = address
        yield address


def said(address: str, letter: str) -> dict[str, Any]:
    """The fields of a letter by the Space's API."""
    fields = Client(address, verbose=False).predict(letter, api_name="/extract")["fields"]
    return {name: found["value"] for name, found in fields.items()}


def resident() -> tuple[float, float]:
    """Megabytes of the Space's processes: what they share counted once, and in each."""
    once = each = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a child lives for one letter
            held = process.memory_full_info()
            once, each = once + held.pss, each + held.rss
    return once / MEGA, each / MEGA


def size_of(folder: Path) -> float:
    """Megabytes of a folder's files, compiled ones too."""
    return sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir()) / MEGA


def asked(address: str) -> Iterator[tuple[str, str]]:
    """What a running Space says, how soon, and what it holds meanwhile. Raises where a field is
    not what it should be."""
    found = said(address, LETTER)
    wrong = {name: found.get(name) for name, value in EXPECTED.items() if found.get(name) != value}
    if wrong:
        raise SystemExit(f"wrong fields: {wrong}")
    yield "fields", str(found)
    page = read_file(PAGE)[0].text
    there = Client(address, verbose=False)
    times = [timed(lambda: there.predict(page, api_name="/extract")) for _ in range(ROUNDS)]
    yield f"a page ({len(page):,} characters), the fastest of {ROUNDS}", f"{min(times):.2f} s"
    once, each = resident()
    yield "resident, shared memory once (in each)", f"{once:.0f} MB ({each:.0f} MB)"


def bench(model: Path | None, home: Path) -> Iterator[tuple[str, str]]:
    with hub() as there, tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        begun = time.perf_counter()
        revision = publish(there, model)
        yield "published to the Hub on loopback in", f"{time.perf_counter() - begun:.1f} s"
        folder = fetched(there, revision, work)
        begun = time.perf_counter()
        python = environment(folder, home)
        yield "environment made in", f"{time.perf_counter() - begun:.0f} s"
        first = []
        for number in range(ROUNDS):
            begun = time.perf_counter()
            with started(there, folder, python, work) as address:
                said(address, LETTER)
                first.append(time.perf_counter() - begun)
                if not number:
                    api = client(TOKEN, there.url)
                    yield from asked(
                        wait_until_running(api, "ward/demo", revision, print, pause=0.1)
                    )
        # Measured now, when all that the page imports has been compiled.
        yield "environment", f"{size_of(python.parents[1]):.0f} MB"
        alone = [str(python), "-c", "import gradio"]
        bare = min(timed(lambda: subprocess.run(alone, check=True)) for _ in range(ROUNDS))
        yield "bare import gradio, the fastest of 3", f"{bare:.2f} s"
        over = min(first) - bare
        yield "start to first answer, the fastest of 3", f"{min(first):.2f} s (bare + {over:.2f})"
        if model is not None:
            wanted = set(files_of(read_record(model)))
            yield "fetched of the model", ", ".join(sorted(wanted & set(there.fetched)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--home", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        for name, value in bench(told.model, told.home or Path(made)):
            sys.stdout.write(f"{name:<48}{value}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
