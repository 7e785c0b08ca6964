"""CoNLL columns: a token a line, its IOB2 tag in the last column, a blank line after each phrase.

Ours begin each phrase with `# lettera {...}`: the text, its place, and all that tags cannot say.
Other people's may hold more columns and any of IOB1, IOB2, BIOES and BILOU; their text is the
tokens with a blank between, a sentence a phrase, a letter from one -DOCSTART- to the next.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.convert import Converted
from core.convert.carried import Place, one_line, packed, plain, reconciled, unpacked, written
from core.convert.columns import iob2, runs
from core.convert.document import Documents, Mark
from core.errors import BadInput
from core.files import reading, replacing
from core.learn.tags import Word, words
from core.read.readers.text import decode
from core.records import Annotation, Json

DOCUMENT = "-DOCSTART-"
OURS = "# lettera "
OPENS, CLOSES = frozenset("BSUW"), frozenset("ELSUW")
_TAG = re.compile(r"O|[BIMELSUW]-.+")
_BLANKS = re.compile(r" +")


@dataclass(slots=True)
class _Block:
    """The lines between two blank ones. `line`: the number of the first."""

    line: int
    ours: Json | None = None
    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    opens: bool = False


class Conll:
    """Tags say the longest of nested spans, over whole words; the comment lines say all."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        documents = Documents(report, "import/conll")
        sentences: list[_Block] = []
        for block in _blocks(source, report):
            if sentences and (block.opens or block.ours is not None):
                yield from documents.cut(*_document(sentences), f"{source}:{sentences[0].line}")
                sentences = []
            if block.ours is None:
                sentences.append(block)
                continue
            try:
                yield _phrase(block, block.ours, report)
            except BadInput as error:
                report.refused.append(f"{source}:{block.line}: {error}")
        if sentences:
            yield from documents.cut(*_document(sentences), f"{source}:{sentences[0].line}")

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        letter = None
        with replacing(target) as file:
            for annotation in annotations:
                if annotation.phrase.letter != letter:
                    file.write(f"{DOCUMENT}\tO\n\n".encode())
                    letter = annotation.phrase.letter
                file.write("\n".join([*_lines(annotation, report), "", ""]).encode())


def tag_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """First word, word after the last, and label of each span, under any scheme of `_TAG`."""
    found: list[tuple[int, int, str]] = []
    goes_on = False
    for i, tag in enumerate(tags):
        if tag == "O":
            goes_on = False
            continue
        part, label = tag[0], tag[2:]
        if goes_on and part not in OPENS and found[-1][2] == label:
            found[-1] = (found[-1][0], i + 1, label)
        else:
            found.append((i, i + 1, label))
        goes_on = part not in CLOSES
    return found


def _lines(annotation: Annotation, report: Converted) -> Iterator[str]:
    text = annotation.phrase.text
    places = words(text)
    tags, unsaid = iob2(places, annotation.spans)
    report.told["spans that tags cannot say, whole in the comment lines"] += unsaid
    yield OURS + one_line(packed(annotation, with_text=True))
    for (start, end), tag in zip(places, tags, strict=True):
        yield f"{_visible(text[start:end])}\t{tag}"


def _visible(text: str) -> str:
    """A text as it can stand in columns: with a zero character a file is no text to many a tool."""
    return written(text).replace("\0", "?")


def _blocks(source: Path, report: Converted) -> Iterator[_Block]:
    """The phrases of a file, ours or not; BadInput for a line that is no token with a tag."""
    block, opens, width = _Block(1), False, 0
    for number, line in enumerate([*_text(source).split("\n"), ""], 1):
        line = line.removesuffix("\r")
        columns = _columns(line, width)
        if line.startswith(OURS):
            block.ours = _json(line.removeprefix(OURS), f"{source}:{number}")
        elif line.startswith(DOCUMENT):
            opens = True
        elif columns:
            width = len(columns)
            block.tokens.append(columns[0])
            block.tags.append(columns[-1])
            report.told["values between a token and its tag, left out"] += width - 2
        elif line.startswith("#"):
            report.told["comment lines left out"] += 1
        elif line.strip(" \t"):
            raise BadInput(f"{source}:{number}: no tag like O or B-NAME in the last column")
        else:
            if block.tokens or block.ours is not None:
                block.opens, opens = opens, False
                yield block
            block = _Block(number + 1)


def _columns(line: str, width: int) -> list[str] | None:
    """The columns of a token's line; None for any other. `width`: the columns of the last token.

    A comment may end in what looks like a tag ("# gruppo O"), and a token may be a "#".
    """
    line = line.rstrip(" ")
    columns = line.split("\t") if "\t" in line else _BLANKS.split(line)
    if len(columns) < 2 or not _TAG.fullmatch(columns[-1]):
        return None
    comment = line.startswith("#") and "\t" not in line and len(columns) != width
    return None if comment else columns


def _text(source: Path) -> str:
    with reading(source):
        return decode(source.read_bytes(), source)[0]


def _json(line: str, where: str) -> Json:
    try:
        raw = json.loads(line)
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        raise BadInput(f"{where}: the comment line of the phrase is damaged")
    return raw


def _phrase(block: _Block, raw: Json, report: Converted) -> Annotation:
    """A phrase that we wrote, with the tags as they stand now."""
    if not isinstance(raw.get("text"), str):
        raise BadInput("the comment line of the phrase holds no text")
    text = written(raw["text"])
    annotation = unpacked(raw, text)
    places = _found(_visible(text), block.tokens)
    seen = [
        Place(places[first][0], places[after - 1][1], label)
        for first, after, label in tag_spans(block.tags)
    ]
    shown = [
        Place(places[run[0]][0], places[run[1] - 1][1], plain(span.label)) if run else None
        for span, run in zip(annotation.spans, runs(places, annotation.spans), strict=True)
    ]
    return reconciled(annotation, shown, seen, report)


def _found(text: str, tokens: Iterable[str]) -> list[Word]:
    """Where the tokens stand: one after the other, nothing but blanks between."""
    places, at = [], 0
    for token in tokens:
        start = text.find(token, at)
        if start < 0 or text[at:start].strip():
            raise BadInput("the tokens are not those of the text; its phrase is left out")
        at = start + len(token)
        places.append((start, at))
    if text[at:].strip():
        raise BadInput("the tokens do not reach the end of the text; its phrase is left out")
    return places


def _document(sentences: Sequence[_Block]) -> tuple[str, list[Mark]]:
    """Somebody else's sentences as one text, a line each, and their spans in it."""
    lines: list[str] = []
    marks: list[Mark] = []
    begins = 0
    for block in sentences:
        starts, at = [], begins
        for token in block.tokens:
            starts.append(at)
            at += len(token) + 1
        marks += [
            Mark(starts[first], starts[after - 1] + len(block.tokens[after - 1]), label)
            for first, after, label in tag_spans(block.tags)
        ]
        lines.append(" ".join(block.tokens))
        begins = at
    return "\n".join(lines), marks
