"""The `together` client as it is used here: its transport and its headers, and nothing kept."""

from httpx import Cookies, Headers, Limits, Request, Response, Timeout
from together import AsyncTogether, DefaultAioHttpClient

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
    """So many connections to a path of an address. `timeout` bounds the connecting only.

    `trust_env`: proxies named in the environment are used.
    """

    def __init__(
        self,
        address: str,
        path: str,
        api_key: str,
        timeout: float,
        connections: int,
        trust_env: bool,
    ) -> None:
        self._transport = _Transport(
            # A redirect could carry what is meant for this machine elsewhere.
            follow_redirects=False,
            trust_env=trust_env,
            limits=Limits(max_connections=connections),
        )
        client = AsyncTogether(
            api_key=api_key,
            base_url=address,
            http_client=self._transport,
            # Nothing to unpack: an answer is as long as what was counted.
            default_headers={"Accept-Encoding": "identity"},
        )
        # What the client makes anew for every call, two thirds of its cost, is made once.
        self._url = client.base_url.join(path)
        told = client.default_headers.items()
        self._headers = Headers({name: value for name, value in told if isinstance(value, str)})
        self._patience = {
            "timeout": Timeout(None, connect=min(timeout, _CONNECTING)).as_dict(),
        }

    async def close(self) -> None:
        """Ends the connections."""
        await self._transport.aclose()

    async def post(self, content: bytes) -> Response:
        """An answer, be it a refusal, that is still to be read, and to be closed."""
        request = Request(
            "POST", self._url, headers=self._headers, content=content, extensions=self._patience
        )
        return await self._transport.send(request, stream=True)
