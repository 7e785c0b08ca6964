"""Where a project and our own records have come apart, and what of ours cannot be shown as it is.

Labels are named in what is told; of a text only its length and the first place that differs.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import zip_longest
from typing import Any, get_args

from annotate.screen.config import labels_of
from annotate.screen.regions import Refused
from annotate.screen.screen import is_unicode
from core.errors import BadInput, ServerError
from core.records import Annotation, Phrase, Span, State
from core.schema import VIEWS, Schema, View

SHOWN = 5  # of many that differ
_STATES = (None, *get_args(State))
_OWN_KEY = re.compile(r".*:([0-9a-f]{8})\.\d+", re.DOTALL)


def expect_labels(project: Any, schema: Schema, view: View) -> None:
    """Raises ServerError, with what differs, where a project has other labels than a view."""
    there, ours = labels_of(project.label_config or ""), set(schema.labels(view))
    lacks, more = sorted(ours - there), sorted(there - ours)
    if not (lacks or more):
        return
    told = [f"it lacks {_some(lacks)}"] if lacks else []
    told += [f"it has {_some(more)} besides"] if more else []
    raise ServerError(
        f"project '{project.title}' has other labels than '{view}': {'; '.join(told)}; "
        "give it these labels again (Settings, Labeling Interface), or choose another project"
    )


def view_of(project: Any, schema: Schema) -> View:
    """The label set a project was made with. Raises ServerError where none is quite like its own.

    A label that only the server knows would be lost with every mark that bears it.
    """
    there = labels_of(project.label_config or "")
    nearest = min(VIEWS, key=lambda view: len(there ^ set(schema.labels(view))))
    expect_labels(project, schema, nearest)
    return nearest


def expect_texts(ours: Iterable[Phrase], there: Mapping[str, str]) -> None:
    """Raises BadInput, with what differs, where phrases there have other texts than ours."""
    other = [p for p in ours if there.get(p.id, p.text) != p.text]
    if not other:
        return
    told = "; ".join(_difference(phrase, there[phrase.id]) for phrase in other[:SHOWN])
    more = f"; and {len(other) - SHOWN} more" if len(other) > SHOWN else ""
    raise BadInput(
        f"{len(other)} of the project's texts are not those of the file ({told}{more}); "
        "nothing was sent: push to another project, or bring the older file back"
    )


def expect_letters(there: Collection[str], new: Iterable[Annotation]) -> None:
    """Raises BadInput where letters that are shown whole there have phrases that are new."""
    other = sorted({a.phrase.letter for a in new} & set(there))
    if other:
        raise BadInput(
            f"{len(other)} letters stand in the project with other phrases than in the file "
            f"({_some(other)}); nothing was sent: push to another project"
        )


def _difference(phrase: Phrase, there: str) -> str:
    pairs = enumerate(zip_longest(phrase.text, there))
    at = next(number for number, (ours, theirs) in pairs if ours != theirs)
    return f"{phrase.id}: {len(phrase.text)} characters here, {len(there)} there, from {at} on"


def untouched(phrase: Phrase) -> bool:
    """Whether a phrase from the server still has the text that its key was made of.

    A key that another program made says nothing, and is believed.
    """
    own = _OWN_KEY.fullmatch(phrase.id)
    digest = sha256(phrase.text.encode("utf-8", "surrogatepass")).hexdigest()
    return own is None or digest.startswith(own[1])


def fitting(
    annotations: Iterable[Annotation], labels: Collection[str]
) -> tuple[list[Annotation], list[Refused]]:
    """What Label Studio would show as it is meant, and the rest: it takes anything that is sent."""
    fit: list[Annotation] = []
    refused: list[Refused] = []
    seen: set[str] = set()
    for annotation in annotations:
        key = annotation.key
        if key in seen:
            refused.append(Refused(key, "the phrase comes twice; only the first was sent"))
        elif not is_unicode(annotation.phrase.text):
            refused.append(Refused(key, "its text holds half a character (a lone surrogate)"))
        else:
            spans, reasons = _fitting_spans(annotation, labels)
            refused += [Refused(key, reason) for reason in reasons]
            fit.append(replace(annotation, spans=spans) if reasons else annotation)
        seen.add(key)
    return fit, refused


def _fitting_spans(
    annotation: Annotation, labels: Collection[str]
) -> tuple[tuple[Span, ...], list[str]]:
    fit: list[Span] = []
    reasons: list[str] = []
    taken: set[tuple[int, int, str]] = set()
    for span in annotation.spans:
        place = (span.start, span.end, span.label)
        reason = _unfit(span, annotation.phrase.text, labels)
        if reason is None and place in taken:
            reason = "stands there twice under one label; only the first was sent"
        if reason:
            reasons.append(f"the span {span.start}-{span.end} {reason}")
        else:
            taken.add(place)
            fit.append(span)
    return tuple(fit), reasons


def _unfit(span: Span, text: str, labels: Collection[str]) -> str | None:
    if not 0 <= span.start < span.end <= len(text) or text[span.start : span.end] != span.text:
        return "does not quote the text it points to"
    if span.label not in labels:
        return "has a label that is not in the label set"
    return None if span.state in _STATES else "has a state that is none"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
