"""The demo as its visitors meet it: served by a process of its own, seen in Debian's Chromium."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from core.label import LABELLERS, Labeller
from core.records import Annotation, Phrase, Span
from tests.studio import free_port

SERVE = (
    "import sys\n"
    "sys.modules['torch'] = None\n"  # spaCy would import it: seconds that no test needs
    "from demo.app import build, launch_options, open_page\n"
    "from tests.demo_page import OTHER, Sure\n"
    "from tests.model_record import record\n"
    "model = sys.argv[1]\n"
    "page = build({OTHER: (Sure(), record())}) if model == OTHER else open_page(model)\n"
    "page.launch(**launch_options())\n"
)
OTHER = "model/other@12345678"
LETTER = """\
RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA

Si dimette in data 14/03/2024 la Sig.ra Bianchi Teresa, nata il 02/11/1948.

Motivo ricovero: stenosi aortica severa, dispnea per sforzi lievi (NYHA III).

Anamnesi: ipertensione arteriosa. Ex fumatrice, stop nel 1990. Non diabete.

Terapia: Bisoprololo 2,5 mg 1 cp ore 8; Furosemide 25 mg 1 cp alle 8 e alle 16.
"""


class Sure:
    """A model that says what the rules say, but doubts the smoking and sees no diabetes."""

    source = OTHER

    @cached_property
    def _rules(self) -> Labeller:
        rules: Labeller = LABELLERS.get("rules")()
        return rules

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        for said in self._rules.label(phrases):
            spans = (self._seen(span) for span in said.spans if span.field != "diabete")
            yield replace(said, spans=tuple(spans), origin="model", source=self.source)

    def _seen(self, span: Span) -> Span:
        return replace(span, score=0.62 if span.field == "fumo" else 0.97)


@contextmanager
def running(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], seconds: float = 240
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
def served(folder: Path, model: str = OTHER, **more: str) -> Iterator[str]:
    """The demo of this checkout over a model, with rules beside it. Whatever it writes, temporary
    files too, lies under `folder`, but for memory (/dev/shm)."""
    scratch = folder / "tmp"
    scratch.mkdir(parents=True)
    checkout = str(Path(__file__).parents[1])
    env = os.environ | {"TMPDIR": str(scratch), "PYTHONPATH": checkout, "HOME": str(folder)} | more
    with running([sys.executable, "-c", SERVE, model], folder, env) as url:
        yield url
