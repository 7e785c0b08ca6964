"""A feature CRF (Lafferty, McCallum and Pereira 2001) by python-crfsuite: learned in seconds.

In two steps, which is quicker and better than one chain over the tags of all labels: a chain over
O, B and I finds the spans whatever their label, so that all labels teach where a span ends; then
each span gets its label from what it holds and what stands around it (a CRF on chains of one is a
maximum-entropy model).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pycrfsuite

from core.learn.data.variety import exchanged
from core.learn.data.vocabulary import allowed_words
from core.learn.engines.crfsuite import FILE, MODELS, TAGS
from core.learn.engines.features import Seen, look, span_features, word_features
from core.learn.engines.packed import pack
from core.learn.options import Options
from core.learn.tags import runs, tags_of
from core.records import Annotation

Progress = Callable[[int, int], None]
Run = tuple[int, int, int]

_CHAIN = {"c1": 0.1, "c2": 0.05, "feature.possible_transitions": True}
_LABEL = {"c1": 0.0, "c2": 1.0}
"""Both measured on two voices that were not learned from."""


def train_crfsuite(
    annotations: Sequence[Annotation],
    labels: Sequence[str],
    options: Options,
    folder: Path,
    progress: Progress | None = None,
    letters: Sequence[Annotation] | None = None,
) -> Path:
    """Writes the model into a folder and returns its path. `options.epochs` are the rounds of
    L-BFGS for either step; the same phrases and options make the same file. `letters`: the phrases
    before any was left out, by which a word is found to stand in enough letters."""
    known = frozenset(allowed_words(letters or annotations))
    # What was said counts beside what was put in its place: on unseen voices better than either.
    varied: Iterable[Annotation] = annotations
    if options.exchange:
        varied = chain(annotations, exchanged(annotations, options.exchange, options.seed))
    spans = CrfTrainer(_CHAIN | {"max_iterations": options.epochs}, 0, progress)
    names = CrfTrainer(_LABEL | {"max_iterations": options.epochs}, options.epochs, progress)
    for seen, found in _seen(varied, labels, known):
        spans.append(word_features(seen), _tags(len(seen.places), found))
        for first, after, number in found:
            names.append([span_features(seen, first, after)], [labels[number]])
    models = [trainer.trained(folder) for trainer in (spans, names)]
    pack(folder / FILE, dict(zip(MODELS, models, strict=True)), known)
    return folder / FILE


def _seen(
    annotations: Iterable[Annotation], labels: Sequence[str], known: frozenset[str]
) -> Iterator[tuple[Seen, list[Run]]]:
    """Each phrase that has a word, with its spans as runs of words."""
    wanted = set(labels)
    for annotation in annotations:
        seen = look(annotation.phrase.text, annotation.phrase.section, known)
        if seen.places:
            spans = [span for span in annotation.spans if span.label in wanted]
            yield seen, runs(tags_of(seen.places, spans, labels).tags)


def _tags(length: int, found: Sequence[Run]) -> list[str]:
    outside, opens, goes_on = TAGS
    tags = [outside] * length
    for first, after, _ in found:
        tags[first:after] = [opens, *[goes_on] * (after - first - 1)]
    return tags


class CrfTrainer(pycrfsuite.Trainer):  # type: ignore[misc]
    """Tells of its rounds, of which `before` came already, instead of printing them."""

    def __init__(
        self,
        settings: Mapping[str, float | bool],
        before: int = 0,
        progress: Progress | None = None,
    ) -> None:
        super().__init__("lbfgs", dict(settings), verbose=False)
        self._before = before
        self._all = 2 * int(settings["max_iterations"])
        self._progress = progress

    def message(self, message: str) -> None:
        """Called by the library with each piece of its log."""
        if self._progress is not None and message.startswith("***** Iteration #"):
            done = int(message.split("#")[1].split()[0])
            self._progress(self._before + done, self._all)

    def trained(self, folder: Path) -> bytes:
        """The model. The library writes files only: into `folder`, which a kill may leave behind
        and the next training removes."""
        path = folder / "unfinished"
        self.train(str(path))
        content = path.read_bytes()
        path.unlink()
        return content
