"""How far systems say the same of the same letters, field by field and pair by pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from core.extract.compare.alike import alike
from core.extract.compare.source import Document, System
from core.records import Json
from core.schema import Field, Schema


@dataclass(slots=True)
class Pair:
    """Two systems on one field: letters where both say the same, something else, or one alone."""

    one: str
    other: str
    field: str
    same: int = 0
    differ: int = 0
    only_one: int = 0
    only_other: int = 0

    @property
    def said(self) -> int:
        return self.same + self.differ + self.only_one + self.only_other

    @property
    def share(self) -> float | None:
        """Of the letters where at least one says something; None where neither ever does."""
        return self.same / self.said if self.said else None

    def to_json(self) -> Json:
        counts = {n: getattr(self, n) for n in ("same", "differ", "only_one", "only_other")}
        pair = {"one": self.one, "other": self.other, "field": self.field}
        return pair | counts | {"share": self.share}


def pairs(systems: Sequence[System], letters: Sequence[str], schema: Schema) -> list[Pair]:
    """Every two systems on every field."""
    found = []
    for one, other in combinations(systems, 2):
        for field in schema.fields.values():
            pair = Pair(one.name, other.name, field.name)
            for letter in letters:
                _count(pair, field, one.documents[letter], other.documents[letter])
            found.append(pair)
    return found


def disagreements(systems: Sequence[System], letter: str, schema: Schema) -> int:
    """Fields of a letter on which not all systems say the same, and names that are invented."""
    documents = [system.documents[letter] for system in systems]
    differ = sum(not all_alike(field, documents) for field in schema.fields.values())
    return differ + sum(said.field is None for document in documents for said in document.said)


def all_alike(field: Field, documents: Sequence[Document]) -> bool:
    """Whether all say the same of a field, or none says anything."""
    said = [document.fields.get(field.name) for document in documents]
    first = said[0]
    if first is None:
        return not any(said)
    return all(one is not None and alike(field, first.value, one.value) for one in said)


def _count(pair: Pair, field: Field, one: Document, other: Document) -> None:
    a, b = one.fields.get(field.name), other.fields.get(field.name)
    if a is not None and b is not None:
        same = alike(field, a.value, b.value)
        pair.same += same
        pair.differ += not same
    else:
        pair.only_one += a is not None
        pair.only_other += b is not None
