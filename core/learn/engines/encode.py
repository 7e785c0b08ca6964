"""A phrase as a network reads it: words, sub-words, and windows where it is longer than the network
can see. Learning and tagging both read phrases through here, so they cannot differ.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from core.learn.tags import Word, words
from core.records import Phrase

NO_SECTION = "[no section]"
_AT_ONCE = 1024


def section_token(section: str) -> str:
    """The token of a section in a vocabulary that knows sections."""
    return f"[section {section}]"


@dataclass(frozen=True, slots=True)
class Window:
    """A row of ids. `firsts` are the positions of the first sub-words of the words that this window
    answers for: words `start` to `start + len(firsts)` of its phrase. `cases` (0 small, 1 capital
    first, 2 all capitals) go in as token types, for a vocabulary that is blind to case; else 0."""

    ids: tuple[int, ...]
    cases: tuple[int, ...]
    firsts: tuple[int, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """The words that the network can see, and the windows that cover them, each word once."""

    words: tuple[Word, ...]
    windows: tuple[Window, ...]


@dataclass(slots=True)
class Encoder:
    """Encodes phrases for one network. `limit` is the longest row that it can read."""

    tokenizer: Tokenizer
    limit: int
    _ends: tuple[list[int], list[int]] = field(init=False)
    _nowhere: int | None = field(init=False)
    _before: str = field(init=False)

    def __post_init__(self) -> None:
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self._nowhere = self.tokenizer.token_to_id(NO_SECTION)
        sample = self.tokenizer.encode(["a"], is_pretokenized=True)
        places = [i for i, special in enumerate(sample.special_tokens_mask) if not special]
        first, last = (places[0], places[-1] + 1) if places else (len(sample.ids), len(sample.ids))
        self._ends = (sample.ids[:first], sample.ids[last:])
        self._before = self._space()

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the network takes: a vocabulary of ours also tells the case of each sub-word."""
        plain = ("input_ids", "attention_mask")
        return plain if self._nowhere is None else (*plain, "token_type_ids")

    @property
    def padding(self) -> int:
        """The id that fills short rows."""
        for token in ("[PAD]", "<pad>"):
            found = self.tokenizer.token_to_id(token)
            if found is not None:
                return found
        return 0

    def padded(self, windows: Sequence[Window]) -> dict[str, NDArray[np.int64]]:
        """Windows as the rectangular inputs of a network, filled up on the right."""
        shape = (len(windows), max(len(window.ids) for window in windows))
        ids = np.full(shape, self.padding, dtype=np.int64)
        mask, cases = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, window in enumerate(windows):
            ids[row, : len(window.ids)] = window.ids
            mask[row, : len(window.ids)] = 1
            cases[row, : len(window.ids)] = window.cases
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": cases}

    def encode(self, phrases: Sequence[Phrase]) -> list[Encoded]:
        """The phrases in order."""
        places = [words(phrase.text) for phrase in phrases]
        texts = [
            [self._before * phrase.text[a - 1 : a].isspace() + phrase.text[a:b] for a, b in row]
            for phrase, row in zip(phrases, places, strict=True)
        ]
        rows = self.tokenizer.encode_batch(texts, is_pretokenized=True, add_special_tokens=False)
        return [
            self._windows(phrase, where, row.ids, row.word_ids)
            for phrase, where, row in zip(phrases, places, rows, strict=True)
        ]

    def stream(self, phrases: Iterable[Phrase]) -> Iterator[Encoded]:
        """The same, some phrases at a time: however many there are, few are in memory."""
        rest = iter(phrases)
        while some := list(islice(rest, _AT_ONCE)):
            yield from self.encode(some)

    def _windows(
        self, phrase: Phrase, places: list[Word], ids: list[int], owners: list[int | None]
    ) -> Encoded:
        """A word that the tokenizer drops (a stray control character) is seen by nobody."""
        before, after = self._ends
        cases = [0] * len(ids)
        if self._nowhere is not None:
            before = [*before, self._section(phrase.section)]
            cases = [_case(phrase.text, *places[i]) for i in owners if i is not None]
        firsts = [i for i, owner in enumerate(owners) if i == 0 or owner != owners[i - 1]]
        seen = tuple(places[owner] for i in firsts if (owner := owners[i]) is not None)
        room = self.limit - len(before) - len(after)
        windows = []
        for start, end, own_start, own_end in _cover(firsts, len(ids), room):
            row = (*before, *ids[start:end], *after)
            spelled = (*[0] * len(before), *cases[start:end], *[0] * len(after))
            own = tuple(i - start + len(before) for i in firsts[own_start:own_end])
            windows.append(Window(row, spelled, own, own_start))
        return Encoded(seen, tuple(windows))

    def _space(self) -> str:
        """A blank where the vocabulary tells words that follow one (byte-level, SentencePiece) from
        those glued to what is before. Words go in one by one, so it must come with them."""

        def last(words: list[str]) -> list[int]:
            return self.tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False).ids

        inside = self.tokenizer.encode("; a", add_special_tokens=False).ids
        return " " if last(["a"]) != inside[-1:] and last([" a"]) == inside[-1:] else ""

    def _section(self, section: str | None) -> int:
        known = None if section is None else self.tokenizer.token_to_id(section_token(section))
        return self._nowhere if known is None else known  # type: ignore[return-value]


def _case(text: str, start: int, end: int) -> int:
    word = text[start:end]
    return 2 if len(word) > 1 and word.isupper() else int(word[0].isupper())


def _cover(firsts: list[int], length: int, room: int) -> list[tuple[int, int, int, int]]:
    """Windows over `length` sub-words as (start, end, first own word, word after the last own).

    Neighbours share half a window, and a word belongs to the one where it stands further inside.
    """
    if length <= room:
        return [(0, length, 0, len(firsts))] if firsts else []
    step, windows, own = room // 2, [], 0
    for start in range(0, length, step):
        end = min(start + room, length)
        edge = length if end == length else end - step // 2
        own_end = own + sum(1 for i in firsts[own:] if i < edge)
        windows.append((start, end, own, own_end))
        own = own_end
        if end == length:
            break
    return windows
