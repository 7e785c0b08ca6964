"""The text layer of a PDF page -> its words with their places -> lines."""

import ctypes
import re
from collections.abc import Iterator

import pypdfium2.raw as pdfium

from core.read.readers.layout import Word, arrange
from core.read.readers.pdf import PdfPage
from core.read.readers.raw import RawPage

_BLANKS = frozenset((0, 9, 10, 11, 12, 13, 32))
# PDFium's marks for a hyphen at the end of a line, which it joins with the next line's word.
_HYPHENS = frozenset((0x02, 0xFFFE))
# A page's text is its characters one by one, unless there is a mark or half a character in it.
_ODD = re.compile("[\x01-\x08\x0e-\x1f\ud800-\udfff\ufffe]")
_UNMAPPED = re.compile("[\0-\x1f\ufffd\ue000-\uf8ff]")
_RUN = re.compile("[^\0\t\n\x0b\x0c\r ]+")
_FEW = 20  # letters and digits: a stamp or a page number over a picture is no text layer
_STAMP = 250
_WHOLE_PAGE = 0.5
_READABLE = 0.7


def has_text(page: PdfPage) -> bool:
    """Whether a page's own text is its content, and not a stamp over a scan or unmapped glyphs."""
    solid = "".join(page.text.split())
    readable = sum(map(str.isalnum, solid))
    if readable < _FEW or len(_UNMAPPED.findall(solid)) > (1 - _READABLE) * len(solid):
        return False
    return readable >= _STAMP or page.picture_share() < _WHOLE_PAGE


def page_of(page: PdfPage) -> RawPage:
    return arrange(_words(page), page.width, page.height)


def _words(page: PdfPage) -> Iterator[Word]:
    """Runs of characters between blanks; only the first and the last are asked for their place."""
    seen = _Seen(page)
    for text, start, length in _runs(page):
        yield from seen.word(text, start, length)


def _runs(page: PdfPage) -> Iterator[tuple[str, int, int]]:
    """Each run of characters, where it begins and how many characters PDFium counts in it."""
    count = page.text_page.count_chars()
    if len(page.text) == count and not _ODD.search(page.text):
        for run in _RUN.finditer(page.text):
            yield run[0], run.start(), len(run[0])
        return
    codes: list[int] = []
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(page.text_page.raw, index)
        if code not in _BLANKS:
            codes.append(code)
        if codes and (code in _BLANKS or code in _HYPHENS):
            yield _joined(codes), index + (code in _HYPHENS) - len(codes), len(codes)
            codes = []
    if codes:
        yield _joined(codes), count - len(codes), len(codes)


class _Seen:
    """PDF coordinates (from the bottom left, before rotation) as those of the page seen."""

    def __init__(self, page: PdfPage) -> None:
        self._raw = page.text_page.raw
        self._bounds = page.page.get_bbox()
        self._rotation = page.page.get_rotation()
        self._size = page.width, page.height
        self._box = pdfium.FS_RECTF()
        self._reference = ctypes.byref(self._box)

    def word(self, text: str, start: int, length: int) -> Iterator[Word]:
        """The word of these characters; nothing where it stands outside the page."""
        left, top, right, bottom = self._place(start)
        if length > 1:
            other = self._place(start + length - 1)
            left, top = min(left, other[0]), min(top, other[1])
            right, bottom = max(right, other[2]), max(bottom, other[3])
        width, height = self._size
        if right > 0 and bottom > 0 and left < width and top < height and bottom > top:
            yield Word(text, left, top, right, bottom)

    def _place(self, index: int) -> tuple[float, float, float, float]:
        pdfium.FPDFText_GetLooseCharBox(self._raw, index, self._reference)
        box, (left, bottom, right, top) = self._box, self._bounds
        if self._rotation == 90:
            return box.bottom - bottom, box.left - left, box.top - bottom, box.right - left
        if self._rotation == 180:
            return right - box.right, box.bottom - bottom, right - box.left, box.top - bottom
        if self._rotation == 270:
            return top - box.top, right - box.right, top - box.bottom, right - box.left
        return box.left - left, top - box.top, box.right - left, top - box.bottom


def _joined(codes: list[int]) -> str:
    """PDFium gives an emoji as two surrogates or as one code point, by version."""
    if codes[-1] in _HYPHENS:
        codes = [*codes[:-1], ord("-")]
    text = "".join(map(chr, codes))
    if max(codes) < 0xD800:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
