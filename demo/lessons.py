"""What `lettera up` learns from: corrections, pre-labels while those are few, fiction always.

Generated letters speak of the ward's fields alone: under a table of fields of one's own there is no
fiction, and the letters at hand are split.
"""

from collections.abc import Iterable, Mapping, Sequence

from core.learn.data.split import Side, Split, split
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
) -> tuple[Split, str]:
    """What to learn from and to be scored on, and the sentence that says so.

    A corrected phrase takes the place of its pre-label. The letters scored on are of voices that no
    example letter and no training letter is written in. `chosen`: whether validation letters must
    choose an epoch; where not, they are learned from too. `stays`: letters that keep the side that
    they had for the last model, so that the next one can be compared with it.
    """
    said = [annotation for annotation in corrected if not annotation.skipped]
    done = {annotation.phrase.id for annotation in said}
    rest = [annotation for annotation in labelled if annotation.phrase.id not in done]
    enough = len(said) >= ENOUGH_CORRECTED
    if is_own():
        return _own(said, [] if enough else rest, stays)

    def fiction(names: Iterable[str]) -> tuple[Annotation, ...]:
        return tuple(default_schema().seen_as(a, view) for a in corpus(sorted(names), letters))

    shown = {voice for voice, *_ in TWELVE}
    taught = fiction(shown - VALIDATION_VOICES if chosen else shown)
    unseen = fiction(set(voices()) - shown)
    if enough:
        own = split(said, stays=stays)
        kept, checked = (own.train, own.validation) if chosen else (own.train + own.validation, ())
        lots = Split((*kept, *taught), checked, (*own.test, *unseen))
        return lots, f"learning from {len(said)} phrases that people corrected, and from fiction"
    told = (
        f"learning from {len(rest):,} pre-labelled phrases that nobody checked, {len(said)} "
        "corrected ones, and generated letters\n"
        f"  (from {ENOUGH_CORRECTED} corrected phrases on, without pre-labels)"
    )
    checked = fiction(VALIDATION_VOICES) if chosen else ()
    return Split((*said, *rest, *taught), checked, unseen), told


def _own(
    said: Sequence[Annotation], rest: Sequence[Annotation], stays: Mapping[str, Side] | None
) -> tuple[Split, str]:
    """Without fiction. Raises BadInput where the letters are too few to be split."""
    told = f"learning from {len(said)} corrected phrases"
    if rest:
        told += f" and {len(rest):,} pre-labelled ones that nobody checked"
    return split([*said, *rest], stays=stays), told
