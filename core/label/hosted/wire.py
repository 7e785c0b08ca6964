"""One request to a chat service over the wire; the answer, or the fault in our own words.

The `together` client tells address, key and headers, over aiohttp: a third of the work that its
default transport makes. Of its own retries nothing is used: the service counts every attempt and
knows more faults.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import ClientError
from httpx import ConnectError, HTTPError

from core.label.hosted.reply import Reply
from core.label.shield.shield import is_loopback

_TOGETHER = (".together.ai", ".together.xyz")
_LONGEST = 4_000_000
_PATH = "v1/chat/completions"
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


@dataclass(slots=True, eq=False)
class _Turn:
    limit: asyncio.Timeout
    begin: Callable[[], None]
    began: float | None = None
    seconds: float = 0.0


class _Turns:
    """Whose turn it is: requests wait for a connection, and their time begins when they have one.

    The connector gives its connections in the order in which they are asked for.
    """

    def __init__(self, connections: int, timeout: float) -> None:
        self._free = connections
        self._timeout = timeout
        self._waiting: deque[_Turn] = deque()

    @contextmanager
    def of(self, limit: asyncio.Timeout, begin: Callable[[], None]) -> Iterator[_Turn]:
        """A request's turn; when it comes `begin` is called and the time until `limit` begins."""
        turn = _Turn(limit, begin)
        self._waiting.append(turn)
        self._serve()
        try:
            yield turn
        finally:
            if turn.began is None:
                self._waiting.remove(turn)
            else:
                turn.seconds = time.monotonic() - turn.began
                self._free += 1
                self._serve()

    def _serve(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            turn = self._waiting.popleft()
            turn.began = time.monotonic()
            turn.begin()
            turn.limit.reschedule(asyncio.get_running_loop().time() + self._timeout)


class Wire:
    """The connections to a service at an address; `timeout` seconds for a whole answer.

    `together`: it is Together's own, not one that speaks its protocol.
    """

    def __init__(self, address: str, api_key: str, timeout: float, connections: int) -> None:
        from core.label.hosted.http import Http  # the client takes a second to be imported

        self.address = address
        self.together = (urlsplit(address).hostname or "").endswith(_TOGETHER)
        self._turns = _Turns(connections, timeout)
        # A proxy could carry what is meant for this machine elsewhere.
        local = is_loopback(address)
        self._http = Http(address, _PATH, api_key, timeout, connections, trust_env=not local)

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.close()

    async def send(self, body: Mapping[str, Any], begin: Callable[[], None]) -> tuple[Reply, float]:
        """The answer to a request, and the seconds it took once there was a connection for it.

        `begin` is called when there is one: before, nothing is sent and nothing can be charged.
        Raises Passing, Rejected or TooLong, without the letter.
        """
        try:
            async with asyncio.timeout(None) as limit:
                with self._turns.of(limit, begin) as turn:
                    raw = await self._read(json.dumps(body).encode())
            return reply_of(_parsed(raw)), turn.seconds
        except (HTTPError, ClientError, OSError) as error:
            raise broken(error) from None
        except (ValueError, RecursionError):
            raise Passing("answered with something that is not JSON") from None

    async def _read(self, content: bytes) -> bytes:
        response = await self._http.post(content)
        raw = bytearray()
        try:
            if not response.is_success:
                raise explained(response.status_code, response.headers)
            async for piece in response.aiter_bytes():
                raw += piece
                if len(raw) > _LONGEST:
                    raise TooLong
        finally:
            await response.aclose()
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


def _parsed(raw: bytes) -> Any:
    """JSON; what the strict and quick reader refuses (NaN, half a surrogate pair) by the other."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)


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


def _count(said: object) -> int | None:
    return said if isinstance(said, int) and said >= 0 else None


def _logprobs(said: Any) -> tuple[tuple[str, float], ...] | None:
    """Tokens and log probabilities in Together's shape or in OpenAI's; None where unreadable.

    In thousandths, as the ledger keeps them, so that a second run says the same to the last digit.
    """
    try:
        if content := said.get("content"):
            told = [(token["token"], token["logprob"]) for token in content]
        else:
            told = list(zip(said["tokens"], said["token_logprobs"], strict=True))
        pairs = tuple([(str(token), round(float(value), 3)) for token, value in told])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return pairs if pairs and isfinite(sum(value for _, value in pairs)) else None
