"""The Space on this machine: its very folder, in an environment made from its requirements alone.

The environment is kept under a name made of what it holds, and made anew when that changes.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from core.errors import BadInput, ServerError
from core.files import private_folder

_KEPT = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "HF_HOME", "HF_TOKEN", "HF_ENDPOINT")
_READY = "whole"
HOST = "127.0.0.1"
_PATIENCE = 120.0  # seconds for the page to answer


def environment(space: Path, home: Path) -> Path:
    """The Python of an environment for a Space's folder, made if it is not there. Raises
    ServerError where pip cannot make it, BadInput where this Python is not the Space's."""
    wanted = (space / "requirements.txt").read_text().split()
    header = (space / "README.md").read_text(encoding="utf-8")
    python = _said(header, "python_version")
    if python != f"{sys.version_info.major}.{sys.version_info.minor}":
        raise BadInput(f"the Space runs on Python {python}; run lettera on that one")
    wanted.append(f"gradio=={_said(header, 'sdk_version')}")
    mark = sha256("\n".join([sys.version, *sorted(wanted)]).encode()).hexdigest()[:12]
    made = private_folder(home) / f"env-{mark}"
    if not (made / _READY).exists():
        shutil.rmtree(made, ignore_errors=True)
        python = str(made / "bin" / "python")
        # Without a pip of its own, so that nothing is there but what was asked for.
        _run([sys.executable, "-m", "venv", "--without-pip", str(made)])
        _run([sys.executable, "-m", "pip", "--python", python, "install", "-q", *wanted])
        (made / _READY).touch()
    return made / "bin" / "python"


def _said(header: str, key: str) -> str:
    found = re.search(rf'^{key}: "?([^"\n]+)"?$', header, re.MULTILINE)
    if found is None:
        raise BadInput(f"the Space's README says no {key}")
    return found[1]


def _run(command: list[str]) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(command, env=kept, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ServerError(f"the Space's environment cannot be made: {last}")


@contextmanager
def running(
    space: Path,
    python: Path,
    port: int,
    variables: Mapping[str, str],
) -> Iterator[str]:
    """The Space's program while the block runs, with nothing of this environment; its address."""
    url = f"http://{HOST}:{port}"
    settings = {key: os.environ[key] for key in _KEPT if key in os.environ} | dict(variables)
    settings |= {"GRADIO_SERVER_NAME": HOST, "GRADIO_SERVER_PORT": str(port)}
    settings |= {"PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    page = subprocess.Popen([str(python), "app.py"], cwd=space, env=settings)
    try:
        _await(url, page)
        yield url
    finally:
        page.send_signal(signal.SIGINT)
        try:
            page.wait(15)
        except subprocess.TimeoutExpired:
            page.kill()
            page.wait()


def _await(url: str, page: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if page.poll() is not None:
            raise ServerError(f"the Space's program ended with {page.returncode}; see above")
        try:
            with urllib.request.urlopen(f"{url}/gradio_api/info", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise ServerError(f"the Space's program does not answer after {_PATIENCE:.0f} s")
