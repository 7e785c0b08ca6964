"""One line of a page on its way to becoming a phrase."""

from dataclasses import dataclass

from core.read.words.mapped import Mapped


@dataclass(slots=True)
class Line:
    """`left` and `right` count characters, or are shares of the page where the reader knows places.

    `apart`: a heading by its Markdown mark, or a table's row; never joined with another line.
    """

    words: Mapped
    page: int
    apart: bool = False
    left: float = 0.0
    right: float = 0.0
    top: float | None = None

    @property
    def text(self) -> str:
        return self.words.text

    @property
    def unit(self) -> float:
        """The mean width of a character."""
        return (self.right - self.left) / max(1, len(self.words))
