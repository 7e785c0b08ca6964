"""A phrase in, the spans somebody sees in it out: by rules, or by a hosted language model."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from core.records import Annotation, Phrase
from core.registry import Registry


class Labeller(Protocol):
    """Says of each phrase which stretches speak of which field.

    One with a true `by_letter` says of a letter the same in any process, and has neither threads
    nor connections: an archive is then labelled in processes beside each other.
    """

    source: str

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase, in the same order, also where there is nothing to say."""
        ...


LABELLERS = Registry(
    "labeller",
    {"rules": "core.label.rules.rules:Rules", "together": "core.label.together:Together"},
)
