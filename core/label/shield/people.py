"""Names of people in a line: by the words that lead to them, by lists, by their look."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from core.label.shield.line import PARTICLES, Line
from core.label.shield.look import is_strange_in_small
from core.label.shield.roles import BEHIND, CUE
from core.label.shield.words import (
    Word,
    is_called,
    is_clinical,
    is_drug,
    is_given,
    is_ordinary,
    may_be_called,
    never_a_name,
)

_AND = re.compile(
    r"\s*(?:,|;|/|\+|&|\(|-|–|\be\b|\bed\b)\s*(?:\be\b\s*)?"
    r"(?:(?:second[oa]|terz[oa]|aiut[oi])\b\s*|[123]°?\s?(?:op|aiuto)\b\.?\s*)?"
)
_SYLLABLE = 3  # letters; ordinary words of so few have no capital but as a name
_FRAGMENT = 5  # letters of what a scan cuts off a name
_VERB = re.compile(r"(?:isce|[aiu]t[aoie]|ava|iva|eva|nte|are|ere|ire|ndo|ra|bile)$")


def people(line: Line) -> Iterator[Word]:
    """The words of everybody's name, the most certain first; some come twice."""
    for match in CUE.finditer(line.folded):
        index = line.at(match.end())
        if index is not None:
            yield from _behind(line, match.end(), index, match.lastgroup or "")
    yield from _before(line)
    yield from _in_a_row(line)
    yield from _signature(line)


def beside(line: Line, known: Collection[str]) -> Iterator[Word]:
    """The names of which a word is known from elsewhere in the letter."""
    last = -1
    for index, word in enumerate(line.words):
        if index > last and word.capital and len(word.text) > 1:
            found = line.name(index, sure=1 if word.key in known else 0)
            last = index + len(found) - 1
            names = [word for word in found if len(word.text) > 2]
            if any(word.key in known for word in names) and len(found) > 1:
                yield from found


def _behind(line: Line, place: int, index: int, cue: str) -> Iterator[Word]:
    first = line.words[index]
    sure = 2 if cue in ("title", "label") or (cue == "patient" and _called(line, index)) else 0
    found = line.name(index, sure, by_its_end=cue in ("kin", "patient"))
    near = not line.text[place : line.words[index].start].strip(" .:")
    if not found and near and cue in ("title", "patient"):
        found = _in_small_letters(line, index, cue == "title")
    elif not found and near and cue in ("kin", "team") and not first.capital:
        found = _strange_in_small(line, index)
    if not found and _is_all_the_same(line, place, first, cue):
        found = [first]
    yield from found
    if found and cue == "title":
        yield from _rest_of_a_scan(line, found[-1])
    while found and cue != "label":
        joint = _AND.match(line.text, found[-1].end)
        found = line.name(line.at(joint.end()) if joint else None, by_its_end=cue != "team")
        yield from found


def _rest_of_a_scan(line: Line, last: Word) -> list[Word]:
    """The end of a name into which a scan put a blank: Zatel li, Fo ti."""
    index = line.first_from(last.end)
    rest = line.words[index : index + 1]
    if not rest or rest[0].capital or line.text[last.end : rest[0].start] != " ":
        return []
    ends = line.text[rest[0].end : rest[0].end + 1] in (":", ")", ",", ";", ".", "")
    known = is_ordinary(rest[0].key) and rest[0].key not in PARTICLES
    few = len(rest[0].text) <= _FRAGMENT
    if not few or not ends or known or _VERB.search(rest[0].key):
        return []
    return [replace(rest[0], key=last.key + rest[0].key)]


def _is_all_the_same(line: Line, place: int, first: Word, cue: str) -> bool:
    """Whether a word that means something else is a name where it stands: il genero Salvo."""
    gap = line.text[place : first.start]
    if cue == "kin":
        titled = first.capital and first.text[1:].islower() and gap == " "
        titled = titled and len(first.text) > 3 and not never_a_name(first.key)
        return is_given(first.key) or (titled and line.text[place - 1].islower())
    if cue == "team" and gap == " " and line.text[place - 1].islower() and _is_titled(line, first):
        plain = is_ordinary(first.key) and len(first.text) > _SYLLABLE
        if not plain and not never_a_name(first.key) and not is_drug(first.key):
            return True
    if cue == "team":  # ANEST: BO
        return ":" in gap and first.shouted and len(first.text) < 4 and not never_a_name(first.key)
    return cue == "label" and first.capital and may_be_called(first.key)


def _is_titled(line: Line, word: Word) -> bool:
    """Whether a word has a capital and the next one none: la ginecologa Po, impostato ..."""
    behind = line.words[line.first_from(word.end) :][:1]
    goes_on = not behind or not behind[0].capital or not line.joins(word, behind[0])
    return goes_on and word.capital and word.text[1:].islower()


def _strange_in_small(line: Line, index: int) -> list[Word]:
    """Words in small letters that nobody knows: cognato harjit, op. bonomi."""
    taken: list[Word] = []
    for word in line.words[index : index + 3]:
        if taken and line.text[taken[-1].end : word.start] != " ":
            break
        if word.key in PARTICLES and not taken:
            taken.append(word)
        elif len(word.text) < 4 or not is_strange_in_small(line, word):
            break
        else:
            taken.append(word)
    return taken if any(word.key not in PARTICLES for word in taken) else []


def _called(line: Line, index: int) -> bool:
    """Whether two or three capitalised words stand here, one of which people are called."""
    taken = line.words[index : index + 1]
    for word in line.words[index + 1 : index + 3]:
        if not word.capital or not line.joins(taken[-1], word):
            break
        taken.append(word)
    return len(taken) > 1 and taken[0].capital and any(may_be_called(w.key) for w in taken[1:])


def _in_small_letters(line: Line, index: int, titled: bool) -> list[Word]:
    """A name in small letters behind a title: sig. rossi mario."""
    taken: list[Word] = []
    for word in line.words[index : index + 4]:
        if taken and line.text[taken[-1].end : word.start].strip(" .’'"):
            break
        initial = len(word.text) == 1 and line.text[word.end : word.end + 1] == "."
        if initial or (word.key in PARTICLES and len(taken) < 2):
            taken.append(word)
            continue
        known = is_called(word.key)
        strange = not is_ordinary(word.key) and not _VERB.search(word.key)
        if len(word.text) < 3 or never_a_name(word.key) or not (known or strange):
            break
        taken.append(word)
    names = [word for word in taken if len(word.text) > 2 and word.key not in PARTICLES]
    known = any(is_called(word.key) for word in names) or any(
        is_called(one.key + other.key) for one, other in pairwise(taken)
    )
    return taken if names and (titled or (known and len(taken) > 1)) else []


def _before(line: Line) -> Iterator[Word]:
    """ROSSI MARIO, nato il ...: what stands before birth, sex, age or kinship."""
    for match in BEHIND.finditer(line.folded):
        index = line.first_from(match.start()) - 1
        if index < 0 or line.words[index].end != match.start():
            continue
        taken: list[Word] = []
        for word in reversed(line.words[max(index - 4, 0) : index + 1]):
            if taken and not line.joins(word, taken[-1]):
                break
            if word.key not in PARTICLES and not _may_be_before(word, taken):
                break
            taken.append(word)
        names = [word for word in taken if word.capital and len(word.text) > 1]
        if len(names) > 1 or any(is_called(word.key) for word in names):
            yield from names


def _may_be_before(word: Word, behind: Sequence[Word]) -> bool:
    """Whether a word may belong to the name that goes on with the words behind it."""
    if not word.capital:
        return False
    if not behind and may_be_called(word.key):
        return True
    if never_a_name(word.key):
        return False
    if behind and may_be_called(behind[-1].key):
        return True
    return is_called(word.key) or not is_clinical(word.text, by_its_end=not word.shouted)


def _in_a_row(line: Line) -> Iterator[Word]:
    """Capitalised words side by side, one of them known or an initial: Luisa Frugoni, G. Neri."""
    last = -1
    for index, word in enumerate(line.words):
        if index > last and word.capital:
            found = line.name(index)
            last = index + len(found) - 1
            if _is_a_row(line, found):
                yield from found


def _is_a_row(line: Line, found: Sequence[Word]) -> bool:
    names = [word for word in found if len(word.text) > 2]
    if len(names) > 1 and any(is_called(word.key) for word in names):
        return True
    initials = [w for w in found if line.is_initial(w) and line.text[w.end : w.end + 1] == "."]
    known = any(is_called(word.key) or not word.shouted or len(word.text) > 4 for word in names)
    return bool(names and initials and known)


def _signature(line: Line) -> Iterator[Word]:
    """A line that holds nothing but a name."""
    if not 1 < len(line.words) < 6 or any(char.isdigit() for char in line.text):
        return
    found = line.name(0)
    shouted = all(word.shouted for word in found if len(word.text) > 1)
    if len(found) == len(line.words) and (not shouted or any(is_called(w.key) for w in found)):
        yield from found
