"""Files that hold their own text: .txt and .md as they are, a PDF's text layer."""

from pathlib import Path

from core.errors import BadInput
from core.read.readers.folders import PDFS, TEXTS
from core.read.readers.raw import PAGE_BREAK, RawDocument, RawPage


class Text:
    """No recognition at all: a page that is only a picture is refused, with the way out."""

    def read(self, path: Path) -> RawDocument:
        if path.suffix.lower() in TEXTS:
            return read_plain(path)
        if path.suffix.lower() not in PDFS:
            raise BadInput(f"{path}: a picture holds no text; try --reader tesseract")
        from core.read.readers.pdf import opened
        from core.read.readers.text_layer import has_text, page_of

        pages = []
        with opened(path) as document:
            for number in range(len(document)):
                with document.page(number) as page:
                    if not has_text(page) and page.has_content():
                        raise BadInput(
                            f"{path}: no text on page {number + 1}; try --reader tesseract"
                        )
                    pages.append(page_of(page))
        return RawDocument(tuple(pages), "text")


def read_plain(path: Path) -> RawDocument:
    """A text file in UTF-8 (with or without BOM), UTF-16 with BOM, or a detected encoding."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    text, encoding = decode(content, path)
    if not text.strip():
        raise BadInput(f"{path}: the file holds only blanks; copy it again from where it came")
    extra = {} if encoding == "utf-8" else {"encoding": encoding}
    return RawDocument(pages_of(text), "text", extra)


def pages_of(text: str) -> tuple[RawPage, ...]:
    return tuple(RawPage(page) for page in text.split(PAGE_BREAK))


def decode(content: bytes, path: Path) -> tuple[str, str]:
    """The text and the encoding's name. Raises BadInput for what is no text at all."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return _decoded(content, encoding, path), encoding
    if b"\0" in content:
        raise BadInput(f"{path}: not a text file; give it the suffix of what it is")
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        encoding = _detected(content)
        return _decoded(content, encoding, path), encoding


def _decoded(content: bytes, encoding: str, path: Path) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}: not readable as {encoding} (byte {error.start}); save it as UTF-8"
        ) from error


# What Italian software writes beside UTF-8; a detector left to choose freely takes short texts
# for Turkish, Greek or Baltic ones.
_SINGLE_BYTE = ["cp1252", "mac_roman", "cp850"]


def _detected(content: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(content, cp_isolation=_SINGLE_BYTE).best()
    return best.encoding if best is not None else "latin-1"
