"""A letter made of a few lines, what was said of them, and the values that come out."""

from collections.abc import Iterable
from typing import Any

from core.extract import letter_fields
from core.records import (
    Annotation,
    FieldValue,
    Letter,
    Page,
    Phrase,
    Section,
    Span,
    phrase_ids,
)

Told = tuple[str, str] | tuple[str, str, dict[str, Any]]
HEAD = """Sig.ra BIANCHI Anna nata il 17/02/1966
Ricovero 20/01/2025 - dimissione 27/01/2025
"""
STAY = [
    ("data_di_nascita", "17/02/1966"),
    ("data_ingresso_cch", "20/01/2025"),
    ("data_dimissione_cch", "27/01/2025"),
]


def letter_of(text: str, sections: dict[str, str] | None = None, **more: Any) -> Letter:
    """A letter of one page a form feed; `sections` are named by the text they hold."""
    pages, start = [], 0
    for number, page in enumerate(text.split("\f"), 1):
        pages.append(Page(number, start, start + len(page) + 1))
        start += len(page) + 1
    parts = [
        Section(name, text.index(body), text.index(body) + len(body))
        for name, body in (sections or {}).items()
    ]
    return Letter(
        "abc", "posta/lettera 7.pdf", True, text, tuple(pages), "text", tuple(parts), **more
    )


def told(letter: Letter, spans: Iterable[Told], origin: Any = "rules") -> list[Annotation]:
    """Annotations of the letter's lines; a span is (field, quote[, what else is known of it])."""
    lines = letter.text.splitlines(keepends=True)
    ids = list(phrase_ids(letter.id, lines))
    start, made = 0, []
    for number, line in enumerate(lines):
        section = next((s.name for s in letter.sections if s.start <= start < s.end), None)
        phrase = Phrase(ids[number], letter.id, start, start + len(line), line, section)
        here = [one for one in spans if one[1] in line]
        found = [
            Span(
                line.index(quote),
                line.index(quote) + len(quote),
                field,
                field,
                text=quote,
                **(rest[0] if rest else {}),
            )
            for field, quote, *rest in here
        ]
        if found:
            made.append(Annotation(phrase, tuple(found), origin, "test"))
        start += len(line)
    return made


def extract(letter: Letter, said: list[Annotation]) -> list[FieldValue]:
    return list(letter_fields(letter, said).fields)


def values(letter: Letter, spans: Iterable[Told] = ()) -> dict[str, Any]:
    return {value.field: value.value for value in extract(letter, told(letter, spans))}
