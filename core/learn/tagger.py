"""A trained model -> the spans of phrases, on the engine that its record names: no torch."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

from core.learn.engines import ENGINES, Engine, files_of
from core.learn.engines.meanings import Meanings
from core.learn.hub import folder_of
from core.learn.record import FILE, Record, read_record
from core.records import Annotation, Json, Phrase, Span

_AT_ONCE = 1024
_REMEMBERED = 16_384
_OTHERWISE = "make one with lettera train"


class Tagger:
    """A labeller made of a trained model in a folder. `source` names the model and its revision;
    `meanings` tells the states and values of its spans, where it has learned any."""

    def __init__(
        self,
        record: Record,
        engine: Engine,
        source: str,
        folder: Path,
        meanings: Meanings | None = None,
    ) -> None:
        self.record = record
        self.labels = record.labels
        self.source = source
        self.folder = folder
        self._engine = engine
        self._meanings = meanings

    @classmethod
    def load(cls, model: str | Path, threads: int | None = None) -> "Tagger":
        """From a folder that `train` wrote, or a Hub id. Raises BadInput where that is no model,
        ServerError where the Hub cannot be reached."""
        folder, revision = folder_of(model, (FILE,), _OTHERWISE)
        record = read_record(folder)
        if revision is not None:
            folder, revision = folder_of(model, files_of(record), _OTHERWISE)
        name = folder.resolve().name if revision is None else str(model).partition("@")[0]
        engine = ENGINES.get(record.engine).load(folder, record, threads)
        source = f"model/{name}@{(revision or record.weights)[:8]}"
        return cls(record, engine, source, folder, _meanings(folder, record))

    def telling(self, meanings: Json) -> "Tagger":
        """The same that also tells what has been put into its folder since."""
        record = replace(self.record, meanings=meanings)
        told = _meanings(self.folder, record)
        return Tagger(record, self._engine, self.source, self.folder, told)

    @property
    def form(self) -> str:
        """What it computes with, in words: the precision, the threads."""
        return self._engine.form

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase, in order, as they come."""
        stream = iter(phrases)
        # Letters repeat themselves: what is said in the same words under the same heading is read
        # once, as long as it is not too long ago.
        known: dict[tuple[str, str | None], tuple[Span, ...]] = {}
        while chunk := list(islice(stream, _AT_ONCE)):
            once = {(phrase.text, phrase.section): phrase for phrase in chunk}
            new = {key: phrase for key, phrase in once.items() if key not in known}
            read = self._engine.read(list(new.values()))
            for (key, phrase), spans in zip(new.items(), read, strict=True):
                known[key] = self._told(phrase, spans)
            for phrase in chunk:
                spans = known[phrase.text, phrase.section]
                yield Annotation(phrase, spans, "model", self.source)
            for key in list(islice(known, max(0, len(known) - _REMEMBERED))):
                del known[key]

    def _told(self, phrase: Phrase, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        if self._meanings is not None:
            spans = self._meanings.of(phrase, spans)
        if self.record.view != "field":
            return spans
        return tuple(replace(span, field=span.label) for span in spans)


def _meanings(folder: Path, record: Record) -> Meanings | None:
    return Meanings.load(folder, record.meanings) if record.meanings else None


def weights_of(path: Path) -> str:
    """The SHA-256 of a network's file: what tells one model from the next."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
