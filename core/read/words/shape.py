"""An expression that is tried only on a text that holds one of the words it cannot do without.

Of the hundreds of expressions that look at a line hardly one matches. Which literal words every
match must contain is read off the expression itself, so that nobody lists them twice; to miss them
all in a line takes a fraction of the time that the expression needs to fail at each of its places.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from re import _constants, _parser  # type: ignore[attr-defined]  # what re itself reads them with
from typing import Any

Words = frozenset[str]
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)


class Shape:
    """A compiled expression, its methods those of re.Pattern.

    `match` and `fullmatch` look at one place only: nothing is asked before them.
    """

    def __init__(self, expression: str) -> None:
        compiled = re.compile(expression)
        self.pattern = expression
        self._compiled = compiled
        self._words = sorted(needed(expression), key=len)
        self.match = compiled.match
        self.fullmatch = compiled.fullmatch

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        return self._compiled.search(text, start, end) if self._may_match(text) else None

    def finditer(
        self, text: str, start: int = 0, end: int = sys.maxsize
    ) -> Iterator[re.Match[str]]:
        return self._compiled.finditer(text, start, end) if self._may_match(text) else iter(())

    def sub(self, by: str | Callable[[re.Match[str]], str], text: str) -> str:
        return self._compiled.sub(by, text) if self._may_match(text) else text

    def _may_match(self, text: str) -> bool:
        for word in self._words:  # any() would cost more than many an expression
            if word in text:
                return True
        return not self._words


def needed(expression: str) -> Words:
    """Literal words of which every match of an expression contains one; none where it is open."""
    parsed = _parser.parse(expression)
    words = Words() if parsed.state.flags & re.IGNORECASE else _of_sequence(parsed)
    return Words(w for w in words if not any(o in w for o in words - {w}))


def _of_sequence(parts: Iterable[tuple[Any, Any]], run: str = "") -> Words:
    """Of what a sequence must contain, the most telling words; `run` stands right before it."""
    found: list[Words] = []
    for kind, said in parts:
        if kind is _constants.LITERAL:
            run += chr(said)
        elif kind is not _constants.AT:  # an edge of a word or a line parts no letters
            found += [_word(run), _of_part(kind, said, run)]
            run = ""
    return max([*found, _word(run)], key=_telling)


def _of_part(kind: Any, said: Any, run: str) -> Words:
    """What any other part must contain; nothing where it may be left out or is not known here."""
    if kind is _constants.SUBPATTERN:
        _, flags, _, inner = said
        return Words() if flags & re.IGNORECASE else _of_sequence(inner, run)
    if kind is _constants.BRANCH:
        choices = [_of_sequence(choice, run) for choice in said[1]]
        return Words().union(*choices) if all(choices) else Words()
    if kind is _constants.IN:
        signs = [sign for sort, sign in said if sort is _constants.LITERAL]
        return Words(map(chr, signs)) if len(signs) == len(said) else Words()
    if kind is _constants.ASSERT or kind in _REPEATS and said[0] > 0:
        return _of_sequence(said[-1])
    return Words()


def _telling(words: Words) -> tuple[int, int]:
    return min(map(len, words), default=0), -len(words)


def _word(run: str) -> Words:
    return Words((run,)) if run else Words()
