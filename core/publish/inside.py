"""Everything that can be read in a file that goes online: text as it is, and the bytes of tensors.

A format is known by what it is, not by its name alone: archives are opened, JSON is read with its
escapes, of an ONNX graph every string, of a CRF every feature. What is left is `Raw`: numbers, in
which only long runs of letters can be a text.
"""

import io
import json
import zipfile
from collections.abc import Iterator
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
    """All of a file. Raises BadInput for one that cannot be looked into."""
    if content[:4] == b"PK\x03\x04":
        yield from _zip(name, content)
    elif content[:6] == b"\x93NUMPY":
        yield from _array(name, content)
    elif content[:4] == b"lCRF":
        yield from _crf(name, content)
    elif name.endswith(".safetensors"):
        yield from _safetensors(name, content)
    elif name.endswith(".onnx"):
        yield from _onnx(name, content)
    else:
        yield from _plain(name, content)


def _plain(name: str, content: bytes) -> Iterator[Text | Raw]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield Text(name, content.decode("latin-1"))
        yield Raw(name, content)
        return
    try:
        told = json.loads(text)
    except ValueError:
        yield Text(name, text)
        return
    if not isinstance(told, dict):
        yield Text(name, _said(told))
        return
    for key, value in told.items():
        yield Text(f"{name}: {key}" if key.isidentifier() else name, f"{key}\n{_said(value)}")


def _said(value: Any, numbers: bool = True) -> str:
    """Every string of a JSON value, and its whole numbers but for those of a vocabulary."""
    lines: list[str] = []
    stack: list[tuple[Any, bool]] = [(value, numbers)]
    while stack:
        value, numbers = stack.pop()
        if isinstance(value, dict):
            counted = len(value) > 1 and all(type(n) is int for n in value.values())
            lines.extend(value)
            stack.extend((inner, numbers and not counted) for inner in value.values())
        elif isinstance(value, list):
            stack.extend((inner, numbers) for inner in value)
        elif isinstance(value, str):
            lines.append(value)
        elif numbers and isinstance(value, int):
            lines.append(str(value))
    return "\n".join(lines)


def _zip(name: str, content: bytes) -> Iterator[Text | Raw]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            if file.comment:
                yield Text(name, file.comment.decode("latin-1"))
            for member in file.infolist():
                yield Text(name, f"{member.filename}\n{member.comment.decode('latin-1')}")
                yield from parts(f"{name}/{member.filename}", file.read(member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"{name}: cannot be looked into ({type(error).__name__})") from error


def _array(name: str, content: bytes) -> Iterator[Text | Raw]:
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError) as error:
        raise BadInput(f"{name}: cannot be looked into (it holds more than numbers)") from error
    if array.dtype.kind in "US":
        yield Text(name, "\n".join(str(said) for said in array.astype(str).ravel()))
    else:
        yield Raw(name, array.tobytes())


def _crf(name: str, content: bytes) -> Iterator[Text | Raw]:
    import pycrfsuite

    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(content)
    told = tagger.info()
    yield Text(name, "\n".join([*told.labels, *told.attributes]))
    yield Raw(name, content)


def _safetensors(name: str, content: bytes) -> Iterator[Text | Raw]:
    size = int.from_bytes(content[:8], "little")
    yield from _plain(f"{name}: header", content[8 : 8 + size].rstrip())
    yield Raw(name, content[8 + size :])


def _onnx(name: str, content: bytes) -> Iterator[Text | Raw]:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtra(f"{name}: onnx is needed to look into it; run make install") from error
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:
        # protobuf raises errors of its own making.
        raise BadInput(f"{name}: cannot be looked into ({type(error).__name__})") from error
    yield from _message(name, model)


def _message(name: str, message: Any) -> Iterator[Text | Raw]:
    """Every string of a protobuf message; the bytes of a tensor as numbers."""
    lines: list[str] = []
    stack = [message]
    while stack:
        for field, value in stack.pop().ListFields():
            values = [value] if isinstance(value, (str, bytes)) or not _many(value) else value
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
