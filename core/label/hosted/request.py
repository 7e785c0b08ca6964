"""What decides an answer, and what was asked and paid for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any


@dataclass(frozen=True)
class Request:
    """All that decides an answer. `prompt` is the name and version of the prompt file."""

    model: str
    prompt: str
    messages: tuple[Mapping[str, str], ...]
    max_tokens: int
    schema: Mapping[str, Any] | None
    temperature: float = 0.0
    seed: int = 7
    top_p: float = 1.0
    logprobs: bool = False

    def body(self) -> dict[str, Any]:
        """The request as Together gets it."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [dict(message) for message in self.messages],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
        }
        if self.logprobs:
            body["logprobs"] = 1
        if self.schema is not None:
            shape = {"name": self.prompt, "schema": dict(self.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        return body

    @cached_property
    def key(self) -> str:
        """The hash by which the ledger knows the request."""
        whole = json.dumps([self.prompt, self.body()], sort_keys=True)
        return sha256(whole.encode()).hexdigest()

    @cached_property
    def characters(self) -> int:
        """The length of the messages."""
        return sum(len(message["content"]) for message in self.messages)


@dataclass(slots=True)
class Usage:
    """What a run asked and paid for.

    `reused` answers were in the ledger or shared with an equal question; `retries` are attempts
    after a question's first. `usd` at list price, where the price is known.
    """

    calls: int = 0
    reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    retries: int = 0
