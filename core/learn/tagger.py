"""A trained model -> the spans of phrases, on ONNX Runtime, tokenizers and numpy: no torch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from core.errors import BadInput
from core.learn.encode import Encoded, Encoder, Window
from core.learn.hub import folder_of
from core.learn.record import FILE, NETWORK, TOKENIZER, Record, read_record
from core.learn.tags import Scores, best_tags, spans_of
from core.records import Annotation, Phrase, Span

_AT_ONCE = 1024
_BATCH = 64


class Tagger:
    """A labeller made of a trained network. `source` names the model and its revision."""

    def __init__(
        self, record: Record, encoder: Encoder, session: onnxruntime.InferenceSession, source: str
    ) -> None:
        self.record = record
        self.labels = record.labels
        self.source = source
        self._encoder = encoder
        self._session = session
        self._inputs = {put.name for put in session.get_inputs()}

    @classmethod
    def load(cls, model: str | Path, threads: int | None = None) -> "Tagger":
        """From a folder that `train` wrote, or a Hub id. Raises BadInput where that is no model,
        ServerError where the Hub cannot be reached."""
        folder, revision = folder_of(
            model, (FILE, NETWORK, TOKENIZER), "make one with lettera train"
        )
        record = read_record(folder)
        name = folder.resolve().name if revision is None else str(model)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            session = onnxruntime.InferenceSession(
                folder / NETWORK, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # Both libraries raise bare exceptions of their own for a missing or broken file.
            raise BadInput(
                f"{folder}: the model cannot be loaded ({type(error).__name__}); "
                "train it again or fetch it again"
            ) from error
        revision = (revision or record.weights)[:8]
        return cls(record, Encoder(tokenizer, record.limit), session, f"model/{name}@{revision}")

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase, in order, as they come."""
        stream = iter(phrases)
        while chunk := list(islice(stream, _AT_ONCE)):
            encoded = self._encoder.encode(chunk)
            for phrase, seen, scores in zip(chunk, encoded, self._scores(encoded), strict=True):
                yield Annotation(phrase, self._spans(phrase, seen, scores), "model", self.source)

    def _spans(self, phrase: Phrase, seen: Encoded, scores: Scores) -> tuple[Span, ...]:
        if not seen.words:
            return ()
        tags = best_tags(scores)
        spans = spans_of(phrase.text, seen.words, tags, self.labels, _sureness(scores, tags))
        if self.record.view != "field":
            return spans
        return tuple(replace(span, field=span.label) for span in spans)

    def _scores(self, encoded: Sequence[Encoded]) -> list[Scores]:
        """Each phrase's scores, one row a word; windows of like length run together."""
        width = 1 + 2 * len(self.labels)
        found: list[Scores] = [
            np.empty((len(seen.words), width), dtype=np.float32) for seen in encoded
        ]
        places = [(i, window) for i, seen in enumerate(encoded) for window in seen.windows]
        places.sort(key=lambda place: len(place[1].ids))
        for at in range(0, len(places), _BATCH):
            batch = places[at : at + _BATCH]
            logits = self._run([window for _, window in batch])
            for (i, window), rows in zip(batch, logits, strict=True):
                found[i][window.start : window.start + len(window.firsts)] = rows[
                    list(window.firsts)
                ]
        return found

    def _run(self, windows: Sequence[Window]) -> Any:
        rows = self._encoder.padded(windows)
        return self._session.run(
            ["logits"], {name: row for name, row in rows.items() if name in self._inputs}
        )[0]


def _sureness(scores: Scores, tags: Sequence[int]) -> list[float]:
    """The probability of the chosen tag of each word."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    chosen = powers[np.arange(len(tags)), tags] / powers.sum(axis=1)
    return [float(p) for p in chosen]


def weights_of(path: Path) -> str:
    """The SHA-256 of a network's file: what tells one model from the next."""
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
