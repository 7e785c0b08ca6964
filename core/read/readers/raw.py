"""What a reader hands over: the pages of a file as it found them, before any cleaning."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.records import Extra

# Between two pages of a reader's text; a text file with form feeds is read as that many pages.
PAGE_BREAK = "\f"

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom as shares of the page
Told = Callable[[int], None]  # called with a page's number, from 1, before it is recognised


def silent(page: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class RawBox:
    """Where a stretch of a page's text stands; offsets count from the start of that page."""

    start: int
    end: int
    box: Rectangle


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page. `confidence` is the OCR's mean, 0 to 100, where the page was recognised."""

    text: str
    boxes: tuple[RawBox, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class RawDocument:
    """All pages of a file. `reader` says what read it, `extra` what is worth knowing about how."""

    pages: tuple[RawPage, ...]
    reader: str
    extra: Extra = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The reader's text: what the rows of `Letter.map` point into."""
        return PAGE_BREAK.join(page.text for page in self.pages)

    def starts(self) -> list[int]:
        """Where each page begins in `text`."""
        starts, at = [], 0
        for page in self.pages:
            starts.append(at)
            at += len(page.text) + len(PAGE_BREAK)
        return starts
