"""More variety out of few hands: what a network from scratch needs to read a letter by another one.

Letters of one ward repeat their wording, and what follows a wording is learned by heart. Repeated
phrases are therefore learned from once, and in a share of the phrases each span is exchanged for
another that carries the same label elsewhere: "[fumo: ex fumatore] da 20 anni" -> "[fumo: mai
fumato] da 20 anni". The exchanged phrases are learned from and thrown away; nobody reads them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.learn.tags import longest
from core.records import Annotation, Span


def distinct(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Each phrase once: the first of those with the same text, section and spans."""
    first: dict[object, Annotation] = {}
    for annotation in annotations:
        spans = tuple((s.start, s.end, s.label) for s in annotation.spans)
        first.setdefault((annotation.phrase.text, annotation.phrase.section, spans), annotation)
    return list(first.values())


def exchanged(annotations: Sequence[Annotation], share: float, seed: int) -> list[Annotation]:
    """The annotations with the spans of a share of them exchanged; of nested spans the longest."""
    quotes: dict[str, dict[str, None]] = {}
    for annotation in annotations:
        for span in longest(annotation.spans):
            quotes.setdefault(span.label, {})[span.text] = None
    choices = {label: list(texts) for label, texts in quotes.items()}
    rng = np.random.default_rng(seed)
    return [
        _exchanged(annotation, choices, rng)
        if annotation.spans and rng.random() < share
        else annotation
        for annotation in annotations
    ]


def _exchanged(
    annotation: Annotation, choices: dict[str, list[str]], rng: np.random.Generator
) -> Annotation:
    old, text, at = annotation.phrase.text, "", 0
    spans: list[Span] = []
    for span in longest(annotation.spans):
        text += old[at : span.start]
        quote = choices[span.label][rng.integers(len(choices[span.label]))]
        spans.append(replace(span, start=len(text), end=len(text) + len(quote), text=quote))
        text, at = text + quote, span.end
    phrase = replace(annotation.phrase, text=text + old[at:])
    return replace(annotation, phrase=phrase, spans=tuple(spans))
