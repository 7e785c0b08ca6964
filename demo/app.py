"""The page: paste a letter, drop one, or take an example; see what stands in it; keep nothing.

Run it with `lettera demo`. Every callback is one call to `demo.analysis` and one to `demo.view`.
"""

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from core.errors import LetteraError
from core.label import LABELLERS, Labeller
from core.learn.record import Record
from core.records import Letter
from core.schema import default_schema
from demo import view
from demo.analysis import analyse, letter_of_file, letter_of_text, sheets

HOST = "127.0.0.1"
EXAMPLES = Path(__file__).with_name("examples")
MAX_FILE = "10mb"  # as Gradio writes it
SUFFIXES = [".pdf", ".txt", ".md", ".png", ".jpg", ".jpeg", ".tif", ".tiff"]
WAITING = 32
# An upload is deleted as soon as it is read; this takes those whose visitor left before.
SWEEP_SECONDS = (60, 300)
READ = "Leggi la lettera · Read the letter"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page does for a visitor: each call reads one letter, answers, and forgets it."""

    tagger: Labeller | None
    labeller: Labeller
    examples: Path

    def pasted(self, text: str) -> str:
        return self._answer(lambda: letter_of_text(text))

    def uploaded(self, upload: str | None) -> tuple[str, None]:
        """The answer, and None to empty the box: the file is deleted here."""
        if upload is None:
            return "", None
        path = Path(upload)
        try:
            return self._answer(lambda: letter_of_file(path), path), None
        finally:
            path.unlink(missing_ok=True)

    def example(self, name: str) -> str:
        path = self.examples / f"{name}.pdf"
        return self._answer(lambda: letter_of_file(path), path)

    def extract(self, text: str) -> dict[str, Any]:
        """The fields of an Italian discharge letter, each with the words that say its value."""
        try:
            return analyse(letter_of_text(text), self.labeller, self.tagger).result.to_json()
        except LetteraError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def _answer(self, letter_of: Callable[[], Letter], path: Path | None = None) -> str:
        begun = time.perf_counter()
        try:
            found = analyse(letter_of(), self.labeller, self.tagger)
        except LetteraError as error:
            return view.error_html(error, path)
        took = time.perf_counter() - begun
        return view.result_html(found, sheets([found.result]), default_schema(), took)


def build(
    tagger: Labeller | None,
    labeller: Labeller,
    record: Record | None = None,
    examples: Path = EXAMPLES,
) -> gr.Blocks:
    """The page over a model (or none) and the rules; `record` is what the model says of itself."""
    _private_uploads()
    desk = Desk(tagger, labeller, examples)
    # One reading at a time: recognition takes every core, and the queue keeps the order.
    one: dict[str, Any] = {"concurrency_id": "reading", "concurrency_limit": 1}
    quiet = one | {"api_visibility": "private", "show_progress": "minimal"}

    names = sorted(path.stem for path in examples.glob("*.pdf"))
    own: dict[str, Any] = {"elem_classes": "lettera", "apply_default_css": False}

    page = gr.Blocks(title="Lettera", analytics_enabled=False, delete_cache=SWEEP_SECONDS)
    with page:
        gr.HTML(view.head_html(on_space=bool(os.environ.get("SPACE_ID"))), **own)
        with gr.Tabs():
            with gr.Tab("Testo"):
                text = gr.Textbox(
                    label="Incolla qui la lettera · Paste the letter",
                    lines=8,
                    max_lines=14,
                    placeholder="RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA …",
                )
                pasted = gr.Button(READ, variant="primary")
            with gr.Tab("PDF o foto"):
                upload = gr.File(
                    label="Trascina qui un PDF o una foto, fino a 10 MB · Drop a file",
                    file_types=SUFFIXES,
                    height=180,
                )
            with gr.Tab("Esempi"):
                example = gr.Dropdown(
                    label="Lettere inventate · Invented letters",
                    choices=names,
                    value=names[0] if names else None,
                )
                chosen = gr.Button(READ, variant="primary")
        result = gr.HTML("", min_height=40, **own)
        source = tagger.source if tagger else labeller.source
        gr.HTML(view.foot_html(record, source), **own)

        pasted.click(desk.pasted, text, result, **quiet)
        upload.upload(desk.uploaded, upload, [result, upload], **quiet)
        chosen.click(desk.example, example, result, **quiet)
        api(desk.extract, api_name="extract", **one)
    page.queue(max_size=WAITING, api_open=False)
    return page


def open_page(model: str | None) -> gr.Blocks:
    """The page over a model, given as a folder or a Hub id, or over the rules alone."""
    rules: Labeller = LABELLERS.get("rules")()
    if model is None:
        return build(None, rules)
    from core.learn.tagger import Tagger

    tagger = Tagger.load(model)
    return build(tagger, rules, tagger.record)


@contextmanager
def serving(model: str | None, port: int) -> Iterator[str]:
    """The page of a model, open on loopback while the block runs; its address."""
    page = open_page(model)
    page.launch(
        server_name=HOST, server_port=port, prevent_thread_lock=True, quiet=True, **launch_options()
    )
    try:
        yield f"http://{HOST}:{port}"
    finally:
        page.close(verbose=False)


def _private_uploads() -> None:
    """Gradio's own folder for uploads is readable by others; ours is 0700 and ends with us."""
    if "GRADIO_TEMP_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="lettera-demo-")
        os.environ["GRADIO_TEMP_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def launch_options() -> dict[str, Any]:
    """How the page is served, here and on a Space: nothing kept, nothing asked of other hosts."""
    font = ["system-ui", "sans-serif"]
    return {
        "theme": gr.themes.Soft(
            primary_hue="sky", neutral_hue="slate", font=font, font_mono=["monospace"]
        ).set(
            # The theme's own blue is too light: for white letters, and for letters on white.
            block_label_text_color="*primary_800",
            block_title_text_color="*primary_800",
            button_primary_background_fill="*primary_700",
            button_primary_background_fill_dark="*primary_700",
            button_primary_background_fill_hover="*primary_800",
            button_primary_background_fill_hover_dark="*primary_800",
        ),
        "css_paths": [Path(__file__).with_name("page.css")],
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "show_error": False,
        "max_file_size": MAX_FILE,
        "footer_links": ["api"],
    }
