"""`models.toml`: which language models the service sells and for how much, as of a date."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Model:
    """A hosted model. Prices are US dollars for a million tokens."""

    id: str
    context: int
    usd_in: float
    usd_out: float

    def usd(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost."""
        return (tokens_in * self.usd_in + tokens_out * self.usd_out) / 1e6


@dataclass(frozen=True, slots=True)
class PriceList:
    """The models by id, the one to use unless told otherwise, and the day of the list."""

    default: str
    checked: str
    models: dict[str, Model]


@cache
def price_list() -> PriceList:
    """The list that came with this version."""
    raw = tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))
    models = {name: Model(name, **values) for name, values in raw["models"].items()}
    return PriceList(raw["default"], raw["checked"].isoformat(), models)
