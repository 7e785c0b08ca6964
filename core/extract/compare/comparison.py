"""What comparing systems comes to: all that the page and the JSON tell."""

from dataclasses import dataclass, field

from core.extract.compare.against import Scored, difference
from core.extract.compare.agreement import Pair
from core.extract.compare.source import System
from core.extract.compare.tally import Tally
from core.extract.compare.texts import Texts
from core.records import Json


@dataclass(slots=True)
class Comparison:
    """Several systems on the letters that all of them answered (`letters`), out of `everyone`.

    `letter` is the one shown side by side. `scored` is empty without gold. `notes` say what the
    figures do not hold.
    """

    systems: list[System]
    letters: list[str]
    everyone: list[str]
    tallies: list[Tally]
    pairs: list[Pair]
    texts: Texts
    letter: str
    gold: System | None = None
    gold_name: str | None = None
    scored: list[Scored] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> Json:
        """Counts and shares; of the letters only their names."""
        raw: Json = {
            "letters": self.letters,
            "all_letters": len(self.everyone),
            "systems": [one.to_json() for one in self.tallies],
            "agreement": [pair.to_json() for pair in self.pairs if pair.said],
            "encoder": self.texts.encoder,
            "centroids": [
                {"one": x.one, "other": x.other, "field": x.field, "cosine": x.cosine}
                for x in self.texts.likeness
            ],
            "notes": self.notes,
        }
        if self.scored:
            raw["gold"] = self.gold_name
            raw["scores"] = [one.to_json() for one in self.scored]
            raw["differences"] = [
                {"one": a.name, "other": b.name, "f1": d, "low": low, "high": high}
                for a, b, (d, low, high) in self.differences
            ]
        return raw

    @property
    def differences(self) -> list[tuple[Scored, Scored, tuple[float, float, float]]]:
        """Every two systems, the better first."""
        ranked = sorted(self.scored, key=lambda one: -one.rates["all"].f1 if one.rates else 0)
        return [(a, b, difference(a, b)) for n, a in enumerate(ranked) for b in ranked[n + 1 :]]
