"""Who the patients of the training letters are: what must stand in no file that goes online.

Taken from what people and rules marked as identity (name, record number, telephone, date of birth)
and, by the rules once more, from the phrases' and letters' text, so that letters labelled without
identity are covered too. Age and sex are left out: by themselves they name nobody.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import combinations

from core.label import LABELLERS
from core.learn.record import opaque
from core.read.words.dates import written
from core.read.words.months import STEMS, month
from core.records import Annotation, Letter, Phrase, Span, phrase_ids
from core.schema import default_schema

SHORTEST = 4
"""Letters of a word that is searched for by itself; a shorter one only with the rest of its name.
"""
LONG = 8
"""Signs of a value that stands nowhere by chance: it is searched for in numbers too."""
JOINED = 6
"""Letters of a name that is searched for as one word: rossimario, dangelo."""
FEWEST = 5
"""Digits of a number that is searched for: a shorter one stands in any file by chance."""
_PARTICLES = frozenset(
    "dalla dalle dall dello della dell delle degli delli van von den der san santa santo sant "
    "nato nata signor signora paziente".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_UNSEEN = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_RUN = re.compile(r"(?<!\w)(?<!\d\.)\+?\d(?:[ ./\-]?\d)*(?!\w)")
_DECIMAL = re.compile(r"(?<![\w.])\d\.\d+(?![\w.])")
_DAY = re.compile(r"(?<!\d)(\d{1,2})\s?[./\- ]\s?(\d{1,2})\s?[./\- ]\s?(\d{4}|\d{2})(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})[./\-](\d{1,2})[./\-](\d{1,2})(?!\d)")
_SOLID = re.compile(r"(?<!\w)\d{8}(?!\w)")
# In English and German, too, most months begin with these letters.
_NAMED = re.compile(rf"(?<!\d)(\d{{1,2}})\W{{1,3}}({'|'.join(STEMS)})[a-z]*\W{{1,3}}(\d{{4}})")


@dataclass(frozen=True)
class Identities:
    """What is searched for, each with the field it is a value of: words, whole names of short
    words, digits, days. `letters` are those it is of (opaque ids), `phrases` how many of each."""

    words: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    days: dict[date, str] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.words) + len(self.names) + len(self.numbers) + len(self.days)

    def found(self, text: str) -> set[str]:
        """The fields of which a value stands in a text."""
        plain = folded(text)
        words = _WORD.findall(plain)
        fields = {self.words[word] for word in set(words) & self.words.keys()}
        spaced = f" {' '.join(words)} " if self.names else ""
        fields |= {known for name, known in self.names.items() if f" {name} " in spaced}
        if self.numbers:
            fields |= {self.numbers[n] for n in _numbers(plain, self.numbers)}
        if self.days:
            fields |= {self.days[day] for day in set(_days(plain)) & self.days.keys()}
        return fields

    @cached_property
    def long(self) -> "Identities":
        """Those so long that they stand in no numbers by chance."""
        rows = (self.words, self.names, self.numbers)
        words, names, numbers = (
            {value: name for value, name in row.items() if len(value) >= LONG} for row in rows
        )
        return Identities(words, names, numbers)


def folded(text: str) -> str:
    """In small letters without accents and signs that are not seen; the marks of sub-words are
    spaces."""
    if text.isascii():
        return text.lower()
    text = text.replace("\u0120", " ").replace("\u2581", " ")
    return _UNSEEN.sub("", unicodedata.normalize("NFKD", text.casefold()))


def words_of(text: str) -> list[str]:
    """Its words, folded."""
    return _WORD.findall(folded(text))


def identities(annotations: Iterable[Annotation], letters: Iterable[Letter] = ()) -> Identities:
    """Of real letters: those of the generator name nobody."""
    known = Identities()
    phrases: list[Phrase] = []
    for annotation in annotations:
        if annotation.origin == "fictitious":
            continue
        phrases.append(annotation.phrase)
        key = opaque(annotation.phrase.letter)
        known.letters[key] = known.letters.get(key, 0) + 1
        _take(known, annotation.spans)
    for letter in letters:
        known.letters.setdefault(opaque(letter.id), 0)
        phrases += _lines(letter)
    phrases.sort(key=lambda phrase: (phrase.letter, phrase.start))
    for seen in LABELLERS.get("rules")().label(phrases):
        _take(known, seen.spans)
    return known


def _lines(letter: Letter) -> Iterator[Phrase]:
    lines = letter.text.splitlines()
    for line, key in zip(lines, phrase_ids(letter.id, lines), strict=True):
        if line.strip():
            yield Phrase(key, letter.id, 0, len(line), line)


def _take(known: Identities, spans: Iterable[Span]) -> None:
    fields = default_schema().fields
    named: list[tuple[str, list[str]]] = []
    for span in spans:
        name = span.field or span.label
        if name == "identity" or (
            name in fields and fields[name].group == "identity" and fields[name].kind == "mention"
        ):
            for said in (span.text, span.value):
                if isinstance(said, str) and not _count(known, said, name):
                    named.append((name, words_of(said)))
    for name, words in named:
        known.words.update(dict.fromkeys(_long(words), name))
        _whole(known, words, name)
    for (name, words), (other, more) in combinations(named, 2):
        if name != other:
            _whole(known, words + more, name)


def _count(known: Identities, said: str, name: str) -> bool:
    """Takes a date or a number; returns whether it is one."""
    plain = folded(said)
    days = list(_days(plain))
    known.days.update(dict.fromkeys(days, name))
    digits = re.sub(r"\D", "", plain)
    if not days and len(digits) >= FEWEST:
        known.numbers.update(dict.fromkeys(_short(digits), name))
    return bool(days or digits)


def _long(words: Iterable[str]) -> list[str]:
    return [word for word in words if len(word) >= SHORTEST and word not in _PARTICLES]


def _whole(known: Identities, words: list[str], name: str) -> None:
    """A name of several words written as one; and as it is, if each is short. In both orders."""
    for row in (words, words[::-1]) if len(words) > 1 else ():
        if len("".join(row)) >= JOINED:
            known.words.setdefault("".join(row), name)
        if not _long(row) and min(map(len, row)) > 1:
            known.names[" ".join(row)] = name


def _short(digits: str) -> Iterator[str]:
    """A number, and a telephone without the country before it."""
    yield digits
    for prefix in ("0039", "39"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 8:
            yield digits.removeprefix(prefix)


def _numbers(text: str, known: Mapping[str, str]) -> Iterator[str]:
    """Those of the known numbers that stand in a text: whole, or within a longer run when long."""
    written = _RUN.findall(_DECIMAL.sub(";", text))
    runs = {re.sub(r"\D", "", run) for run in written}
    apart = {part for run in written for part in re.findall(r"\d+", run)}
    yield from (runs | apart) & known.keys()
    if within := ";".join(run for run in runs if len(run) >= LONG):
        yield from (number for number in known if len(number) >= LONG and number in within)


def _days(text: str) -> Iterator[date]:
    """The days that a folded text writes out, and those its figures may be, whatever stands around
    them: in a table or a program a date has other neighbours than in a letter."""
    told = [(said.day, said.month, said.year) for said in written(text) if said.year]
    told += [(day, month(name), year) for day, name, year in _NAMED.findall(text)]
    for day, number, year in (*told, *_DAY.findall(text)):
        for century in (0,) if len(year) == 4 else (1900, 2000):
            yield from _day(century + int(year), int(number), int(day))
    for year, number, day in _ISO.findall(text):
        yield from _day(int(year), int(number), int(day))
    for run in _SOLID.findall(text):
        yield from _day(int(run[:4]), int(run[4:6]), int(run[6:]))
        yield from _day(int(run[4:]), int(run[2:4]), int(run[:2]))


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return
