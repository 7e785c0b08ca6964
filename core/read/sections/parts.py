"""The documents in one file: letters cut apart, other papers of a clinical folder left out.

A letter begins where its heading stands on a page that is the first of its document: the page's
number is 1 again, another record, birth or name is told than before, or the page is a copy of an
earlier one. A heading that runs along on every page begins nothing. Pages that belong to no letter
are named in the first letter's `extra["pages_left_out"]`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.read.readers.raw import RawBox, RawDocument, RawPage
from core.read.sections.definitive import titles
from core.read.sections.headings import find_heading
from core.read.sections.whose import Whose, whose
from core.read.words.fold import folded

# Alone on a line "1/3" and "- 1 -" count pages too; in a line of a letter they are a dose.
_COUNTER = re.compile(
    r"\bpag(?:ina|\.)?\s*(?:n\.?\s*)?(\d{1,3})\s*(?:di|/|su)\s*\d{1,3}"
    r"|^\W*pag(?:ina|\.)?\s*(?:n\.?\s*)?(\d{1,3})\W*$"
    r"|^\s*(\d{1,3})\s*(?:di|/|su)\s*\d{1,3}\s*$|^\s*[-–—]\s*(\d{1,3})\s*[-–—]\s*$",
    re.IGNORECASE | re.MULTILINE,
)
# Papers whose titles no section of a letter bears; then those that some sections do.
_OTHER = re.compile(
    r"registro operatorio|consenso informato.*|modulo di consenso.*"
    r"|diario (?:clinico|infermieristico|medico)|scheda (?:anestesiologica|infermieristica"
    r"|di terapia|di dimissione ospedaliera)|cartella (?:infermieristica|anestesiologica)"
    r"|foglio (?:unico )?di terapia|certificato.*|lettera di (?:trasferimento|dimissione).*"
    r"|relazione di trasferimento|relazione clinica alla dimissione (?:provv|parz|prelim).*"
    r"|verbale operatorio"
)
_PERHAPS = re.compile(r"referto(?: di.*)?|richiesta di.*|grafica|esame istologico")
_CLOSED = re.compile(r"\b(?:(?:cordiali|distinti) saluti|cordialmente)\b", re.IGNORECASE)
_OPENING = re.compile(r"diagnosi(?: .*)?|anamnesi(?: .*)?|motivo (?:del |di )?ricovero")
_HEAD = 8  # written lines in which a document says what it is
_TITLE = 4  # and in which its title stands, below a letterhead
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
    pairs = [(cut, end) for cut, end in zip(cuts, ends, strict=True) if cut.letter]
    found = [_part(document, cut, end) for cut, end in pairs]
    kept = {n for cut, end in pairs for n in range(cut.page, end.page + (end.offset > 0))}
    left_out = [n + 1 for n in range(len(document.pages)) if n not in kept]
    if left_out:
        extra = {**document.extra, "pages_left_out": left_out}
        found[0] = replace(found[0], document=replace(found[0].document, extra=extra))
    return found


def _cuts(pages: Sequence[RawPage]) -> Iterator[_Cut]:
    """Where documents begin, in order; the first begins with the file."""
    folder = _Folder()
    for number, page in enumerate(pages):
        yield from folder.cuts(number, page.text)


class _Folder:
    """A file read page by page, and what is known of the document that it is in."""

    def __init__(self) -> None:
        self._known = Whose()
        self._lettered = self._counted = self._closed = False
        self._first = 0  # page on which the present document begins
        self._firsts: set[str] = set()  # texts of pages on which letters began

    def cuts(self, number: int, text: str) -> Iterator[_Cut]:
        places = titles(text)
        count = _counter(text)
        if not places and (number == 0 or self._is_other(text, count)):
            self._begin(number, whose(text[:_NEAR]), lettered=False)
            yield _Cut(number, 0, False)
        for place in places:
            top = place == places[0]
            ended = self._lettered and _ends_above(text[:place])  # the letter before, on this page
            above = text[max(0, place - _ABOVE) : place] if top and not ended else ""
            told = whose(above) | whose(text[place : place + _NEAR])
            again = top and _plain(text) in self._firsts
            number_here = count if top and not ended else None
            if self._lettered and not again and not self._is_new(told, number_here, text[place:]):
                self._known = told | self._known
                continue
            offset = 0 if top and not ended else _letterhead(text, place)
            start = self._earlier(number, count, told) if top and not offset else number
            self._begin(start, told, lettered=True)
            self._firsts.add(_plain(text))
            yield _Cut(start, offset, True)
        self._counted |= count is not None
        self._closed = _CLOSED.search(text[-_NEAR:]) is not None

    def _begin(self, page: int, told: Whose, lettered: bool) -> None:
        self._known, self._lettered, self._first = told, lettered, page
        self._counted = self._closed = False

    def _is_new(self, told: Whose, count: int | None, behind: str) -> bool:
        """Whether a heading begins another letter than the present one."""
        agree, differ = self._known.against(told)
        if count is not None and count > 1:
            return differ > 1 and not agree
        if count == 1 and (self._counted or not agree):
            return True
        # Two stays of one patient have one name and birth, and two records.
        stays = self._known.records.keys() & told.records.keys()
        if differ and (not agree or stays):
            return True
        return not agree and self._closed and _opens(behind)

    def _is_other(self, text: str, count: int | None) -> bool:
        """Whether a page without the heading begins another paper of the folder."""
        if count is not None and count > 1:
            return False
        written = [line for line in text.splitlines() if line.strip()][:_HEAD]
        sure = [line for line in written if _OTHER.fullmatch(folded(line))]
        perhaps = [line for line in written if _PERHAPS.fullmatch(folded(line))]
        if any(line.isupper() for line in sure if line in written[:_TITLE]):
            return True
        told = whose(text[:_NEAR])
        if told and (sure or any(line.isupper() for line in perhaps)):
            return True
        if count == 1 and (told or sure or perhaps):
            return True
        agree, differ = self._known.against(told)
        return differ > 1 and not agree

    def _earlier(self, number: int, count: int | None, told: Whose) -> int:
        """The page on which a letter begins whose heading is first known on its page `count`."""
        start = number - (count or 1) + 1
        if self._lettered or start < self._first or start == number:
            return number
        _, differ = self._known.against(told)
        return number if differ else start


def _ends_above(text: str) -> bool:
    """Whether what stands above a heading on its page is more than its letterhead."""
    if len(text) > _ABOVE or _CLOSED.search(text):
        return True
    return any(find_heading(line) for line in text.splitlines())


def _opens(text: str) -> bool:
    """Whether a section with which letters begin stands there."""
    return any(_OPENING.fullmatch(folded(line)) for line in text.splitlines())


def _plain(text: str) -> str:
    return " ".join(text.split())


def _counter(text: str) -> int | None:
    """The number of a page, where its first or last lines tell one."""
    lines = [line for line in text.splitlines() if line.strip()]
    edges = "\n".join(lines if len(lines) <= 2 * _HEAD else [*lines[:_HEAD], *lines[-_HEAD:]])
    match = _COUNTER.search(edges)
    return int(match[match.lastindex or 1]) if match else None


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
