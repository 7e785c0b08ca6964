"""One letter through the whole of Lettera: read, labelled, extracted. Keeps nothing."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import BadInput
from core.extract import letter_fields
from core.extract.result import LetterFields
from core.extract.sheet import write_sheet
from core.label import Labeller
from core.read import read_file, read_text
from core.read.pdf import opened
from core.read.phrases import phrases
from core.records import Annotation, Letter, Phrase, Span

MAX_CHARACTERS = 60_000
MAX_PAGES = 30
FORMATS = (".xlsx", ".csv", ".json")


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in a letter. `entities` point into the letter's text, not into a phrase's."""

    letter: Letter
    entities: tuple[Span, ...]
    result: LetterFields


def letter_of_file(path: Path) -> Letter:
    """The letter of a file; of several, the first. Raises BadInput where there is none to read."""
    if path.suffix.lower() == ".pdf":
        with opened(path) as pdf:
            if len(pdf) > MAX_PAGES:
                raise BadInput(f"{path}: too long: {len(pdf)} pages; {MAX_PAGES} at most")
    found = read_file(path)
    if not found:
        raise BadInput(f"{path}: there is no letter in it")
    return found[0]


def letter_of_text(text: str) -> Letter:
    """A pasted letter. Raises BadInput when there is nothing in it."""
    if not text.strip():
        raise BadInput("no text yet")
    return read_text(_short_enough(text), "testo incollato")


def analyse(letter: Letter, labeller: Labeller, tagger: Labeller | None = None) -> Analysis:
    """Entities by the model where there is one, else by the rules; fields by both.

    A text without a discharge letter's heading is taken all the same: the page says so beside it.
    """
    _short_enough(letter.text)
    cut = phrases(letter)
    told = list(labeller.label(cut))
    tagged = list(tagger.label(cut)) if tagger else []
    result = letter_fields(replace(letter, discharge_letter=True), [*told, *tagged])
    shown = tuple(_in_letter(tagged if tagger else told))
    return Analysis(letter, shown, result)


def _short_enough(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"too long: {len(text)} characters; {MAX_CHARACTERS} at most")
    return text


def _in_letter(annotations: Iterable[Annotation]) -> Iterator[Span]:
    for annotation in annotations:
        yield from (_moved(span, annotation.phrase) for span in annotation.spans)


def _moved(span: Span, phrase: Phrase) -> Span:
    return replace(span, start=span.start + phrase.start, end=span.end + phrase.start)


def sheets(results: Sequence[LetterFields], stem: str = "lettera") -> dict[str, bytes]:
    """The spreadsheet in each format, by file name. The files themselves are gone on return."""
    with tempfile.TemporaryDirectory(prefix="lettera-") as folder:
        paths = [Path(folder, stem + suffix) for suffix in FORMATS]
        for path in paths:
            write_sheet(path, results)
        return {path.name: path.read_bytes() for path in paths}
