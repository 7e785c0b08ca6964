"""The JSON in what a model typed, fences, prose, single quotes and trailing commas allowed."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

LONGEST = 1_000_000
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
_TRAILING_COMMA = re.compile(r",(\s*[\]}])")
_STRING = re.compile(r'("(?:[^"\\]|\\.)*")', re.DOTALL)
_ATTEMPTS = 50


class Unusable(Exception):
    """An answer nothing can be read from. The message says why, without its text."""


def json_values(reply: str) -> Iterator[Any]:
    """The lists and objects that stand in a reply, in order, the outermost ones only."""
    if len(reply) > LONGEST:
        raise Unusable(f"longer than {LONGEST:,} characters")
    text = _THINKING.sub("", reply)
    decoder = json.JSONDecoder(strict=False)
    at, attempts = 0, 0
    while (opening := _OPENING.search(text, at)) and attempts < _ATTEMPTS:
        attempts += 1
        try:
            value, at = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            value, at = _mended(text, opening.start())
        if value is not None:
            yield value


def _mended(text: str, start: int) -> tuple[Any, int]:
    """The value from `start` to the last bracket, repaired; else None and where to look next."""
    end = max(text.rfind("]"), text.rfind("}")) + 1
    piece = text[start:end]
    bare = "".join(
        part if number % 2 else _TRAILING_COMMA.sub(r"\1", part)
        for number, part in enumerate(_STRING.split(piece))
    )
    for read, candidate in ((json.loads, bare), (ast.literal_eval, piece)):
        try:
            return read(candidate), end
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None, start + 1
