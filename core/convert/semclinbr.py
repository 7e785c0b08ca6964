"""SemClinBr: a folder of XML files, a note a file, only read here.

`<TEXT>` holds the note, `<TAGS>` an `<annotation>` for each entity with `start`, `end`, `text` and
`tag`, UMLS semantic types with a bar between where it has several: a span each. Its offsets count
a line end as the annotation tool saw it, in some copies as two characters (CR LF, which XML makes
one of); a note is taken in the count by which more of its spans quote the text, and a span that
quotes it in neither is refused. `text` comes tokenised ("35 , 7"), so blanks do not count.
(Oliveira et al. 2022, doi:10.1186/s13326-022-00269-1; given out by the authors on request.)
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from core.convert import Converted
from core.convert.document import Documents, Mark
from core.errors import BadInput
from core.files import reading
from core.records import Annotation


class SemClinBr:
    """Relations and abbreviations are counted, not read."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        documents = Documents(report, "import/semclinbr")
        for path in _files(source):
            try:
                root, text = _parsed(path)
            except BadInput as error:
                report.refused.append(str(error))
                continue
            report.told["relations left out"] += len(root.findall("RELATIONS/rel"))
            yield from documents.cut(text, _marks(root, text, str(path), report), str(path))

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        raise BadInput(f"{target}: SemClinBr's XML is only read here; write --to brat")


def _parsed(path: Path) -> tuple[ElementTree.Element, str]:
    try:
        with reading(path):
            root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        line, column = error.position
        raise BadInput(f"{path}:{line}: not well-formed XML (character {column})") from None
    text = root.findtext("TEXT")
    if text is None:
        raise BadInput(f"{path}: no <TEXT>; is it a note of SemClinBr?")
    return root, text


def _files(source: Path) -> list[Path]:
    found = sorted(source.rglob("*.xml")) if source.is_dir() else [source]
    if not found:
        raise BadInput(f"{source}: no .xml file here; SemClinBr's notes are one each")
    return found


def _marks(root: ElementTree.Element, text: str, where: str, report: Converted) -> Iterator[Mark]:
    told = [tag.attrib for tag in root.findall("TAGS/annotation")]
    as_read = list(range(len(text) + 1))
    with_returns = [place for place, sign in enumerate(text) for _ in range(1 + (sign == "\n"))]
    with_returns.append(len(text))
    counts = (as_read, with_returns)
    places = [[_place(tag, count, text) for tag in told] for count in counts]
    best = max(places, key=lambda found: sum(place is not None for place in found))
    for tag, place in zip(told, best, strict=True):
        if place is None:
            name = f"the span {tag.get('start')}-{tag.get('end')}"
            report.refused.append(f"{where}: {name} does not quote the text it points to")
            continue
        types = [name.strip() for name in tag.get("tag", "").split("|") if name.strip()]
        report.told["entities of several types, a span each"] += len(types) > 1
        for name in types:
            yield Mark(*place, name)


def _place(tag: dict[str, str], count: list[int], text: str) -> tuple[int, int] | None:
    """Where an entity stands, by one count of the text's characters; None where it does not."""
    try:
        start, end = int(tag["start"]), int(tag["end"])
    except (KeyError, ValueError):
        return None
    if not 0 <= start < end < len(count):
        return None
    place = (count[start], count[end])
    same = _bare(text[slice(*place)]) == _bare(tag.get("text", ""))
    return place if same else None


def _bare(quote: str) -> str:
    return "".join(quote.split())
