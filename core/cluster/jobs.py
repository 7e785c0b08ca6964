"""What may be done with letters: read, label, tag, extract, by the same functions as elsewhere.

A job travels to the workers as values; `begin` makes there what it needs (rules, a model), once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from core.cluster.blocks import Text
from core.cluster.parts import MANIFESTS, Folder
from core.cluster.tables import Kind, read_table
from core.extract.ways import Local
from core.extracting import Extraction
from core.label import LABELLERS, Labeller
from core.label.known import Known
from core.learn.tagger import Tagger
from core.read.letter import compose_all
from core.read.phrases import phrases
from core.read.readers.raw import RawDocument
from core.read.readers.text import pages_of
from core.records import Annotation, Letter
from core.schema import View
from core.sources import letters_in
from core.steps import Labelling, Reading, admitted, viewed

Source = Path | Letter | Text
Made = list[tuple[str, list[Any]]]  # the id of a letter, the records made of it
RULES = "rules"


@dataclass(frozen=True, slots=True)
class Read:
    """Files -> letters."""

    reader: str
    take_all: bool
    kind: ClassVar[Kind] = "letters"
    report: ClassVar[type] = Reading

    def begin(self) -> Callable[[Source], Made]:
        return lambda source: [
            (one.id, [admitted(one, self.take_all)]) for one in letters_of(source, self.reader)
        ]


@dataclass(frozen=True, slots=True)
class Label:
    """Files or letters -> what the rules or a model (`by`) say of their phrases: in a `view`, of
    letters as they were read before; or in none, with documents turned away where `take_all`."""

    by: str
    source: str
    view: View | None
    take_all: bool = False
    kind: ClassVar[Kind] = "annotations"
    report: ClassVar[type] = Labelling

    def begin(self) -> Callable[[Source], Made]:
        labeller = labeller_of(self.by)

        def said(letter: Letter, take_all: bool) -> list[Annotation]:
            found = labeller.label(phrases(admitted(letter, take_all)))
            return [viewed(one, self.view) for one in found] if self.view else list(found)

        def work(source: Source) -> Made:
            as_it_is = self.take_all or (self.view is not None and isinstance(source, Letter))
            return [(one.id, said(one, as_it_is)) for one in letters_of(source)]

        return work


@dataclass(frozen=True, slots=True)
class Extract:
    """Files or letters -> fields, the local way. `labelled`: a folder or file of annotations, in
    what `state`."""

    source: str
    model: str | None
    labelled: str | None
    state: str
    kind: ClassVar[Kind] = "fields"
    report: ClassVar[type] = Extraction

    def begin(self) -> Callable[[Source], Made]:
        extractor = Local(extract_labellers(self.labelled, self.model, labeller_of(RULES)))

        def work(source: Source) -> Made:
            letters = letters_of(source)
            found = extractor.extract(letters)
            return [(one.id, [said]) for one, said in zip(letters, found, strict=True)]

        return work


Job = Read | Label | Extract


def extract_labellers(labelled: str | None, model: str | None, rules: Labeller) -> list[Labeller]:
    first = rules
    if labelled:
        known = KnownParts if Path(labelled).is_dir() else Known
        first = known(Path(labelled), rules)
    return [first, *([labeller_of(model)] if model else [])]


def state_of(labelled: str | None) -> str:
    """Changes when what is labelled does."""
    if labelled is None:
        return ""
    path = Path(labelled)
    files = sorted((path / MANIFESTS).glob("*.json")) if path.is_dir() else [path]
    stats = [(one.name, one.stat()) for one in files]
    told = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return sha256(repr(told).encode()).hexdigest()[:16]


def labeller_of(name: str) -> Labeller:
    """The rules, or a model on one thread: there are as many workers as cores."""
    labeller: Labeller = LABELLERS.get(RULES)() if name == RULES else Tagger.load(name, threads=1)
    return labeller


class KnownParts(Known):
    """A folder of annotations as a labeller. Where each letter's part is, is held as numbers."""

    def __init__(self, path: Path, otherwise: Labeller) -> None:
        self.source = f"labelled+{otherwise.source}"
        self.by_letter = False
        self._otherwise = otherwise
        self._folder = Folder(path)
        self._names = [name for name, _ in self._folder.manifests()]
        numbered = enumerate(one for _, one in self._folder.manifests())
        pairs = [(hash(id), number) for number, one in numbered for id, _ in one.letters]
        self._ids, self._parts = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
        self._last: tuple[str, dict[str, dict[str, Annotation]]] = "", {}

    def _said(self, letter: str) -> dict[str, Annotation]:
        at = int(np.searchsorted(self._ids, hash(letter)))
        if at == len(self._ids) or self._ids[at] != hash(letter):
            return {}
        name = self._names[self._parts[at]]
        if name != self._last[0]:  # letters come in the order in which they were labelled
            by_letter: dict[str, dict[str, Annotation]] = {}
            for one in read_table(self._folder.part(name)):
                assert isinstance(one, Annotation)
                if not one.skipped:
                    by_letter.setdefault(one.phrase.letter, {})[one.key] = one
            self._last = name, by_letter
        return self._last[1].get(letter, {})


def letters_of(source: Source, reader: str = "auto") -> list[Letter]:
    if not isinstance(source, Text):
        return letters_in(source, reader)
    digest = sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    document = RawDocument(pages_of(source.text), "text")
    return compose_all(document, source.source, source.id or digest)
