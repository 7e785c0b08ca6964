"""The headings of letters that sections.toml knows, and the spellings that lead to them."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from core.read.sections.composed import composed
from core.read.words.fold import folded, is_letter_spaced, unspaced
from core.read.words.slips import mended

WORDS_OF_A_HEADING = 9
_ARTICLE = re.compile(r"(?:il|la|lo|l|i|gli|le|e) ")
_AND = re.compile(r" (?:e|ed|con) ")
_ALIKE = 90  # of 100: a heading that OCR bent is as like as this to the one meant
_ALIKE_FROM = 7  # letters; shorter ones are too like each other
_ONE_SLIP_BELOW = 10  # letters: in longer ones a slip leaves them alike by nine tenths
# Behind a heading, where it was: esami all'ingresso in cardiochirurgia.
_HERE = re.compile(
    r" (?:in|nel|nella|presso|presso la|presso il|del|della) (?:nostr[oa] |quest[oa] |ns )?"
    r"(?:reparto|cardiochirurgia|cch|divisione|clinica|ospedale|u ?o|centro)$"
)


@dataclass(frozen=True, slots=True)
class Known:
    """sections.toml by folded heading: the field or None; a pair where no time is said."""

    fields: dict[str, str | None]
    timed: dict[str, tuple[str, str]]
    labels: frozenset[str]
    titles: frozenset[str]
    findings: frozenset[str]
    supporting: frozenset[str]
    turning: frozenset[str]
    either: frozenset[str]
    advice: tuple[str, ...]
    closings: tuple[str, ...]
    spaced: dict[str, str]
    loose: dict[str, re.Pattern[str]]
    any_loose: re.Pattern[str]
    short: dict[str, str]
    names: dict[str, tuple[str, ...]]  # the longer ones by their first letter
    told: re.Pattern[str]
    operation: re.Pattern[str]
    course: re.Pattern[str]

    def key(self, heading: str) -> str | None:
        """The table's name for a heading, or None where it is none."""
        name = folded(mended(heading))
        words = name.split()
        if is_letter_spaced(heading):
            return self.spaced.get(unspaced(heading))
        if not words or len(words) > WORDS_OF_A_HEADING:
            return None
        found = self._known(name)
        if found is None and any(word in self.short for word in words):
            name = self.in_full(name)
            found = self._known(name)
        if found is None and (article := _ARTICLE.match(name)):
            found = self._known(name[article.end() :])
        found = found or self._joint(name) or self._alike(name) or composed(name)
        here = None if found else _HERE.search(name)
        return self.key(name[: here.start()]) if here else found

    def in_full(self, name: str) -> str:
        """A folded heading, its abbreviations written out."""
        return " ".join(self.short.get(word, word) for word in name.split())

    def _known(self, name: str) -> str | None:
        if name in self.fields:
            return name
        if self.any_loose.fullmatch(name) is None:
            return None
        return next(key for key, shape in self.loose.items() if shape.fullmatch(name))

    def _joint(self, name: str) -> str | None:
        """`anamnesi e fattori di rischio`: two headings in one are the first that is of a field."""
        for joint in _AND.finditer(name):
            first, second = self._known(name[: joint.start()]), self._known(name[joint.end() :])
            if first and second:
                return second if self.fields[second] and not self.fields[first] else first
        return None

    def _alike(self, name: str) -> str | None:
        """The one heading that differs by what OCR does: a letter or two."""
        if len(name) < _ALIKE_FROM:
            return None
        names = self.names.get(name[0], ())
        found = process.extractOne(
            name, names, scorer=fuzz.ratio, score_cutoff=_ALIKE, processor=None
        )
        if found is None and len(name) < _ONE_SLIP_BELOW:
            cutoff = 1 - 1.01 / len(name)
            found = process.extractOne(
                name, names, scorer=OSA.normalized_similarity, score_cutoff=cutoff
            )
        return found[0] if found else None


@cache
def known_headings() -> Known:
    raw = tomllib.loads(Path(__file__).with_name("sections.toml").read_text(encoding="utf-8"))
    others = raw["other"] + raw["labels"] + raw["findings"] + raw["titles"]
    fields: dict[str, str | None] = {folded(name): None for name in others}
    for field, names in raw["fields"].items():
        fields |= {folded(name): field for name in names}
    patterns = {pattern: field for field, found in raw["patterns"].items() for pattern in found}
    timed = {folded(name): (first, then) for name, (first, then) in raw["timed"].items()}
    fields |= dict.fromkeys(timed)
    spaced = {name.replace(" ", ""): name for name in fields}
    titles = frozenset(map(folded, raw["titles"]))
    long = (name for name in fields if len(name) >= _ALIKE_FROM and name not in titles)
    return Known(
        fields | patterns,
        timed,
        frozenset(map(folded, raw["labels"])),
        titles,
        frozenset(map(folded, raw["findings"])),
        frozenset(map(folded, raw["supporting"])),
        frozenset(map(folded, raw["turning"])),
        frozenset(map(folded, raw["either"])),
        tuple(f"{folded(begin)} " for begin in raw["advice"]),
        tuple(map(folded, raw["closings"])),
        spaced,
        {pattern: re.compile(pattern) for pattern in patterns},
        re.compile("|".join(patterns)),
        raw["abbreviations"],
        {first: tuple(names) for first, names in groupby(sorted(long), key=itemgetter(0))},
        re.compile("|".join(raw["told"])),
        re.compile("|".join(raw["operation_begins"])),
        re.compile("|".join(raw["course_begins"])),
    )
