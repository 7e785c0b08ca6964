"""MCP tools that answer in JSON with a schema: Gradio alone writes a dict as Python would."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_type_hints

from mcp.types import CallToolRequest, ListToolsRequest, TextContent
from pydantic import TypeAdapter

from core.records import Json

Handler = Callable[[Any], Awaitable[Any]]


def answer_in_json(gradio: Any, endpoints: Mapping[str, Callable[..., Any]]) -> None:
    """Changes the MCP server of a launched page; a tool's name may carry that of its Space."""
    typed = {
        tool: get_type_hints(endpoints[path.strip("/")], include_extras=True)
        for tool, path in gradio.tool_to_endpoint.items()
    }
    handlers: dict[type, Handler] = gradio.mcp_server.request_handlers
    gradio.postprocess_output_data = _as_text
    handlers[ListToolsRequest] = _described(handlers[ListToolsRequest], typed)
    handlers[CallToolRequest] = _structured(handlers[CallToolRequest])


def _as_text(answers: list[Any], root_url: str) -> list[TextContent]:
    said = (json.dumps(one, ensure_ascii=False) for one in answers)
    return [TextContent(type="text", text=text) for text in said]


def _described(given: Handler, typed: Mapping[str, Mapping[str, Any]]) -> Handler:
    async def handler(request: Any) -> Any:
        listed = await given(request)
        for tool in listed.root.tools:
            hints = dict(typed[tool.name])
            tool.outputSchema = _output(hints.pop("return"))
            for name, hint in hints.items():
                _mend(tool.inputSchema, name, hint)
        return listed

    return handler


def _output(hint: Any) -> Json:
    """MCP wants an object, so a list stands in one under `result`."""
    schema: Json = TypeAdapter(hint).json_schema()
    if schema["type"] == "object":
        return schema
    defs = schema.pop("$defs", {})
    wrapped = {"type": "object", "properties": {"result": schema}, "required": ["result"]}
    return wrapped | {"$defs": defs}


def _mend(schema: Json, name: str, hint: Any) -> None:
    """Gradio requires every key of a typed dict, also those that need not be there."""
    mended = TypeAdapter(hint).json_schema()
    schema.setdefault("$defs", {}).update(mended.pop("$defs", {}))
    known = schema["properties"][name]
    kept = {key: known[key] for key in ("description", "default") if key in known}
    schema["properties"][name] = mended | kept


def _structured(given: Handler) -> Handler:
    async def handler(request: Any) -> Any:
        answered = await given(request)
        if not answered.root.isError:
            found = json.loads(answered.root.content[0].text)
            answered.root.structuredContent = (
                found if isinstance(found, dict) else {"result": found}
            )
        return answered

    return handler
