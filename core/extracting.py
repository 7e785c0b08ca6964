"""Files -> the fields of their letters, one by one: local ways in processes beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.errors import LLMError
from core.extract.result import LetterFields
from core.extract.ways import Extractor, Local
from core.sources import Source, Watch, each_letter, files_as_letters, letters_in


@dataclass(slots=True)
class Extraction:
    """What `extracted` did. `stopped`: why not all documents are there, where so."""

    letters: int = 0
    turned_away: int = 0
    values: int = 0
    doubts: int = 0
    failures: list[str] = field(default_factory=list)
    stopped: str | None = None

    def add(self, found: LetterFields) -> None:
        """Counts a document as it goes into the file."""
        self.letters += found.discharge_letter
        self.turned_away += not found.discharge_letter
        self.values += len(found.fields)
        self.doubts += len(found.doubts)


def extracted(
    files: Sequence[str], extractor: Extractor, report: Extraction, watch: Watch
) -> Iterator[LetterFields]:
    """The fields of each letter in files, in their order, one by one as they come.

    Where the service fails for good or the money is spent, the letters done by then are kept.
    """
    try:
        for found in _found(files, extractor, report.failures, watch):
            report.add(found)
            yield found
    except LLMError as error:
        done = report.letters + report.turned_away
        if not done:
            raise
        report.stopped = f"{error} (the first {done} documents are done)"


def _found(
    files: Sequence[str], extractor: Extractor, failures: list[str], watch: Watch
) -> Iterator[LetterFields]:
    if not isinstance(extractor, Local) or not extractor.by_letter:
        yield from extractor.extract(files_as_letters(files, failures, "extracting", watch))
        return

    def work(source: Source) -> list[tuple[str, LetterFields]]:
        letters = letters_in(source)
        return list(zip((one.id for one in letters), extractor.extract(letters), strict=True))

    yield from each_letter(files, work, failures, "extracting", watch)
