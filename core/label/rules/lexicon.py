"""`lexicon.toml`: what letters say for each field, and the spaCy matcher made of it.

An expression is a finite pattern of words: `(a|b)` is a choice, an empty choice leaves it out. A
word in capitals of at most three letters (FA, RS, PM) is found in capitals only.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput
from core.label.rules.spelling import SPELT_FROM, Spelling
from core.label.rules.words import Line, Word, fold, split_words
from core.read.slips import mended
from core.schema import Schema

Stage = Literal["before", "stay", "after", "discharge", "any"]
Tail = Literal["none", "degree", "clause", "dose"]
_ANSWERS = frozenset(("no", "si", ":", "mai"))
_ANSWER = re.compile(
    r"\s*[:=]?\s*(?:no|si|neg\w*|assente|mai)\s*(?:[,.;)]|$)|\s(?:parossist|persist|permanent|cronic)\w*"
    r"|\sdal\s(?:19|20)\d\d"
)
_NO_WORDS = frozenset(
    "cec tia irc icd pci bpco aki crt fap lcos".split()
)  # mean nothing else in small letters
_DENIED = re.compile(r"\b(?:no|non|nega|mai|ne)\s$")
_RECORDED = re.compile(r"\b(?:ecg|ritmo|rit)\W{1,3}(?:in |da |di )?$")
_TORN_FROM = 7  # letters of a word that may have been torn
_ANY_NUMBER = "#"
_COUNT_WORDS = frozenset("un una due tre quattro cinque sei sette otto nove dieci".split())
LEXICON = Path(__file__).with_name("lexicon.toml")


@dataclass(frozen=True, slots=True)
class Concept:
    """Something a letter may say, and the fields it speaks of. Without fields it is a decoy.

    `needs` and `unless` look at the sentence, `old` says what becomes of something long past.
    """

    fields: tuple[str, ...]
    say: tuple[str, ...]
    stages: frozenset[str]
    value: int | str | None = None
    tail: Tail = "degree"
    kind: str = ""
    needs: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    old: Literal["keep", "drop", "need"] = "keep"
    polarity: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept found in a line."""

    start: int
    end: int
    concept: Concept


def expand(pattern: str) -> set[str]:
    """All expressions of a finite pattern: `tipo (1|2)` gives two."""
    choices, rest = _choices(pattern, 0)
    if rest < len(pattern):
        raise ValueError(f"a bracket too many in {pattern!r}")
    return {" ".join(choice.split()) for choice in choices} - {""}


def _choices(pattern: str, place: int) -> tuple[set[str], int]:
    """What a pattern can say from a place to the bracket that ends it, and where that stands."""
    every: set[str] = set()
    said = {""}
    while place < len(pattern) and pattern[place] != ")":
        if pattern[place] == "(":
            inner, place = _choices(pattern, place + 1)
            said = {left + right for left in said for right in inner}
        elif pattern[place] == "|":
            every |= said
            said = {""}
        else:
            said = {left + pattern[place] for left in said}
        place += 1
    return every | said, place


class Lexicon:
    """The concepts, the word lists and the shapes of a lexicon file."""

    def __init__(self, concepts: Sequence[Concept], tables: dict[str, Any]) -> None:
        self.concepts = tuple(concepts)
        self.tables = tables

    def shape(self, table: str, name: str) -> re.Pattern[str]:
        """A list of shapes of the file as one regular expression over folded text."""
        return re.compile("|".join(self.tables[table][name]))

    def words(self, table: str, name: str) -> frozenset[str]:
        return frozenset(fold(self.tables[table][name]).split())


def read_lexicon(path: Path, schema: Schema) -> Lexicon:
    """A lexicon, completed by the names of fields it does not mention. Raises BadInput."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        concepts = [_concept(entry, schema) for entry in raw.pop("concept")]
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise BadInput(f"{path}: not a lexicon ({error})") from error
    concepts += _by_name(schema, {field for concept in concepts for field in concept.fields}, raw)
    return Lexicon(concepts, raw)


def _concept(raw: dict[str, Any], schema: Schema) -> Concept:
    # Of a field that the user's own table lacks the words still cover what they say.
    names = tuple(name for name in raw.pop("fields") if name in schema.fields)
    stages = frozenset(raw.pop("stages", ("before", "stay", "any")))
    shapes: dict[str, Any] = {
        key: re.compile(raw.pop(key)) for key in ("needs", "unless") if key in raw
    }
    return Concept(names, tuple(raw.pop("say")), stages, **shapes, **raw)


def _by_name(schema: Schema, known: Iterable[str], raw: dict[str, Any]) -> Iterator[Concept]:
    """A Boolean field somebody added to fields.toml is found by its name and aliases."""
    shaped = set(known) | set(raw["shapes"]["fields"]) | set(raw["drugs"])
    for field in schema.fields.values():
        if field.say or field.name in shaped:
            continue
        if field.kind == "mention" and field.type == "boolean":
            names = tuple(name.replace("_", " ") for name in (field.name, *field.aliases))
            yield Concept((field.name,), names, frozenset(("before", "stay", "after", "any")))


class Finder:
    """All concepts of a line in one pass of spaCy's PhraseMatcher."""

    def __init__(
        self, concepts: Sequence[Concept], abbreviations: Mapping[str, str] | None = None
    ) -> None:
        import spacy  # 3 s where torch is installed
        from spacy.matcher import PhraseMatcher

        self._nlp = spacy.blank("it")
        self._matcher = PhraseMatcher(self._nlp.vocab)
        self._counting = PhraseMatcher(self._nlp.vocab)  # expressions with a number, `#`
        self._concepts = tuple(concepts)
        self._short = abbreviations or {}
        self._known: set[str] = set()
        self._capitals: dict[int, dict[tuple[str, ...], tuple[int, ...]]] = {}
        for number, concept in enumerate(self._concepts):
            self._add(number, concept)
        self._spelling = Spelling(self._known)

    def _add(self, number: int, concept: Concept) -> None:
        loud: dict[tuple[str, ...], tuple[int, ...]] = {}
        plain: set[tuple[str, ...]] = set()
        for expression in set().union(*map(expand, concept.say)):
            found = split_words(fold(expression))
            words = tuple(word.norm for word in found)
            self._known.update(words)
            places = tuple(n for n, word in enumerate(found) if _is_loud(expression, word))
            if places:
                loud[words] = places
            else:
                plain.add(words)
        self._capitals[number] = {words: loud[words] for words in loud if words not in plain}
        for matcher, counts in ((self._matcher, False), (self._counting, True)):
            docs = [
                self._doc(words)
                for words in sorted({*loud, *plain})
                if words and (_ANY_NUMBER in words) is counts
            ]
            if docs:
                matcher.add(str(number), docs)

    def _doc(self, words: Sequence[str]) -> Any:
        from spacy.tokens import Doc

        return Doc(self._nlp.vocab, words=list(words))

    def find(self, line: Line) -> list[Hit]:
        """All concepts said, also those inside longer ones."""
        words = [self._spelt(word) for word in self._joined(line, list(self._whole(line.words)))]
        if not words:
            return []
        norms = [word.norm for word in words]
        matches = self._matcher(self._doc(norms))
        numbered = [_ANY_NUMBER if _is_number(norm) else norm for norm in norms]
        if numbered != norms:
            matches += self._counting(self._doc(numbered))
        found = []
        for match, first, last in matches:
            number = int(self._nlp.vocab.strings[match])
            if self._stands(number, line, words[first:last], numbered[first:last]):
                start, end = words[first].start, words[last - 1].end
                found.append(Hit(start, end, self._concepts[number]))
        return found

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
        if len(norm) < SPELT_FROM or norm in self._known:
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

    def _stands(
        self, number: int, line: Line, words: Sequence[Word], numbered: Sequence[str]
    ) -> bool:
        capitals = self._capitals[number]
        loud = capitals.get(tuple(word.norm for word in words), capitals.get(tuple(numbered), ()))
        return all(
            _is_loud(mended(line.text), words[place]) or _is_asked(line, words[place])
            for place in loud
        )


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


def longest(hits: Sequence[Hit]) -> list[Hit]:
    """In order, without hits inside a longer one: `ipertensione polmonare` is no hypertension."""
    found = sorted(hits, key=lambda hit: (hit.start, -hit.end))
    kept: list[Hit] = []
    reach = (-1, -1)
    for hit in found:
        if hit.end <= reach[1] and (hit.start, hit.end) != reach:
            continue
        if hit.end > reach[1]:
            reach = (hit.start, hit.end)
        kept.append(hit)
    return kept
