"""The sections of a letter by its headings; their many spellings stand in sections.toml."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.read.sections.guessed import guessed, guessed_beginning
from core.read.sections.headings import ADVICE, COURSE, PROSE, STRANGE, Heading, headings
from core.read.sections.known_headings import known_headings
from core.read.words.fold import folded
from core.records import Section

_THERAPY = "terapia_alla_dimissione"
_GUESSED = {COURSE, _THERAPY, "Anamnesi", "Terapia", "esami_all_ingresso", "esami_alla_dimissione",
            "Diagnosi", "Motivo ricovero"}  # fmt: skip
_TOLD = ("", "Anamnesi", COURSE)
_HISTORY = {"Anamnesi", "Terapia", "esami_all_ingresso"}


def sections(text: str) -> tuple[Section, ...]:
    """The sections in order, headings left out; headings of one field in a row make one section."""
    found: list[Section] = []
    name, start = "", 0
    seen: set[str] = set()
    marked = list(headings(text))
    main = any(_is_main(heading) for heading in marked)
    for number, heading in enumerate([*marked, None]):
        if heading and (heading.key == STRANGE or heading.key in known_headings().either):
            guess = _guess(text, heading, marked[number + 1 :], seen)
            if guess is not None and guess != name:
                heading = replace(heading, key=guess)
            elif heading.key == STRANGE:
                continue
        if heading is not None and not (_parts(heading, name) and _stands(text, heading, name)):
            # The title first met among the sections begins the letter's front page behind them.
            if heading.key not in known_headings().titles:
                continue
            known = heading.key in seen
            seen.add(heading.key)
            if known or not name:
                continue
            new = ""
        else:
            new = "" if heading is None else _name(heading, name, seen)
            if heading and heading.bare and main and heading.key in known_headings().supporting:
                new = heading.written
        if (
            heading
            and new == "Terapia"
            and _is_late(text[: heading.start], seen, marked[number + 1 :])
        ):
            new = _THERAPY
        if heading is not None and new == name and new in seen and new != heading.written:
            continue
        end = len(text) if heading is None else heading.start
        found += _section(text, name, start, end)
        if heading is not None:
            name, start = new, heading.body
            seen |= {new, heading.key}
    return tuple(found)


def _guess(text: str, heading: Heading, later: Sequence[Heading], seen: set[str]) -> str | None:
    """The field that the text below a strange heading is of, if no other heading claims it."""
    inside = known_headings().findings | known_headings().turning
    ends = (one.start for one in later if one.bare or one.key not in inside)
    block = text[heading.body : next(ends, len(text))].casefold()
    taken = seen | {known_headings().fields.get(one.key) for one in later}
    guess = guessed(block, COURSE in seen)
    if guess is None and heading.key == STRANGE and not seen & {COURSE, *_HISTORY}:
        guess = guessed_beginning(block)
    if guess == "Terapia" and heading.key in known_headings().either:
        guess = _THERAPY  # what is prescribed or advised
    return None if guess in taken else guess


def _is_main(heading: Heading) -> bool:
    """Whether a heading opens the history under its own name, not under that of risk factors."""
    known = known_headings()
    return known.fields.get(heading.key) == "Anamnesi" and heading.key not in known.supporting


def _parts(heading: Heading, name: str) -> bool:
    """Whether a heading ends the section `name`.

    The letter's own title does not, nor does `Coronarografia` among the examinations, nor
    `Allergie: nega` in the history.
    """
    known = known_headings()
    if heading.key == ADVICE:
        return name == _THERAPY
    if heading.key in (PROSE, COURSE):
        return name in _HISTORY or name in ("", "Motivo ricovero")
    if heading.key in known.findings:
        return heading.bare and not name.startswith("esami_")
    if heading.key in known.labels and not heading.bare:
        return name not in _TOLD
    return heading.key not in known.titles


def _stands(text: str, heading: Heading, name: str) -> bool:
    """`Intervento (12/03/2019): ...` on the line below the disease belongs to the diagnosis."""
    inline = name == "Diagnosi" and not heading.bare and heading.key in known_headings().turning
    return not inline or text.endswith("\n\n", 0, heading.start)


def _name(heading: Heading, name: str, seen: set[str]) -> str:
    """The field a heading opens, or the heading as written."""
    known = known_headings()
    if heading.key in _GUESSED:
        return heading.key
    if heading.key not in known.timed:
        return known.fields.get(heading.key) or heading.written
    before, after = known.timed[heading.key]
    told = COURSE in seen or (_HISTORY & seen and known.turning & seen)
    return after if told or before in seen and before != name else before


def _is_late(before: str, seen: set[str], later: Sequence[Heading]) -> bool:
    """Whether a therapy stands where letters end: the course told, none at discharge to come."""
    fields = known_headings().fields
    if _THERAPY in seen or any(fields.get(one.key) == _THERAPY for one in later):
        return False
    return COURSE in seen or known_headings().told.search(folded(before)) is not None


def _section(text: str, name: str, start: int, end: int) -> Iterator[Section]:
    body = text[start:end]
    if name and body.strip():
        lead = len(body) - len(body.lstrip())
        yield Section(name, start + lead, start + len(body.rstrip()))
