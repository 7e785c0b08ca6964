"""JSON on its way to a model: values, and the schemas of the values wanted back."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def listing(key: str, item: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The JSON schema of a list of items; of numbered lists where the questions are several."""
    lists = {key: {"type": "array", "items": item}}
    if count == 1:
        return object_of(lists, [key])
    number = {"n": {"type": "integer", "minimum": 1, "maximum": count}}
    one = object_of(number | lists, ["n", key])
    return object_of({"answers": {"type": "array", "items": one}}, ["answers"])


def object_of(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def dumps(value: Any) -> str:
    """JSON that can be sent: a lone surrogate is written as its escape."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if _SURROGATE.search(text) else text


def sendable(text: str) -> str:
    """A text of the same length that UTF-8 can hold."""
    return _SURROGATE.sub("\ufffd", text)
