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

from core.errors import BadInput
from core.label.shield.surrogates import Surrogates, plain
from core.label.shield.traces import Kind, Stretch, find, names
from core.records import Annotation, Missing, Phrase, Span
from core.schema import Schema

Mode = Literal["auto", "on", "off"]
MODES: tuple[Mode, ...] = ("auto", "on", "off")
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 3  # "De", "Lo": hidden where they are part of a name, not everywhere


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: where it was in the original, where its stand-in is in the shielded text."""

    start: int
    end: int
    new_start: int
    new_end: int


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

    def missing(self, lost: Missing) -> Missing:
        """A lost quote in the words of the original."""
        quote = lost.quote
        for edit in sorted(self.edits, key=lambda e: e.new_start - e.new_end):
            stand_in = self.text[edit.new_start : edit.new_end]
            quote = quote.replace(stand_in, self.original[edit.start : edit.end])
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
        self._stretches: dict[str, list[Stretch]] = {phrase.id: [] for phrase in phrases}
        for annotation in found:
            self._stretches[annotation.phrase.id] += _identity(annotation, schema)
        for phrase in phrases:
            self._stretches[phrase.id] += find(phrase.text)
        self._names = _name_words(phrases, self._stretches)
        words = frozenset(plain(w) for phrase in phrases for w in _WORD.findall(phrase.text))
        letter = phrases[0].letter if phrases else ""
        seed = hmac.digest(secret, letter.encode("utf-8", "surrogatepass"), "sha256")
        self._surrogates = Surrogates(seed, words)

    def hide(self, phrase: Phrase) -> Shielded:
        """The phrase as it may be sent."""
        text = phrase.text
        stretches = [*self._stretches[phrase.id], *self._mentions(text)]
        pieces: list[str] = []
        edits: list[Edit] = []
        done = length = 0
        for stretch in _apart(stretches):
            stand_in = self._stand_in(text[stretch.start : stretch.end], stretch.kind)
            pieces += [text[done : stretch.start], stand_in]
            new_start = length + stretch.start - done
            length = new_start + len(stand_in)
            edits.append(Edit(stretch.start, stretch.end, new_start, length))
            done = stretch.end
        return Shielded(text, "".join([*pieces, text[done:]]), tuple(edits))

    def _mentions(self, text: str) -> Iterable[Stretch]:
        for match in _WORD.finditer(text):
            lower = self._names.get(plain(match.group()))
            if lower or (lower is not None and match.group()[0].isupper()):
                yield Stretch(match.start(), match.end(), "name")

    def _stand_in(self, words: str, kind: Kind) -> str:
        make = {
            "date": self._surrogates.day,
            "number": self._surrogates.number,
            "code": self._surrogates.code,
            "name": self._surrogates.name,
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


def _name_words(phrases: Sequence[Phrase], stretches: dict[str, list[Stretch]]) -> dict[str, bool]:
    """The words of names in a letter; True for one that was also met without a capital."""
    words: dict[str, bool] = {}
    for phrase in phrases:
        for stretch in stretches[phrase.id]:
            word = phrase.text[stretch.start : stretch.end]
            if stretch.kind == "name" and len(word) >= _SHORTEST:
                words[plain(word)] = words.get(plain(word), False) or word[0].islower()
    return words


def _apart(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Without overlaps: the first found stays, what sticks out of later ones is hidden too."""
    kept: list[Stretch] = []
    for stretch in stretches:
        pieces = [(stretch.start, stretch.end)]
        for other in kept:
            pieces = [
                piece
                for start, end in pieces
                for piece in ((start, min(end, other.start)), (max(start, other.end), end))
                if piece[0] < piece[1]
            ]
        kept += [Stretch(start, end, stretch.kind) for start, end in pieces]
    return sorted(kept, key=lambda stretch: stretch.start)
