"""Everything that can be read in a file that goes online: text as it is, and the bytes of tensors.

A file is opened as what its name says, and one that is something else, or holds more than that, is
refused: archives are unpacked, JSON is read with its escapes, of an ONNX graph every string, of a
CRF every feature. What is left is `Raw`: numbers, in which only long runs of letters can be a text.
"""

import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import BadInput, MissingExtra

_PRINTABLE = np.zeros(256, dtype=bool)
_PRINTABLE[0x20:0x7F] = _PRINTABLE[0xA0:0xC4] = True
"""ASCII, and the bytes of Italian's accented letters."""
SHORT, LONG = 8, 16
"""Bytes of a run in numbers that may be a word, and a text: of random bytes one in 3,000 begins the
first, some fifty in 400 MB the second."""
_WINDOW = 1 << 24
_OVERLAP = 1 << 10
_BROKEN = (
    *(EOFError, KeyError, OSError, RuntimeError, TypeError, ValueError),
    *(lzma.LZMAError, struct.error, zipfile.BadZipFile, zlib.error),
)
"""What the readers of JSON, archives, CRFs and graphs raise of a file that is none of theirs."""
_COUNTS = 10_000_000
"""Numbers from here on are no counts, nor places in a vocabulary."""


@dataclass(frozen=True, slots=True)
class Text:
    """A readable part of a file, and where in the file it stands."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that are numbers."""

    where: str
    content: bytes

    def windows(self) -> Iterator[bytes]:
        """The bytes piece by piece, as they are and without zeros: letters of two or four bytes,
        and texts that were made numbers, show so."""
        for start in range(0, len(self.content), _WINDOW):
            piece = self.content[start : start + _WINDOW + _OVERLAP]
            yield piece
            if b"\0" in piece:
                yield piece.replace(b"\0", b"")


def runs(piece: bytes) -> Iterator[str]:
    """What in bytes may be text: every run of `SHORT` readable bytes and more."""
    found = _PRINTABLE[np.frombuffer(piece, dtype=np.uint8)]
    reach = 1
    while reach < SHORT and len(found) > reach:  # eight in a row: three steps of doubling
        found = found[:-reach] & found[reach:]
        reach *= 2
    places = np.flatnonzero(found)
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if len(run):
            yield piece[run[0] : run[-1] + SHORT].decode("utf-8", "replace")


def parts(name: str, content: bytes) -> Iterator[Text | Raw]:
    """All of a file. Raises BadInput for one that is not what its name says."""
    found = [reader for ending, reader in _READERS.items() if name.endswith(ending)]
    try:
        yield from (found or [_plain])[0](name, content)
    except _BROKEN as error:
        raise _closed(name, type(error).__name__) from error


def _closed(name: str, why: str) -> BadInput:
    return BadInput(f"{name}: cannot be looked into ({why}); train the model again")


def _plain(name: str, content: bytes) -> Iterator[Text | Raw]:
    if b"\0" in content:
        raise _closed(name, "not a text in UTF-8")
    yield Text(name, content.decode("utf-8"))


def _json(name: str, content: bytes) -> Iterator[Text | Raw]:
    # Pairs, for of a key that stands twice a dict keeps the last value alone.
    told = json.loads(content.decode("utf-8"), object_pairs_hook=_Pairs)
    if not isinstance(told, _Pairs):
        told = _Pairs([("", told)])
    for key, value in told:
        yield Text(f"{name}: {key}" if key.isidentifier() else name, f"{key}\n{_said(value)}")


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON."""


def _said(value: Any) -> str:
    """Every string of a JSON value and its whole numbers, but for counts by name."""
    lines: list[str] = []
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        value, least = stack.pop()
        if isinstance(value, _Pairs):
            counted = len(value) > 1 and all(type(n) is int for _, n in value)
            lines.extend(key for key, _ in value)
            stack.extend((inner, _COUNTS if counted else 0) for _, inner in value)
        elif isinstance(value, list):
            lines.append(_spelt(value))
            stack.extend((inner, least) for inner in value)
        elif isinstance(value, str):
            lines.append(value)
        elif isinstance(value, (int, float)) and value >= least and value == value // 1:
            lines.append(str(int(value)))
    return "\n".join(lines)


def _spelt(numbers: Sequence[Any]) -> str:
    """What a list of numbers says where each is that of a letter."""
    if len(numbers) > 3 and all(type(n) is int and 31 < n < 0x3000 for n in numbers):
        return "".join(map(chr, numbers))
    return ""


def _packed(name: str, content: bytes) -> Iterator[Text | Raw]:
    """Our archives of CRFs and word lists; what in them is no member's content is a text."""
    if content[:4] == b"lCRF":
        yield from _crf(name, content)
        return
    rest, at = [], 0
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for member in sorted(file.infolist(), key=lambda member: member.header_offset):
            named, extra = struct.unpack_from("<HH", content, member.header_offset + 26)
            begin = member.header_offset + 30 + named + extra
            rest.append(content[at:begin])
            at = begin + member.compress_size
            inner, whole = f"{name}/{member.filename}", file.read(member)
            yield from _json(inner, whole) if inner.endswith(".json") else _crf(inner, whole)
    yield Text(name, b"\n".join([*rest, content[at:]]).decode("latin-1"))


def _crf(name: str, content: bytes) -> Iterator[Text | Raw]:
    import pycrfsuite

    if content[:4] != b"lCRF" or int.from_bytes(content[4:8], "little") != len(content):
        raise _closed(name, "not a CRF, or more than one")
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(content)
    told = tagger.info()
    yield Text(name, "\n".join([*told.labels, *told.attributes]))
    yield Raw(name, content)


def _safetensors(name: str, content: bytes) -> Iterator[Text | Raw]:
    begin = 8 + int.from_bytes(content[:8], "little")
    header = content[8:begin]
    yield from _json(f"{name}: header", header)
    tensors = [row for key, row in json.loads(header).items() if key != "__metadata__"]
    sizes = [row["data_offsets"][1] - row["data_offsets"][0] for row in tensors]
    if begin + sum(sizes) != len(content):
        raise _closed(name, "more than its tensors")
    yield Raw(name, content[begin:])


def _onnx(name: str, content: bytes) -> Iterator[Text | Raw]:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtra(f"{name}: onnx is needed to look into it; run make install") from error
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:
        # protobuf raises errors of its own making.
        raise _closed(name, type(error).__name__) from error
    size = model.ByteSize()
    model.DiscardUnknownFields()
    if model.ByteSize() != size:
        raise _closed(name, "more than a graph")
    yield from _message(name, model)


def _message(name: str, message: Any) -> Iterator[Text | Raw]:
    """Every string of a protobuf message, and what its lists of numbers spell; the bytes of a
    tensor as numbers."""
    lines: list[str] = []
    stack = [message]
    while stack:
        for field, value in stack.pop().ListFields():
            values = [value] if isinstance(value, (str, bytes)) or not _many(value) else value
            if field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_INT32):
                lines.append(_spelt(values))
                continue
            for said in values:
                if hasattr(said, "ListFields"):
                    stack.append(said)
                elif isinstance(said, str):
                    lines.append(said)
                elif isinstance(said, bytes) and field.name == "raw_data":
                    yield Raw(name, said)
                elif isinstance(said, bytes):
                    lines.append(said.decode("utf-8", "replace"))
    yield Text(name, "\n".join(lines))


def _many(value: Any) -> bool:
    return hasattr(value, "__len__") and not hasattr(value, "ListFields")


_READERS: dict[str, Callable[[str, bytes], Iterator[Text | Raw]]] = {
    ".json": _json,
    ".crfsuite": _packed,
    ".safetensors": _safetensors,
    ".onnx": _onnx,
}
