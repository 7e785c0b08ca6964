"""The `together` client as it is used here: its aiohttp transport, and nothing kept."""

from typing import Any, cast

from httpx import Cookies, Limits, Response, Timeout
from together import AsyncStream, AsyncTogether, DefaultAioHttpClient

_CONNECTING = 10.0


class _NoCookies(Cookies):
    """Stays empty: a service has nothing to remember here, and looking for cookies is dear."""

    def extract_cookies(self, response: Response) -> None:
        """Takes none."""


_NO_COOKIES = _NoCookies()


class _Transport(DefaultAioHttpClient):
    @property
    def cookies(self) -> Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        pass


class Http:
    """So many connections to an address. `timeout` bounds the connecting only.

    `trust_env`: proxies named in the environment are used.
    """

    def __init__(
        self, address: str, api_key: str, timeout: float, connections: int, trust_env: bool
    ) -> None:
        self._client = AsyncTogether(
            api_key=api_key,
            base_url=address,
            timeout=Timeout(None, connect=min(timeout, _CONNECTING)),
            max_retries=0,
            http_client=_Transport(
                # A redirect could carry what is meant for this machine elsewhere.
                follow_redirects=False,
                trust_env=trust_env,
                limits=Limits(max_connections=connections),
            ),
            # Nothing to unpack: an answer is as long as what was counted.
            default_headers={"Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.close()

    async def post(self, path: str, content: bytes) -> Response:
        """An answer that is still to be read, and to be closed. Raises as the client does."""
        # The client's door for requests it has no types for: what it does for those it has, going
        # through question and answer key by key, is a third of the cost of a call.
        response = await self._client.post(
            path, cast_to=Response, content=content, stream=True, stream_cls=AsyncStream[Any]
        )
        return cast(Response, response)
