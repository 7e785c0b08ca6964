"""What a task shows: the phrases on the screen, where they stand in its text, and its other words.

This is the shape of a task's `data`: one phrase (its keys stand beside the text), or the phrases of
a letter (`phrases`, each with `at`, the code point it begins at, and its `length`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from annotate.screen.words import WORDS, Language
from core.records import Annotation, Json, Phrase


@dataclass(frozen=True, slots=True)
class Place:
    """A phrase on the screen and the code point of the task's text that it begins at."""

    phrase: Phrase
    at: int

    def cut(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the screen as one of the phrase, empty where it lies beside it."""
        length = len(self.phrase.text)
        return max(0, start - self.at), min(length, end - self.at)


def phrases_of(data: Json) -> list[Phrase]:
    """The phrases on the screen of a task, in order. Raises KeyError or TypeError for a stranger's.

    Those that only get the same answer (`copies`) are not among them.
    """
    return [place.phrase for place in places_of(data)]


def keys_of(data: Json) -> list[str]:
    """The ids of all phrases that a task stands for, those that get the same answer included."""
    return [phrase.id for phrase in [*phrases_of(data), *copies_of(data)]]


def places_of(data: Json) -> list[Place]:
    """The phrases of a task where they stand in its text."""
    if "phrases" not in data:
        return [Place(_phrase(data, data["key"], data, data["section"], data["text"]), 0)]
    return [
        Place(_phrase(data, part["id"], part, part["section"], _quote(data, part)), part["at"])
        for part in data["phrases"]
    ]


def _quote(data: Json, part: Json) -> str:
    text: str = data["text"][part["at"] : part["at"] + part["length"]]
    return text


def _phrase(data: Json, key: str, part: Json, section: str | None, text: str) -> Phrase:
    letter = part["letter"] if "letter" in part else data["letter"]
    return Phrase(key, letter, part["start"], part["end"], text, section)


def copies_of(data: Json) -> list[Phrase]:
    """The phrases that get the same answer as the one a task shows: of equal text and section."""
    return [
        _phrase(data, part["id"], part, data["section"], data["text"])
        for part in data.get("copies") or ()
    ]


def lost_of(annotations: Iterable[Annotation], language: Language) -> str:
    """What the machine said and nobody can see in the text, in a line for the annotator."""
    words = WORDS[language]
    quotes: list[str] = []
    partly = False
    for annotation in annotations:
        quotes += [
            f"«{shown(lost.quote)}»" + (f" ({lost.field})" if lost.field else "")
            for lost in annotation.missing
        ]
        partly |= bool(annotation.comment and annotation.origin != "human")
    told = [words.lost.format(", ".join(quotes))] if quotes else []
    return ". ".join([*told, words.partly] if partly else told)


def shown(text: str) -> str:
    """A text as it can be sent: half a character (a lone surrogate) becomes a question mark."""
    return text if is_unicode(text) else text.encode("utf-8", "replace").decode()


def is_unicode(text: str) -> bool:
    """Whether a text holds whole characters only."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
