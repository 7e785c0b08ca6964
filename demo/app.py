"""The page: drop a letter, paste one, or take an example; see what stands in it; keep nothing.

Run it with `lettera demo`. Gradio's server mode gives the endpoints and the MCP tools; the page is
our own (`screen/`) and sends a letter as the body of a request, which goes to a child process.
"""

import json
import os
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

# Before Gradio is imported: no request of its own, and no file of a visitor's outside our folder.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr  # noqa: E402
from fastapi import Request  # noqa: E402
from fastapi.responses import FileResponse, HTMLResponse, Response, StreamingResponse  # noqa: E402

from core.label import Labeller  # noqa: E402
from core.learn.record import Record  # noqa: E402
from core.records import Json  # noqa: E402
from core.schema import default_schema  # noqa: E402
from demo.analysis import MAX_CHARACTERS  # noqa: E402
from demo.api import Api  # noqa: E402
from demo.front import facts_of, page_html  # noqa: E402
from demo.guard import Guard  # noqa: E402
from demo.room import RULES, Room  # noqa: E402
from demo.tools import answer_in_json  # noqa: E402
from demo.words import FOLDER, Language  # noqa: E402

HOST = "127.0.0.1"
EXAMPLES = Path(__file__).with_name("examples")
MAX_FILE = 20 << 20
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


class Page(gr.Server):
    """The page over a room of child processes, which it warms when it opens and ends with it."""

    def __init__(
        self, models: Mapping[str, tuple[Labeller, Record]], examples: Path = EXAMPLES
    ) -> None:
        super().__init__(title="Lettera", docs_url=None, redoc_url=None, openapi_url=None)
        self.room = Room({name: tagger for name, (tagger, _) in models.items()})
        ways = {name: record for name, (_, record) in models.items()} | {RULES: None}
        self._ways = set(ways)
        self._examples = examples
        self._facts = facts_of(
            default_schema(), ways, examples, {"characters": MAX_CHARACTERS, "bytes": MAX_FILE}
        )
        self._endpoints = Api(self.room, list(ways)).endpoints
        for name, endpoint in self._endpoints.items():
            # The room alone says who waits.
            self.api(endpoint, name=name, concurrency_limit=None)
        self.get("/")(self._front)
        self.get("/screen/{name}")(self._script)
        self.get("/example/{name}")(self._example)
        self.post("/read")(self._read)
        self.post("/work")(self._work)
        self.add_middleware(Guard)

    def launch(self, **options: Any) -> Any:  # type: ignore[override]
        """As Gradio's, with the first child on its way before the first visitor."""
        self.room.warm()
        launched = super().launch(**options | {"prevent_thread_lock": True})
        blocks = self.get_blocks()
        answer_in_json(blocks.mcp_server_obj, self._endpoints)
        if not options.get("prevent_thread_lock"):
            blocks.block_thread()
        return launched

    def close(self) -> None:
        """Ends the server where it runs beside, and the room."""
        self.get_blocks().close(verbose=False)
        self.room.close()

    def _front(self, request: Request) -> Response:
        asked = request.query_params.get("lang") or request.headers.get("accept-language", "it")
        language: Language = "it" if asked.lower().startswith("it") else "en"
        return HTMLResponse(page_html(self._facts, language))

    def _script(self, name: str) -> Response:
        path = FOLDER / Path(name).name
        if path.suffix not in KINDS or not path.is_file():
            return Response(status_code=404)
        return FileResponse(path, media_type=KINDS[path.suffix])

    def _example(self, name: str) -> Response:
        if name not in {example["name"] for example in self._facts["examples"]}:
            return Response(status_code=404)
        return FileResponse(self._examples / f"{name}.pdf", media_type="application/pdf")

    async def _read(self, request: Request) -> Response:
        """A letter as the request's body: a file where it has a name, else a text."""
        name = request.query_params.get("name")
        body = await request.body()
        ways = request.query_params.get("ways", "").split(",")
        if len(body) > MAX_FILE:
            return _fault("large")
        if not self._are_ways(ways):
            return _fault("other")
        if name is not None:
            return self._answer({"do": "read", "ways": ways, "name": name}, body)
        text = body.decode("utf-8", "replace")
        return self._answer({"do": "read", "ways": ways, "text": text})

    async def _work(self, request: Request) -> Response:
        """What is done with a letter already read; the page sends it along, for nobody kept it."""
        try:
            job = json.loads(await request.body())
            asked = job["do"] in ("write", "correct") or (
                job["do"] == "again" and self._are_ways(job["ways"])
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            return _fault("other")
        return self._answer(job) if asked else _fault("other")

    def _are_ways(self, asked: list[str]) -> bool:
        """One, or two to compare."""
        return 0 < len(asked) <= 2 and set(asked) <= self._ways

    def _answer(self, job: Json, upload: bytes | None = None) -> Response:
        async def lines() -> AsyncGenerator[bytes, None]:
            async with aclosing(self.room.ask(job, upload)) as said:
                async for message in said:
                    yield json.dumps(message).encode() + b"\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")


def _fault(fault: str) -> Response:
    said = json.dumps({"kind": "fault", "fault": fault}) + "\n"
    return Response(said, media_type="application/x-ndjson")


def build(
    models: Mapping[str, tuple[Labeller, Record]] | None = None, examples: Path = EXAMPLES
) -> Page:
    """The page over models by name, the first asked first, and over the rules."""
    return Page(models or {}, examples)


def open_page(model: str | None, *others: str) -> Page:
    """The page over models, each a folder or a Hub id, or over the rules alone."""
    from core.learn.tagger import Tagger

    taggers = [Tagger.load(one) for one in (model, *others) if one is not None]
    return build({tagger.source: (tagger, tagger.record) for tagger in taggers})


@contextmanager
def serving(model: str | None, port: int, *others: str) -> Iterator[str]:
    """The page of models, open on loopback while the block runs; its address."""
    page = open_page(model, *others)
    with redirect_stdout(StringIO()):  # Gradio tells of its MCP server also when asked to be quiet
        page.launch(
            server_name=HOST,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            **launch_options(),
        )
    try:
        yield f"http://{HOST}:{port}"
    finally:
        page.close()


def launch_options() -> dict[str, Any]:
    """How the page is served, here and on a Space: nothing kept, nothing asked of other hosts."""
    return {
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": True,
        "show_error": False,
        "footer_links": [],
    }
