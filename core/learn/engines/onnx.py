"""A network on ONNX Runtime, with its tokenizer and, of a CRF, its transitions: numpy, no torch."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from core.learn.engines import QUANTISED, TRANSITIONS, unfit
from core.learn.engines.batches import batches
from core.learn.engines.decode import Decoder
from core.learn.engines.encode import Encoded, Encoder, Window
from core.learn.engines.processor import CUDA, has_gpu, int8_unit
from core.learn.engines.viterbi import Scores, Transitions
from core.learn.record import NETWORK, TOKENIZER, Record
from core.learn.tags import Scheme, head_tags
from core.records import Phrase, Span
from core.workers import cores

_SMALL = 16 << 20
"""Bytes of a network that a second thread only slows down."""
_SLOW = ["SkipLayerNormFusion"]
"""What ONNX Runtime would join: a sum and its norm become one operator that takes five times as
long as the two (8 % of an int8 run)."""
_MOST, _MOST_GPU, _LEAST = 512, 16_384, 64
"""Tokens of a run: more make it no quicker, but take more memory; far fewer make it slower."""


class OnnxEngine:
    """See `core.learn.engines.Engine`. `form`: which form of the network runs, on how many threads,
    and why, in a line."""

    def __init__(
        self,
        encoder: Encoder,
        session: onnxruntime.InferenceSession,
        decoder: Decoder,
        form: str,
        threads: int,
        most: int = _MOST,
    ) -> None:
        self.form = form
        self._threads = threads
        self._most = most
        self._encoder = encoder
        self._session = session
        self._decoder = decoder
        self._inputs = {put.name for put in session.get_inputs()}
        self._output = session.get_outputs()[0].name
        # How many tags the network scores.
        self._width = self._run([Window((encoder.padding,), (0,), (), 0)]).shape[-1]

    @classmethod
    def files(cls, record: Record) -> tuple[str, ...]:
        """The network that was found good enough, what a GPU wants, and what reads the scores."""
        network = QUANTISED if record.quantised else NETWORK
        more = [NETWORK] if record.quantised and has_gpu() else []
        more += [TRANSITIONS] if record.head == "crf" else []
        return (network, TOKENIZER, *more)

    @classmethod
    def load(cls, folder: Path, record: Record, threads: int | None = None) -> Self:
        missing = [name for name in cls.files(record) if not (folder / name).is_file()]
        if missing:
            raise unfit(folder, f"{', '.join(missing)} is not there")
        gpu = threads is None and has_gpu()
        network, form = (NETWORK, "fp32 on the GPU") if gpu else _form(folder, record)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is None:
            threads = 1 if gpu or (folder / network).stat().st_size < _SMALL else cores()
        # Each thread makes runs of its own: two that share each product wait for one another, and
        # are a seventh slower. It also leaves no threads behind in a process that will be forked.
        options.intra_op_num_threads = 1
        if not gpu:
            form = f"{form}; {threads} thread{'' if threads == 1 else 's'}"
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            session = onnxruntime.InferenceSession(
                folder / network,
                options,
                providers=[*([CUDA] if gpu else []), "CPUExecutionProvider"],
                disabled_optimizers=_SLOW,
            )
            decoder = _decoder(folder, record)
        except Exception as error:
            # The libraries raise bare exceptions of their own for a broken file.
            raise unfit(folder, type(error).__name__) from error
        encoder, most = Encoder(tokenizer, record.limit), _MOST_GPU if gpu else _MOST
        engine = cls(encoder, session, decoder, form, threads, most)
        engine._check(folder, record)
        return engine

    def _check(self, folder: Path, record: Record) -> None:
        """Raises BadInput where the parts of the folder are not of one model."""
        tags = head_tags(record.head, record.labels, self._decoder.scheme)
        if self._width != len(tags):
            raise unfit(folder, f"{self._width} tags, not those of its labels")
        known = self._decoder.transitions
        if known is not None and list(known.tags) != tags:
            raise unfit(folder, f"{TRANSITIONS} is of other tags")

    def read(self, phrases: Sequence[Phrase]) -> list[tuple[Span, ...]]:
        encoded = self._encoder.encode(phrases)
        return self._decoder.spans(
            [phrase.text for phrase in phrases],
            [seen.words for seen in encoded],
            self._scores(encoded),
        )

    def _scores(self, encoded: Sequence[Encoded]) -> list[Scores]:
        """Each phrase's scores, one row a word."""
        found: list[Scores] = [
            np.empty((len(seen.words), self._width), dtype=np.float32) for seen in encoded
        ]
        places = [(i, window) for i, seen in enumerate(encoded) for window in seen.windows]
        lengths = [len(window.ids) for _, window in places]

        def fill(numbers: Sequence[int]) -> None:
            batch = [places[n] for n in numbers]
            output = self._run([window for _, window in batch])
            for (i, window), row in zip(batch, output, strict=True):
                own = slice(window.start, window.start + len(window.firsts))
                found[i][own] = row[list(window.firsts)]

        share = sum(lengths) // self._threads
        runs = batches(lengths, max(_LEAST, min(self._most, share)))
        # The long ones first, so that no thread is left with one at the end.
        runs.sort(key=lambda run: -len(run) * lengths[run[-1]])
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(fill, runs))
        return found

    def _run(self, windows: Sequence[Window]) -> Any:
        rows = self._encoder.padded(windows)
        told = {name: row for name, row in rows.items() if name in self._inputs}
        return self._session.run([self._output], told)[0]


def _form(folder: Path, record: Record) -> tuple[str, str]:
    """The network's file for this processor, and the choice in words."""
    if not record.quantised:
        cost = record.int8_cost
        why = "int8 was not measured" if cost is None else f"int8 costs {cost:.3f} of strict F1"
        return NETWORK, f"fp32: {why}"
    unit = int8_unit()
    if unit == "" and (folder / NETWORK).is_file():
        return NETWORK, "fp32: this processor has no quick int8"
    return QUANTISED, "int8" + (f" on {unit}" if unit else "")


def _decoder(folder: Path, record: Record) -> Decoder:
    return Decoder(
        labels=record.labels,
        head=record.head,
        scheme=cast(Scheme, record.scheme),
        transitions=Transitions.load(folder / TRANSITIONS) if record.head == "crf" else None,
        thresholds=None if record.thresholds is None else tuple(record.thresholds),
    )
