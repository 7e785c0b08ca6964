"""The documents in one file: letters cut apart, other papers of a clinical folder left out.

A letter begins where its heading stands on a page that is the first of its document: the page's
number is 1, or another record, birth or name is told than before. A heading that runs along on
every page begins nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.read.fold import folded
from core.read.heading import titles
from core.read.raw import RawBox, RawDocument, RawPage
from core.read.slips import mended

_RECORD = re.compile(
    r"\b(?:cartella|cart|nosologico|pratica|sdo)\b[^\d\n]{0,25}(\d[\d./ -]{2,14}\d)", re.IGNORECASE
)
_DATE = r"(\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4})"
_BIRTH = re.compile(rf"\b(?:nat[oa]|nascita|d\.?d\.?n)\b[^\d\n]{{0,60}}{_DATE}", re.IGNORECASE)
_NAME = re.compile(
    r"\b(?:sig\.?(?:ra)?|signora?|paziente|pz|cognome e nome|nome e cognome)\b[.:\s]+"
    r"([^\W\d_][\w'’]+[ ]+[^\W\d_][\w'’]+)",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    r"\bpag(?:ina|\.)?\s*(?:n\.?\s*)?(\d{1,3})\s*(?:di|/|su)\s*\d{1,3}", re.IGNORECASE
)
_OTHER = re.compile(
    r"(?:verbale operatorio|registro operatorio|consenso informato.*|modulo di consenso.*"
    r"|diario (?:clinico|infermieristico|medico)|scheda (?:anestesiologica|infermieristica"
    r"|di terapia|di dimissione ospedaliera)|cartella (?:infermieristica|anestesiologica)"
    r"|foglio (?:unico )?di terapia|referto(?: di.*)?|richiesta di.*|grafica|esame istologico"
    r"|certificato.*|lettera di trasferimento|relazione di trasferimento)"
)
_HEAD = 8  # written lines in which a document says what it is
_NEAR = 1500  # characters behind a heading in which a letter says whose it is
_ABOVE = 400  # and before it, in the letterhead


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive pages of a file; where the first begins: page from 1, offset in the text."""

    document: RawDocument
    page: int
    start: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a document begins: page, offset in it; whether it is a letter."""

    page: int
    offset: int
    letter: bool


def parts(document: RawDocument) -> list[Part]:
    """The letters of a file; the whole file as one part where it has at most one and no other."""
    cuts = list(_cuts(document.pages))
    if sum(cut.letter for cut in cuts) == 0 or len(cuts) == 1:
        return [Part(document, 1, 0)]
    ends = [*cuts[1:], _Cut(len(document.pages), 0, False)]
    return [_part(document, cut, end) for cut, end in zip(cuts, ends, strict=True) if cut.letter]


def _cuts(pages: Sequence[RawPage]) -> Iterator[_Cut]:
    """Where documents begin, in order; the first begins with the file."""
    known: dict[str, str] = {}
    lettered = False
    for number, page in enumerate(pages):
        places = titles(page.text)
        begins = _counter(page.text) == 1
        if not places and (number == 0 or _is_other(page.text, begins)):
            yield _Cut(number, 0, False)
            known, lettered = {}, False
        for place in places:
            above = page.text[max(0, place - _ABOVE) : place] if place == places[0] else ""
            told = _identity(above) | _identity(page.text[place : place + _NEAR])
            if lettered and not _is_new(known, told, begins and place == places[0]):
                known = told | known
                continue
            top = place == places[0] and not (lettered and known and number == 0)
            offset = 0 if top else _letterhead(page.text, place)
            yield _Cut(number, offset, True)
            known, lettered = told, True


def _is_new(known: dict[str, str], told: dict[str, str], begins: bool) -> bool:
    """The record decides, else the birth, else the name; else whether the page is numbered 1."""
    for kind in ("record", "birth", "name"):
        if kind in known and kind in told:
            return known[kind] != told[kind]
    return begins


def _is_other(text: str, begins: bool) -> bool:
    """Whether a page without the heading begins another paper of the folder."""
    written = [line for line in text.splitlines() if line.strip()][:_HEAD]
    titled = any(_OTHER.fullmatch(folded(line)) for line in written)
    return titled and (begins or bool(_identity(text[:_NEAR])))


def _identity(text: str) -> dict[str, str]:
    text = mended(text)
    found = {"record": _RECORD.search(text), "birth": _BIRTH.search(text)}
    told = {kind: re.sub(r"\D", "", match[1]) for kind, match in found.items() if match}
    name = _NAME.search(text)
    if name:
        told["name"] = " ".join(sorted(folded(name[1]).split()))
    return told


def _counter(text: str) -> int | None:
    match = _COUNTER.search(text)
    return int(match[1]) if match else None


def _letterhead(text: str, place: int) -> int:
    """Where the lines above a heading begin that belong to it: behind the gap before them."""
    start = text.rfind("\n", 0, place) + 1
    gap = max(text.rfind("\n\n\n", 0, start), text.rfind("---\n", 0, start))
    return gap + 3 if gap >= 0 and start - gap < _ABOVE else start


def _part(document: RawDocument, cut: _Cut, end: _Cut) -> Part:
    pages = list(document.pages[cut.page : end.page + (end.offset > 0)])
    if end.offset:
        pages[-1] = _sliced(pages[-1], cut.offset if cut.page == end.page else 0, end.offset)
    if cut.offset and not (end.offset and cut.page == end.page):
        pages[0] = _sliced(pages[0], cut.offset, len(pages[0].text))
    start = document.starts()[cut.page] + cut.offset
    kept = RawDocument(tuple(pages), document.reader, document.extra)
    assert kept.text == document.text[start : start + len(kept.text)]
    return Part(kept, cut.page + 1, start)


def _sliced(page: RawPage, start: int, end: int) -> RawPage:
    boxes = tuple(
        RawBox(box.start - start, box.end - start, box.box)
        for box in page.boxes
        if start <= box.start and box.end <= end
    )
    return RawPage(page.text[start:end], boxes, page.confidence)
