"""A text as it may also be read: escapes undone, codes unpacked, what is torn apart put together.

Against carelessness (a dump in base64, a tokenizer of bytes, a page of HTML), not against somebody
who wants to get a name out: letters exchanged or a cipher are not looked through.
"""

import base64
import binascii
import gzip
import html
import io
import re
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote

from core.errors import BadInput

MOST = 64 << 20
"""Bytes that something compressed may have when it is unpacked: no model holds a text as long."""
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/_-]{6,}={0,2}(?![\w+/=])")
_HEX = re.compile(r"(?<!\w)(?:[0-9a-fA-F]{2}){4,}(?!\w)")
_INNER = re.compile(r"(?<=[^\W\d_A-ZÀ-Þ])(?=[A-ZÀ-Þ])")
_SPACED = re.compile(r"(?<!\w)[^\W\d_](?:[ ._-][^\W\d_]){3,}(?!\w)")
_TORN = re.compile(r"-\s*\n\s*")
_BYTES = re.compile(r"[\u0120\u00c3\u00c2]")
"""In a vocabulary of bytes: the sign of a space, and those that begin an accented letter."""


def readings(text: str) -> Iterator[str]:
    """The text, and what else it says where that differs. Raises BadInput for a bomb."""
    yield text
    for other in _READERS:
        told = other(text)
        if told and told != text:
            yield told


def backwards(text: str) -> str:
    return text[::-1]


def _unescaped(text: str) -> str:
    plain = html.unescape(text) if "&" in text else text
    plain = unquote(plain) if "%" in plain else plain
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), plain)


def _apart(text: str) -> str:
    """RossiMario as two words."""
    return _INNER.sub(" ", text)


def _together(text: str) -> str:
    """R o s s i as one word, and what a line's end tore."""
    said = _SPACED.sub(lambda found: re.sub(r"[ ._-]", "", found[0]), text)
    return _TORN.sub("", said)


def _of_bytes(text: str) -> str:
    """The words of a tokenizer of bytes (GPT-2, RoBERTa), in which è is two signs."""
    words = [word for word in text.split() if _BYTES.search(word)]
    return "\n".join(_decoder().decode([word]) for word in words)


@cache
def _decoder() -> Any:
    from tokenizers import decoders

    return decoders.ByteLevel()


def _unpacked(text: str) -> str:
    """What stands in it as base64 or in hexadecimal, compressed or not, if that is a text."""
    found = [_bytes(_sixty_four, run) for run in _BASE64.findall(text)]
    found += [_bytes(bytes.fromhex, run) for run in _HEX.findall(text)]
    return "\n".join(said for packed in found if (said := _said(packed)))


def _sixty_four(run: str) -> bytes:
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def _bytes(decoded: Callable[[str], bytes], run: str) -> bytes:
    try:
        return decoded(run)
    except (ValueError, binascii.Error):
        return b""


def _said(packed: bytes) -> str:
    if packed[:2] == b"\x1f\x8b":
        try:
            packed = gzip.open(io.BytesIO(packed)).read(MOST + 1)
        except (OSError, EOFError, zlib.error):
            return ""
        if len(packed) > MOST:
            raise BadInput(f"something compressed is more than {MOST >> 20} MB when unpacked")
    try:
        text = packed.replace(b"\0", b"").decode()
    except UnicodeDecodeError:
        return ""
    return text if text.replace("\n", " ").isprintable() else ""


_READERS = (_unescaped, _apart, _together, _of_bytes, _unpacked)
