"""The page's functions for programs: REST endpoints and MCP tools, typed on both sides.

Their docstrings are what a program, or a language model, is told about them.
"""

import base64
import binascii
from collections.abc import Callable
from typing import (
    Any,
    Literal,
    NotRequired,  # pydantic wants these before Python 3.12
)

import gradio as gr
from typing_extensions import TypedDict

from core.records import Json
from core.schema import default_schema
from demo.room import Room
from demo.words import sentence


class Place(TypedDict):
    """Where the letter says it: code points into its text, half-open; box as shares of the page."""

    start: int
    end: int
    text: str
    page: NotRequired[int]
    box: NotRequired[list[float]]


class FieldValue(TypedDict):
    value: str | int | float | bool
    evidence: list[Place]
    score: NotRequired[float]


class Doubt(TypedDict):
    field: str
    reason: str
    evidence: list[Place]
    value: NotRequired[str | int | float | bool]
    note: NotRequired[str]


class Fields(TypedDict):
    """What a letter says of the 74 fields; what it does not say has no entry."""

    letter: str
    discharge_letter: bool
    fields: dict[str, FieldValue]
    doubts: NotRequired[list[Doubt]]
    id: NotRequired[str]


class Entity(TypedDict):
    start: int
    end: int
    text: str
    label: str
    field: NotRequired[str]
    state: NotRequired[str]
    value: NotRequired[str | int | float | bool]
    score: NotRequired[float]


class Column(TypedDict):
    name: str
    group: str
    type: str
    codes: dict[str, str]
    it: str
    en: str


class File(TypedDict):
    name: str
    content: str


class Api:
    """The endpoints over a room; `way` chooses among the models at hand, the first where empty."""

    def __init__(self, room: Room, ways: list[str]) -> None:
        self._room, self._ways = room, ways

    @property
    def endpoints(self) -> dict[str, Callable[..., Any]]:
        own = (self.extract, self.extract_file, self.entities, self.table)
        return {one.__name__: one for one in own} | {"fields": fields}

    async def extract(self, text: str, way: str = "") -> Fields:
        """The 74 fields of an Italian discharge letter, each with the words that say its value.

        Args:
            text: The letter's text, at most 60,000 characters.
            way: By what: "rules", or a model's name as the page lists it. Empty: the first at hand.
        """
        said = await self._reading({"do": "read", "text": text}, way)
        found: Fields = said["result"]
        return found

    async def extract_file(self, name: str, content: str, way: str = "") -> Fields:
        """The 74 fields of a letter in a PDF, a scan or a photo; pictures are recognised first.

        Args:
            name: The file's name; its suffix says what it is: .pdf .png .jpg .tif .txt
            content: The file itself in base64, at most 20 MB and 30 pages. It is never stored.
            way: By what: "rules", or a model's name as the page lists it. Empty: the first at hand.
        """
        try:
            upload = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise _error("kind") from None
        said = await self._reading({"do": "read", "name": name}, way, upload)
        found: Fields = said["result"]
        return found

    async def entities(self, text: str, way: str = "") -> list[Entity]:
        """The marked stretches of an Italian discharge letter; they may nest and overlap.

        Args:
            text: The letter's text, at most 60,000 characters.
            way: By what: "rules", or a model's name as the page lists it. Empty: the first at hand.
        """
        said = await self._reading({"do": "read", "text": text}, way)
        found: list[Entity] = said["entities"]
        return found

    async def table(self, result: Fields, format: Literal["xlsx", "csv", "json"] = "xlsx") -> File:
        """A letter's fields, as `extract` gives them, as a file; its content in base64.

        Args:
            result: What `extract` or `extract_file` answered.
            format: A spreadsheet for Excel, comma-separated values, or JSON.
        """
        said = await self._last({"do": "write", "result": result, "suffix": f".{format}"}, "file")
        return {"name": said["name"], "content": said["content"]}

    async def _reading(self, job: Json, way: str, upload: bytes | None = None) -> Json:
        if way and way not in self._ways:
            raise gr.Error(f"no such way; one of: {', '.join(self._ways)}", print_exception=False)
        ways = [way or self._ways[0]]
        return await self._last({**job, "ways": ways, "pictures": False}, "reading", upload)

    async def _last(self, job: Json, kind: str, upload: bytes | None = None) -> Json:
        found: Json | None = None
        async for message in self._room.ask(job, upload):
            if message["kind"] == "fault":
                raise _error(message["fault"])
            found = message if message["kind"] == kind else found
        if found is None:
            raise _error("other")
        return found


def fields() -> list[Column]:
    """The fields that are looked for: names, types, the meaning of codes, definitions."""
    return [
        {
            "name": field.name,
            "group": field.group,
            "type": field.type,
            "codes": {str(code): meaning for code, meaning in field.codes.items()},
            "it": field.it,
            "en": field.en,
        }
        for field in default_schema().fields.values()
    ]


def _error(fault: str) -> gr.Error:
    return gr.Error(sentence(f"fault_{fault}", "en"), print_exception=False)
