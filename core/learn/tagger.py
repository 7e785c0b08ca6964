"""A trained model -> the spans of phrases, on the engine that its record names: no torch."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

from core.learn.engines import ENGINES, Engine, files_of
from core.learn.hub import folder_of
from core.learn.record import FILE, Record, read_record
from core.records import Annotation, Phrase, Span

_AT_ONCE = 1024
_OTHERWISE = "make one with lettera train"


class Tagger:
    """A labeller made of a trained model. `source` names the model and its revision."""

    def __init__(self, record: Record, engine: Engine, source: str) -> None:
        self.record = record
        self.labels = record.labels
        self.source = source
        self._engine = engine

    @classmethod
    def load(cls, model: str | Path, threads: int | None = None) -> "Tagger":
        """From a folder that `train` wrote, or a Hub id. Raises BadInput where that is no model,
        ServerError where the Hub cannot be reached."""
        folder, revision = folder_of(model, (FILE,), _OTHERWISE)
        record = read_record(folder)
        if revision is not None:
            folder, revision = folder_of(model, files_of(record), _OTHERWISE)
        name = folder.resolve().name if revision is None else str(model)
        engine = ENGINES.get(record.engine).load(folder, record, threads)
        return cls(record, engine, f"model/{name}@{(revision or record.weights)[:8]}")

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase, in order, as they come."""
        stream = iter(phrases)
        while chunk := list(islice(stream, _AT_ONCE)):
            # Letters repeat themselves: what is said in the same words under the same heading is
            # read once.
            once = {(phrase.text, phrase.section): phrase for phrase in chunk}
            read = dict(zip(once, self._engine.read(list(once.values())), strict=True))
            for phrase in chunk:
                spans = self._with_field(read[phrase.text, phrase.section])
                yield Annotation(phrase, spans, "model", self.source)

    def _with_field(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        if self.record.view != "field":
            return spans
        return tuple(replace(span, field=span.label) for span in spans)


def weights_of(path: Path) -> str:
    """The SHA-256 of a network's file: what tells one model from the next."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
