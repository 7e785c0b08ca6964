"""A fast stand-in for Together in a process of its own: python -m tests.bench.together_server.

Prints its port. Answers in the formats `iob`, `fields` and `hybrid`, after a delay, with a share of
faults: 429, 500, 503, and connections that are broken off.
"""

import argparse
import asyncio
import json
import random
import re
import socket
import struct

from aiohttp import web

from tests.loopback.together import Json, Said, Script, completion, labelled

_ASKED = re.compile(r"^- (.+?) \((?:`true`|uno dei codici (\S+) =)", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{6,}")
_MARK = re.compile(r"\[\[(\d+)\|")
_PHRASE = re.compile(r"^Frase(?: \d+)?(?: \([^)]*\))?:\n", re.MULTILINE)
_STATUSES = (429, 500, 503)


def told(body: Json) -> Said:
    """An answer to `fields`: to each yes or no and each code asked for a word of the letter."""
    table, letter = (message["content"] for message in body["messages"][:2])
    words = _WORD.findall(letter)
    asked = zip(_ASKED.findall(table), words[:: max(1, len(words) // 12)], strict=False)
    items = [
        {"field": name, "quote": word, "value": json.loads(code) if code else True}
        for (name, code), word in asked
    ]
    return Said(json.dumps({"fields": items}, ensure_ascii=False))


def typed(body: Json) -> Said:
    """An answer to `hybrid`: a field for every marked stretch."""
    lists = []
    for phrase in _PHRASE.split(body["messages"][1]["content"])[1:]:
        numbers = map(int, _MARK.findall(phrase))
        lists.append([{"span": n, "field": "diabete", "value": True} for n in numbers])
    if len(lists) == 1:
        return Said(json.dumps({"spans": lists[0]}))
    return Said(json.dumps({"answers": [{"n": n, "spans": s} for n, s in enumerate(lists, 1)]}))


def app(delay: float, faults: float, seed: int) -> web.Application:
    """The server: every answer after so many seconds, so large a share of them faults."""
    draw = random.Random(seed)
    answers: dict[str, Script] = {"fields": told, "hybrid": typed, "iob": labelled("severa")}

    async def complete(request: web.Request) -> web.StreamResponse:
        clock = asyncio.get_running_loop().time
        until = clock() + delay
        body = json.loads(await request.read())
        form = body["response_format"]["json_schema"]["name"].partition(".")[0]
        said = json.dumps(completion(body, answers[form](body)))  # the delay is all it takes
        await asyncio.sleep(until - clock())
        if draw.random() < faults:
            return _fault(request, draw)
        return web.json_response(text=said)

    made = web.Application(client_max_size=1 << 24)
    made.router.add_post("/v1/chat/completions", complete)
    return made


def _fault(request: web.Request, draw: random.Random) -> web.Response:
    status = draw.choice((*_STATUSES, None))
    if status is None and request.transport is not None:
        at_once = struct.pack("ii", 1, 0)
        line = request.transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        request.transport.abort()
    return web.json_response({"error": {"message": "busy"}}, status=status or 500)


async def serve(delay: float, faults: float, seed: int) -> None:
    runner = web.AppRunner(app(delay, faults, seed), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.3)
    parser.add_argument("--faults", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(serve(**vars(parser.parse_args())))
