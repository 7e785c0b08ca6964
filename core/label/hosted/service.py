"""One question to the hosted language model: asked politely, paid once, its faults put in a line.

The `together` client speaks the protocol; its own retries are off, because ours know more: every
attempt goes into the ledger, a page of HTML or an answer without choices is a fault that passes,
one "slow down" slows all questions down, and a wait longer than a minute is kept too.
"""

import asyncio
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from core.errors import LLMError
from core.label.hosted.ledger import Call, Ledger, Reply
from core.label.shield.shield import is_loopback

if TYPE_CHECKING:
    from together import APIStatusError

ADDRESS = "https://api.together.ai"
_LONGEST_WAIT = 300.0
_SLOWEST_BACKOFF = 30.0
_AGAIN = "run again: what was answered is not paid for twice"
_WAY_OUT = {
    401: "the key was refused (401); set TOGETHER_API_KEY to a valid key",
    402: "the account has no money left (402); top it up, then {again}",
    403: "the key may not use this model (403); check the project of TOGETHER_API_KEY",
    404: "no model '{model}' at this address (404); choose another with --model",
}


class Refused(Exception):
    """The service will not answer this very question (too long, or not to its taste)."""


class _Passing(Exception):
    """A fault that may be gone at the next attempt. `wait`: the seconds the service asked for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Request:
    """All that decides an answer. `prompt` is the name and version of the prompt file."""

    model: str
    prompt: str
    messages: tuple[Mapping[str, str], ...]
    max_tokens: int
    schema: Mapping[str, Any]
    temperature: float = 0.0
    seed: int = 7

    def body(self) -> dict[str, Any]:
        """The request as the service gets it."""
        return {
            "model": self.model,
            "messages": [dict(message) for message in self.messages],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": self.seed,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": self.prompt, "schema": dict(self.schema), "strict": True},
            },
        }

    @property
    def key(self) -> str:
        """The hash by which the ledger knows the request."""
        whole = json.dumps([self.prompt, self.body()], sort_keys=True)
        return sha256(whole.encode()).hexdigest()


@dataclass(slots=True)
class Usage:
    """What this run asked and paid for; `reused` answers were in the ledger."""

    calls: int = 0
    reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class Service:
    """A chat service at an address (the root; a trailing /v1 is taken off), in one event loop."""

    def __init__(
        self,
        address: str,
        api_key: str,
        ledger: Ledger | None,
        timeout: float = 120.0,
        attempts: int = 6,
        pause: float = 0.5,
    ) -> None:
        from httpx import Timeout
        from together import AsyncTogether, DefaultAsyncHttpxClient

        self.address = normalised_address(address)
        self.usage = Usage()
        self._ledger = ledger
        self._attempts = attempts
        self._pause = pause
        self._flying: dict[str, asyncio.Task[Reply]] = {}
        self._broken: LLMError | None = None
        self._answered = False
        self._not_before = 0.0
        # A redirect or a proxy could carry what is meant for this machine elsewhere.
        http = DefaultAsyncHttpxClient(
            follow_redirects=False, trust_env=not is_loopback(self.address)
        )
        self._client = AsyncTogether(
            api_key=api_key,
            base_url=self.address,
            timeout=Timeout(timeout, connect=min(timeout, 10.0)),
            max_retries=0,
            http_client=http,
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.close()

    async def ask(self, request: Request) -> Reply:
        """The answer, from the ledger where it is there. Raises Refused or LLMError."""
        key = request.key
        if self._ledger and (reply := self._ledger.find(key)):
            self.usage.reused += 1
            self._answered = True
            return reply
        if key in self._flying:
            self.usage.reused += 1
        else:
            self._flying[key] = asyncio.create_task(self._pay(request, key))
            self._flying[key].add_done_callback(lambda _: self._flying.pop(key, None))
        return await asyncio.shield(self._flying[key])

    async def _pay(self, request: Request, key: str) -> Reply:
        for attempt in range(self._attempts):
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
            if self._broken:
                raise self._broken
            try:
                return await self._attempt(request, key)
            except _Passing as fault:
                passing = fault
                await self._wait(attempt, fault)
        raise self._stop(f"{passing.what} {self._attempts} times; {_AGAIN} later")

    async def _attempt(self, request: Request, key: str) -> Reply:
        began = time.monotonic()
        reply, outcome = None, "broken off"
        try:
            reply = await self._send(request)
            outcome = "ok"
        except _Passing as fault:
            outcome = fault.what
            raise
        except (Refused, LLMError):
            outcome = "refused"
            raise
        finally:
            if self._ledger:
                seconds = time.monotonic() - began
                self._ledger.record(
                    Call(key, request.model, request.prompt, outcome, seconds), reply
                )
        self._answered = True
        self.usage.calls += 1
        self.usage.tokens_in += reply.tokens_in or 0
        self.usage.tokens_out += reply.tokens_out or 0
        return reply

    async def _send(self, request: Request) -> Reply:
        from together import APIConnectionError, APIStatusError, APITimeoutError, TogetherError

        try:
            raw = await self._client.chat.completions.with_raw_response.create(**request.body())
            answer = json.loads(await raw.read())
        except APITimeoutError:
            raise _Passing("did not answer in time") from None
        except APIConnectionError:
            raise _Passing("could not be reached or broke off") from None
        except APIStatusError as error:
            raise self._explained(error, request) from None
        except TogetherError:
            raise _Passing("answered something else than agreed") from None
        except ValueError:
            raise _Passing("answered with something that is not JSON") from None
        return _reply(answer)

    def _explained(self, error: "APIStatusError", request: Request) -> Exception:
        """What a refusal means. The service's own words are left out: they may quote the letter."""
        status = error.status_code
        if status in _WAY_OUT:
            return self._stop(_WAY_OUT[status].format(model=request.model, again=_AGAIN))
        if status in (408, 409, 425, 429) or status >= 500:
            return _Passing(f"answered {status}", _retry_after(error.response.headers))
        if status in (400, 413, 422) and self._answered:
            return Refused(f"refused by the service ({status})")
        return self._stop(
            f"refused the request ({status}); check the address, and that the model"
            f" '{request.model}' can answer in a JSON schema"
        )

    def _stop(self, what: str) -> LLMError:
        """One fault that concerns all: questions still waiting are not asked."""
        self._broken = LLMError(f"{self.address}: {what}")
        return self._broken

    async def _wait(self, attempt: int, fault: _Passing) -> None:
        if attempt + 1 == self._attempts:
            return
        if fault.wait is None:
            await asyncio.sleep(
                min(self._pause * 2**attempt, _SLOWEST_BACKOFF) * random.uniform(0.75, 1)
            )
        elif fault.wait > _LONGEST_WAIT:
            raise self._stop(f"asks to wait {fault.wait:.0f} seconds; then {_AGAIN}")
        else:
            self._not_before = max(self._not_before, time.monotonic() + fault.wait)


def normalised_address(address: str) -> str:
    """The root of an API: the client adds /v1 itself, most guides write it out."""
    return address.strip().rstrip("/").removesuffix("/v1")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    said = headers.get("retry-after")
    if said is None:
        return None
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return None


def _reply(answer: Any) -> Reply:
    """The text of a completion. Raises _Passing where there is none to find."""
    try:
        choice = answer["choices"][0]
        text = choice["message"].get("content") or ""
        usage = answer.get("usage") or {}
        counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
        return Reply(str(text), str(choice.get("finish_reason") or ""), *counts)
    except (KeyError, IndexError, TypeError, AttributeError):
        raise _Passing("answered without a choice") from None
