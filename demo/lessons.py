"""What `lettera up` learns from: corrections, pre-labels while those are few, fiction always.

Generated letters speak of the ward's fields alone: under a table of fields of one's own there is no
fiction, and the letters at hand are split.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from core.learn.data.split import Side, Split, split
from core.learn.data.stored import Stored, unskipped, where
from core.records import Annotation
from core.schema import View, default_schema, is_own
from demo.fictitious import corpus, voices
from demo.paper import TWELVE

ENOUGH_CORRECTED = 200  # phrases corrected by people, before pre-labels leave the training set
LETTERS_A_VOICE = 25  # half a minute of training
VALIDATION_VOICES = frozenset({"percutaneo", "prosa"})  # pick the best epoch


def lessons(
    labelled: Sequence[Annotation],
    corrected: Sequence[Annotation],
    view: View,
    letters: int = LETTERS_A_VOICE,
    *,
    chosen: bool = True,
    stays: Mapping[str, Side] | None = None,
    folder: Path | None = None,
) -> tuple[Split, str]:
    """What to learn from and to be scored on, and the sentence that says so.

    A corrected phrase takes the place of its pre-label. The letters scored on are of voices that no
    example letter and no training letter is written in. `chosen`: whether validation letters must
    choose an epoch; where not, they are learned from too. `stays`: letters that keep the side that
    they had for the last model, so that the next one can be compared with it. `folder`: on whose
    disk the lessons are kept; None for that of temporary files.
    """
    said = unskipped(corrected)
    enough = len(said) >= ENOUGH_CORRECTED
    done = set() if enough else {annotation.phrase.id for annotation in said}
    rest = () if enough else where(labelled, lambda a: a.phrase.id not in done)

    def joined(*lots: Iterable[Annotation]) -> Stored:
        return Stored.of(chain(*lots), folder)

    if is_own():
        return _own(joined(said, rest), len(said), stays)

    def fiction(names: Iterable[str]) -> tuple[Annotation, ...]:
        return tuple(default_schema().seen_as(a, view) for a in corpus(sorted(names), letters))

    shown = {voice for voice, *_ in TWELVE}
    taught = fiction(shown - VALIDATION_VOICES if chosen else shown)
    unseen = fiction(set(voices()) - shown)
    if enough:
        own = split(said, stays=stays)
        kept, checked = [own.train], own.validation
        if not chosen:
            kept, checked = [own.train, own.validation], ()
        lots = Split(joined(*kept, taught), checked, joined(own.test, unseen))
        return lots, f"learning from {len(said)} phrases that people corrected, and from fiction"
    told = (
        f"learning from {len(rest):,} pre-labelled phrases that nobody checked, {len(said)} "
        "corrected ones, and generated letters\n"
        f"  (from {ENOUGH_CORRECTED} corrected phrases on, without pre-labels)"
    )
    checked = fiction(VALIDATION_VOICES) if chosen else ()
    return Split(joined(said, rest, taught), checked, unseen), told


def _own(
    known: Sequence[Annotation], corrected: int, stays: Mapping[str, Side] | None
) -> tuple[Split, str]:
    """Without fiction. Raises BadInput where the letters are too few to be split."""
    told = f"learning from {corrected} corrected phrases"
    if rest := len(known) - corrected:
        told += f" and {rest:,} pre-labelled ones that nobody checked"
    return split(known, stays=stays), told
