"""One request to a chat service over the wire; the answer, or the fault in our own words.

The `together` client speaks the protocol, over aiohttp: a third of the work that its default
transport makes. Its own retries are off: the service counts every attempt and knows more faults.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError
from httpx import ConnectError, HTTPError

from core.label.hosted.ledger import Reply
from core.label.shield.shield import is_loopback

_TOGETHER = (".together.ai", ".together.xyz")
_LONGEST = 4_000_000
_CONNECTING = 10.0
_LATER = (408, 409, 425, 429)


class Passing(Exception):
    """A fault that may be gone at the next attempt.

    `wait`: the seconds the service asked for. `busy`: it said that it is asked too much. `paid`:
    an answer may have been made, and charged, that we did not get.
    """

    def __init__(
        self, what: str, wait: float | None = None, busy: bool = False, paid: bool = True
    ) -> None:
        super().__init__(what)
        self.what = what
        self.wait = wait
        self.busy = busy
        self.paid = paid


class Rejected(Exception):
    """The service will not answer, and says so with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"rejected with {status}")
        self.status = status


class TooLong(Exception):
    """An answer longer than any model's: not kept in memory."""


class Wire:
    """The connections to a service at an address; `timeout` seconds for a whole answer.

    `together`: it is Together's own, not one that speaks its protocol.
    """

    def __init__(self, address: str, api_key: str, timeout: float, connections: int) -> None:
        from httpx import Limits, Timeout
        from together import AsyncTogether, DefaultAioHttpClient

        self.address = address
        self.together = (urlsplit(address).hostname or "").endswith(_TOGETHER)
        self._timeout = timeout
        # A redirect or a proxy could carry what is meant for this machine elsewhere.
        self._client = AsyncTogether(
            api_key=api_key,
            base_url=address,
            timeout=Timeout(timeout, connect=min(timeout, _CONNECTING)),
            max_retries=0,
            http_client=DefaultAioHttpClient(
                follow_redirects=False,
                trust_env=not is_loopback(address),
                limits=Limits(max_connections=connections),
            ),
            # Nothing to unpack: an answer is as long as what was counted.
            default_headers={"Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.close()

    async def send(self, body: Mapping[str, Any]) -> Reply:
        """The answer to a request. Raises Passing, Rejected or TooLong, without the letter."""
        from together import APIStatusError, TogetherError

        try:
            # The client's own limit starts anew with every piece that arrives.
            async with asyncio.timeout(self._timeout):
                raw = await self._read(body)
            return reply_of(json.loads(raw))
        except APIStatusError as error:
            raise explained(error.status_code, error.response.headers) from None
        except (TogetherError, HTTPError, ClientError, OSError) as error:
            raise broken(error) from None
        except (ValueError, RecursionError):
            raise Passing("answered with something that is not JSON") from None

    async def _read(self, body: Mapping[str, Any]) -> bytes:
        # The client goes through its own parameters key by key, a third of the cost of a call;
        # what stands in `extra_body` it sends as it is.
        asked = self._client.chat.completions.with_streaming_response.create(
            messages=[], model=body["model"], extra_body=body
        )
        raw = bytearray()
        async with asked as response:
            async for piece in response.iter_bytes():
                raw += piece
                if len(raw) > _LONGEST:
                    raise TooLong
        return bytes(raw)


def normalised_address(address: str) -> str:
    """The root of an API: the client adds /v1 itself, most guides write it out."""
    return address.strip().rstrip("/").removesuffix("/v1")


def explained(status: int, headers: Mapping[str, str]) -> Passing | Rejected:
    """What a refusal means. The service's own words are left out: they may quote the letter."""
    if status in _LATER or status >= 500:
        return Passing(f"answered {status}", _retry_after(headers), status == 429, paid=False)
    return Rejected(status)


def broken(error: BaseException) -> Passing:
    """Which fault of the line it was: aiohttp's own error stands at the end of the chain."""
    causes = [error]
    while cause := causes[-1].__cause__:
        causes.append(cause)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return Passing("did not answer in time")
    reached = not any(isinstance(cause, ConnectError) for cause in causes)
    return Passing("could not be reached or broke off", paid=reached)


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
    except (ValueError, OverflowError):
        return None


def reply_of(answer: Any) -> Reply:
    """What a completion says; a model's thoughts, told apart by the service, are left out."""
    try:
        choice = answer["choices"][0]
        text = choice["message"].get("content") or ""
        usage = answer.get("usage") or {}
        return Reply(
            str(text),
            str(choice.get("finish_reason") or ""),
            _count(usage.get("prompt_tokens")),
            _count(usage.get("completion_tokens")),
            _logprobs(choice.get("logprobs")),
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Passing("answered without a choice") from None


def _thousandths(value: Any) -> float:
    """As the ledger keeps it, so that a second run says the same to the last digit."""
    return round(float(value), 3)


def _count(said: object) -> int | None:
    return said if isinstance(said, int) and said >= 0 else None


def _logprobs(said: Any) -> tuple[tuple[str, float], ...] | None:
    """Tokens and log probabilities in Together's shape or in OpenAI's; None where unreadable."""
    try:
        if content := said.get("content"):
            pairs = [(str(token["token"]), _thousandths(token["logprob"])) for token in content]
        else:
            told = zip(said["tokens"], said["token_logprobs"], strict=True)
            pairs = [(str(token), _thousandths(value)) for token, value in told]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return tuple(pairs) if pairs and isfinite(sum(value for _, value in pairs)) else None
