"""The demo for programs: over HTTP, with Gradio's client and as tools of a language model."""

import asyncio
import base64
import io
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from typing import Any

import pytest
from gradio_client import Client
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.demo.hard_letters import cat, many_pages, two_scans, with_script, zip_bomb
from tests.demo_page import LETTER, OTHER
from tests.places import EXAMPLES, ROOT

pytestmark = pytest.mark.browser  # shares the server of the tests with a browser


def sent(address: str, body: bytes, name: str | None = None) -> list[dict[str, Any]]:
    query = {"ways": "rules"} | ({"name": name} if name else {})
    url = f"{address}/read?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=200) as reply:
        return [json.loads(line) for line in reply.read().splitlines()]


HARD = {
    "a bomb in a PDF": (zip_bomb(2), "b.pdf", "crashed"),
    "two thousand pages": (many_pages(2000), "long.pdf", "long"),
    "a cat": (cat(), "cat.jpg", "blank"),
    "an empty file": (b"", "empty.pdf", "empty"),
    "a program": (b"MZ" * 100, "run.exe", "kind"),
    "a path for a name": (b"x", "../../etc/passwd", "kind"),
}


@pytest.mark.parametrize(("body", "name", "fault"), HARD.values(), ids=HARD.keys())
def test_hard_letters_are_refused_and_the_page_lives_on(
    demo_address: str, body: bytes, name: str, fault: str
) -> None:
    assert sent(demo_address, body, name)[-1] == {"kind": "fault", "fault": fault}
    assert sent(demo_address, LETTER.encode())[-1] == {"kind": "done"}


def test_recognition_tells_each_page_as_it_comes_to_it(demo_address: str) -> None:
    said = sent(demo_address, two_scans(), "scan.tif")
    steps = [m["page"] for m in said if m.get("step") == "recognising" and m["pages"] == 2]
    assert steps == [1, 1, 2]  # the first also before the pictures of the pages are made


def test_what_no_page_of_ours_would_ask_is_refused(demo_address: str) -> None:
    def answered(path: str, body: bytes) -> dict[str, Any]:
        with urllib.request.urlopen(f"{demo_address}/{path}", body, timeout=60) as reply:
            last: dict[str, Any] = json.loads(reply.read().splitlines()[-1])
            return last

    other = {"kind": "fault", "fault": "other"}
    assert answered("read?ways=" + ",".join(["rules"] * 3), b"x") == other
    assert answered("read?ways=gpt", b"x") == other
    for body in (b"[" * 200_000, b"[]", b'{"do": "read"}', b'{"do": "again", "ways": [[]]}'):
        assert answered("work", body) == other
    with pytest.raises(urllib.error.HTTPError, match="413"):
        answered("read?ways=rules&name=film.pdf", bytes(200 << 20))
    assert sent(demo_address, LETTER.encode())[-1] == {"kind": "done"}


def test_a_script_in_a_pdf_is_not_run_and_its_text_is_read(demo_address: str) -> None:
    (reading,) = (m for m in sent(demo_address, with_script(), "s.pdf") if m["kind"] == "reading")
    assert reading["result"]["fields"]["ipertensione"]["value"] is True


def test_twenty_visitors_at_once_are_all_answered(demo_address: str) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as crowd:
        ends = [
            said[-1] for said in crowd.map(lambda _: sent(demo_address, LETTER.encode()), range(20))
        ]
    assert ends == [{"kind": "done"}] * 20
    assert time.monotonic() - begun < 120


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/upload", "/gradio_api/file=/etc/passwd", "/gradio_api/proxy=x", "/monitoring"],
)
def test_gradios_own_doors_are_shut(demo_address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{demo_address}{path}", data=b"x")


def test_a_client_gets_fields_entities_and_a_table(demo_address: str) -> None:
    client = Client(demo_address, verbose=False)
    said = client.predict(LETTER, api_name="/extract")
    assert said["fields"]["fumo"]["value"] == 1
    place = said["fields"]["fumo"]["evidence"][0]
    assert LETTER[place["start"] : place["end"]] == place["text"]
    pdf = base64.b64encode((EXAMPLES / "lettera-01.pdf").read_bytes()).decode()
    scanned = client.predict("lettera-01.pdf", pdf, "rules", api_name="/extract_file")
    assert scanned["fields"]["n_cartella"]["evidence"][0]["page"] == 1
    found = client.predict(LETTER, "rules", api_name="/entities")
    assert {"diabete", "fumo"} <= {entity["field"] for entity in found}
    table = client.predict(said, "csv", api_name="/table")
    assert base64.b64decode(table["content"]).startswith(b"\xef\xbb\xbfletter,")
    assert len(client.predict(api_name="/fields")) == 74
    with pytest.raises(Exception, match="there is no letter yet"):
        client.predict(" ", api_name="/extract")
    with pytest.raises(Exception, match=f"no such way; one of: {OTHER}, rules"):
        client.predict(LETTER, "gpt", api_name="/extract")


def test_the_readmes_example_runs(demo_address: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?gradio_client.*?)```\n\nprints `(.*?)`", readme, re.DOTALL)
    if found is None:
        pytest.skip("the README has no example for programs yet")
    code, prints = found.groups()
    with redirect_stdout(io.StringIO()) as said:
        exec(code.replace("http://127.0.0.1:7860", demo_address), {})
    assert said.getvalue().splitlines()[-1] == prints


def test_a_language_model_finds_the_same_as_tools(demo_address: str) -> None:
    """The client checks each answer against the schema that its tool gives."""

    async def asked() -> tuple[dict[str, Any], list[Any]]:
        async with streamable_http_client(f"{demo_address}/gradio_api/mcp/") as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                tools = {tool.name: tool for tool in (await session.list_tools()).tools}
                given = {"text": LETTER, "way": "rules"}
                fields = await session.call_tool("extract", given)
                table = {"result": fields.structuredContent, "format": "csv"}
                return tools, [
                    fields,
                    await session.call_tool("entities", given),
                    await session.call_tool("table", table),
                    await session.call_tool("extract", {"text": " "}),
                ]

    with ThreadPoolExecutor(1) as apart:  # the browser's event loop stands in this thread
        tools, (fields, entities, table, none) = apart.submit(lambda: asyncio.run(asked())).result()
    assert {"extract", "extract_file", "entities", "table", "fields"} == set(tools)
    told = tools["extract"]
    assert "The 74 fields of an Italian discharge letter" in told.description
    assert told.inputSchema["properties"]["text"]["description"].startswith("The letter")
    assert {"letter", "fields"} <= set(told.outputSchema["properties"])
    assert json.loads(fields.content[0].text) == fields.structuredContent
    assert fields.structuredContent["fields"]["fumo"]["value"] == 1
    assert {"diabete", "fumo"} <= {one["field"] for one in entities.structuredContent["result"]}
    assert base64.b64decode(table.structuredContent["content"]).startswith(b"\xef\xbb\xbfletter,")
    assert none.isError and "there is no letter yet" in none.content[0].text
