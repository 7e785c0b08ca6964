"""A text that knows, for each of its characters, where in the reader's text it came from."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from operator import eq, sub
from typing import Self


@dataclass(frozen=True, slots=True)
class Mapped:
    """`at[i]` is the place of character i, never falling. Edits return a new one.

    A character that was put in the place of others (`fi` for a ligature, a space for a line's end)
    points to the first of them.
    """

    text: str
    at: tuple[int, ...]

    @classmethod
    def of(cls, text: str, start: int) -> Self:
        return cls(text, tuple(range(start, start + len(text))))

    def __len__(self) -> int:
        return len(self.text)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.text + other.text, self.at + other.at)

    def cut(self, start: int, end: int) -> Self:
        return type(self)(self.text[start:end], self.at[start:end])

    def stripped(self) -> Self:
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, max(start, len(self.text.rstrip())))

    def keep(self, pattern: re.Pattern[str], group: int = 0) -> Self:
        """Every match gives way to one of its groups, or to nothing with group 0."""
        return self._edited(
            (match.start(), match.end(), self.cut(*match.span(group)) if group else None)
            for match in pattern.finditer(self.text)
        )

    def replace(self, pattern: re.Pattern[str], by: str | dict[str, str]) -> Self:
        """Every match gives way to `by`, or to what the table `by` holds for it."""
        return self._edited(
            (match.start(), match.end(), self._instead(match, by))
            for match in pattern.finditer(self.text)
        )

    def _instead(self, match: re.Match[str], by: str | dict[str, str]) -> Self:
        new = by if isinstance(by, str) else by[match.group()]
        return self._shared(new, self.at[match.start() : match.end()])

    def _shared(self, new: str, places: tuple[int, ...]) -> Self:
        """New characters, those too many at the last of the places."""
        return type(self)(new, tuple(places[min(i, len(places) - 1)] for i in range(len(new))))

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> Self:
        """With other words in some places: start, end, what stands there now; " " may be put in."""
        whole = len(self.at)
        return self._edited(
            (start, end, self._shared(new, self.at[start : max(end, min(start + 1, whole))]))
            for start, end, new in edits
        )

    def _edited(self, edits: Iterable[tuple[int, int, Self | None]]) -> Self:
        texts, places, done = [], [], 0
        for start, end, new in edits:
            texts.append(self.text[done:start])
            places.append(self.at[done:start])
            if new is not None:
                texts.append(new.text)
                places.append(new.at)
            done = end
        if not texts:
            return self
        texts.append(self.text[done:])
        places.append(self.at[done:])
        return type(self)("".join(texts), tuple(chain.from_iterable(places)))

    def rows(self, origin: str) -> tuple[tuple[int, int, int], ...]:
        """[start here, start in `origin`, length] of every stretch that stands in both alike."""
        rows: list[tuple[int, int, int]] = []
        for start, end in pairwise(self._breaks()):
            there, length = self.at[start], end - start
            if self.text[start:end] == origin[there : there + length]:
                rows.append((start, there, length))
            else:
                rows += _alike(self.text[start:end], start, origin[there : there + length], there)
        return tuple(rows)

    def _breaks(self) -> list[int]:
        """Where the next character does not follow on the one before in the reader's text."""
        if not self.at:
            return []
        steps = map(sub, self.at[1:], self.at)
        apart = (n for n, step in enumerate(steps, 1) if step != 1)
        return [0, *apart, len(self.at)]


def _alike(text: str, here: int, other: str, there: int) -> Iterator[tuple[int, int, int]]:
    """Rows for the stretches of two texts, beginning at `here` and `there`, that are the same."""
    start = 0
    for is_same, run in groupby(map(eq, text, other)):
        length = len(list(run))
        if is_same:
            yield here + start, there + start, length
        start += length


def joined(parts: Iterable[Mapped], between: str) -> Mapped:
    """Texts in order with `between` (one character) after each but the last."""
    texts: list[str] = []
    places: list[int] = []
    for part in parts:
        if texts:
            places.append(places[-1] + 1 if places else 0)
        texts.append(part.text)
        places.extend(part.at)
    return Mapped(between.join(texts), tuple(places))
