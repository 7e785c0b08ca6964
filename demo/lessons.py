"""What `lettera up` learns from: corrections, pre-labels while those are few, fiction always."""

from collections.abc import Iterable, Sequence

from core.learn.split import Split, split
from core.records import Annotation
from core.schema import View, default_schema
from demo.fictitious import corpus, voices
from demo.paper import TWELVE

ENOUGH_CORRECTED = 200  # phrases corrected by people, before pre-labels leave the training set
LETTERS_A_VOICE = 25  # about two minutes of training
VALIDATION_VOICES = frozenset({"percutaneo", "prosa"})  # pick the best epoch


def lessons(
    labelled: Sequence[Annotation],
    corrected: Sequence[Annotation],
    view: View,
    letters: int = LETTERS_A_VOICE,
) -> tuple[Split, str]:
    """What to learn from and to be scored on, and the sentence that says so.

    A corrected phrase takes the place of its pre-label. The letters scored on are of voices that no
    example letter and no training letter is written in.
    """

    def fiction(names: Iterable[str]) -> tuple[Annotation, ...]:
        return tuple(default_schema().seen_as(a, view) for a in corpus(sorted(names), letters))

    shown = {voice for voice, *_ in TWELVE}
    taught, unseen = fiction(shown - VALIDATION_VOICES), fiction(set(voices()) - shown)
    said = [annotation for annotation in corrected if not annotation.skipped]
    if len(said) >= ENOUGH_CORRECTED:
        own = split(said)
        lots = Split((*own.train, *taught), own.validation, (*own.test, *unseen))
        return lots, f"learning from {len(said)} phrases that people corrected, and from fiction"
    done = {annotation.phrase.id for annotation in said}
    rest = [annotation for annotation in labelled if annotation.phrase.id not in done]
    told = (
        f"learning from {len(rest):,} pre-labelled phrases that nobody checked, {len(said)} "
        "corrected ones, and generated letters\n"
        f"  (from {ENOUGH_CORRECTED} corrected phrases on, without pre-labels)"
    )
    return Split((*said, *rest, *taught), fiction(VALIDATION_VOICES), unseen), told
