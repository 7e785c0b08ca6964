"""Why a phrase is suspicious, in plain words: English for the terminal, Italian for annotators."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotate.suspects.marks import Edit, Marked
from core.schema import TARGET, default_schema


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence in two languages, without its full stop."""

    en: str
    it: str


def name_of(label: str | None) -> Reason:
    """What a label is called on the screen; None is no label."""
    if label is None:
        return Reason("nothing", "niente")
    if label == TARGET:
        return Reason(TARGET, "Da segnare")
    group = default_schema().groups.get(label)
    return Reason(group.en, group.it) if group else Reason(label, label)


def charge(phrase: Marked, edit: Edit) -> Reason:
    """What might be wrong: what is marked, and what was expected."""
    text = phrase.annotation.phrase.text
    old, new = edit.before, edit.after
    start, end = phrase.bounds(old or new)  # type: ignore[arg-type]
    quote = f"«{text[start:end]}»"
    was = name_of(old.label if old else None)
    better = name_of(new.label if new else None)
    if old is None:
        return Reason(
            f"{quote} is not marked: {better.en}?", f"{quote} non è segnato: {better.it}?"
        )
    if new is None:
        return Reason(
            f"{quote} is marked {was.en}: is it anything?",
            f"{quote} è segnato {was.it}: è davvero da segnare?",
        )
    start, end = phrase.bounds(new)
    if edit.kind == "boundary":
        wanted = f"«{text[start:end]}»"
        return Reason(
            f"{was.en} is marked over {quote}: should it be {wanted}?",
            f"{was.it} è segnato su {quote}: non dovrebbe essere {wanted}?",
        )
    return Reason(
        f"{quote} is marked {was.en}: is it {better.en}?",
        f"{quote} è segnato {was.it}: non è {better.it}?",
    )


def by_model(new: str | None, old: str | None, sure: float, mine: float) -> Reason:
    """`sure`, `mine`: the shares that a model gives to what it expects and to what stands there."""
    better, was = name_of(new), name_of(old)
    return Reason(
        f"a model of the other letters says {better.en} ({sure:.0%}; {was.en} {mine:.0%})",
        f"un modello delle altre lettere dice {better.it} ({sure:.0%}; {was.it} {mine:.0%})",
    )


def by_words(new: str | None, moved: bool, alike: int, others: int, around: bool) -> Reason:
    """`alike` of `others` equal places have the label `new`, on other words where `moved`."""
    what = name_of(new)
    en, it = ("on other words", "su altre parole") if moved else ("", "")
    near_en, near_it = ("same words between the same words", "stesse parole fra le stesse parole")
    if not around:
        near_en, near_it = "same words", "stesse parole"
    said_en = "not marked" if new is None else f"marked {what.en} {en}".rstrip()
    said_it = "non sono segnate" if new is None else f"sono segnate {what.it} {it}".rstrip()
    return Reason(
        f"the {near_en} are {said_en} in {alike} of {others} other places of this section",
        f"le {near_it} {said_it} in {alike} di {others} altri punti della stessa sezione",
    )


def by_labeller(source: str, said: str | None, right: float) -> Reason:
    """`right`: how often people agree with this labeller where it says, or does not say, this."""
    what = name_of(said)
    return Reason(
        f"{source} says {what.en} (people agree with it in {right:.0%})",
        f"{source} dice {what.it} (di solito giusto: {right:.0%})",
    )


def joined(first: Reason, more: Sequence[Reason]) -> Reason:
    """A charge and what speaks for it as a few words a person can read."""
    en, it = "; ".join(r.en for r in more), "; ".join(r.it for r in more)
    return Reason(
        f"{first.en} {en[:1].upper()}{en[1:]}.".strip(), f"{first.it} {it[:1].upper()}{it[1:]}."
    )
