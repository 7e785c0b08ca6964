"""Questions put to a service at a server on loopback, and what came back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from core.label.hosted.ledger import Ledger
from core.label.hosted.service import Request, Service
from tests.loopback.together import Json, LoopbackTogether, Said

LETTER = "Nega fumo."
SCHEMA = {"type": "object", "properties": {}}


def question(text: str = LETTER, **more: Any) -> Request:
    messages = ({"role": "system", "content": "Label."}, {"role": "user", "content": text})
    asked = {"model": "some/model", "prompt": "test.v1.it", "max_tokens": 50, "schema": SCHEMA}
    return Request(**asked | {"messages": messages} | more)


def echo(body: Json) -> Said:
    return Said(body["messages"][-1]["content"])


def run(
    server: LoopbackTogether | str,
    work: Callable[[Service], Awaitable[Any]],
    ledger: Ledger | None = None,
    **options: Any,
) -> Any:
    """What `work` makes of a service at a server."""

    async def go() -> Any:
        address = server if isinstance(server, str) else server.address
        service = Service(address, "k3y", ledger, **{"pause": 0.01, "timeout": 5.0} | options)
        try:
            return await work(service)
        finally:
            await service.close()

    return asyncio.run(go())


def ask(server: LoopbackTogether | str, *asked: Request, **options: Any) -> list[Any]:
    """The replies, or what was raised instead."""

    async def work(service: Service) -> list[Any]:
        return await asyncio.gather(*map(service.ask, asked), return_exceptions=True)

    return run(server, work, **options)
