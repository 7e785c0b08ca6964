"""The batch API behind the `together` client: files up and down, jobs, faults in our own words."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Container
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from aiohttp import ClientError
from httpx import HTTPError
from httpx import Request as HttpRequest

from core.errors import LLMError
from core.label.hosted.wire import Passing, Rejected, broken, explained
from core.label.shield.shield import is_loopback

if TYPE_CHECKING:
    from together import AsyncTogether
    from together.types import BatchJob

_GONE = (404, 410)
_CONNECTING = 10.0
_LONGEST_WAIT = 300.0
_SLOWEST_BACKOFF = 30.0
_NOWHERE = "mock-upload-url.com"

T = TypeVar("T")


class Desk:
    """The batch API behind the `together` client, with its faults in our own words.

    Methods raise Rejected, and LLMError for a fault that does not pass.
    """

    def __init__(
        self, address: str, api_key: str, timeout: float, attempts: int, pause: float
    ) -> None:
        self.address = address
        self._client = _client(address, api_key, timeout)
        self._attempts = attempts
        self._pause = pause

    async def close(self) -> None:
        await self._client.close()

    async def upload(self, path: Path) -> str:
        """The service's name for the file."""
        files = self._client.files
        said = await self._patiently(lambda: files.upload(path, purpose="batch-api", check=False))
        return said.id

    async def make(self, file: str, known: Container[str]) -> str:
        """The name of the job on this file: the one there is, if nobody knew of it, or a new one.

        A job may have been made although the answer said something else, or never came.
        """

        async def made() -> str:
            for job in await self._client.batches.list():
                if job.id and job.input_file_id == file and job.id not in known:
                    return job.id
            said = await self._client.batches.create(
                endpoint="/v1/chat/completions", input_file_id=file, completion_window="24h"
            )
            if not said.job or not said.job.id:
                raise ValueError("no job in the answer")
            return said.job.id

        return await self._patiently(made)

    async def look(self, job: str) -> "BatchJob":
        """How far a job is. Raises Passing: it is looked at again anyway."""
        return await _told(lambda: self._client.batches.retrieve(job))

    async def download(self, file: str, to: BinaryIO) -> None:
        """The content of a file; nothing where it is gone."""

        async def written() -> None:
            to.seek(0)
            to.truncate()
            async with self._client.files.with_streaming_response.content(file) as response:
                async for piece in response.iter_bytes():
                    to.write(piece)

        try:
            await self._patiently(written)
        except Rejected as rejected:
            if rejected.status not in _GONE:
                raise

    async def forget(self, file: str) -> None:
        """Has the service delete a file, which holds letters; once, as nothing hangs on it."""
        with suppress(Passing, Rejected):
            await _told(lambda: self._client.files.delete(file))

    async def forget_named(self, name: str) -> None:
        """`forget`, for a file whose name at the service was never heard."""
        with suppress(Passing, Rejected):
            for file in (await _told(self._client.files.list)).data:
                if file.filename == name:
                    await self.forget(file.id)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(self._attempts):
            try:
                return await _told(ask)
            except Passing as passing:
                fault = passing
            if attempt + 1 < self._attempts:
                backoff = self._pause * 2**attempt * random.uniform(0.75, 1)
                wait = min(backoff, _SLOWEST_BACKOFF) if fault.wait is None else fault.wait
                await asyncio.sleep(min(wait, _LONGEST_WAIT))
        raise self.lasting(fault, f"{self._attempts} times")

    def lasting(self, fault: Passing, times: str) -> LLMError:
        """A fault that does not pass."""
        return LLMError(
            f"{self.address}: the batch API {fault.what} {times}; run again later: the batch goes"
            " on where it stands"
        )


async def _told(ask: Callable[[], Awaitable[T]]) -> T:
    """What the client answers. Raises Passing or Rejected, without the service's words."""
    from together import APIStatusError, TogetherError

    try:
        return await ask()
    except APIStatusError as error:
        raise explained(error.status_code, error.response.headers) from None
    except (TogetherError, HTTPError, ClientError, OSError) as error:
        raise broken(error) from None
    except (ValueError, TypeError, AttributeError, KeyError):
        raise Passing("answered something else than agreed") from None


def _client(address: str, api_key: str, timeout: float) -> "AsyncTogether":
    from httpx import Timeout
    from together import AsyncTogether, DefaultAioHttpClient

    local = is_loopback(address)

    async def guard(request: HttpRequest) -> None:
        # Files go where the service says; the client itself invents a place where it says nothing.
        # What is meant for this machine stays on it.
        if request.url.host == _NOWHERE or (local and not is_loopback(str(request.url))):
            raise LLMError(f"{address}: sends files elsewhere; ask without --batch-api")

    return AsyncTogether(
        api_key=api_key,
        base_url=address,
        timeout=Timeout(timeout, connect=min(timeout, _CONNECTING)),
        max_retries=0,
        http_client=DefaultAioHttpClient(trust_env=not local, event_hooks={"request": [guard]}),
    )
