"""All concepts of a line in one pass: a tree of words, walked from each word of the line.

Words are looked up as the lexicon spells them: abbreviations written out, words that OCR tore apart
joined, slips of a hurried hand mended.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from operator import add
from typing import Any

from core.label.rules.lexicon import Concept, Hit, expand
from core.label.rules.spelling import SPELT_FROM, Spelling
from core.label.rules.words import Line, Word, split_words
from core.read.words.fold import fold

_ANSWERS = frozenset(("no", "si", ":", "mai"))
_ANSWER = re.compile(
    r"\s*[:=]?\s*(?:no|si|neg\w*|assente|mai)\s*(?:[,.;)/|]|$)|\s(?:parossist|persist|permanent|cronic)\w*"
    r"|\sdal\s(?:19|20)\d\d"
)
_NO_WORDS = frozenset(
    "cec tia irc icd pci bpco aki crt fap lcos".split()
)  # mean nothing else in small letters
_DENIED = re.compile(r"\b(?:no|no?n|nega|mai|ne)\s$")
_RECORDED = re.compile(r"\b(?:ecg|ritmo|rit)\W{1,3}(?:in |da |di )?$")
_TORN_FROM = 7  # letters of a word that may have been torn
_ANY_NUMBER = "#"
_COUNT_WORDS = frozenset("un una due tre quattro cinque sei sette otto nove dieci".split())
_END = ""  # no word: under it stands what an expression that ends here says

Tree = dict[str, Any]  # from word to tree; at _END from a concept's number to its loud places
Places = tuple[int, ...]  # of the words in capitals


class Finder:
    """The expressions of concepts, and how to find them in a line."""

    def __init__(
        self, concepts: Sequence[Concept], abbreviations: Mapping[str, str] | None = None
    ) -> None:
        self._concepts = tuple(concepts)
        self._short = abbreviations or {}
        self._tree: Tree = {}
        self._known: set[str] = set()
        parted = cache(_parted)
        for number, concept in enumerate(self._concepts):
            for expression in sorted(set().union(*map(expand, concept.say))):
                self._add(number, [word for part in expression.split() for word in parted(part)])
        self._spelling = Spelling(self._known)

    def _add(self, number: int, said: Sequence[tuple[str, bool]]) -> None:
        node = self._tree
        for word, _ in said:
            self._known.add(word)
            node = node.setdefault(word, {})
        loud = tuple(place for place, (_, is_loud) in enumerate(said) if is_loud)
        ends = node.setdefault(_END, {})
        ends[number] = min(loud, ends.get(number, loud), key=len)  # of "CDX" and "CDx" the latter

    @property
    def words(self) -> frozenset[str]:
        """All words of the expressions."""
        return frozenset(self._known)

    def find(self, line: Line) -> list[Hit]:
        """All concepts said, also those inside longer ones."""
        words = self._words(line)
        ways = [(w.norm, _ANY_NUMBER) if _is_number(w.norm) else (w.norm,) for w in words]
        return [
            Hit(words[first].start, words[last].end, self._concepts[number])
            for first, last, number, loud in self._said(ways)
            if all(_stands(line, words[first + place]) for place in loud)
        ]

    def _said(self, ways: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int, int, Places]]:
        """First and last word, concept and loud places of each expression, in `ways` of words."""
        for first, begins in enumerate(ways):
            if self._tree.keys().isdisjoint(begins):
                continue
            nodes = [self._tree]
            for last in range(first, len(ways)):
                nodes = [node[way] for node in nodes for way in ways[last] if way in node]
                if not nodes:
                    break
                for node in nodes:
                    for number, loud in node.get(_END, {}).items():
                        yield first, last, number, loud

    def _words(self, line: Line) -> list[Word]:
        """The words of a line as the lexicon spells them."""
        words: Sequence[Word] = line.words
        norms = [word.norm for word in words]
        if not self._short.keys().isdisjoint(norms):
            words = list(self._whole(words))
            norms = [word.norm for word in words]
        if not self._known.isdisjoint(map(add, norms, norms[1:])):
            words = list(self._joined(line, words))
        return [word if word.norm in self._known else self._spelt(word) for word in words]

    def _whole(self, words: Sequence[Word]) -> Iterator[Word]:
        """The words, an abbreviation and its full stop as the word it stands for."""
        stopped = False
        for word, behind in zip_longest(words, words[1:]):
            if stopped:
                stopped = False
                continue
            meant = self._short.get(word.norm)
            stopped = bool(meant and behind and behind.norm == "." and behind.start == word.end)
            if meant and stopped and behind:
                yield Word(word.start, behind.end, meant)
            elif meant and behind and behind.norm in _ANSWERS:
                yield Word(word.start, word.end, meant)  # "disl si; scomp no"
            else:
                yield word

    def _spelt(self, word: Word) -> Word:
        """The word as the lexicon spells it, where a hurried hand or OCR missed a letter."""
        norm = word.norm
        if len(norm) < SPELT_FROM:
            return word
        meant = self._spelling.meant(norm)
        return Word(word.start, word.end, meant) if meant else word

    def _joined(self, line: Line, words: Sequence[Word]) -> Iterator[Word]:
        """The words, those that OCR tore apart as one: "sinu sale" where the lexicon knows it."""
        torn = False
        for word, behind in zip_longest(words, words[1:]):
            if torn:
                torn = False
                continue
            whole = word.norm + behind.norm if behind else ""
            torn = bool(
                behind
                and len(whole) >= _TORN_FROM
                and whole in self._known
                and line.text[word.end : behind.start] == " "
                and not (word.norm in self._known and behind.norm in self._known)
            )
            yield Word(word.start, behind.end, whole) if torn and behind else word


def _parted(part: str) -> tuple[tuple[str, bool], ...]:
    """The words of an expression's part between blanks, and which are in capitals."""
    return tuple((word.norm, _is_loud(part, word)) for word in split_words(fold(part)))


def _stands(line: Line, word: Word) -> bool:
    return _is_loud(line.mended, word) or _is_asked(line, word)


def _is_number(norm: str) -> bool:
    return norm.isdigit() and len(norm) < 3 or norm in _COUNT_WORDS


def _is_loud(text: str, word: Word) -> bool:
    """Whether a word is a short one in capitals, as FA is."""
    if len(word.norm) > 3 or not word.norm.isalpha():
        return False
    quote = text[word.start : word.end]
    return quote == quote.upper()


def _is_asked(line: Line, word: Word) -> bool:
    """Whether a short word in small letters is one in a list of answers: irc no, dm si, ecg rs."""
    before, behind = line.folded[max(0, word.start - 20) : word.start], line.folded[word.end :]
    if not line.text[word.start : word.end].islower():
        return False
    if word.norm in _NO_WORDS:
        return True
    if _ANSWER.match(behind) and word.norm not in ("e", "a", "i", "o"):
        return True
    denied = _DENIED.search(before) and re.match(r"\s*(?:[,.;)]|$)", behind)
    return bool(denied or (_RECORDED.search(before) and word.norm in ("rs", "fa", "pm")))
