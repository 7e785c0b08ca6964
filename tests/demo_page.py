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
from pathlib import Path

from core.records import Annotation, Phrase, Span
from tests.places import ROOT
from tests.studio import free_port

SERVE = (
    "import sys\n"
    "sys.modules['torch'] = None\n"  # spaCy would import it: seconds that no test needs
    "from demo.app import build, launch_options, open_page\n"
    "from tests.demo_page import MODEL, OTHER\n"
    "from tests.model_record import record\n"
    "model = sys.argv[1]\n"
    "page = build({OTHER: (MODEL, record())}) if model == OTHER else open_page(model)\n"
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


class Finds:
    """A labeller that knows quotes and their fields, and how sure it is of each."""

    def __init__(self, source: str, *known: tuple[str, str, float | None]) -> None:
        self.source, self._known = source, known

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        for phrase in phrases:
            yield Annotation(phrase, tuple(self._spans(phrase.text)), "model", self.source)

    def _spans(self, text: str) -> Iterator[Span]:
        for quote, field, score in self._known:
            if (start := text.find(quote)) >= 0:
                end = start + len(quote)
                yield Span(start, end, field, field, "present", text=quote, score=score)


# A model beside the rules: it doubts the smoking and sees no diabetes.
MODEL = Finds(
    OTHER,
    ("14/03/2024", "data_dimissione_cch", 0.97),
    ("Bianchi", "cognome", 0.97),
    ("02/11/1948", "data_di_nascita", 0.97),
    ("NYHA III", "classe_nyha", 0.97),
    ("ipertensione arteriosa", "ipertensione", 0.97),
    ("Ex fumatrice", "fumo", 0.62),
    ("Bisoprololo 2,5 mg 1 cp ore 8", "betabloc", 0.97),
    ("Furosemide 25 mg 1 cp alle 8 e alle 16", "lasix", 0.97),
    ("25 mg 1 cp alle 8 e alle 16", "lasix_dosaggio", 0.97),
)


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
    env = os.environ | {"TMPDIR": str(scratch), "PYTHONPATH": str(ROOT), "HOME": str(folder)} | more
    with running([sys.executable, "-c", SERVE, model], folder, env) as url:
        yield url
