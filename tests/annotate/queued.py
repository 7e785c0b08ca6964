"""Phrases that a machine labelled, as sure of each as a test wants, and people's work on them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from core.records import Annotation, Phrase, Span, phrase_ids
from core.schema import default_schema

SCHEMA = default_schema()
SOURCE = "model/small@1"


def labelled(texts: Sequence[str], *spans: tuple[str, float | None], letter: str = "0" * 12) -> Any:
    """Phrases with at most one span each over all the text: its field and score."""
    found, start = [], 0
    for key, text, (field, score) in zip(phrase_ids(letter, texts), texts, spans, strict=True):
        where = Phrase(key, letter, start, start + len(text), text, "Anamnesi")
        label = SCHEMA.label_of(field, "group") if field else None
        span = Span(0, len(text), str(label), field=field, score=score, text=text)
        found.append(Annotation(where, (span,) if field else (), "model", SOURCE))
        start += len(text) + 1
    return found


def people(found: Iterable[Annotation]) -> list[Annotation]:
    return [replace(a, origin="human", source="person/1") for a in found]


def texts(found: Iterable[Annotation]) -> list[str]:
    return [annotation.phrase.text for annotation in found]
