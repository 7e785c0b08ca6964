"""More variety out of few hands: what a network from scratch needs to read a letter by another one.

Letters of one ward repeat their wording, and what follows a wording is learned by heart. Repeated
phrases are therefore learned from once, and in a share of the phrases each span is exchanged for
another that carries the same label elsewhere: "[fumo: ex fumatore] da 20 anni" -> "[fumo: mai
fumato] da 20 anni". The exchanged phrases are learned from and thrown away; nobody reads them.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from core.learn.data.stored import taken
from core.learn.tags import longest
from core.records import Annotation, Span


def distinct(annotations: Sequence[Annotation]) -> Sequence[Annotation]:
    """Each phrase once: the first of those with the same text, section and spans."""
    seen: set[bytes] = set()
    rows = array("q")
    for row, annotation in enumerate(annotations):
        spans = [(s.start, s.end, s.label) for s in annotation.spans]
        said = repr((annotation.phrase.text, annotation.phrase.section, spans))
        mark = blake2b(said.encode(errors="surrogatepass"), digest_size=16).digest()
        if mark not in seen:
            seen.add(mark)
            rows.append(row)
    return taken(annotations, rows)


def exchanged(annotations: Sequence[Annotation], share: float, seed: int) -> Iterator[Annotation]:
    """The annotations with the spans of a share of them exchanged; of nested spans the longest."""
    quotes: dict[str, dict[str, None]] = {}
    for annotation in annotations:
        for span in longest(annotation.spans):
            quotes.setdefault(span.label, {})[span.text] = None
    choices = {label: list(texts) for label, texts in quotes.items()}
    rng = np.random.default_rng(seed)
    for annotation in annotations:
        chosen = annotation.spans and rng.random() < share
        yield _exchanged(annotation, choices, rng) if chosen else annotation


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
