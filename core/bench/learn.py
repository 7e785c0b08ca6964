"""A split and options -> a model made as the protocol says, and its answers to the test letters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.bench.measures import Sure, Told, marks_in
from core.bench.recipe import Protocol
from core.learn.data.split import Split
from core.learn.engines.decode import THRESHOLD
from core.learn.engines.onnx import OnnxEngine
from core.learn.options import Options, Progress
from core.learn.record import Record
from core.learn.tagger import Tagger
from core.learn.tags import Scheme, head_tags
from core.learn.train import train
from core.records import Annotation, Json, Phrase


@dataclass(frozen=True, slots=True)
class Learned:
    """`records`: one, or two where it was learned again on all but the test letters."""

    folder: Path
    records: tuple[Record, ...]

    @property
    def epochs(self) -> float:
        """How many epochs made the model that was kept."""
        return self.records[-1].best_epoch

    @property
    def seconds(self) -> float:
        return sum(record.seconds for record in self.records)


def learned(
    lots: Split,
    options: Options,
    protocol: Protocol,
    folder: Path,
    made_by: Json,
    progress: Progress | None = None,
) -> Learned:
    """Trains into `folder/model`; under `retrain` the epochs that were best on the validation
    letters are then learned from them, too (Belkadi et al. 2023, Fig. 2), into `folder/again`."""
    if not lots.validation:
        options = replace(options, keep="last", patience=None)
    first = train(lots, folder / "model", options, progress, recipe=made_by)
    if not (protocol.retrain and lots.validation):
        return Learned(folder / "model", (first,))
    epochs = max(1, round(first.best_epoch))
    again = replace(options, epochs=epochs, keep="last", patience=None)
    every = Split((*lots.train, *lots.validation), (), lots.test)
    second = train(every, folder / "again", again, progress, recipe=made_by)
    return Learned(folder / "again", (first, second))


def told_by(model: Learned, gold: Sequence[Annotation]) -> Told:
    """The model's answers to the gold phrases; of a multilabel one also how sure it is."""
    record = model.records[-1]
    phrases = [annotation.phrase for annotation in gold]
    answers = list(Tagger.load(model.folder).label(phrases))
    found = {span.label for annotation in gold for span in annotation.spans}
    labels = (*record.labels, *sorted(found - set(record.labels)))
    if record.head != "multilabel":
        return Told(gold, answers, labels)
    thresholds = [t for own in model.records for t in own.thresholds or ()] or [THRESHOLD]
    scheme = cast(Scheme, record.scheme)
    scores = np.concatenate(_Scores.load(model.folder, record).of(phrases))
    marks = [marks_in(a.phrase.text, a.spans, record.labels, scheme) for a in gold]
    sure = Sure(1 / (1 + np.exp(-scores)), np.concatenate(marks), thresholds[0])
    tags = head_tags("multilabel", record.labels, scheme)
    return Told(gold, answers, labels, nested=True, sure=sure, tags=tags)


class _Scores(OnnxEngine):
    """A network's scores of words as they are, before any threshold."""

    def of(self, phrases: Sequence[Phrase]) -> list[NDArray[np.float32]]:
        """Each phrase's words (words, tags)."""
        return self._scores(self._encoder.encode(phrases))
