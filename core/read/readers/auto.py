"""The default reader: a file's own text, and recognition only for the pages that have none."""

from contextlib import ExitStack
from pathlib import Path

from core.errors import BadInput
from core.read.readers.folders import PDFS, TEXTS
from core.read.readers.raw import RawDocument, RawPage, Told, silent
from core.read.readers.text import read_plain


class Auto:
    """Text files as they are, PDFs page by page, pictures through Tesseract."""

    def __init__(self, told: Told = silent) -> None:
        self._told = told

    def read(self, path: Path) -> RawDocument:
        suffix = path.suffix.lower()
        if suffix in TEXTS:
            return read_plain(path)
        if suffix in PDFS:
            return _pdf(path, self._told)
        from core.read.readers.tesseract import Tesseract

        return Tesseract(self._told).read(path)


def _pdf(path: Path, told: Told) -> RawDocument:
    from core.read.readers.pdf import opened
    from core.read.readers.text_layer import has_text, page_of

    pages: list[RawPage] = []
    used: set[str] = set()
    with ExitStack() as stack:
        document = stack.enter_context(opened(path))
        recognise = None
        for number in range(len(document)):
            with document.page(number) as page:
                image = None
                if has_text(page):
                    pages.append(page_of(page))
                    used.add("text")
                elif page.has_content():
                    image = page.render()
                else:
                    pages.append(RawPage(""))
            if image is not None:
                if recognise is None:
                    from core.read.readers.tesseract import recogniser

                    recognise = stack.enter_context(recogniser())
                told(number + 1)
                pages.append(recognise(image))
                used.add("tesseract")
    if not any(page.text.strip() for page in pages):
        raise BadInput(f"{path}: no text on any page; scan it again, or try --reader marker")
    return RawDocument(tuple(pages), "+".join(sorted(used, reverse=True)))
