"""A raw document -> a Letter: cleaned, recognised as a discharge letter or not, in sections."""

from core.read.clean import clean
from core.read.heading import is_discharge_letter
from core.read.raw import RawDocument
from core.read.sections import sections
from core.records import Json, Letter

REASON = "no heading RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA"


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
        sections=sections(cleaned.text),
        boxes=cleaned.boxes,
        map=cleaned.map,
        extra=_extra(document, discharge),
    )


def _extra(document: RawDocument, discharge: bool) -> Json:
    said: Json = dict(document.extra)
    if not discharge:
        said["reason"] = REASON
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
