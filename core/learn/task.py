"""What is to be learned, and what both kinds of learner do with its phrases beforehand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from core.learn.data.imbalance import distribution, sampled
from core.learn.data.lesson import Lesson
from core.learn.data.split import Split
from core.learn.data.variety import distinct
from core.learn.options import Options, Progress
from core.learn.record import Record
from core.learn.tagger import Tagger
from core.records import Annotation, Json


@dataclass(frozen=True, slots=True)
class Task:
    """What is learned from what, and where it goes. `record`: what is known of it beforehand;
    `finished` makes the last record, with scores, of the tagger made."""

    lots: Split
    lesson: Lesson
    out: Path
    options: Options
    record: Record
    finished: Callable[[Tagger], Record]
    progress: Progress | None


def kept_of(annotations: Sequence[Annotation], options: Options) -> Sequence[Annotation]:
    return sampled(distinct(annotations) if options.distinct else annotations, options)


def distribution_of(
    before: Sequence[Annotation], after: Sequence[Annotation], options: Options
) -> Json:
    sampling = options.imbalance in ("downsample", "oversample")
    return distribution(before, after) if sampling else {}


def versions_of(*names: str) -> dict[str, str]:
    return {name: version(name) for name in names}
