"""Lines as the shield sees them, and what it makes of them."""

from collections.abc import Iterable

from core.label.shield.shield import Shield, Shielded
from core.records import Annotation, Phrase
from core.schema import default_schema

SECRET = b"s" * 32


def phrases(text: str, letter: str = "a") -> list[Phrase]:
    return [
        Phrase(f"{letter}:{n}", letter, 0, len(line), line)
        for n, line in enumerate(text.split("\n"))
    ]


def hidden(
    text: str, letter: str = "a", found: Iterable[Annotation] = (), secret: bytes = SECRET
) -> list[Shielded]:
    parts = phrases(text, letter)
    shield = Shield(parts, found, default_schema(), secret)
    return [shield.hide(part) for part in parts]


def together(parts: Iterable[Shielded]) -> str:
    return "\n".join(part.text for part in parts)
