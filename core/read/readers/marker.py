"""The marker program (scans and layouts by its own models) -> pages with a box for each block.

marker's pins cannot share our environment, so it is called as a program from its own, made by
`make marker`; LETTERA_MARKER names another `marker_single`. Its output lives in a private folder
for as long as it is read, under a name that says nothing of the patient.
"""

import json
import os
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.errors import BadInput, MissingExtra
from core.read.readers.folders import IMAGES, PDFS
from core.read.readers.raw import RawBox, RawDocument, RawPage, Rectangle

PROGRAM_VARIABLE = "LETTERA_MARKER"
_OWN = Path(__file__).parents[2] / ".venv-marker" / "bin" / "marker_single"
_HOUR = 3600
_NAME = "letter"
# Headers and footers hold names and record numbers; which of them to drop is decided in cleaning.
_OPTIONS = (
    "--output_format=chunks",
    "--disable_image_extraction",
    "--disable_multiprocessing",
    "--keep_pageheader_in_output",
    "--keep_pagefooter_in_output",
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _HEADINGS | {"p", "div", "li", "tr", "table", "ul", "ol", "pre", "br", "blockquote"}


class Marker:
    """Sends every page through marker, whether it has a text layer or not."""

    def read(self, path: Path) -> RawDocument:
        if path.suffix.lower() not in PDFS | IMAGES:
            raise BadInput(f"{path}: marker reads PDFs and pictures; try --reader text")
        if path.suffix.lower() in PDFS:
            from core.read.readers.pdf import opened

            with opened(path):
                pass  # locked, damaged and empty files are told apart here
        program = _program()
        with TemporaryDirectory(prefix="lettera-") as folder:  # 0700
            pages = _pages(_run(program, path, Path(folder)), path)
        if not any(page.text.strip() for page in pages):
            raise BadInput(f"{path}: marker found no text on any page; scan it again")
        return RawDocument(pages, "marker")


def _program() -> str:
    program = Path(os.environ.get(PROGRAM_VARIABLE) or _OWN)
    if not os.access(program, os.X_OK):
        raise MissingExtra(f"reader 'marker' needs its own environment ({program}): make marker")
    return str(program)


def _run(program: str, path: Path, folder: Path) -> dict[str, Any]:
    source = folder / f"{_NAME}{path.suffix.lower()}"
    source.symlink_to(path.resolve())
    command = [program, str(source), f"--output_dir={folder / 'out'}", *_OPTIONS]
    try:
        # What marker prints may quote the letter, so it goes nowhere.
        subprocess.run(
            command,
            check=True,
            timeout=_HOUR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        written = folder / "out" / _NAME / f"{_NAME}.json"
        found = json.loads(written.read_text(encoding="utf-8"))
    except subprocess.CalledProcessError as error:
        raise BadInput(
            f"{path}: marker gave up (exit {error.returncode}); "
            f"run {program} on the file to see why, or try --reader tesseract"
        ) from None
    except subprocess.TimeoutExpired:
        raise BadInput(f"{path}: marker took over an hour; try --reader tesseract") from None
    except (OSError, ValueError):
        raise BadInput(
            f"{path}: marker left no output that can be read; it must be marker 2 (make marker)"
        ) from None
    if not isinstance(found, dict):
        raise BadInput(f"{path}: marker's output is not that of marker 2; make marker")
    return found


def _pages(found: dict[str, Any], path: Path) -> tuple[RawPage, ...]:
    """marker's `chunks`: blocks in reading order, each with its page (from 0) and HTML."""
    try:
        sizes = {int(page): info["bbox"] for page, info in found["page_info"].items()}
        blocks: dict[int, list[tuple[str, Rectangle]]] = {page: [] for page in sorted(sizes)}
        for block in found["blocks"]:
            page = int(block["page"])
            text = plain(block["html"])
            if text:
                blocks[page].append((text, _share(block["bbox"], sizes[page])))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError):
        raise BadInput(f"{path}: marker's output is not that of marker 2; make marker") from None
    return tuple(_page(parts) for parts in blocks.values())


def _page(blocks: list[tuple[str, Rectangle]]) -> RawPage:
    boxes, at = [], 0
    for text, place in blocks:
        boxes.append(RawBox(at, at + len(text), place))
        at += len(text) + 2
    return RawPage("\n\n".join(text for text, _ in blocks), tuple(boxes))


def _share(box: list[float], page: list[float]) -> Rectangle:
    width, height = page[2] - page[0], page[3] - page[1]
    left, right = ((x - page[0]) / width for x in (box[0], box[2]))
    top, bottom = ((y - page[1]) / height for y in (box[1], box[3]))
    within = [round(min(1.0, max(0.0, value)), 4) for value in (left, top, right, bottom)]
    return within[0], within[1], within[2], within[3]


def plain(html: str) -> str:
    """The text of a block: a line for each paragraph, item and row, a tab between cells."""
    parser = _Lines()
    parser.feed(html)
    parser.close()
    lines = ("\t".join(map(str.strip, line.split("\t"))) for line in parser.text.split("\n"))
    return "\n".join(line.strip() for line in lines if line.strip())


class _Lines(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th"):
            self.text += "\t" if self._cells else ""
            self._cells += 1
        elif tag == "tr":
            self._cells = 0
            self.text += "\n"
        elif tag in _BLOCKS and self._cells:
            self.text += " "
        elif tag in _BLOCKS:
            self.text += "\n" + ("- " if tag == "li" else "## " if tag in _HEADINGS else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tr", "table"):
            self._cells = 0
        if tag in _BLOCKS and not self._cells:
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        # A line's end inside a paragraph is where the page was too narrow: cleaning joins it.
        self.text += " ".join(data.split("\n")) if self._cells else data
