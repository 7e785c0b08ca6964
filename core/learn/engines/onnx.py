"""A network on ONNX Runtime, with its tokenizer and, of a CRF, its transitions: numpy, no torch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from core.errors import BadInput
from core.learn.decode import Decoder
from core.learn.encode import Encoded, Encoder, Window
from core.learn.engines import QUANTISED, TRANSITIONS
from core.learn.record import NETWORK, TOKENIZER, Record
from core.learn.tags import Scheme, head_tags
from core.learn.viterbi import Scores, Transitions
from core.records import Phrase, Span

_SMALL = 16 << 20
"""Bytes of a network that a second thread only slows down."""
_ROWS = 64
_TOKENS = 8192
"""The most of one run, so that long phrases take no more memory than many short ones."""

Place = tuple[int, Window]


class OnnxEngine:
    """See `core.learn.engines.Engine`."""

    def __init__(
        self, encoder: Encoder, session: onnxruntime.InferenceSession, decoder: Decoder
    ) -> None:
        self._encoder = encoder
        self._session = session
        self._decoder = decoder
        self._inputs = {put.name for put in session.get_inputs()}
        self._outputs = [put.name for put in session.get_outputs()]
        # How many tags the network scores, and how many states where it tells them apart.
        empty = Window((encoder.padding,), (0,), (), 0)
        self._widths = [output.shape[-1] for output in self._run([empty])]

    @classmethod
    def files(cls, record: Record) -> tuple[str, ...]:
        """One network, the one that was found good enough, and what reads its scores."""
        network = QUANTISED if record.quantised else NETWORK
        return (network, TOKENIZER, *([TRANSITIONS] if record.head == "crf" else []))

    @classmethod
    def load(cls, folder: Path, record: Record, threads: int | None = None) -> Self:
        missing = [name for name in cls.files(record) if not (folder / name).is_file()]
        if missing:
            raise _unfit(folder, f"{', '.join(missing)} is not there")
        network = cls.files(record)[0]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is None and (folder / network).stat().st_size < _SMALL:
            threads = 1
        options.intra_op_num_threads = threads or 0  # 0: as many as there are processors
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            session = onnxruntime.InferenceSession(
                folder / network, options, providers=["CPUExecutionProvider"]
            )
            decoder = _decoder(folder, record)
        except Exception as error:
            # The libraries raise bare exceptions of their own for a broken file.
            raise _unfit(folder, type(error).__name__) from error
        engine = cls(Encoder(tokenizer, record.limit), session, decoder)
        engine._check(folder, record)
        return engine

    def _check(self, folder: Path, record: Record) -> None:
        """Raises BadInput where the parts of the folder are not of one model."""
        tags = head_tags(record.head, record.labels, self._decoder.scheme)
        if self._widths[0] != len(tags):
            raise _unfit(folder, f"{self._widths[0]} tags, not those of its labels")
        known = self._decoder.transitions
        if known is not None and list(known.tags) != tags:
            raise _unfit(folder, f"{TRANSITIONS} is of other tags")
        if self._widths[1:] != ([len(record.states)] if record.states else []):
            raise _unfit(folder, "other states than its record tells")

    def read(self, phrases: Sequence[Phrase]) -> list[tuple[Span, ...]]:
        encoded = self._encoder.encode(phrases)
        scores, *states = self._scores(encoded)
        return self._decoder.spans(
            [phrase.text for phrase in phrases],
            [seen.words for seen in encoded],
            scores,
            states[0] if states else None,
        )

    def _scores(self, encoded: Sequence[Encoded]) -> list[list[Scores]]:
        """For each output of the network each phrase's scores, one row a word."""
        found: list[list[Scores]] = [
            [np.empty((len(seen.words), width), dtype=np.float32) for seen in encoded]
            for width in self._widths
        ]
        for batch in _batches(encoded):
            outputs = self._run([window for _, window in batch])
            for rows, output in zip(found, outputs, strict=True):
                for (i, window), row in zip(batch, output, strict=True):
                    own = slice(window.start, window.start + len(window.firsts))
                    rows[i][own] = row[list(window.firsts)]
        return found

    def _run(self, windows: Sequence[Window]) -> list[Any]:
        rows = self._encoder.padded(windows)
        told = {name: row for name, row in rows.items() if name in self._inputs}
        return cast(list[Any], self._session.run(self._outputs, told))


def _batches(encoded: Sequence[Encoded]) -> Iterator[list[Place]]:
    """The windows of phrases, those of like length together."""
    places = [(i, window) for i, seen in enumerate(encoded) for window in seen.windows]
    places.sort(key=lambda place: len(place[1].ids))
    batch: list[Place] = []
    for place in places:
        if batch and (len(batch) == _ROWS or (len(batch) + 1) * len(place[1].ids) > _TOKENS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _decoder(folder: Path, record: Record) -> Decoder:
    return Decoder(
        labels=record.labels,
        head=record.head,
        scheme=cast(Scheme, record.scheme),
        transitions=Transitions.load(folder / TRANSITIONS) if record.head == "crf" else None,
        thresholds=None if record.thresholds is None else tuple(record.thresholds),
        states=tuple(record.states),
    )


def _unfit(folder: Path, reason: str) -> BadInput:
    return BadInput(
        f"{folder}: the model cannot be loaded ({reason}); train it again or fetch it again"
    )
