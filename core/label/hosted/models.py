"""`models.toml`: which language models the service sells and for how much, as of a date.

A user's file of the same shape overrides it or adds to it, model by model and value by value.
"""

import tomllib
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from core.errors import BadInput

_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_OURS = Path(__file__).with_name("models.toml")


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Model:
    """A hosted model. Prices are US dollars for a million tokens.

    `batch`: the part of the price that the batch API takes. `rpm`, `tpm`: what the service allows a
    minute. `stands_for`: the model of the paper in whose place it is asked.
    """

    id: str
    context: int | None
    usd_in: _Amount
    usd_out: _Amount
    batch: _Amount = 1.0
    rpm: _Rate | None = None
    tpm: _Rate | None = None
    stands_for: str | None = None

    def usd(self, tokens_in: int, tokens_out: int, batch: bool = False) -> float:
        """What so many tokens cost."""
        full = (tokens_in * self.usd_in + tokens_out * self.usd_out) / 1e6
        return full * self.batch if batch else full


@dataclass(frozen=True, slots=True)
class PriceList:
    """The models by id, the one to use unless told otherwise, and the day of the list."""

    default: str
    checked: str
    models: dict[str, Model]

    def price(self, model: str, where: Path | None = None) -> Model:
        """The model's entry. Raises BadInput with the way out: the user's own list at `where`."""
        if model in self.models:
            return self.models[model]
        raise BadInput(
            f"no price for the model '{model}' in the list of {self.checked}, so money cannot be"
            f" limited; add it to {where or 'models.toml in the workspace'}:"
            f' [models."{model}"] with usd_in and usd_out (US dollars for a million tokens)'
        )


def price_list(override: Path | None = None) -> PriceList:
    """The list that came with this version, with the user's list over it where there is one."""
    raw = _read(_OURS)
    ours = raw if override is None or not override.exists() else _merged(raw, _read(override))
    models = {name: _model(override or _OURS, name, values) for name, values in ours.models.items()}
    return PriceList(ours.default or "", str(ours.checked), models)


@dataclass(config=ConfigDict(extra="forbid"))
class _List:
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    default: str | None = None
    checked: date | None = None


def _read(path: Path) -> _List:
    try:
        return _List(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path}: cannot be read as TOML ({error})") from error
    except (ValidationError, TypeError) as error:
        raise BadInput(
            f"{path}: is no price list; it may hold `checked` (a date), `default` (a model's id)"
            ' and tables [models."ID"]'
        ) from error


def _merged(ours: _List, user: _List) -> _List:
    models = dict(ours.models)
    for name, values in user.models.items():
        models[name] = {**models.get(name, {}), **values}
    return _List(models, user.default or ours.default, user.checked or ours.checked)


def _model(path: Path, name: str, values: dict[str, Any]) -> Model:
    try:
        return Model(name, **{"context": None, **values})
    except (ValidationError, TypeError) as error:
        raise BadInput(
            f'{path}: [models."{name}"] needs usd_in and usd_out, US dollars for a million tokens,'
            " and may have context, batch, rpm, tpm and stands_for"
        ) from error
