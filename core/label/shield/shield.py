"""Before a phrase leaves the machine: identity and dates out, stand-ins in, and the way back.

Hidden is what a labeller calls identity or a date, what has the shape of it, and every further
mention in the letter of a word that was part of a name. The map lives as long as the letter is
being worked on and is written nowhere.
"""

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from rapidfuzz.distance import Levenshtein

from core.errors import BadInput
from core.label.shield.line import PARTICLES, Line
from core.label.shield.people import beside
from core.label.shield.surrogates import Surrogates
from core.label.shield.traces import Kind, Stretch, broken, hushed, in_small_letters, likely, names
from core.label.shield.words import Word, is_clinical, is_ordinary, never_a_name, words
from core.records import Annotation, Missing, Phrase, Span
from core.schema import Schema

Mode = Literal["auto", "on", "off"]
MODES: tuple[Mode, ...] = ("auto", "on", "off")
_SHORTEST = 3  # "De", "Lo": hidden where they are part of a name, not everywhere
Small = Literal["keep", "judge", "hide"]
_SMALL: tuple[Small, ...] = ("keep", "judge", "hide")
_FREE = re.compile(rb"\0+")
_LEADING = 4  # letters of "dal" and the like
_LIKENESS = 6  # letters of a name from which on a slip of the pen still means it


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: where it was in the original, where its stand-in is in the shielded text."""

    start: int
    end: int
    new_start: int
    new_end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Shielded:
    """A text fit to be sent, and how it differs from the original."""

    original: str
    text: str
    edits: tuple[Edit, ...]

    def span(self, span: Span) -> Span:
        """A span of the shielded text where it stands in the original."""
        start, end = self._back(span.start, first=True), self._back(span.end, first=False)
        return replace(span, start=start, end=end, text=self.original[start:end])

    def there(self, span: Span) -> Span:
        """A span of the original where it stands in the shielded text; half a stand-in is all of
        it.
        """
        start, end = self._there(span.start, first=True), self._there(span.end, first=False)
        return replace(span, start=start, end=end, text=self.text[start:end])

    def missing(self, lost: Missing) -> Missing:
        """A lost quote in the words of the original."""
        real = {
            self.text[edit.new_start : edit.new_end]: self.original[edit.start : edit.end]
            for edit in self.edits
        }
        longest = sorted(real, key=len, reverse=True)
        shape = "|".join(map(re.escape, longest)) or "(?!)"
        quote = re.sub(rf"(?<!\w)(?:{shape})(?!\w)", lambda m: real[m.group()], lost.quote)
        return replace(lost, quote=quote)

    def _back(self, at: int, first: bool) -> int:
        """Within a stand-in of another layout there is no exact place: the whole of it counts."""
        shift = 0
        for edit in self.edits:
            if at <= edit.new_start:
                break
            if at < edit.new_end:
                if self._same_layout(edit):
                    return at - edit.new_start + edit.start
                return edit.start if first else edit.end
            shift = edit.end - edit.new_end
        return at + shift

    def _there(self, at: int, first: bool) -> int:
        shift = 0
        for edit in self.edits:
            if at <= edit.start:
                break
            if at < edit.end:
                return edit.new_start if first else edit.new_end
            shift = edit.new_end - edit.end
        return at + shift

    def _same_layout(self, edit: Edit) -> bool:
        old = self.original[edit.start : edit.end]
        new = self.text[edit.new_start : edit.new_end]
        return [char.isalnum() for char in old] == [char.isalnum() for char in new]


class Shield:
    """Hides one letter. `found`: its phrases as seen by a labeller that knows identity."""

    def __init__(
        self,
        phrases: Sequence[Phrase],
        found: Iterable[Annotation],
        schema: Schema,
        secret: bytes,
    ) -> None:
        self.schema = schema
        self._stretches: dict[str, list[Stretch]] = {phrase.id: [] for phrase in phrases}
        for annotation in found:
            self._stretches[annotation.phrase.id] += _identity(annotation, schema)
        lines = {phrase.id: Line(phrase.text) for phrase in phrases}
        every = {word.key for line in lines.values() for word in line.words}
        small = in_small_letters(lines.values())
        quiet = hushed(lines.values())
        for phrase, line in lines.items():
            self._stretches[phrase] += likely(line, small, quiet)
        known = _name_words(phrases, self._stretches)
        for phrase, line in lines.items():
            self._stretches[phrase] += (
                Stretch(word.start, word.end, "name") for word in beside(line, known)
            )
        self._names = _name_words(phrases, self._stretches)
        for phrase, stretch in broken(phrases, self._names):
            self._stretches[phrase].append(stretch)
        letter = phrases[0].letter if phrases else ""
        seed = hmac.digest(secret, letter.encode("utf-8", "surrogatepass"), "sha256")
        self._surrogates = Surrogates(seed, every, self._names, self._dates(phrases))

    def hide(self, phrase: Phrase) -> Shielded:
        """The phrase as it may be sent."""
        text = phrase.text
        stretches = [*self._stretches[phrase.id], *self._mentions(text)]
        pieces: list[str] = []
        edits: list[Edit] = []
        done = length = 0
        for stretch in _apart(text, stretches):
            stand_in = self._stand_in(text[stretch.start : stretch.end], stretch.kind)
            pieces += [text[done : stretch.start], stand_in]
            new_start = length + stretch.start - done
            length = new_start + len(stand_in)
            edits.append(Edit(stretch.start, stretch.end, new_start, length, stretch.kind))
            done = stretch.end
        return Shielded(text, "".join([*pieces, text[done:]]), tuple(edits))

    def _dates(self, phrases: Sequence[Phrase]) -> set[str]:
        return {
            phrase.text[stretch.start : stretch.end]
            for phrase in phrases
            for stretch in self._stretches[phrase.id]
            if stretch.kind == "date"
        }

    def _mentions(self, text: str) -> Iterable[Stretch]:
        for word in words(text):
            if len(word.text) >= _SHORTEST and self._is_a_mention(word):
                yield Stretch(word.start, word.end, "name")

    def _is_a_mention(self, word: Word) -> bool:
        small = self._names.get(word.key)
        if small is None:
            return word.capital and not is_clinical(word.text) and self._like_a_name(word.key)
        return word.capital or small == "hide" or (small == "judge" and not is_ordinary(word.key))

    def _like_a_name(self, key: str) -> bool:
        """A name of the letter with one slip, or two of them run together."""
        if len(key) < _LIKENESS:
            return False
        for name in self._names:
            if len(name) >= _LIKENESS and Levenshtein.distance(key, name, score_cutoff=1) == 1:
                return True
            if key.startswith(name) and key[len(name) :] in self._names:
                return True
        return False

    def _stand_in(self, words: str, kind: Kind) -> str:
        make = {
            "date": self._surrogates.day,
            "number": self._surrogates.number,
            "code": self._surrogates.code,
            "name": self._surrogates.name,
            "place": self._surrogates.name,
        }
        return make[kind](words)


def unshielded(phrase: Phrase) -> Shielded:
    """The phrase as it is, for an address on this machine or at the user's word."""
    return Shielded(phrase.text, phrase.text, ())


def is_loopback(address: str) -> bool:
    """Whether what is sent to a URL stays on this machine."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def needed(mode: str, address: str) -> bool:
    """Whether to shield what goes to an address. Raises BadInput for an unknown mode."""
    if mode not in MODES:
        raise BadInput(f"no shield mode '{mode}'; choose one of: {', '.join(MODES)}")
    return mode == "on" or (mode == "auto" and not is_loopback(address))


def _identity(annotation: Annotation, schema: Schema) -> Iterable[Stretch]:
    """The identity and date spans of an annotation, by what their field holds."""
    for span in annotation.spans:
        field = schema.field(span.field) if span.field else None
        if field is None or (field.type != "date" and field.group != "identity"):
            continue
        if field.type == "date":
            yield Stretch(span.start, span.end, "date")
        elif field.type == "digits":
            yield Stretch(span.start, span.end, "code")
        elif field.type == "text" and any(char.isdigit() for char in span.text):
            yield Stretch(span.start, span.end, "number")
        elif field.type == "text":
            yield from names(annotation.phrase.text, span.start, span.end)


def _name_words(phrases: Sequence[Phrase], stretches: dict[str, list[Stretch]]) -> dict[str, Small]:
    """The words of names in a letter, and what to do with them in small letters."""
    found: dict[str, Small] = {}
    for phrase in phrases:
        for stretch in stretches[phrase.id]:
            if stretch.kind not in ("name", "place"):
                continue
            for word in words(phrase.text[stretch.start : stretch.end]):
                if stretch.kind == "place" and is_ordinary(word.key):
                    continue
                if not never_a_name(word.key) and word.key not in PARTICLES:
                    small: Small = (
                        "hide" if not word.capital else "judge" if stretch.sure else "keep"
                    )
                    found[word.key] = max(found.get(word.key, small), small, key=_SMALL.index)
    return found


def _apart(text: str, stretches: Iterable[Stretch]) -> list[Stretch]:
    """Without overlaps: dates stay, then the longest; what sticks out of others is hidden too."""
    kept: list[Stretch] = []
    taken = bytearray(len(text))
    for stretch in sorted(stretches, key=lambda s: (s.kind != "date", s.start - s.end)):
        length = stretch.end - stretch.start
        for free in _FREE.finditer(bytes(taken[stretch.start : stretch.end])):
            start, end = stretch.start + free.start(), stretch.start + free.end()
            if end - start == length or _tells(text[start:end]):
                kept.append(Stretch(start, end, stretch.kind))
                taken[start:end] = b"\1" * (end - start)
    return sorted(kept, key=lambda stretch: stretch.start)


def _tells(rest: str) -> bool:
    """Whether the rest of a stretch is more than signs and a short word that led to a date."""
    letters = sum(char.isalnum() for char in rest)
    return letters > _LEADING or any(char.isdigit() for char in rest)
