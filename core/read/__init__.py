"""A file becomes a letter: read as raw pages, cleaned, split into sections.

`read_file` and `read_text` are the doors; a new reader is one module and one row in READERS.
"""

from pathlib import Path
from typing import Protocol

from core.read.readers.raw import RawDocument, Told
from core.records import Letter
from core.registry import Registry


class Reader(Protocol):
    """Turns one file into its raw pages. Raises BadInput when the file cannot be read."""

    def read(self, path: Path) -> RawDocument: ...


READERS = Registry(
    "reader",
    {
        "auto": "core.read.readers.auto:Auto",
        "text": "core.read.readers.text:Text",
        "marker": "core.read.readers.marker:Marker",
        "tesseract": "core.read.readers.tesseract:Tesseract",
    },
    extras={"tesseract": "make install"},
)


def read_file(path: Path, reader: str = "auto", told: Told | None = None) -> list[Letter]:
    """The letters of a file. Raises BadInput, UnknownName or MissingExtra.

    `told` hears of each page that a reader which recognises (auto, tesseract) comes to.
    """
    from core.read.letter import compose_all
    from core.read.readers.folders import check, digest

    chosen = READERS.get(reader)(told) if told else READERS.get(reader)()
    check(path)
    document: RawDocument = chosen.read(path)
    return compose_all(document, path.name, digest(path))


def read_text(text: str, source: str = "", letter_id: str | None = None) -> Letter:
    """A letter from pasted text. Form feeds in it part pages; without them it is one page."""
    from core.read.letter import compose
    from core.read.readers.folders import digest_of
    from core.read.readers.text import pages_of

    raw = text.encode("utf-8", "surrogatepass")
    return compose(RawDocument(pages_of(text), "text"), source, letter_id or digest_of(raw))
