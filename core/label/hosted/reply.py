"""An answer of the service, and its log probabilities as the ledger keeps them."""

import json
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as the service gave it. Tokens are None where it did not count them.

    `logprobs`: the text of each token and its log probability, where they were asked for.
    """

    text: str
    finish: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    logprobs: tuple[tuple[str, float], ...] | None = None


def packed(reply: Reply) -> str | None:
    """Log probabilities in thousandths; where the tokens are the text, their lengths will do."""
    if reply.logprobs is None:
        return None
    values = [round(-1000 * value) for _, value in reply.logprobs]
    tokens = [token for token, _ in reply.logprobs]
    told = [len(token) for token in tokens] if "".join(tokens) == reply.text else tokens
    return plain(json.dumps([told, values], ensure_ascii=False, separators=(",", ":")))


def plain(text: str) -> str:
    """Without half a surrogate pair, which a model's JSON may hold and no file can."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unpacked(kept: str | None, text: str) -> tuple[tuple[str, float], ...] | None:
    """The tokens of an answer's text with their log probabilities, as the ledger holds them."""
    if kept is None:
        return None
    told, values = json.loads(kept)
    ends = accumulate(told) if told and isinstance(told[0], int) else None
    if ends is not None:
        told = [text[end - length : end] for end, length in zip(ends, told, strict=True)]
    return tuple((token, -value / 1000) for token, value in zip(told, values, strict=True))
