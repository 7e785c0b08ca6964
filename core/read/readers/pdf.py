"""A PDF opened with PDFium, with its faults told apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from core.errors import BadInput

# PDFium is not safe to call from two threads, and the demo reads for several visitors at once.
_LOCK = RLock()
_START, _END = b"%PDF-", b"%%EOF"
_DPI, _PIXELS = 250, 5000
_PASSWORD, _SECURITY = pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY


class PdfPage:
    """One page and its text page, alive only inside `Pdf.page`."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.text_page = page.get_textpage()
        self.width, self.height = page.get_size()

    @cached_property
    def text(self) -> str:
        """All that is written on it, in the order of the file."""
        return str(self.text_page.get_text_range())

    def has_content(self) -> bool:
        """Whether anything at all is drawn on it."""
        return bool(pdfium.FPDFPage_CountObjects(self.page.raw) > 0)

    def picture_share(self) -> float:
        """The share of the page that its largest picture covers, at most 1."""
        kinds = (pdfium.FPDF_PAGEOBJ_IMAGE,)
        largest = 0.0
        for picture in self.page.get_objects(filter=kinds, max_depth=3):
            left, bottom, right, top = picture.get_bounds()
            largest = max(largest, (right - left) * (top - bottom))
        return min(1.0, float(largest / ((self.width * self.height) or 1)))

    def render(self) -> Any:
        """The page as a grey Pillow image, fine enough to recognise and never a poster's size."""
        longest = max(self.width, self.height)
        bitmap = self.page.render(scale=min(_DPI / 72, _PIXELS / longest), grayscale=True)
        image = bitmap.to_pil().copy()
        bitmap.close()
        return image


class Pdf:
    """An open PDF; pages are opened one at a time, so that 500 weigh as much as one."""

    def __init__(self, document: Any, path: Path) -> None:
        self._document = document
        self._path = path

    def __len__(self) -> int:
        return len(self._document)

    @contextmanager
    def page(self, number: int) -> Iterator[PdfPage]:
        """Page `number`, from 0. Raises BadInput where it is broken."""
        with _LOCK:
            try:
                page = self._document[number]
                opened_page = PdfPage(page)
            except pypdfium2.PdfiumError as error:
                raise BadInput(
                    f"{self._path}: page {number + 1} is damaged; print the file to a new PDF"
                ) from error
            try:
                yield opened_page
            finally:
                opened_page.text_page.close()
                page.close()


@contextmanager
def opened(path: Path) -> Iterator[Pdf]:
    """A PDF ready to be read. Raises BadInput for one locked, cut short, empty, or none at all."""
    _check_ends(path)
    with _LOCK:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            raise BadInput(f"{path}: {_fault(error)}") from error
    try:
        if len(document) == 0:
            raise BadInput(f"{path}: the PDF has no pages; copy it again from where it came")
        yield Pdf(document, path)
    finally:
        with _LOCK:
            document.close()


def _check_ends(path: Path) -> None:
    """The marks at both ends: PDFium repairs a cut file in silence, and pages would be missing."""
    try:
        with path.open("rb") as file:
            head = file.read(1024)
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 2048))
            tail = file.read()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    if _START not in head:
        raise BadInput(f"{path}: not a PDF, whatever its name says; give it its own suffix")
    if _END not in tail:
        raise BadInput(f"{path}: the PDF is cut short; copy it again from where it came")


def _fault(error: pypdfium2.PdfiumError) -> str:
    if getattr(error, "err_code", None) in (_PASSWORD, _SECURITY):
        return "the PDF is locked with a password; save a copy without one and read that"
    return "the PDF is damaged; print it to a new PDF, or copy it again from where it came"
