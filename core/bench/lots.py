"""The letters of a recipe -> who is learned from, who chooses, who is scored."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from core.bench.data import Parts
from core.bench.recipe import Protocol
from core.errors import BadInput
from core.learn.data.split import Split, folds, split
from core.records import Annotation


def lots(parts: Parts, protocol: Protocol, seed: int = 0) -> list[Split]:
    """One split, or one for each fold. No letter is torn, but under "twice" its copy may stand on
    the other side: that is what it shows."""
    if protocol.kind == "given":
        if "test" not in parts:
            raise BadInput(f"the protocol '{protocol.name}' needs the parts train and test")
        return [_given(parts, protocol, seed)]
    every = [annotation for part in parts.values() for annotation in part]
    if protocol.kind == "folds":
        return folds(
            every, protocol.folds, seed, method=protocol.method, validation=protocol.validation
        )
    if protocol.kind == "twice":
        every += copies(every)
    shares = (protocol.validation, protocol.test)
    return [split(every, method=protocol.method, seed=seed, shares=shares)]


def _given(parts: Parts, protocol: Protocol, seed: int) -> Split:
    train, test = parts["train"], tuple(parts["test"])
    if "validation" in parts:
        return Split(tuple(train), tuple(parts["validation"]), test)
    if not protocol.validation:
        return Split(tuple(train), (), test)
    count = max(2, round(1 / protocol.validation))
    letters = len({annotation.phrase.letter for annotation in train})
    own = folds(train, min(count, letters), seed, method=protocol.method, validation=0)[0]
    return Split(own.train, own.test, test)


def copies(annotations: Sequence[Annotation]) -> list[Annotation]:
    """The same letters under other names."""
    return [_copied(annotation) for annotation in annotations]


def _copied(annotation: Annotation) -> Annotation:
    phrase = annotation.phrase
    letter = sha256(f"{phrase.letter}/copy".encode()).hexdigest()[:12]
    key = phrase.id.replace(phrase.letter, letter, 1)
    return replace(annotation, phrase=replace(phrase, id=key, letter=letter))
