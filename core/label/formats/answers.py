"""The JSON in what a model typed: strict JSON as it is, the rest through json-repair.

A repair closes what was left open, and so can make `lasix` of half a `lasix_dosaggio`. Therefore a
reply that breaks off is cut back to what was finished before it is repaired, and says so.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, SupportsIndex

from json_repair import repair_json

LONGEST = 1_000_000
_LONGEST_REPAIR = 100_000
_EFFORT = 600_000
_PER_PIECE = 1_000
_OPENING = re.compile(r"[\[{]")
_CLOSING = re.compile(r"[\]}][\s`]*\Z")
_TOKEN = re.compile(
    r"""(?:"(?:[^"\\]|\\.?)*+(?:"|\Z)|(?<!\w)'(?:[^'\\]|\\.?)*+(?:'|\Z))(\s*:)?|[\[\]{},]""",
    re.DOTALL,
)
_FENCE = re.compile(r"\A\s*```\w*\s*|\s*```\s*\Z")


class Unusable(Exception):
    """An answer nothing can be read from. The message says why, without its text."""


class CutOff(Unusable):
    """An answer that breaks off. What was finished of it has been given before this is raised."""


def spoken(reply: str) -> str:
    """A reply without the reasoning before it, also where its first mark is left out."""
    said = reply.rpartition("</think>")[2]
    return "" if said.lstrip().startswith("<think>") else said


def json_values(reply: str) -> Iterator[Any]:
    """The lists and objects that stand in a reply, in order, the outermost ones only.

    An object that repeats its keys is the list of objects it was meant to be. Raises Unusable, or
    at the end CutOff. Takes a few seconds at most, whatever it is given.
    """
    if len(reply) > LONGEST:
        raise Unusable(f"longer than {LONGEST:,} characters")
    text, meter = _unquoted(spoken(reply)), _Meter(_EFFORT)
    at = 0
    while opening := _OPENING.search(text, at):
        start = opening.start()
        try:
            value, at = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            piece, at, cut = _piece(text, start, meter)
            if piece is None:
                continue
            value = _repaired(piece, meter)
            if cut:
                yield from _containers(value)
                raise CutOff("cut off before its end") from None
        yield from _containers(value)


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, list | dict):
        yield value


def split_numbered(reply: str, count: int) -> list[str | None]:
    """A reply to `count` questions as single replies, by the number `n` that each object holds.

    Without numbers the order counts, where there are as many objects as questions. A number given
    twice is no answer, nor is what cannot be read.
    """
    items: list[dict[str, Any]] = []
    with suppress(Unusable):
        for value in json_values(reply):
            items += _numbered(value)
    if len(items) == count and not any("n" in item for item in items):
        items = [{"n": number, **item} for number, item in enumerate(items, start=1)]
    numbers = [str(item.get("n")).strip() for item in items]
    once = {number for number, times in Counter(numbers).items() if times == 1}
    replies = {n: json.dumps(item) for n, item in zip(numbers, items, strict=True) if n in once}
    return [replies.get(str(number)) for number in range(1, count + 1)]


def _numbered(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or of the one list in an object."""
    if isinstance(value, dict) and "n" not in value:
        inner = [item for item in value.values() if isinstance(item, list)]
        value = inner[0] if len(inner) == 1 else []
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | list[dict[str, Any]]:
    """An object; a list of them where keys come again, as when a model forgets its braces."""
    objects: list[dict[str, Any]] = [{}]
    for key, value in pairs:
        if key in objects[-1]:
            objects.append({})
        objects[-1][key] = value
    return objects[0] if len(objects) == 1 else objects


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_object, parse_constant=lambda _: None)


def _unquoted(text: str) -> str:
    """What a reply says that is one JSON string, fence or no fence; other replies as they are."""
    bare = _FENCE.sub("", text).strip()
    if bare.startswith('"'):
        try:
            return str(json.loads(bare, strict=False))
        except ValueError:
            pass
    return text


@dataclass(slots=True)
class _Open:
    """A bracket not closed yet, and where its last finished member ends."""

    bracket: str
    done: int | None = None
    keys: set[str] = field(default_factory=set)


def _piece(text: str, start: int, meter: "_Meter") -> tuple[str | None, int, bool]:
    """What to repair from `start` on, where to look next, and whether it was cut off.

    None where the bracket opens nothing.
    """
    stack: list[_Open] = []
    for token in _TOKEN.finditer(text, start):
        sign = token.group()
        if sign in ("[", "{"):
            stack.append(_Open(sign))
        elif sign in ("]", "}"):
            stack.pop()
            if not stack:
                return text[start : token.end()], token.end(), False
            stack[-1].done = token.end()
        elif sign == ",":
            stack[-1].done = token.start()
        elif token[1] and stack[-1].bracket == "{":
            if sign in stack[-1].keys:  # a repair would keep one of the two
                raise Unusable("an object that cannot be read repeats its keys")
            stack[-1].keys.add(sign)
    meter.spend(len(text) - start)
    if text[start + 1 : start + 2].isalpha():
        return None, start + 1, False
    if closing := _CLOSING.search(text, start):  # finished, but brackets or quotes went astray
        return text[start : closing.start() + 1], len(text), False
    return _finished(text, start, stack), len(text), True


def _finished(text: str, start: int, stack: list[_Open]) -> str | None:
    """The beginning of a value that breaks off, up to the last whole item of its first list."""
    for depth, opened in enumerate(stack):
        if opened.bracket == "[":
            closing = "".join("]" if o.bracket == "[" else "}" for o in stack[depth::-1])
            return None if opened.done is None else text[start : opened.done] + closing
    return None


def _repaired(piece: str, meter: "_Meter") -> Any:
    try:
        return _DECODER.decode(piece)
    except (ValueError, RecursionError):
        pass
    meter.spend(_PER_PIECE if len(piece) <= _LONGEST_REPAIR else _EFFORT + 1)
    try:
        # As text and back, so that no `_Metered` leaves this module.
        return json.loads(repair_json(_Metered(piece, meter), skip_json_loads=True))
    except (ValueError, RecursionError, IndexError, TypeError, AttributeError):
        return None


class _Meter:
    """How much work a reply may still cause."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, effort: int) -> None:
        self.left -= effort
        if self.left < 0:
            raise Unusable("too tangled to be read")


class _Metered(str):
    """A text that counts how often it is read: json-repair looks ahead again and again.

    Without a bound 20,000 characters of stray quotes take a quarter of a minute.
    """

    meter: _Meter

    def __new__(cls, text: str, meter: _Meter) -> "_Metered":
        self = super().__new__(cls, text)
        self.meter = meter
        return self

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        self.meter.spend(1)
        found = super().__getitem__(key)
        return _Metered(found, self.meter) if isinstance(key, slice) else found

    def __add__(self, other: str) -> str:
        return _Metered(str(self) + other, self.meter)
