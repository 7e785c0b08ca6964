"""The shapes in which a model may answer: each a file here, with its prompts in `prompts/`.

A format words the question and reads the reply. It knows no service and no letter, only the text
it is given, which may be a stand-in of the real one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from core.records import Missing, Span
from core.registry import Registry
from core.schema import Schema, View

Language = Literal["it", "en"]
LANGUAGES: tuple[Language, ...] = ("it", "en")
Place = tuple[int, int]  # start and end in a text


@dataclass(frozen=True, slots=True)
class Example:
    """A text with the spans that people gave it, shown to a model as a pattern."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. `fields`: only these are asked for; empty means all that the view has.

    `marks`: the stretches of the text that somebody found, apart and in order, where the question
    is only what they say.
    """

    text: str
    section: str | None = None
    examples: tuple[Example, ...] = ()
    fields: tuple[str, ...] = ()
    marks: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply says of a text.

    `unanswered`: words of the text that the reply passes over; `strangers`: entities under a name
    that is no label; `mistyped`: values that are none of their field's type, left out.
    """

    spans: tuple[Span, ...] = ()
    missing: tuple[Missing, ...] = ()
    unanswered: int = 0
    strangers: int = 0
    mistyped: int = 0


class Format(Protocol):
    """Words a question and reads its reply. `prompt` names the file, version and language."""

    name: str
    prompt: str
    whole: bool  # whether the text is a whole letter, lines apart, rather than a phrase
    marked: bool  # whether it asks only what marked stretches of the text say

    def __init__(self, schema: Schema, view: View, language: Language = "it") -> None: ...

    def chunks(self) -> Sequence[tuple[str, ...]]:
        """The field lists to ask for one after the other; one empty list where all go at once."""
        ...

    def messages(self, asked: Sequence[Asked]) -> list[dict[str, str]]:
        """The conversation that asks. Several questions differ in text, section and examples."""
        ...

    def again(self, asked: Sequence[Asked]) -> dict[str, str]:
        """The message that asks once more after a reply nothing could be read from."""
        ...

    def json_schema(self, asked: Sequence[Asked]) -> Mapping[str, Any] | None:
        """The shape of a reply, for services that can hold a model to it; None for plain text."""
        ...

    def tokens(self, asked: Sequence[Asked]) -> int:
        """Room enough for a whole reply, in tokens."""
        ...

    def answer(self, text: str, spans: Sequence[Span]) -> str:
        """The perfect reply: what an example shows."""
        ...

    def split(self, reply: str, count: int) -> list[str | None]:
        """A reply to several questions as replies that `read` takes; None for one passed over."""
        ...

    def read(self, reply: str, text: str, marks: Sequence[Place] = ()) -> Answer:
        """What a reply says of a text. Raises Unusable where that is nothing at all."""
        ...


FORMATS = Registry(
    "answer format",
    {
        "iob": "core.label.formats.iob:Iob",
        "inline": "core.label.formats.inline:Inline",
        "spans": "core.label.formats.quotes:Quotes",
        "fields": "core.label.formats.fields:Fields",
        "hybrid": "core.label.formats.hybrid:Hybrid",
    },
)
