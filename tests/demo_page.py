"""The demo as its visitors meet it: served by a process of its own, seen in Debian's Chromium."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.studio import free_port

SERVE = (
    "import sys\n"
    "from demo.app import launch_options, open_page\n"
    "open_page(sys.argv[1] if len(sys.argv) > 1 else None).launch(**launch_options())\n"
)
LETTER = """\
RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA

Si dimette in data 14/03/2024 la Sig.ra Bianchi Teresa, nata il 02/11/1948.

Motivo ricovero: stenosi aortica severa, dispnea per sforzi lievi (NYHA III).

Anamnesi: ipertensione arteriosa. Ex fumatrice, stop nel 1990. Non diabete.

Terapia: Bisoprololo 2,5 mg 1 cp ore 8; Furosemide 25 mg 1 cp alle 8 e alle 16.
"""


@contextmanager
def running(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], seconds: float = 90
) -> Iterator[str]:
    """A program that serves a Gradio page; gives the page's address once it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = cwd / "page.log"
    settings = dict(env) | {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    with log.open("wb") as said:
        page = subprocess.Popen(command, cwd=cwd, env=settings, stdout=said, stderr=said)
        try:
            _await(url, page, log, seconds)
            yield url
        finally:
            page.send_signal(signal.SIGINT)
            try:
                page.wait(15)
            except subprocess.TimeoutExpired:
                page.kill()
                page.wait()


def _await(url: str, page: "subprocess.Popen[bytes]", log: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if page.poll() is not None:
            raise AssertionError(f"the page ended with {page.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{url}/config", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no page after {seconds} s:\n{log.read_text()}")


@contextmanager
def served(folder: Path, model: str | None = None, **more: str) -> Iterator[str]:
    """The demo of this checkout. Whatever it writes, temporary files too, lies under `folder`."""
    scratch = folder / "tmp"
    scratch.mkdir(parents=True)
    checkout = str(Path(__file__).parents[1])
    env = os.environ | {"TMPDIR": str(scratch), "PYTHONPATH": checkout, "HOME": str(folder)} | more
    command = [sys.executable, "-c", SERVE, *([model] if model else [])]
    with running(command, folder, env) as url:
        yield url
