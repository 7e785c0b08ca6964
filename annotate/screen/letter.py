"""A whole letter as one task: its phrases line by line under their sections' headings."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from annotate.screen.fold import is_heading
from annotate.screen.regions import prediction_of
from annotate.screen.screen import lost_of
from annotate.screen.words import WORDS, Language
from core.records import Annotation, Json

HEADING = "— {} —"


def letter_task(
    annotations: Sequence[Annotation],
    *,
    hidden: Collection[str] = (),
    bare: bool = False,
    guideline: str = "",
    pages: Sequence[str] = (),
    language: Language = "it",
) -> Json:
    """The task of one letter, with the annotations of all its phrases in order.

    `hidden`: ids of phrases that are no lines to mark: headings stand there as headings, others
    not at all. `pages`: addresses of the pages' images.
    """
    lines: list[str] = []
    parts: list[Json] = []
    shown: list[Annotation] = []
    at = 0
    for line, annotation in _lines(annotations, hidden):
        if annotation is not None:
            parts.append(_part(annotation, at))
            shown.append(annotation)
        lines.append(line)
        at += len(line) + 1
    letter = annotations[0].phrase.letter
    place = WORDS[language].letter.format(letter)
    data: Json = {
        "key": letter,
        "text": "\n".join(lines),
        "lost": "" if bare else lost_of(shown, language),
        "place": place[:1].upper() + place[1:],
        "letter": letter,
        "phrases": parts,
        "pages": list(pages),
        "guideline": guideline,
    }
    if bare:
        data["bare"] = True
    return {"data": data, "predictions": [prediction_of(data, shown)]}


def _part(annotation: Annotation, at: int) -> Json:
    """Where a phrase stands: `at` in the task's text, `start` and `end` in the letter's."""
    phrase = annotation.phrase
    place = {"id": phrase.id, "at": at, "length": len(phrase.text)}
    place |= {"start": phrase.start, "end": phrase.end, "section": phrase.section}
    return place | ({"extra": dict(annotation.extra)} if annotation.extra else {})


def _lines(
    annotations: Iterable[Annotation], hidden: Collection[str]
) -> Iterator[tuple[str, Annotation | None]]:
    """The lines of the screen; with a line to mark its annotation.

    A new section begins with its heading as written, or else with its name.
    """
    section, heading, first = None, "", True
    for annotation in annotations:
        phrase = annotation.phrase
        if phrase.id in hidden:
            heading = phrase.text.rstrip(" :") if is_heading(phrase) else heading
            continue
        if heading or phrase.section != section:
            yield from [] if first else [("", None)]
            name = heading or (phrase.section or "").replace("_", " ")
            yield from [(HEADING.format(name), None)] if name else []
        yield phrase.text, annotation
        section, heading, first = phrase.section, "", False
