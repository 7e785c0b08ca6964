"""Annotations to Label Studio's tasks and back.

A task carries all that a later pull needs. One phrase a task or a letter's, both are read the same
way: a mark is cut at the phrases' ends. Label Studio believes whatever it is sent, so each region
that comes back is checked against the text.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from annotate.screen.begun import before_of, chosen_of, moment, pushed_in
from annotate.screen.marks import Region, items_of, note_in, regions_in, span_of
from annotate.screen.screen import Place, copies_of, lost_of, places_of
from annotate.screen.words import WORDS, Language
from core.records import Annotation, Json, Phrase, Span
from core.schema import View

SURE = 1.0
BOTH = "a version was chosen and the highlights were changed too; it stays to be decided"


@dataclass(frozen=True, slots=True)
class Refused:
    """What could not be sent or read whole: the phrase's id (or the task's) and the reason."""

    id: str
    reason: str


def task_of(
    annotation: Annotation,
    before: str | None,
    after: str | None,
    *,
    bare: bool = False,
    guideline: str = "",
    copies: Sequence[Phrase] = (),
    language: Language = "it",
) -> Json:
    """The task of a phrase: its text, its neighbouring lines and, as a prediction, its spans.

    `bare`: without pre-labels, on purpose. `copies`: equal phrases that get the same answer.
    """
    words, phrase = WORDS[language], annotation.phrase
    section = f"{words.section.format(phrase.section)} · " if phrase.section else ""
    data = {
        "key": phrase.id,
        "text": phrase.text,
        "before": before or words.begin,
        "after": after or words.end,
        "lost": "" if bare else lost_of([annotation], language),
        "place": section + words.letter.format(phrase.letter),
        "letter": phrase.letter,
        "start": phrase.start,
        "end": phrase.end,
        "section": phrase.section,
        "guideline": guideline,
    }
    if bare:
        data["bare"] = True
    if copies:
        data["copies"] = [
            {"id": copy.id, "letter": copy.letter, "start": copy.start, "end": copy.end}
            for copy in copies
        ]
    if annotation.extra:
        data["extra"] = dict(annotation.extra)
    return {"data": data, "predictions": [prediction_of(data, [annotation])]}


def certainty(annotation: Annotation) -> float | None:
    """How sure the machine is of a phrase: as of its least certain span; None where it never said.

    It is not sure at all of a phrase that it answered in part, or with words that are not there.
    """
    if annotation.missing or annotation.comment:
        return 0.0
    scores = [span.score for span in annotation.spans if span.score is not None]
    return min(scores) if scores else None


def prediction_of(data: Json, annotations: Sequence[Annotation]) -> Json:
    """What a machine said of the phrases of a task, one annotation each, in `phrases_of` order.

    A bare task gets a prediction without a region: without any, a queue would put it last.
    """
    result = [
        item
        for place, annotation in zip(places_of(data), annotations, strict=True)
        for number, span in enumerate(() if data.get("bare") else annotation.spans)
        for item in items_of(span, place.at, _region_id(annotation, number))
    ]
    scores = [score for one in annotations if (score := certainty(one)) is not None]
    # Without one a phrase would come before all others in a queue by uncertainty.
    return {
        "model_version": annotations[0].source,
        "result": result,
        "score": min(scores, default=SURE),
    }


def _region_id(annotation: Annotation, number: int) -> str:
    seed = f"{annotation.phrase.id} {annotation.source} {number}"
    return sha256(seed.encode()).hexdigest()[:10]


def annotations_of(
    task: Json, labels: Collection[str], view: View
) -> tuple[list[Annotation], list[Refused]]:
    """What people said of one task, and what was unusable or cut.

    One annotation a phrase and person (the latest), and one more for each phrase that gets the
    same answer, marked with the id of the phrase that was looked at (`extra["carried"]`).
    """
    try:
        data = task["data"]
        places = places_of(data)
    except (KeyError, TypeError):
        return [], [Refused(f"task {task['id']}", "not a task that Lettera pushed")]
    refused: list[Refused] = []
    latest: dict[str, Json] = {}
    for made in sorted(task.get("annotations") or (), key=lambda made: moment(made["updated_at"])):
        latest[_person(made["completed_by"])] = made
    found: list[Annotation] = []
    for person, submitted in latest.items():
        made = chosen_of(task, submitted)
        if made is None:
            refused.append(Refused(data["key"], BOTH))
            continue
        spans, bad = _spans(data, places, made, pushed_in(task, made, places), labels, view)
        refused += bad
        before = before_of(task, made, places)
        for number, place in enumerate(places):
            extra = _extra(data, number, made, before.get(place.phrase.id))
            annotation = _annotation(places, number, made, spans[place.phrase.id], person, extra)
            found += [annotation, *_carried(annotation, copies_of(data))]
    return found, refused


def _person(completed_by: int | Json | None) -> str:
    number = completed_by["id"] if isinstance(completed_by, Mapping) else completed_by
    return f"person/{'unknown' if number is None else number}"


def _extra(data: Json, number: int, made: Json, before: Json | None) -> Json:
    part = data["phrases"][number] if "phrases" in data else data
    told = {
        "made": moment(made["updated_at"]),
        "before": before,
        "guideline": data.get("guideline") or None,
    }
    return {**(part.get("extra") or {}), **{k: v for k, v in told.items() if v is not None}}


def _annotation(
    places: Sequence[Place],
    number: int,
    made: Json,
    spans: tuple[Span, ...],
    person: str,
    extra: Json,
) -> Annotation:
    """One phrase's part of what a person said; of the time it has a share by its length.

    A note on a letter stands with its first phrase.
    """
    phrase = places[number].phrase
    seconds = made.get("lead_time")
    if seconds is not None and len(places) > 1:
        seconds *= len(phrase.text) / sum(len(place.phrase.text) for place in places)
    return Annotation(
        phrase=phrase,
        spans=spans,
        origin="human",
        source=person,
        seconds=seconds,
        skipped=bool(made.get("was_cancelled")),
        comment=note_in(made.get("result") or ()) if number == 0 else None,
        extra=extra,
    )


def _carried(annotation: Annotation, copies: Iterable[Phrase]) -> Iterator[Annotation]:
    """The answer to a phrase as that of each equal one. Nobody spent time or wrote a note there."""
    extra = {**annotation.extra, "carried": annotation.key}
    for copy in copies:
        yield replace(annotation, phrase=copy, seconds=None, comment=None, extra=extra)


def _spans(
    data: Json,
    places: Sequence[Place],
    made: Json,
    pushed: Mapping[str, Mapping[str, Span]],
    labels: Collection[str],
    view: View,
) -> tuple[dict[str, tuple[Span, ...]], list[Refused]]:
    """The spans of each phrase. The same thing marked twice in one place is once."""
    # Two fields may stand in one place under one label.
    found: dict[str, dict[tuple[int, int, str, str], Span]] = {p.phrase.id: {} for p in places}
    refused: list[Refused] = []
    for region in () if made.get("was_cancelled") else regions_in(made.get("result") or ()):
        reason = _unusable(region, data["text"], labels)
        pieces = [] if reason else list(_pieces(region, places))
        if not reason and not pieces:
            reason = f"the region {region.start}-{region.end} lies on a heading, not on a phrase"
        if reason or _overruns(region, pieces, data["text"]):
            cut = f"the region {region.start}-{region.end} ran over a phrase's end and was cut"
            key = pieces[0][0].phrase.id if pieces else data["key"]
            refused.append(Refused(key, reason or f"{cut} into {len(pieces)}"))
        home = next((key for key, spans in pushed.items() if region.id in spans), None)
        for place, piece in pieces:
            key = place.phrase.id
            if home not in (None, key):  # a pre-label drawn out into another phrase is new there
                piece = replace(piece, origin="manual")
            span = span_of(piece, place.phrase.text, pushed[key], view)
            found[key].setdefault((span.start, span.end, span.label, span.field or ""), span)
    return {k: tuple(spans[at] for at in sorted(spans)) for k, spans in found.items()}, refused


def _pieces(region: Region, places: Iterable[Place]) -> Iterator[tuple[Place, Region]]:
    """A region cut to the phrases it touches, in their own code points."""
    for place in places:
        start, end = place.cut(region.start, region.end)
        if start < end:
            yield place, replace(region, start=start, end=end)


def _overruns(region: Region, pieces: Sequence[tuple[Place, Region]], text: str) -> bool:
    """Whether a region fell into pieces, or more than white space of it fell away."""
    kept = "".join(place.phrase.text[piece.start : piece.end] for place, piece in pieces)
    marked = text[region.start : region.end]
    return len(pieces) > 1 or "".join(kept.split()) != "".join(marked.split())


def _unusable(region: Region, text: str, labels: Collection[str]) -> str | None:
    """Why a region is no span of the text, or None. Never quotes the text."""
    if not (isinstance(region.start, int) and isinstance(region.end, int)):
        return "a region without a start or an end"
    if not 0 <= region.start < region.end <= len(text):
        return f"the region {region.start}-{region.end} lies outside the text"
    if region.label not in labels:
        return f"the label of the region {region.start}-{region.end} is not in the label set"
    return None
