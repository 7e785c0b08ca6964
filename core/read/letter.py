"""A raw document -> a Letter: cleaned, recognised as a discharge letter or not, in sections."""

from dataclasses import replace

from core.read.cleaning.clean import clean
from core.read.readers.raw import RawDocument
from core.read.sections.definitive import is_discharge_letter, why_not
from core.read.sections.parts import Part, parts
from core.read.sections.sections import sections
from core.read.words.language import strange_language
from core.read.words.unbent import straight
from core.records import Json, Letter


def compose_all(document: RawDocument, source: str, letter_id: str) -> list[Letter]:
    """The letters of a file: the first under the file's id, further ones as `.2`, `.3`.

    Pages keep their numbers in the file, and `map` leads into the text of the whole file.
    """
    found = parts(document)
    letters = []
    for number, part in enumerate(found, 1):
        name = letter_id if number == 1 else f"{letter_id}.{number}"
        letters.append(_placed(compose(part.document, source, name), part, len(found)))
    return letters


def _placed(letter: Letter, part: Part, letters: int) -> Letter:
    shift = part.page - 1
    extra = letter.extra if letters == 1 else {**letter.extra, "letters_in_file": letters}
    if not shift and not part.start:
        return replace(letter, extra=extra)
    return replace(
        letter,
        pages=tuple(replace(page, page=page.page + shift) for page in letter.pages),
        boxes=tuple(replace(box, page=box.page + shift) for box in letter.boxes),
        map=tuple((here, there + part.start, length) for here, there, length in letter.map),
        extra=extra,
    )


def compose(document: RawDocument, source: str, letter_id: str) -> Letter:
    """The letter of one document."""
    cleaned = clean(document)
    discharge = is_discharge_letter(cleaned.text)
    return Letter(
        id=letter_id,
        source=source,
        discharge_letter=discharge,
        text=cleaned.text,
        pages=cleaned.pages,
        reader=document.reader,
        sections=sections(straight(cleaned.text)),
        boxes=cleaned.boxes,
        map=cleaned.map,
        extra=_extra(document, cleaned.text, discharge),
    )


def _extra(document: RawDocument, text: str, discharge: bool) -> Json:
    said: Json = dict(document.extra)
    if not discharge:
        said["reason"] = why_not(text)
    elif language := strange_language(text):
        said["language"] = language
    sure = {
        str(number): round(page.confidence, 1)
        for number, page in enumerate(document.pages, 1)
        if page.confidence is not None
    }
    if sure:
        said["confidence"] = sure
    empty = [number for number, page in enumerate(document.pages, 1) if not page.text.strip()]
    if empty and any(page.text.strip() for page in document.pages):
        said["empty_pages"] = empty
    return said
