"""The part of a record that a format does not show, and how it meets what the format shows.

Text goes out as UTF-8, which half a character (a lone surrogate) does not fit: it is shown as "?",
and the text as it is travels in the part out of sight.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from core.convert import Converted
from core.errors import BadInput
from core.records import Annotation, Json, Span, State
from core.schema import VIEWS, default_schema

# JSON leaves them as they are, and many a program takes them for the end of a line.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


class Place(NamedTuple):
    """A span as a format shows it; `value` as JSON."""

    start: int
    end: int
    label: str
    state: State | None = None
    value: str | None = None


def written(text: str) -> str:
    """A text as UTF-8 can hold it, of the same length."""
    return text.encode("utf-8", "replace").decode()


def plain(label: str) -> str:
    """A label as one word, for formats that set columns apart by blanks."""
    return re.sub(r"\s+", "_", written(label)) or "_"


def one_line(raw: object) -> str:
    """JSON that no program breaks into lines and that UTF-8 can hold."""
    line = json.dumps(raw, ensure_ascii=False)
    if written(line) != line:
        return json.dumps(raw)
    return line.translate(_LINE_ENDS)


def packed(annotation: Annotation, with_text: bool = False) -> Json:
    """All of a record but the text, which the format shows, and the quotes, which it gives."""
    raw = annotation.to_json()
    text = annotation.phrase.text
    if not with_text and written(text) == text:
        del raw["text"]
    raw["spans"] = [{k: v for k, v in span.items() if k != "text"} for span in raw["spans"]]
    return raw


def unpacked(raw: Json, text: str) -> Annotation:
    """The record of what was packed and the text that was shown. Raises BadInput."""
    try:
        whole = raw.get("text", text)
        spans = [span | {"text": whole[span["start"] : span["end"]]} for span in raw["spans"]]
        if written(whole) != text:
            raise BadInput("the text is not the one that Lettera wrote")
        return Annotation.from_json(raw | {"text": whole, "spans": spans})
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"what Lettera wrote beside the text is damaged ({error!r})") from None


def reconciled(
    annotation: Annotation,
    shown: Sequence[Place | None],
    seen: Sequence[Place],
    report: Converted,
    name: Callable[[str], str] = plain,
) -> Annotation:
    """The record as people left it. `shown`: how each of its spans was written, None where the
    format could not show it; `seen`: what the file shows now; `name`: how it writes a label.
    """
    if Counter(place for place in shown if place) == Counter(seen):
        return annotation
    left = Counter(seen)
    spans: list[Span] = []
    gone: dict[tuple[int, int, str], Span] = {}
    for span, place in zip(annotation.spans, shown, strict=True):
        if place is None:
            spans.append(span)
            report.told["spans out of sight, kept in phrases that were changed"] += 1
        elif left[place]:
            left[place] -= 1
            spans.append(span)
        else:
            gone[place.start, place.end, span.label] = span
    text = annotation.phrase.text
    labels = _labels(name) | {name(span.label): span.label for span in annotation.spans}
    left = Counter({p._replace(label=labels.get(p.label, p.label)): n for p, n in left.items()})
    spans += [_changed(place, gone.get(place[:3]), text) for place in left.elements()]
    report.told["phrases changed since they were written"] += 1
    return replace(annotation, spans=tuple(sorted(spans, key=lambda s: (s.start, -s.end))))


def _labels(name: Callable[[str], str]) -> dict[str, str]:
    """The labels of the house by what a format calls them."""
    schema = default_schema()
    return {name(label): label for view in VIEWS for label in schema.labels(view)}


def _changed(place: Place, before: Span | None, text: str) -> Span:
    """A span that was not written so: a new one, or one with another state or value."""
    value = None if place.value is None else json.loads(place.value)
    if before is not None:
        return replace(before, state=place.state, value=value)
    start, end, label = place[:3]
    return Span(start, end, label, state=place.state, value=value, text=text[start:end])
