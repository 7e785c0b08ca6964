"""One letter through the whole of Lettera: read, labelled, extracted. Keeps nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from core.errors import BadInput
from core.extract import letter_fields
from core.extract.result import LetterFields
from core.label import Labeller
from core.read import read_file, read_text
from core.read.phrases import phrases
from core.read.readers.folders import IMAGES, PDFS
from core.read.readers.pdf import opened
from core.records import Annotation, Letter, Phrase, Span

MAX_CHARACTERS = 60_000
MAX_PAGES = 30


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in a letter. `entities` point into the letter's text, not into a phrase's."""

    letter: Letter
    entities: tuple[Span, ...]
    result: LetterFields


def to_recognise(path: Path) -> list[int]:
    """The pages of a file, from 1, that have to be recognised, which takes seconds each.

    Raises BadInput where it has too many pages, before any of them is looked at.
    """
    if path.suffix.lower() in PDFS:
        from core.read.readers.text_layer import has_text

        with opened(path) as pdf:
            found = []
            for number in range(_few_enough(path, len(pdf))):
                with pdf.page(number) as page:
                    if not has_text(page) and page.has_content():
                        found.append(number + 1)
            return found
    if path.suffix.lower() not in IMAGES:
        return []
    frames = 1
    faults = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
    with suppress(*faults), Image.open(path) as picture:  # its reader says what is wrong
        frames = getattr(picture, "n_frames", 1)
    return list(range(1, _few_enough(path, frames) + 1))


def _few_enough(path: Path, pages: int) -> int:
    if pages > MAX_PAGES:
        raise BadInput(f"{path}: too long: {pages} pages; {MAX_PAGES} at most")
    return pages


def letter_of_file(path: Path, told: Callable[[int], None] | None = None) -> Letter:
    """The letter of a file; of several, the first. Raises BadInput where there is none to read.

    `told` is called with the number of each page that has to be recognised, before it is.
    """
    found = read_file(path, told=told)
    if not found:
        raise BadInput(f"{path}: there is no letter in it")
    return found[0]


def letter_of_text(text: str) -> Letter:
    """A pasted letter. Raises BadInput when there is nothing in it."""
    if not text.strip():
        raise BadInput("no text yet")
    return read_text(_short_enough(text), "testo incollato")


def analyse(
    letter: Letter,
    labeller: Labeller,
    tagger: Labeller | None = None,
    human: Sequence[Annotation] = (),
) -> Analysis:
    """Entities by the model where there is one, else by the rules; fields by both.

    Of a phrase that a person corrected, the person alone is heard. A text without a discharge
    letter's heading is taken all the same: the page says so beside it.
    """
    _short_enough(letter.text)
    cut = phrases(letter)
    told = list(labeller.label(cut))
    tagged = list(tagger.label(cut)) if tagger else []
    result = letter_fields(replace(letter, discharge_letter=True), [*told, *tagged, *human])
    corrected = {one.phrase.id for one in human}
    kept = [one for one in (tagged if tagger else told) if one.phrase.id not in corrected]
    shown = tuple(_in_letter([*kept, *human]))
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
