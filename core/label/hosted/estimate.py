"""What questions would cost, reckoned from the ledger and the price list without a call.

Tokens are guessed from characters, by what the ledger saw of the same model; below _ENOUGH calls
by two stated defaults. The guess is of the middle; what --max-usd reckons with is the most.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.label.hosted.ledger import Ledger
from core.label.hosted.models import Model

if TYPE_CHECKING:
    from core.label.hosted.request import Request

_ENOUGH = 20
_CHARACTERS_A_TOKEN = 3.0  # Italian clinical prose with JSON around it; English has more
_ROOM_USED = 0.5  # of max_tokens, by a usual answer


@dataclass(frozen=True, slots=True)
class Estimate:
    """`reused` answers are in the ledger. `usd` is None where the model's price is unknown."""

    calls: int
    reused: int
    tokens_in: int
    tokens_out: int
    usd: float | None


def estimate(
    requests: Iterable["Request"],
    ledger: Ledger | None,
    price: Model | None,
    batch: bool = False,
) -> Estimate:
    """The account of asking all of these once; with `batch` at the price of the batch API."""
    asked: set[str] = set()
    reused, tokens_in, tokens_out = 0, 0.0, 0.0
    rates: dict[tuple[str, str], tuple[float, float | None]] = {}
    for request in requests:
        key = request.key
        if key in asked or (ledger and ledger.find(key)):
            reused += 1
            continue
        asked.add(key)
        kind = (request.model, request.prompt)
        if kind not in rates:
            rates[kind] = _rates(ledger, *kind)
        tokens_a_character, answer = rates[kind]
        tokens_in += request.characters * tokens_a_character
        tokens_out += min(answer or _ROOM_USED * request.max_tokens, request.max_tokens)
    counts = round(tokens_in), round(tokens_out)
    return Estimate(len(asked), reused, *counts, price.usd(*counts, batch) if price else None)


def _rates(ledger: Ledger | None, model: str, prompt: str) -> tuple[float, float | None]:
    """Tokens a character in, by the model; tokens of an answer, by model and prompt."""
    rate, answer = 1 / _CHARACTERS_A_TOKEN, None
    if ledger:
        seen, tokens, length = next(
            ledger.rows(
                "SELECT count(*), sum(tokens_in), sum(characters) FROM calls"
                " WHERE model = ? AND outcome = 'ok' AND tokens_in > 0 AND characters > 0",
                (model,),
            )
        )
        if seen >= _ENOUGH:
            rate = tokens / length
        seen, tokens, questions = next(
            ledger.rows(
                "SELECT count(*), sum(tokens_out), sum(questions) FROM calls"
                " WHERE model = ? AND prompt = ? AND outcome = 'ok' AND tokens_out > 0",
                (model, prompt),
            )
        )
        if seen >= _ENOUGH:
            answer = tokens / questions
    return rate, answer
