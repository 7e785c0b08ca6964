"""By what a letter is known again wherever its words went: its id, and what only this letter says.

A run of three words that stands in no other letter is a trace, and so is a shorter line, a quoted
span of two words, a quoted number or name: unless another letter has it too.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator

from core.records import Json
from core.schema import default_schema

RUN = 3
PIECE, OVERLAP = 1 << 20, 1 << 12  # bytes
_WORD = re.compile(r"\w+")
_TAG = re.compile(r"<[^<>]*>")
# What stands between the words of a labelled phrase, in an answer or a table of words and labels.
_LABEL = re.compile(r'"label"\s*:\s*"[^"]*"|"(?:parola|word)"\s*:|\b[BI]-[\w.-]+|\bO\b')
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrt\"/\\]")
Words = tuple[str, ...]


class Trace:
    """What tells one letter from all others."""

    def __init__(self, letter: str, lines: Iterable[Json], others: Iterable[Json]) -> None:
        """`lines`: records of the letter, of whatever file; `others`: those of other letters."""
        self.letter = letter
        # A short name (somebody else's file) may stand in any text for something else.
        name = re.escape(letter) if len(letter) >= 8 else "(?!)"
        self._id = re.compile(rf"(?<![0-9a-zA-Z.]){name}(?![0-9a-zA-Z]|\.\d)")
        own: set[Words] = set()
        for line in lines:
            for text in _texts(line):
                own.update(_runs(text))
            for quote in _quotes(line):
                own.add(_words(quote))
        for line in others:
            if not own:
                break
            for text in _texts(line):
                own.difference_update(_any_runs(_words(text)))
        own.discard(())
        self._own = own
        self._lengths = {len(run) for run in own}
        self._firsts = {run[0] for run in own}

    def in_text(self, text: str) -> bool:
        """Whether a text, a page of HTML or JSON, or what is left of one, speaks of the letter."""
        return self._id.search(text) is not None or self._says(text)

    def in_bytes(self, content: bytes) -> bool:
        return any(map(self.in_text, _pieces(content)))

    def words_in(self, content: bytes) -> bool:
        """Whether bytes hold the letter's words; its id alone does not count."""
        return any(map(self._says, _pieces(content)))

    def _says(self, text: str) -> bool:
        plain = _TAG.sub(" ", html.unescape(_ESCAPE.sub(_plain, text)))
        return self._in_words(_words(plain)) or self._in_words(_words(_LABEL.sub(" ", plain)))

    def _in_words(self, words: Words) -> bool:
        return any(
            words[start : start + length] in self._own
            for start, word in enumerate(words)
            if word in self._firsts
            for length in self._lengths
        )

    def in_line(self, line: Json) -> bool:
        """Whether a record of a JSON Lines file is the letter's own, or about it.

        `carried` only says where a person looked: the line is another letter's.
        """
        return any(
            isinstance(value, str) and (value == self.letter or value.startswith(f"{self.letter}:"))
            for name, value in line.items()
            if name != "carried"
        )


def _pieces(content: bytes) -> Iterator[str]:
    """Bytes as text, a large file (a database) in pieces that overlap."""
    for start in range(0, max(len(content), 1), PIECE):
        yield content[start : start + PIECE + OVERLAP].decode("utf-8", "replace")


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.casefold()))


def _runs(text: str) -> Iterator[Words]:
    """The runs of each line, and a short line whole."""
    for line in text.splitlines():
        words = _words(line)
        if len(words) >= RUN:
            yield from (words[start : start + RUN] for start in range(len(words) - RUN + 1))
        elif len(words) > 1:
            yield words


def _any_runs(words: Words) -> Iterator[Words]:
    for length in range(1, RUN + 1):
        yield from (words[start : start + length] for start in range(len(words) - length + 1))


def _texts(line: Json) -> Iterator[str]:
    """The letter's own words in a record: a letter, a phrase."""
    text = line.get("text")
    if isinstance(text, str):
        yield text


def _quotes(line: Json) -> Iterator[str]:
    """Short stretches that may stand alone in a report or a map: names, numbers, two words."""
    fields = default_schema().fields
    for span in line.get("spans") or ():
        known = fields.get(str(span.get("field")))
        if len(_words(span["text"])) == 2 or (known and known.group == "identity"):
            yield from _if_telling(span["text"])
    for stand_in in line.get("stand_ins") or ():
        yield from _if_telling(stand_in["original"])


def _if_telling(quote: str) -> Iterator[str]:
    words = _words(quote)
    if 0 < len(words) <= RUN and len(quote) >= 5:
        yield quote


def _plain(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else str(json.loads(f'"{found[0]}"'))
