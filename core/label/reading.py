"""A text as its quotes are looked for: its views and its words, each made once it is wanted."""

import re
from collections import defaultdict
from functools import cached_property, lru_cache
from itertools import accumulate

from core.label.normal import TWIN, View, bare, folded, squeezed, tidied

_WORD = re.compile(
    r"((?! )(?:[^\W\d_]+|\d+(?:[.,:/-]\d+)*|[%‰°+<>=≤≥±~]"
    r"|-(?:(?<![\w)\]]-)(?=\d)|(?<=[^\W\d_]-)(?!\w))))"  # a sign, not a hyphen: -5, Rh-
)


class Words:
    """The words of a normalised text and where they stand in it."""

    def __init__(self, text: str) -> None:
        parts = _WORD.split(text)  # between, word, between, ..., between
        self.text = text
        self.words = parts[1::2]
        self.starts = list(accumulate(map(len, parts)))[:-1:2]

    def end(self, index: int) -> int:
        return self.starts[index] + len(self.words[index])


class Reading:
    """What can be seen of a text without a quote in mind."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = folded(text)
        self.bare = bare(self.folded.text)

    @cached_property
    def view(self) -> View:
        """The text normalised."""
        return tidied(self.folded)

    @cached_property
    def close(self) -> View:
        """The text squeezed."""
        return squeezed(self.view)

    @cached_property
    def words(self) -> Words:
        return Words(self.view.text)

    @cached_property
    def where(self) -> dict[str, list[int]]:
        """Which words of the text each word is."""
        where: defaultdict[str, list[int]] = defaultdict(list)
        for index, word in enumerate(self.words.words):
            where[word].append(index)
        return dict(where)

    @cached_property
    def initials(self) -> dict[str, list[str]]:
        """The words of the text by their first letter, twins as one."""
        initials: defaultdict[str, list[str]] = defaultdict(list)
        for word in self.where:
            initials[TWIN.get(word[0], word[0])].append(word)
        return dict(initials)


@lru_cache(maxsize=8)
def reading(text: str) -> Reading:
    """The reading of a text; kept for a while, as a letter is searched for each question again."""
    return Reading(text)
