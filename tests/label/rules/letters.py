"""Letters of few lines for the tests of the rules, and what the rules say of them."""

from collections.abc import Sequence

from core.label.rules.rules import Rules
from core.records import Annotation, Phrase, phrase_ids

RULES = Rules()
# Section, phrase, and all that is to be found: field, quote, state, value.
Case = tuple[str | None, str, list[tuple[str, str, str, object]]]


def letter(*lines: tuple[str | None, str], name: str = "a" * 12) -> list[Phrase]:
    """The phrases of a letter, a line each."""
    phrases, start = [], 0
    ids = phrase_ids(name, [text for _, text in lines])
    for key, (section, text) in zip(ids, lines, strict=True):
        phrases.append(Phrase(key, name, start, start + len(text), text, section))
        start += len(text) + 1
    return phrases


def told(annotation: Annotation) -> list[tuple[str | None, str, str | None, object]]:
    return [(span.field, span.text, span.state, span.value) for span in annotation.spans]


def fields(annotations: Sequence[Annotation]) -> list[str | None]:
    return [span.field for annotation in annotations for span in annotation.spans]


def named(cases: Sequence[Case]) -> list[str]:
    return [f"{section}: {text}" for section, text, _ in cases]


def check(case: Case) -> None:
    """A phrase alone gives just what its case expects."""
    section, text, expected = case
    (annotation,) = RULES.label(letter((section, text)))
    assert sorted(told(annotation), key=str) == sorted(expected, key=str)
