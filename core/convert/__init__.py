"""Corrected data in other people's formats, and theirs in ours: one file a format.

Whatever a format cannot carry, and whatever an import leaves out, is counted in `Converted.told` or
listed in `Converted.refused`; nothing goes missing in silence. Beside what a format shows, each
that we write carries the rest of the record out of sight, so that reading it back is the identity;
where somebody has changed what is shown since, what is shown counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.errors import BadInput, UnknownName
from core.records import Annotation
from core.registry import Registry


@dataclass(slots=True)
class Converted:
    """What a conversion did, in figures that hold no word of a letter.

    `told`: what did not pass just as it was, and how often; `refused`: where something stands that
    was left out for being wrong, and why.
    """

    path: Path
    phrases: int = 0
    spans: int = 0
    skipped: int = 0
    letters: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    def add(self, annotation: Annotation) -> None:
        """Counts an annotation on its way from one format to the other."""
        self.phrases += 1
        self.spans += len(annotation.spans)
        self.skipped += annotation.skipped
        self.letters.add(annotation.phrase.letter)

    @property
    def sentence(self) -> str:
        """What to print: the counts, the path, and all that needs a person's eye."""
        skipped = f", {self.skipped:,} of them skipped," if self.skipped else ""
        said = (
            f"{self.path}: {self.phrases:,} phrases of {len(self.letters):,} letters{skipped} "
            f"with {self.spans:,} spans"
        )
        notes = [f"{what}: {count:,}" for what, count in sorted(self.told.items()) if count]
        if self.refused:
            notes.append(f"refused and listed: {len(self.refused):,}")
        return f"{said} ({'; '.join(notes)})" if notes else said


class Format(Protocol):
    """Reads and writes one format. What is lost, split or refused goes into the report.

    Both raise BadInput: `read` for a file that is nothing of the kind, `write` where the format is
    only read here.
    """

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]: ...

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None: ...


FORMATS = Registry(
    "data format",
    {
        "jsonl": "core.convert.lines:Lines",
        "conll": "core.convert.conll:Conll",
        "spacy": "core.convert.docbin:DocBins",
        "parquet": "core.convert.parquet:Parquet",
        "brat": "core.convert.brat:Brat",
        "semclinbr": "core.convert.semclinbr:SemClinBr",
        "handover": "core.convert.handover:Handover",
        "labelstudio": "core.convert.labelstudio:People",
        "labelstudio-predictions": "core.convert.labelstudio:Predictions",
    },
    extras={"spacy": "pip install 'lettera-ner[spacy]'"},
)
SUFFIXES = {
    ".jsonl": "jsonl",
    ".conll": "conll",
    ".bio": "conll",
    ".iob": "conll",
    ".spacy": "spacy",
    ".parquet": "parquet",
}
WRITTEN = (*dict.fromkeys(SUFFIXES.values()), "brat")  # the others are only read
# Only a source says these by its name: brat is written as a folder.
SOURCES = {".ann": "brat", ".json": "labelstudio", ".xml": "semclinbr"}


def convert(source: Path, target: Path, from_: str | None, to: str | None) -> Converted:
    """One format -> another. A format that is not named is told by the suffix.

    Raises UnknownName, with the names to choose from, where it cannot be told.
    """
    reader: Format = FORMATS.get(from_ or _of_source(source))()
    writer: Format = FORMATS.get(to or _by_suffix(target, SUFFIXES, "--to", WRITTEN))()
    report = Converted(target)
    writer.write(target, _counted(reader.read(source, report), report), report)
    return report


def _counted(annotations: Iterable[Annotation], report: Converted) -> Iterator[Annotation]:
    for annotation in annotations:
        report.add(annotation)
        yield annotation


def _of_source(source: Path) -> str:
    if not source.exists():
        raise BadInput(f"{source}: no such file or folder")
    if source.is_dir() and next(source.rglob("*.ann"), None):
        return "brat"
    return _by_suffix(source, SUFFIXES | SOURCES, "--from", FORMATS)


def _by_suffix(path: Path, suffixes: dict[str, str], option: str, known: Iterable[str]) -> str:
    name = suffixes.get(path.suffix.lower())
    if name is None:
        raise UnknownName(
            f"{path}: its name does not say its format; name it with {option}: {', '.join(known)}"
        )
    return name
